package render

import (
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
)

// group is names with the same text.
type group struct {
	names []string
	says  string
	tone  Tone
}

// groups collects names by their text, in the order of the first.
type groups []*group

func (g *groups) add(name, says string, tone Tone) {
	for _, have := range *g {
		if have.says == says && have.tone == tone {
			have.names = append(have.names, name)
			return
		}
	}
	*g = append(*g, &group{[]string{name}, says, tone})
}

// section prints groups below a title.
func (p *forecastPage) section(title string, list groups, full bool) error {
	if len(list) == 0 {
		return nil
	}
	p.out.WriteString("\n" + p.style.Paint(Bold, title) + "\n")
	t := table{style: p.style, indent: "  "}
	for _, g := range list {
		if !full {
			t.row(cell{sayNames(g.names), Plain}, cell{g.says, g.tone})
			continue
		}
		for _, name := range g.names {
			t.row(cell{name, Plain}, cell{g.says, g.tone})
		}
	}
	return t.print(&p.out)
}

// sections prints what happens to claims and names, and what PodDisruptionBudgets would have allowed.
func (p *forecastPage) sections(full bool) error {
	var claims, names groups
	tones := map[forecast.ClaimEffect]Tone{forecast.ClaimIsCreated: Good, forecast.ClaimIsOrphaned: Warn, forecast.ClaimIsDeleted: Bad, forecast.ClaimIsRecreated: Bad}
	for i := range p.Claims {
		c := &p.Claims[i]
		says := c.Message
		if c.Policy != "" {
			says += " (" + c.Policy + ")"
		}
		claims.add(c.Name, says, tones[c.Effect])
	}
	if err := p.section(msgForecastClaimsTitle(), claims, full); err != nil {
		return err
	}
	below := ""
	for i := range p.Names {
		n := &p.Names[i]
		var pod string
		pod, below, _ = strings.Cut(n.Name, ".")
		names.add(pod, n.Message, nameTone(n))
	}
	if err := p.section(msgForecastNamesTitle(below), names, full); err != nil {
		return err
	}
	return p.section(msgForecastBudgetsTitle(), p.budgets(), full)
}

func nameTone(n *forecast.ForecastName) Tone {
	switch n.Effect {
	case forecast.NameAdded:
		return Good
	case forecast.NameInterrupted, forecast.NameRemoved:
		return Warn
	case forecast.NameAbsent:
		return Bad
	}
	return Plain
}

// budgets counts the deletions that each budget would have allowed, with the tightest moment.
func (p *forecastPage) budgets() groups {
	type count struct {
		said  map[forecast.BudgetVerdict]int
		worst *forecast.ForecastBudget
	}
	counts := map[string]*count{}
	var order []string
	for i := range p.Budgets {
		b := &p.Budgets[i]
		c := counts[b.Budget]
		if c == nil {
			c = &count{said: map[forecast.BudgetVerdict]int{}}
			counts[b.Budget] = c
			order = append(order, b.Budget)
		}
		c.said[b.Verdict]++
		if c.worst == nil || b.Verdict != forecast.BudgetAllows && c.worst.Verdict == forecast.BudgetAllows {
			c.worst = b
		}
	}
	var out groups
	for _, name := range order {
		c := counts[name]
		all := c.said[forecast.BudgetAllows] + c.said[forecast.BudgetBlocks] + c.said[forecast.BudgetAlwaysBlocks]
		numbers := msgForecastBudgetNumbers(c.worst.Healthy, c.worst.Required, c.worst.Expected)
		switch blocked := all - c.said[forecast.BudgetAllows]; {
		case blocked == 0:
			out.add(name, msgForecastBudgetAllows(all), Good)
		case c.said[forecast.BudgetAlwaysBlocks] > 0:
			out.add(name, msgForecastBudgetBlocksAll(numbers), Bad)
		default:
			out.add(name, msgForecastBudgetBlocks(blocked, all, c.worst.Pod, c.worst.At.Duration, numbers), Warn)
		}
	}
	return out
}

// end prints the outcome and the notes.
func (p *forecastPage) end() {
	tone := Good
	switch p.Outcome.State {
	case forecast.OutcomeStuck:
		tone = Bad
	case forecast.OutcomePaused, forecast.OutcomeWaiting, forecast.OutcomeOrphaned:
		tone = Warn
	}
	p.out.WriteString("\n")
	word := string(p.Outcome.State) + ": "
	p.out.WriteString(p.style.Wrap(p.style.Paint(tone, word), len(word), Plain, p.Outcome.Message))
	p.out.WriteString(Hint(p.Outcome.Hint, p.style))
	for _, n := range p.Notes {
		p.out.WriteString(p.style.Wrap("note: ", len("note: "), Dim, n.Message))
		p.out.WriteString(Hint(n.Hint, p.style))
	}
}
