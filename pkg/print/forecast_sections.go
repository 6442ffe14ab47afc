package print

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/simulate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// group is names of which one thing is said.
type group struct {
	names []string
	says  string
	tone  Tone
}

// groups puts together those of which the same is said, in the order of the first.
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
func (p *forecast) section(title string, list groups, full bool) error {
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

// sections prints what becomes of claims and names, and what budgets would have said.
func (p *forecast) sections(full bool) error {
	var claims, names groups
	tones := map[simulate.ClaimFate]Tone{simulate.ClaimAppears: Good, simulate.ClaimIsKept: Warn, simulate.ClaimIsDeleted: Bad, simulate.ClaimRecreated: Bad}
	for i := range p.Claims {
		c := &p.Claims[i]
		says := c.Message
		if c.Policy != "" {
			says += " (" + c.Policy + ")"
		}
		claims.add(c.Name, says, tones[c.Fate])
	}
	if err := p.section("Claims", claims, full); err != nil {
		return err
	}
	below := ""
	for i := range p.Names {
		n := &p.Names[i]
		var pod string
		pod, below, _ = strings.Cut(n.Name, ".")
		names.add(pod, n.Message, nameTone(n))
	}
	if err := p.section("DNS names, ending with ."+below, names, full); err != nil {
		return err
	}
	return p.section("Budgets, which nobody asks: a StatefulSet's pods are deleted, not evicted", p.budgets(), full)
}

func nameTone(n *simulate.ForecastName) Tone {
	switch n.Fate {
	case simulate.NameComes:
		return Good
	case simulate.NameAway, simulate.NameGoes:
		return Warn
	case simulate.NameAbsent:
		return Bad
	}
	return Plain
}

// budgets counts what each budget would have said, with the tightest moment.
func (p *forecast) budgets() groups {
	type count struct {
		said  map[simulate.BudgetWord]int
		worst *simulate.ForecastBudget
	}
	counts := map[string]*count{}
	var order []string
	for i := range p.Budgets {
		b := &p.Budgets[i]
		c := counts[b.Budget]
		if c == nil {
			c = &count{said: map[simulate.BudgetWord]int{}}
			counts[b.Budget] = c
			order = append(order, b.Budget)
		}
		c.said[b.Word]++
		if c.worst == nil || b.Word != simulate.BudgetAllows && c.worst.Word == simulate.BudgetAllows {
			c.worst = b
		}
	}
	var out groups
	for _, name := range order {
		c := counts[name]
		all := c.said[simulate.BudgetAllows] + c.said[simulate.BudgetRefuses] + c.said[simulate.BudgetNever]
		numbers := fmt.Sprintf("%d healthy, %d required", c.worst.Healthy, c.worst.Required)
		if c.worst.Expected == 0 {
			numbers = "it expects no pods, and then it allows nothing"
		}
		switch refused := all - c.said[simulate.BudgetAllows]; {
		case refused == 0 && all == 1:
			out.add(name, "would allow the one deletion", Good)
		case refused == 0:
			out.add(name, fmt.Sprintf("would allow each of %s", sts.Count(all, "deletion")), Good)
		case c.said[simulate.BudgetNever] > 0:
			out.add(name, fmt.Sprintf("would never allow it (%s)", numbers), Bad)
		default:
			out.add(name, fmt.Sprintf("would refuse %d of %s, %s first at %s (%s)", refused, sts.Count(all, "deletion"), c.worst.Pod,
				sts.Duration(c.worst.At.Duration), numbers), Warn)
		}
	}
	return out
}

// end says how it ends, and what was assumed.
func (p *forecast) end() {
	tone := Good
	switch p.Outcome.State {
	case simulate.OutcomeStuck:
		tone = Bad
	case simulate.OutcomeHeld, simulate.OutcomeWaiting, simulate.OutcomeOrphaned:
		tone = Warn
	}
	p.out.WriteString("\n")
	word := string(p.Outcome.State) + ": "
	p.out.WriteString(p.style.Wrap(p.style.Paint(tone, word), len(word), Plain, p.Outcome.Message))
	p.out.WriteString(Hint(p.Outcome.Hint, p.style))
	for _, n := range p.Notes {
		p.out.WriteString(p.style.Wrap("note: ", len("note: "), Dim, n.Message))
	}
}
