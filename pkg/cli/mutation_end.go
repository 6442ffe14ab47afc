package cli

import (
	"errors"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// printAlteration prints what mutating admission changes in a write, as a diff.
func printAlteration(w io.Writer, a *sts.Alteration, style render.Style) error {
	if len(a.Sent) == 0 {
		return nil
	}
	unified, err := unifiedDiff(&report.DiffReport{From: "sent", To: "after admission", FromTemplate: a.Sent, ToTemplate: a.Stored})
	if err != nil {
		return err
	}
	return render.Diff(w, unified, style)
}

// finish prints the report and turns the outcome into an error with its exit code.
func (c *mutation) finish(r *ChangeReport, s *sts.Snapshot, d operate.Decision, err error) error {
	status := report.NewStatus(s)
	r.Status, r.EndedAt = &status, metav1.NewTime(s.TakenAt)
	if c.drains {
		if r.Drain = status.Drain; d.Drain != nil {
			r.Drain = report.NewDrainStatus(s, d.Drain)
		}
	}
	if err != nil {
		r.Error = err.Error()
	}
	if d.Verdict != operate.Do {
		r.Outcome = &d
	}
	if !c.out.human() {
		if e := c.out.print(c.env.Out, r, []string{r.Name}); e != nil {
			return e
		}
	}
	if c.out.isGitHub() {
		if e := c.annotate(r); e != nil {
			return e
		}
	}
	if d.Alteration != nil && err == nil {
		if e := printAlteration(c.env.ErrOut, d.Alteration, c.env.errStyle()); e != nil {
			return e
		}
		if c.acceptAdmission != nil && !*c.acceptAdmission && d.Alteration.Template() {
			d.Hint = hintAcceptAdmission(r.Name)
		}
	}
	var interrupted *loop.InterruptedError
	var expired *loop.TimeoutError
	switch {
	case errors.As(err, &interrupted), errors.As(err, &expired):
		_, _ = io.WriteString(c.env.ErrOut, msgStopped(render.StatusLine(&status)))
		return err
	case err != nil:
		return notAllowed(err, c.env.errStyle())
	case d.Verdict == operate.Stuck || d.Verdict == operate.Refused || d.Verdict == operate.Failed:
		d.Hint = c.hint(r.Namespace, d.Hint)
		return &outcomeError{Decision: d, style: c.env.errStyle()}
	case d.Verdict == operate.Done && c.out.human() && !c.out.isGitHub():
		_, e := io.WriteString(c.env.Out, c.env.style().Wrap("", 0, render.Plain, resultLine(r.Name, d)))
		if d.Drain != nil {
			render.DrainEnd(c.env.Out, r.Drain, c.env.style())
		}
		_, _ = io.WriteString(c.env.ErrOut, render.Hint(c.hint(r.Namespace, d.Hint), c.env.errStyle()))
		return e
	}
	return nil
}

// resultLine is how a command that is done ends on standard output.
func resultLine(set string, d operate.Decision) string {
	if d.Reason == operate.ReasonNothingToDo {
		return msgNoResult(set, d.Message)
	}
	return msgResult(set, d.Message)
}
