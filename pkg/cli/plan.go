package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// svg is a picture of ordinals over time.
const svg = "svg"

func newPlan(c *common) *cobra.Command {
	var (
		o planOptions
		f planFlags
	)
	cmd := withHelp("plan", &cobra.Command{
		Use:               "plan NAME|-f FILE",
		ValidArgsFunction: c.completing(onlyOne(setNamesOf(&o.manifests))),
	})
	out := newOutput(cmd, wide, svg)
	o.addFlags(cmd, &f)
	grace := schedulingGrace(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		if err := o.read(c, cmd, f, args); err != nil {
			return err
		}
		o.schedulingGrace = grace
		return runPlan(cmd.Context(), c, o, out)
	}
	return cmd
}

// runPlan predicts and prints.
func runPlan(ctx context.Context, c *common, o planOptions, out *output) error {
	s, q, err := o.question(ctx, c)
	if err != nil {
		return err
	}
	f := c.predict(s, q)
	switch {
	case out.format() == svg:
		err = render.ForecastSVG(exactly(c.env.Out), f)
	case out.human():
		err = render.Forecast(c.env.Out, f, c.env.style(), out.isWide())
	default:
		err = out.print(c.env.Out, f, []string{f.Name})
	}
	if err != nil || !o.exitCode {
		return err
	}
	if problem := strictRefusal(s); problem != "" {
		return refused(reasonInvalid, problem, hintServerRejectsFields())
	}
	return o.verdict(f, out)
}

// predict is the prediction, with hints that fit the command line.
func (c *common) predict(s *sts.Snapshot, q forecast.Question) *forecast.Forecast {
	f := forecast.Run(s, q)
	f.Outcome.Hint = c.hint(f.Outcome.Hint)
	for i := range f.Notes {
		f.Notes[i].Hint = c.hint(f.Notes[i].Hint)
	}
	return f
}

// verdict is the error for --exit-code.
func (o *planOptions) verdict(f *forecast.Forecast, out *output) error {
	switch f.Outcome.State {
	case forecast.OutcomeStuck:
		return &outcomeError{Decision: operate.Decision{Verdict: operate.Stuck, Message: f.Outcome.Message, Hint: f.Outcome.Hint}, said: out.human() && out.format() != svg}
	case forecast.OutcomePaused, forecast.OutcomeWaiting:
		return &notYetError{msgPlanNotYet(f.Name, f.Outcome.Message)}
	}
	return nil
}
