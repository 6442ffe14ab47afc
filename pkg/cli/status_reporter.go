package cli

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// sayNoOrdinals names the sets that have none of the ordinals of --ordinal.
func (p *reporter) sayNoOrdinals() {
	for i := range p.report.Items {
		if item := &p.report.Items[i]; len(p.options.ordinals) > 0 && len(item.Replicas) == 0 {
			_, _ = fmt.Fprintln(p.env.ErrOut, msgNoSuchOrdinals(item.Name))
		}
	}
}

// reporter prints one report after the other and keeps the last one.
type reporter struct {
	*common
	options statusOptions
	out     *output

	report *report.StatusReport
	shown  string            // the last frame on the screen, or the last report's fingerprint
	said   map[string]string // the last line of each set, without its ages
	lines  int
	size   [2]int // of the terminal, when the last frame was drawn
	noted  string
	below  atomic.Bool // other output has been written below the last frame
}

// reached is the result of --for: nil while there is none.
func (p *reporter) reached(inv *sts.Inventory) *error {
	p.report = p.newReport(inv)
	if p.options.until == "" {
		return nil
	}
	all := len(p.report.Items) > 0
	var end error
	for i := range p.report.Items {
		s := &p.report.Items[i]
		reached, never := goals[p.options.until](s)
		switch {
		case s.State.NeedsPerson() && !reached:
			end = &outcomeError{Decision: operate.Decision{Verdict: operate.Stuck, Message: msgStuckSet(s.Name, s.Message), Hint: s.Hint}, said: p.out.human()}
			return &end
		case never:
			end = &notYetError{msgNeverReached(s.Name, string(s.State), p.options.until)}
			return &end
		}
		all = all && reached
	}
	if !all {
		return nil
	}
	return &end
}

// newReport reports on the sets, and counts the findings of doctor for those that are requested by name.
func (p *reporter) newReport(inv *sts.Inventory) *report.StatusReport {
	r := report.NewStatusReport(inv, p.options.ordinals)
	if len(p.options.query.Names) == 0 {
		return r
	}
	found := doctor.Examine(doctor.FromInventory(inv), nil, nil)
	for i := range r.Items {
		for _, item := range found.Items {
			if item.Namespace == r.Items[i].Namespace && item.Name == r.Items[i].Name {
				r.Items[i].Doctor = &item.FindingCount
			}
		}
	}
	return r
}

// show prints a report: the final one in full, before that only what has changed.
func (p *reporter) show(inv *sts.Inventory, final bool) error {
	if p.report == nil || p.options.until == "" {
		p.report = p.newReport(inv)
	}
	if note := fmt.Sprint(p.report.Missing); note != p.noted && len(p.report.Missing) > 0 && p.out.human() {
		p.noted = note
		render.Missing(p.env.ErrOut, p.report.Missing)
	}
	if err := sortItems(p.out, p.report.Items); err != nil {
		return err
	}
	var text strings.Builder
	if p.out.human() {
		if err := p.frame(&text, inv.TakenAt); err != nil {
			return err
		}
	} else {
		if !final && p.fingerprint() == p.shown {
			return nil
		}
		p.shown = p.fingerprint()
		return p.out.print(p.env.Out, p.report, p.names())
	}
	switch {
	case p.options.watch && p.env.OutTerminal:
		return p.redraw(text.String())
	case final:
		_, err := io.WriteString(p.env.Out, text.String())
		return err
	}
	p.lineMode(p.env.Out)
	return nil
}

// frame prints the sets, folded where the terminal of -w is too small for them.
func (p *reporter) frame(text *strings.Builder, now time.Time) error {
	st := p.env.style()
	if err := p.human(text, now, st); err != nil {
		return err
	}
	if !p.options.watch || !p.env.OutTerminal {
		return nil
	}
	if _, height := p.env.Size(); height == 0 || strings.Count(text.String(), "\n") < height {
		return nil
	}
	st.Fold = true
	text.Reset()
	return p.human(text, now, st)
}

func (p *reporter) fingerprint() string {
	var b strings.Builder
	for i := range p.report.Items {
		b.WriteString(p.report.Items[i].Fingerprint() + "\n")
	}
	return b.String()
}

func (p *reporter) names() []string {
	var names []string
	for i := range p.report.Items {
		names = append(names, p.report.Items[i].Name)
	}
	return names
}

// message is that of the only set, empty where there are several.
func (p *reporter) message() string {
	if p.report == nil || len(p.report.Items) != 1 {
		return ""
	}
	return p.report.Items[0].Message
}

// verdict is the result of --exit-code.
func (p *reporter) verdict() error {
	if !p.options.exitCode {
		return nil
	}
	var open []string
	for i := range p.report.Items {
		switch s := &p.report.Items[i]; {
		case s.State.NeedsPerson():
			return &outcomeError{Decision: operate.Decision{Verdict: operate.Stuck, Message: msgStuckSet(s.Name, s.Message)}, said: true}
		case s.State == report.Complete, s.State == report.Parked:
		default:
			open = append(open, s.Name)
		}
	}
	if len(open) > 0 {
		return &notYetError{msgNotComplete(open)}
	}
	return nil
}
