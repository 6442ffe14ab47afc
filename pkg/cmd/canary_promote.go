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

// autoOptions are the flags that require --auto.
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

// autoFlags are the flags that require --auto.
var autoFlags = []string{"steps", "soak", "max-restarts", "check", "check-exec", "check-timeout", "on-failure"}

func newCanaryPromote(c *common) *cobra.Command {
	var o promoteOptions
	cmd := withHelp("canary-promote", &cobra.Command{
		Use:  "promote NAME",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
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

// byHand is a promotion to a given ordinal.
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

// intents is a promotion with --auto.
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
