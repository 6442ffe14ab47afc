package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// batch is a mutation of the sets of a command line, one after the other. All plans are made, shown and
// confirmed before the first set is changed.
type batch struct {
	*mutation
	client *kube.Client
	build  newIntent
	// several: the command line may select more than one set.
	several bool
	// options are those of the command line that another run of the command needs, too.
	options []string
	runs    []*mutationRun
	// open are the runs that have not started.
	open []*mutationRun
}

func (m *mutation) run(cmd *cobra.Command, args []string, build newIntent) error {
	q, err := m.query(args)
	if err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return err
	}
	if m.dryRun == "none" && !m.printPatch {
		m.env.changing()
	}
	b := &batch{mutation: m, build: build, several: len(q.Names) != 1, options: repeated(cmd)}
	err = b.run(cmd.Context(), q)
	if err != nil && m.out.isGitHub() && !m.annotated {
		m.annotateError(cmp.Or(strings.Join(q.Names, " "), q.Selector), err)
	}
	return err
}

// repeated are the options of a command line, without those that select sets, confirm or format.
func repeated(cmd *cobra.Command) []string {
	var out []string
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		switch {
		case !f.Changed || slices.Contains([]string{"selector", "yes", "output", "template"}, f.Name):
		case f.Value.Type() == "bool" && f.Value.String() == "true":
			out = append(out, "--"+f.Name)
		default:
			out = append(out, "--"+f.Name+"="+f.Value.String())
		}
	})
	return out
}

// run reads the sets, makes the plans, checks them with dry runs, shows them, asks for confirmation,
// carries them out and reports. The timeout does not count while a person is asked.
func (b *batch) run(ctx context.Context, q kube.Query) error {
	began := b.env.Clock.Now()
	screen := newScreen(b.env)
	defer func() {
		for _, r := range b.runs {
			r.view.Close()
		}
	}()
	ended, err := b.prepareAll(ctx, q, screen)
	if err != nil || ended {
		return err
	}
	spent := b.env.Clock.Since(began)
	if err := b.confirm(ctx); err != nil {
		return err
	}
	return b.carryOut(ctx, spent)
}

// prepareAll does what comes before the confirmation. It reports whether nothing is left to do.
func (b *batch) prepareAll(ctx context.Context, q kube.Query, screen *screen) (ended bool, err error) {
	ctx, end := withTimeout(ctx, b.timeout)
	defer func() { err = end(err) }()
	if b.client, err = b.common.client(); err != nil {
		return true, err
	}
	snapshots, err := b.look(ctx, b.client, q)
	if err != nil {
		return true, err
	}
	if len(snapshots) == 0 {
		if err := b.sayNone(ctx, b.client, "StatefulSets", q.Namespace, true); err != nil {
			return true, err
		}
	}
	if b.printPatch {
		return true, b.printPatches(ctx, snapshots)
	}
	for _, s := range snapshots {
		r, err := b.prepare(ctx, q, s, screen)
		if err != nil {
			return true, err
		}
		b.runs = append(b.runs, r)
		if err := r.examine(ctx); err != nil {
			return true, err
		}
	}
	if errs := b.show(ctx); len(errs) > 0 || b.dryRun != "none" {
		return true, b.end(errs, b.command(b.open))
	}
	return false, nil
}

// prepare makes the intent of a set from its state.
func (b *batch) prepare(ctx context.Context, q kube.Query, s *sts.Snapshot, screen *screen) (*mutationRun, error) {
	q.Names, q.Found = []string{s.Set.Name}, s.Set
	view, err := b.client.Open(ctx, q, b.needs, screen.tell())
	if err != nil {
		return nil, err
	}
	view.NoTrials = b.skipPodCheck || b.dryRun == "client"
	s.Memory = view.Retry(ctx, s)
	r := &mutationRun{mutation: b.mutation, client: b.client, view: view, screen: screen, snapshot: s, several: b.several}
	return r, b.lockFor(ctx, r, s.TakenAt)
}

// lockFor makes the intent of a run with a lock from this time.
func (b *batch) lockFor(ctx context.Context, r *mutationRun, now time.Time) (err error) {
	r.lock = b.lock(now)
	r.intent, err = b.build(ctx, b.client, r.snapshot, r.lock)
	return err
}

