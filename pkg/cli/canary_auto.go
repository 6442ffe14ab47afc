package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// autoFlags are --auto of `canary promote`, and the flags that require it.
type autoFlags struct {
	on          bool
	steps       string
	soak        time.Duration
	maxRestarts int32
	checks      []string
	execs       []string
	timeout     time.Duration
	onFailure   string
}

func (o *autoFlags) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.on, "auto", false, "Promote step by step while the gates pass")
	f.StringVar(&o.steps, "steps", "", "With --auto: updated ordinals after each step, for example `1,3,50%,100%`")
	f.DurationVar(&o.soak, "soak", 0, "With --auto: time all updated pods must stay ready at each step, for example 5m")
	f.Int32Var(&o.maxRestarts, "max-restarts", 0, "With --auto: allow `N` container restarts per updated pod")
	f.StringArrayVar(&o.checks, "check", nil, "With --auto: `COMMAND` to run locally at each step, must exit 0; can be repeated")
	f.StringArrayVar(&o.execs, "check-exec", nil, "With --auto: `COMMAND` to run in each updated pod (sh -c); can be repeated")
	f.DurationVar(&o.timeout, "check-timeout", 5*time.Minute, "With --auto: timeout of one check")
	addChoice(cmd, &o.onFailure, "on-failure", "pause", "With --auto: what to do when a gate fails", "pause", "abort")
	for _, name := range []string{"steps", "soak", "max-restarts", "check", "check-exec", "check-timeout", "on-failure"} {
		requires(cmd, name, "auto")
	}
	positive(cmd, "check-timeout")
	notNegative(cmd, "soak", "max-restarts")
	notEmpty(cmd, "steps", "check", "check-exec")
}

func (o *autoFlags) toIntent(cmd *cobra.Command, m *mutation) (newIntent, error) {
	options := operate.AutoPromoteOptions{Abort: o.onFailure == "abort", Gates: operate.Gates{
		Soak: o.soak, MaxRestarts: o.maxRestarts, Checks: o.checks, Execs: o.execs, Timeout: o.timeout,
	}}
	m.detail = " --auto"
	if cmd.Flags().Changed("steps") {
		var err error
		if options.Steps, err = operate.ParseSteps(o.steps); err != nil {
			return nil, usagef("--steps: %s", err)
		}
		m.detail += " --steps=" + o.steps
	}
	return func(ctx context.Context, client *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
		options.Lock = lock
		if len(o.execs) > 0 {
			// Before anything moves, not at the first step.
			if err := client.May(ctx, s.Set.Namespace, "create", "pods", "exec"); err != nil {
				return nil, err
			}
		}
		return operate.NewAutoPromote(options, s), nil
	}, nil
}
