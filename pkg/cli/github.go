package cli

import (
	"errors"
	"os"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// annotate reports to a GitHub Actions workflow how the command ended: with an annotation on
// standard output, and a summary in the file that the runner names. The hint is for a set that it has not
// begun to change.
func (m *mutation) annotate(r *ChangeReport, hint sts.Hint) error {
	e := render.Ended{
		Command: r.Command, Namespace: r.Namespace, Name: r.Name, Outcome: r.Outcome, Error: r.Error, Hint: m.hint(hint), DryRun: r.DryRun,
		Took: r.EndedAt.Sub(r.StartedAt.Time), Status: r.Status,
	}
	if e.Outcome != nil {
		d := *e.Outcome
		d.Hint = m.hint(d.Hint)
		e.Outcome = &d
	}
	if e.Outcome == nil && r.DryRun != "" && len(r.Plan) > 0 {
		e.Outcome = &operate.Decision{Verdict: operate.Wait, Message: r.Plan[len(r.Plan)-1].Message}
	}
	for _, a := range r.Applied {
		e.Done = append(e.Done, render.Entry{At: a.At, What: a.Action.Describe()})
	}
	for _, a := range r.Commands {
		e.Checks = append(e.Checks, render.Check{At: a.At, Label: a.Label(), Command: a.Command, Said: a.String(), Output: a.Output, Good: a.Succeeded()})
	}
	m.annotated = true
	if err := render.Annotation(exactly(m.env.Out), e); err != nil {
		return err
	}
	m.summarize(e)
	return nil
}

// annotateError is annotate for an error before there was a report.
func (m *mutation) annotateError(name string, err error) {
	ns, _ := m.namespace()
	e := render.Ended{Command: m.verb, Namespace: ns, Name: name, Error: err.Error()}
	if hinted := (*sts.HintedError)(nil); errors.As(err, &hinted) {
		e.Hint = m.hint(hinted.Hint)
	}
	if outcome := (*outcomeError)(nil); errors.As(err, &outcome) {
		e.Hint = m.hint(outcome.Hint)
	}
	_ = render.Annotation(exactly(m.env.Out), e)
	m.summarize(e)
}

// summarize appends to the job's summary. A summary that cannot be written does not fail the command.
func (m *mutation) summarize(e render.Ended) {
	path := m.env.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		err = render.Markdown(f, e)
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		warnTo(m.env.ErrOut, msgNoSummary(err))
	}
}