// show prints the plans, and ends the runs without a step to carry out. The other ones are open then, of
// which none starts if one is refused: those errors are returned.
func (b *batch) show(ctx context.Context) []error {
	var errs []error
	refused := b.several && slices.ContainsFunc(b.runs, func(r *mutationRun) bool { return r.end != nil && r.end.Verdict != operate.Done })
	shown := false
	for _, r := range b.runs {
		var err error
		switch {
		case r.end != nil:
			err = r.finish(r.snapshot, *r.end, nil)
			if !refused {
				err = errors.Join(err, r.tidy(ctx, *r.end))
			}
		case refused && b.dryRun == "none":
			b.open = append(b.open, r)
		default:
			if shown {
				_, _ = fmt.Fprintln(r.planOutput())
			}
			r.warn()
			if shown, err = r.showsPlan(), r.showPlan(); err == nil && b.dryRun != "none" {
				err = r.finish(r.snapshot, r.first(), nil)
			} else if err == nil {
				b.open = append(b.open, r)
			}
		}
		if err != nil {
			errs = append(errs, b.named(r.report.Name, err))
		}
	}
	return errs
}

// named lets an outcome name the set, where there may be several.
func (b *batch) named(set string, err error) error {
	outcome, notYet := (*outcomeError)(nil), (*notYetError)(nil)
	switch {
	case !b.several:
	case errors.As(err, &outcome):
		outcome.Message = msgNoResult(set, outcome.Message)
	case errors.As(err, &notYet):
		notYet.msg = msgNoResult(set, notYet.msg)
	}
	return err
}

// join makes one error of those of the sets.
func (b *batch) join(errs []error, hint sts.Hint) error {
	switch {
	case len(errs) == 0:
		return nil
	case !b.several:
		return errs[0]
	}
	return &batchError{errs: errs, notStarted: namesOf(b.open), hint: hint}
}

// confirm asks for the confirmations that the plans require.
func (b *batch) confirm(ctx context.Context) error {
	n := 0
	for _, r := range b.open {
		if !b.several {
			return r.confirm(ctx)
		}
		if r.asks() {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return b.env.confirm(ctx, msgContinueAll(b.verb, n))
}

// carryOut carries out one plan after the other, until one ends with an error. spent is how much of the timeout
// has passed.
func (b *batch) carryOut(ctx context.Context, spent time.Duration) error {
	began, n := b.env.Clock.Now().Add(-spent), len(b.open)
	for k := range n {
		next := b.open
		left, err := b.left(began)
		if err == nil && k > 0 {
			err = b.turn(ctx, next[0])
		}
		if err == nil {
			if n > 1 {
				next[0].screen.progress(msgSetOf(next[0].report.Name, k+1, n) + "\n")
			}
			b.open = next[1:]
			err = b.named(next[0].report.Name, next[0].carryOut(ctx, left))
		}
		switch hint := hintContinue(b.command(next)); {
		case err == nil:
		case resumable(err) || len(b.open) == 0:
			return b.end([]error{err}, hint)
		default:
			return b.end([]error{err}, hintContinueWithout(next[0].report.Name, b.command(b.open), hint))
		}
	}
	return b.end(nil, nil)
}

// left is what is left of the timeout, 0 if there is none.
func (b *batch) left(began time.Time) (time.Duration, error) {
	if b.timeout == 0 {
		return 0, nil
	}
	left := b.timeout - b.env.Clock.Since(began)
	if left <= 0 {
		return 0, &loop.TimeoutError{After: b.timeout}
	}
	return left, nil
}

// turn begins with a set after others.
func (b *batch) turn(ctx context.Context, r *mutationRun) error {
	if ctx.Err() != nil {
		return &loop.InterruptedError{Cause: context.Cause(ctx)}
	}
	return b.lockFor(ctx, r, b.client.Now())
}

// resumable errors are those after which the same command resumes what it has begun.
func resumable(err error) bool {
	interrupted, expired := (*loop.InterruptedError)(nil), (*loop.TimeoutError)(nil)
	return errors.As(err, &interrupted) || errors.As(err, &expired)
}

// command is the command for these sets only, empty for none.
func (b *batch) command(runs []*mutationRun) sts.Hint {
	if len(runs) == 0 {
		return nil
	}
	return sts.Kubectl(runs[0].report.Namespace, "sts "+b.verb, slices.Concat(namesOf(runs), b.options)...)
}

func namesOf(runs []*mutationRun) []string {
	var names []string
	for _, r := range runs {
		names = append(names, r.report.Name)
	}
	return names
}

// end reports on all sets where there may be several, and makes one error of the errors.
func (b *batch) end(errs []error, hint sts.Hint) error {
	if !b.several {
		return errors.Join(errs...)
	}
	if !b.out.human() {
		list := &ChangeReportList{TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "ChangeReportList"}, Items: []*ChangeReport{}, NotStarted: namesOf(b.open)}
		var names []string
		for _, r := range b.runs {
			list.Items = append(list.Items, r.report)
			if !slices.Contains(b.open, r) {
				names = append(names, r.report.Name)
			}
		}
		if err := b.out.print(b.env.Out, list, names); err != nil {
			return err
		}
	}
	if b.out.isGitHub() {
		for _, r := range b.open {
			if err := b.annotate(r.report, hint); err != nil {
				return err
			}
		}
	}
	return b.join(errs, hint)
}
