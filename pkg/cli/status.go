package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// statusOptions is `status` as a plain value.
type statusOptions struct {
	query    kube.Query
	all      bool
	ordinals sts.Ordinals
	watch    bool
	until    string
	timeout  time.Duration
	exitCode bool
}

func newStatus(c *common) *cobra.Command {
	var (
		o        statusOptions
		t        target
		ordinals []string
	)
	cmd := withHelp("status", &cobra.Command{
		Use:               "status [NAME...]",
		ValidArgsFunction: c.completeNames,
	})
	out := newOutput(cmd, wide)
	t.addFlags(cmd)
	cmd.Flags().StringSliceVar(&ordinals, "ordinal", nil, "Show only these ordinals (for example 2,5-7)")
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "Watch for changes")
	addChoice(cmd, &o.until, "for", "", "Wait until the sets are in this state", "ready", "complete", "paused")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 0, "Maximum time for --for and --watch (for example 90s or 10m; 0 means no limit)")
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "Exit with 3 if a set is not Complete or Parked, 4 if one is Stuck or DataAtRisk")
	grace := schedulingGrace(cmd)
	notNegative(cmd, "timeout")
	requires(cmd, "timeout", "for", "watch")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if err := out.check(); err != nil {
			return err
		}
		if o.query, err = t.query(c, args); err != nil {
			return err
		}
		o.query.SchedulingGrace = grace
		o.all = t.all
		if o.ordinals, err = chosenOrdinals(cmd, ordinals); err != nil {
			return err
		}
		return runReport(cmd.Context(), c, o, out)
	}
	return cmd
}

// goals are the ends of --for: reached, or so that it never will be by itself.
var goals = map[string]func(*report.Status) (reached, never bool){
	"ready": func(s *report.Status) (bool, bool) {
		settled := s.State == report.Complete || s.State == report.Paused || s.State == report.Parked || s.State == report.Progressing
		return settled && s.AvailableReplicas == s.DesiredReplicas && s.Observed, false
	},
	"complete": func(s *report.Status) (bool, bool) {
		return s.State == report.Complete || s.State == report.Parked, false
	},
	"paused": func(s *report.Status) (bool, bool) {
		return s.State == report.Paused, s.State == report.Complete || s.State == report.Parked
	},
}

// runReport reads, or watches, and prints.
func runReport(ctx context.Context, c *common, o statusOptions, out *output) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	p := &reporter{common: c, options: o, out: out}
	if !o.watch && o.until == "" {
		inv, err := client.Read(ctx, o.query)
		if err != nil {
			return err
		}
		if len(inv.Sets) == 0 {
			if err := c.sayNone(ctx, client, "StatefulSets", o.query.Namespace); err != nil && o.exitCode {
				return err // a pipeline that looks at the wrong namespace must not succeed
			}
		}
		if err := p.show(inv, true); err != nil {
			return err
		}
		p.sayNoOrdinals()
		return p.verdict()
	}
	view, err := client.Open(ctx, o.query, nil, p.tell())
	if err != nil {
		return err
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.timeout, &loop.TimeoutError{After: o.timeout})
		defer cancel()
	}
	for inv := range view.WatchAll(ctx) {
		end := p.reached(inv)
		if o.watch || end != nil {
			if err := p.show(inv, end != nil); err != nil {
				return err
			}
		} else {
			p.progress()
		}
		if end != nil {
			return *end
		}
	}
	if err := view.Err(); err != nil {
		return err
	}
	cause := context.Cause(ctx)
	if timeout := (*loop.TimeoutError)(nil); errors.As(cause, &timeout) {
		if o.until == "" {
			return nil // the watch has lasted as long as requested
		}
		timeout.Last = operate.Decision{Verdict: operate.Wait, Message: msgWaitFor(o.until, p.message())}
		return timeout
	}
	return cause
}

func warnTo(w io.Writer, text string) { _, _ = fmt.Fprintln(w, render.Printable("warning: "+text)) }

