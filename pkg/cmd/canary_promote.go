package cmd

import (
	"context"
	"strings"
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
	f.Int32Var(&o.to, "to", 0, "The lowest `ORDINAL` to update, inclusive")
	f.BoolVar(&o.full, "full", false, "Every ordinal, and finish the canary")
	f.BoolVar(&a.on, "auto", false, "Step by step, as long as the gates are passed")
	f.StringVar(&a.steps, "steps", "", "With --auto: how many ordinals have the update after each step, like `1,3,50%,100%`")
	f.DurationVar(&a.soak, "soak", 0, "With --auto: how long every updated pod must have been Ready at each step, like 5m")
	f.Int32Var(&a.maxRestarts, "max-restarts", 0, "With --auto: the containers of an updated pod may restart `N` times, by default never")
	f.StringArrayVar(&a.checks, "check", nil, "With --auto: a `COMMAND` that runs here at each step; exit code 0 is good; may be repeated")
	f.StringArrayVar(&a.execs, "check-exec", nil, "With --auto: a `COMMAND` that runs inside each updated pod at each step (sh -c); may be repeated")
	f.DurationVar(&a.timeout, "check-timeout", 5*time.Minute, "With --auto: how long one check may take")
	f.StringVar(&a.onFailure, "on-failure", "pause", "With --auto: `pause|abort` when a gate fails")
	_ = cmd.RegisterFlagCompletionFunc("on-failure", cobra.FixedCompletions([]string{"pause", "abort"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.check(cmd); err != nil {
			return err
		}
		if o.auto.on && ch.printPatch {
			return usagef("--print-patch prints one step, of which --auto would ask the gates: leave out --auto")
		}
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

func (o *promoteOptions) check(cmd *cobra.Command) error {
	given := 0
	for _, f := range []string{"step", "to", "full", "auto"} {
		if cmd.Flags().Changed(f) {
			given++
		}
	}
	switch {
	case given > 1:
		return usagef("--step, --to, --full and --auto exclude each other")
	case cmd.Flags().Changed("step") && o.step < 1:
		return usagef("--step=%d: it is 1 or more", o.step)
	case o.auto.soak < 0:
		return usagef("--soak=%s: it cannot be negative", o.auto.soak)
	case o.auto.maxRestarts < 0:
		return usagef("--max-restarts=%d: it cannot be negative", o.auto.maxRestarts)
	case o.auto.timeout <= 0:
		return usagef("--check-timeout=%s: it is more than 0", o.auto.timeout)
	case o.auto.onFailure != "pause" && o.auto.onFailure != "abort":
		return usagef("--on-failure=%s: it is pause or abort", o.auto.onFailure)
	}
	for _, f := range autoFlags {
		if cmd.Flags().Changed(f) && !o.auto.on {
			return usagef("--%s goes with --auto", f)
		}
	}
	for flag, commands := range map[string][]string{"check": o.auto.checks, "check-exec": o.auto.execs} {
		for _, command := range commands {
			if strings.TrimSpace(command) == "" {
				return usagef("--%s: the command is empty", flag)
			}
		}
	}
	return nil
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
