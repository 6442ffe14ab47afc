package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// promoteOptions are the flags of `canary promote`.
type promoteOptions struct {
	step int32
	to   int32
	full bool
	auto autoOptions
}

// autoOptions are those that go with --auto.
type autoOptions struct {
	on          bool
	steps       string
	soak        time.Duration
	maxRestarts int32
	checks      []string
	execs       []string
	timeout     time.Duration
	onFailure   string
}

// autoFlags are the flags that mean nothing without --auto.
var autoFlags = []string{"steps", "soak", "max-restarts", "check", "check-exec", "check-timeout", "on-failure"}

func newCanaryPromote(c *common) *cobra.Command {
	var o promoteOptions
	cmd := &cobra.Command{
		Use:   "promote NAME",
		Short: "Give more ordinals the canary's revision, one at a time",
		Long: `Give more ordinals the canary's revision, one ordinal at a time, highest first.
Without --step, --to, --full or --auto it is one ordinal. After each ordinal it waits
until the pod is available; when one fails it stops there with exit code 4.

With --full the canary becomes the set's only revision; the partition then goes
back to what it was before the canary, and the canary's annotation is removed.

With --auto the canary promotes itself, step by step, as long as its gates are
passed. --steps says how many ordinals are to have the update after each step, in
all; without it, it is one more each time, to the last. At every step, before the
next, each updated pod must be available, must not have restarted more often than
--max-restarts, must have been Ready for --soak without a break, and every command
of --check-exec (inside each updated pod) and of --check (here) must end with exit
code 0. The pods that start has updated pass the gates first. When one fails the
exit code is 6, and the canary stands paused or, with --on-failure=abort, goes back.

A --check finds in its environment KUBECTL_STS_CONTEXT, KUBECTL_STS_NAMESPACE,
KUBECTL_STS_NAME, KUBECTL_STS_REVISION, KUBECTL_STS_STEP and KUBECTL_STS_STEPS
(numbers; step 0 is before the first is reached) and KUBECTL_STS_PODS (the updated
pods, highest ordinal last, separated by spaces). What it writes is shown; what it has
started in the background ends with it. What runs inside a pod cannot be ended from
here: after Ctrl-C or --check-timeout it goes on there until it ends by itself.`,
		Example: `  # one ordinal more
  kubectl sts canary promote web

  # down to ordinal 2, then all the rest
  kubectl sts canary promote web --to 2
  kubectl sts canary promote web --full --yes --timeout 30m

  # in a pipeline: 1 pod, 3, half, all; five quiet minutes and a check at each step
  kubectl sts canary promote web --auto --steps 1,3,50%,100% --soak 5m \
    --check './smoke-test.sh' --check-exec 'pg_isready' \
    --on-failure=abort --yes --timeout 2h`,
		Args: oneName, ValidArgsFunction: c.completeNames,
	}
	ch := c.newChange(cmd, "canary promote").canPrintPatch(cmd)
	f, a := cmd.Flags(), &o.auto
	f.Int32Var(&o.step, "step", 0, "Update `N` more ordinals")
	f.Int32Var(&o.to, "to", 0, "Lowest `ORDINAL` to update, inclusive")
	f.BoolVar(&o.full, "full", false, "Update all ordinals and finish the canary")
	f.BoolVar(&a.on, "auto", false, "Promote step by step while the gates pass")
	f.StringVar(&a.steps, "steps", "", "With --auto: updated ordinals after each step, for example `1,3,50%,100%`")
	f.DurationVar(&a.soak, "soak", 0, "With --auto: time all updated pods must stay ready at each step, for example 5m")
	f.Int32Var(&a.maxRestarts, "max-restarts", 0, "With --auto: allow `N` container restarts per updated pod")
	f.StringArrayVar(&a.checks, "check", nil, "With --auto: `COMMAND` to run locally at each step, must exit 0; can be repeated")
	f.StringArrayVar(&a.execs, "check-exec", nil, "With --auto: `COMMAND` to run in each updated pod (sh -c); can be repeated")
	f.DurationVar(&a.timeout, "check-timeout", 5*time.Minute, "With --auto: timeout of one check")
	addChoice(cmd, &a.onFailure, "on-failure", "pause", "With --auto: what to do when a gate fails", "pause", "abort")
	cmd.MarkFlagsMutuallyExclusive("step", "to", "full", "auto")
	cmd.MarkFlagsMutuallyExclusive("auto", "print-patch")
	for _, name := range autoFlags {
		requires(cmd, name, "auto")
	}
	positive(cmd, "step", "check-timeout")
	notNegative(cmd, "to", "soak", "max-restarts")
	notEmpty(cmd, "steps", "check", "check-exec")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !o.auto.on {
			return ch.run(cmd, args, o.byHand(cmd, ch))
		}
		of, err := o.auto.intents(cmd, ch)
		if err != nil {
			return err
		}
		return ch.run(cmd, args, of)
	}
	return cmd
}

// byHand is a promotion as far as somebody says.
func (o *promoteOptions) byHand(cmd *cobra.Command, ch *change) intents {
	options := plan.PromoteOptions{Step: o.step, Full: o.full}
	if cmd.Flags().Changed("to") {
		lowest := sts.Ordinal(o.to)
		options.To = &lowest
	}
	for _, f := range []string{"step", "to", "full"} {
		if cmd.Flags().Changed(f) {
			ch.detail = " --" + f + "=" + cmd.Flags().Lookup(f).Value.String()
		}
	}
	return func(_ context.Context, _ *cluster.Client, s *sts.Snapshot, h plan.Holder, _ string) (plan.Intent, error) {
		options.Holder = h
		return plan.NewPromoteCanary(options, s), nil
	}
}

// intents is a promotion that goes on by itself.
func (o *autoOptions) intents(cmd *cobra.Command, ch *change) (intents, error) {
	intent := plan.AutoPromote{Abort: o.onFailure == "abort", Gates: plan.Gates{
		Soak: o.soak, MaxRestarts: o.maxRestarts, Checks: o.checks, Execs: o.execs, Timeout: o.timeout,
	}}
	ch.detail = " --auto"
	if cmd.Flags().Changed("steps") {
		var err error
		if intent.Steps, err = plan.ParseSteps(o.steps); err != nil {
			return nil, usagef("--steps: %s", err)
		}
		ch.detail += " --steps=" + o.steps
	}
	return func(ctx context.Context, client *cluster.Client, s *sts.Snapshot, h plan.Holder, digest string) (plan.Intent, error) {
		intent.Holder = h
		if len(o.execs) > 0 && digest == "" {
			// Before anything moves, not at the first step.
			if err := client.May(ctx, s.Set.Namespace, "create", "pods", "exec"); err != nil {
				return nil, err
			}
		}
		return intent, nil
	}, nil
}