// sayNone prints kubectl's message for an empty list. A namespace that does not exist
// is a likelier mistake than one without such objects: then that is the error.
func (c *common) sayNone(ctx context.Context, client *kube.Client, objects, namespace string) error {
	if namespace == "" {
		_, _ = fmt.Fprintln(c.env.ErrOut, msgNoneFound(objects))
		return nil
	}
	if err := client.CheckNamespace(ctx, namespace); err != nil {
		_, _ = fmt.Fprintln(c.env.ErrOut, msgNoneInMissingNamespace(objects, namespace))
		return err
	}
	_, _ = fmt.Fprintln(c.env.ErrOut, msgNoneInNamespace(objects, namespace))
	return nil
}

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
	noted  string
	below  atomic.Bool // other output has been written below the last frame
}

// reached is the result of --for: nil while there is none.
func (p *reporter) reached(inv *sts.Inventory) *error {
	p.report = report.NewStatusReport(inv, p.options.ordinals)
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
			end = &outcomeError{Decision: operate.Decision{Verdict: operate.Stuck, Message: msgStuckSet(s.Name, s.Message), Hint: p.hint(s.Hint)}, said: p.out.human()}
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

// show prints a report: the final one in full, before that only what has changed.
func (p *reporter) show(inv *sts.Inventory, final bool) error {
	if p.report == nil || p.options.until == "" {
		p.report = report.NewStatusReport(inv, p.options.ordinals)
	}
	if note := fmt.Sprint(p.report.Missing); note != p.noted && len(p.report.Missing) > 0 && p.out.human() {
		p.noted = note
		render.Missing(p.env.ErrOut, p.report.Missing)
	}
	var text strings.Builder
	if p.out.human() {
		if err := p.human(&text, inv.TakenAt); err != nil {
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

func (p *reporter) human(w io.Writer, now time.Time) error {
	// Sets by name: a screen each. A list: a line each.
	if len(p.options.query.Names) == 0 || p.out.isWide() {
		if len(p.report.Items) == 0 {
			return nil
		}
		return render.StatusTable(w, p.report, p.env.style(), render.Columns{Namespace: p.options.all, Wide: p.out.isWide()})
	}
	for i := range p.report.Items {
		if i > 0 {
			_, _ = fmt.Fprintln(w)
		}
		item := p.report.Items[i]
		item.Hint = p.hint(item.Hint)
		if err := render.StatusScreen(w, &item, now, p.env.style()); err != nil {
			return err
		}
	}
	return nil
}

// tell prints the view's messages between the frames before and after them.
func (p *reporter) tell() kube.Tell {
	screen := newScreen(p.env)
	noted := func(say func(string)) func(string) {
		return func(text string) {
			say(text)
			if screen.terminal {
				p.below.Store(true)
			}
		}
	}
	tell := screen.tell()
	return kube.Tell{Warn: noted(tell.Warn), Say: noted(tell.Say)}
}

// redraw replaces the last frame on the terminal. What does not fit is omitted from the
// end: the highest ordinals, where updates begin, are at the top.
func (p *reporter) redraw(text string) error {
	text = render.Fit(text, p.env.Size)
	if p.below.Swap(false) {
		p.shown, p.lines = "", 0
	}
	if text == p.shown {
		return nil
	}
	move := ""
	if p.lines > 0 {
		move = fmt.Sprintf("\x1b[%dA\r", p.lines)
	}
	// Each line is written over the old one: clearing the screen first would flicker,
	// and some terminals keep what is cleared in their scrollback.
	frame := move + strings.ReplaceAll(text, "\n", "\x1b[K\n") + "\x1b[J"
	p.shown, p.lines = text, strings.Count(text, "\n")
	_, err := io.WriteString(p.env.Out, frame)
	return err
}

// lineMode prints a line for each set that has changed.
func (p *reporter) lineMode(w io.Writer) {
	if p.said == nil {
		p.said = map[string]string{}
	}
	for i := range p.report.Items {
		item := &p.report.Items[i]
		key, line := item.Namespace+"/"+item.Name, render.StatusLine(item)
		if said := render.Ageless(line); p.said[key] != said {
			p.said[key] = said
			_, _ = fmt.Fprintln(w, line)
		}
	}
}

// progress prints what --for is waiting for on standard error.
func (p *reporter) progress() {
	p.lineMode(p.env.ErrOut)
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
