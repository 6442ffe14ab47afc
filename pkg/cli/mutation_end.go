package cli

import (
	"context"
	"errors"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// finish completes and prints the report, and turns the outcome into an error with its exit code. s
// is the last known state of the set.
func (r *mutationRun) finish(s *sts.Snapshot, d operate.Decision, err error) error {
	r.describe(s)
	if r.drains {
		if r.report.Drain = r.report.Status.Drain; d.Drain != nil {
			r.report.Drain = report.NewDrainStatus(s, d.Drain)
		}
	}
	if err != nil {
		r.report.Error = err.Error()
	}
	if d.Verdict != operate.Do && d.Verdict != "" {
		r.report.Outcome = &d
	}
	if !r.out.human() && !r.several {
		if e := r.out.print(r.env.Out, r.report, []string{r.report.Name}); e != nil {
			return e
		}
	}
	if r.out.isGitHub() {
		if e := r.annotate(r.report, nil); e != nil {
			return e
		}
	}
	if d.Alteration != nil && err == nil {
		if e := printAlteration(r.env.ErrOut, d.Alteration, r.env.errStyle()); e != nil {
			return e
		}
		if r.acceptAdmission != nil && !*r.acceptAdmission && d.Alteration.Template() {
			d.Hint = hintAcceptAdmission(r.report.Name)
		}
	}
	return r.conclude(d, err)
}

// describe has the report show this state of the set.
func (r *mutationRun) describe(s *sts.Snapshot) {
	status := report.NewStatus(s)
	r.report.Status, r.report.EndedAt = &status, metav1.NewTime(s.TakenAt)
}

// conclude says to a person how the command ended, where the report has not.
func (r *mutationRun) conclude(d operate.Decision, err error) error {
	var interrupted *loop.InterruptedError
	var expired *loop.TimeoutError
	switch {
	case errors.As(err, &interrupted):
		_, _ = io.WriteString(r.env.ErrOut, r.env.errStyle().Wrap("", 0, render.Plain, render.StatusLine(r.report.Status))+msgInterrupted(r.several)+"\n"+
			render.Hint(r.rollBack(), r.env.errStyle()))
		return err
	case errors.As(err, &expired):
		if r.several {
			return err
		}
		return &sts.HintedError{Err: err, Hint: r.resume()}
	case err != nil && !r.several && (len(r.report.Applied) > 0 || r.rollBack() != nil) && !errors.As(err, new(*kube.GoneError)):
		return withHintIfNone(notAllowed(err), r.resume())
	case err != nil:
		return notAllowed(err)
	case d.Verdict == operate.Stuck || d.Verdict == operate.Refused || d.Verdict == operate.Failed:
		return &outcomeError{Decision: d}
	case d.Verdict == operate.Done && r.out.human() && !r.out.isGitHub():
		_, e := io.WriteString(r.env.Out, r.env.style().Wrap("", 0, render.Plain, msgDryRun(resultLine(r.report.Name, d), r.dryRun)))
		if d.Drain != nil {
			render.DrainEnd(r.env.Out, r.report.Drain, r.env.style())
		}
		if !r.env.quiet {
			_, _ = io.WriteString(r.env.ErrOut, render.Hint(r.hint(d.Hint), r.env.errStyle()))
		}
		return e
	}
	return nil
}

// resume is how to continue what the command leaves in progress, or to end it.
func (r *mutationRun) resume() sts.Hint {
	hints := []sts.Hint{hintResume()}
	if back := r.rollBack(); back != nil {
		hints = append(hints, back)
	}
	return sts.JoinHints(hints, "; ")
}

// withHintIfNone adds the hint to an error that has none.
func withHintIfNone(err error, hint sts.Hint) error {
	if errors.As(err, new(*sts.HintedError)) {
		return err
	}
	return &sts.HintedError{Err: err, Hint: hint}
}

// rollBack is how to end a canary that the command leaves in progress, instead of resuming it.
func (r *mutationRun) rollBack() sts.Hint {
	c := r.report.Status.Canary
	if r.several || c == nil || c.Aborting || !strings.HasPrefix(r.verb, "canary ") {
		return nil
	}
	return hintRollBack(sts.Kubectl(r.report.Namespace, "sts canary abort", r.report.Name))
}

// resultLine is how a command that is done ends on standard output.
func resultLine(set string, d operate.Decision) string {
	if d.Reason == operate.ReasonNothingToDo {
		return msgNoResult(set, d.Message)
	}
	return msgResult(set, d.Message)
}

// released is the snapshot without the lock that the command has released at its end.
func released(s *sts.Snapshot, id string) *sts.Snapshot {
	if o, err := record.ReadOwner(s.Set); err != nil || o == nil || o.ID != id {
		return s
	}
	out := *s
	out.Set = s.Set.DeepCopy()
	delete(out.Set.Annotations, record.OwnerAnnotation)
	return &out
}

// tidy removes the lock of a command that was killed at its very end, when the same
// command finds nothing else to do.
func (r *mutationRun) tidy(ctx context.Context, d operate.Decision) error {
	if r.dryRun != "none" || d.Verdict != operate.Done {
		return nil
	}
	a := r.intent.Release(r.snapshot, true)
	if a == nil {
		return nil
	}
	_, err := r.view.Apply(ctx, r.snapshot, a)
	answer := (*operate.AnswerError)(nil)
	switch {
	case errors.Is(err, operate.ErrChanged):
		return nil
	case errors.As(err, &answer):
		warnTo(r.env.ErrOut, msgLockStays(answer.Message))
		return nil
	}
	return err
}
