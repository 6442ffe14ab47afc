package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
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
	f.Int32Var(&o.to, "to-ordinal", 0, "Lowest `ORDINAL` to update, inclusive")
	f.BoolVar(&o.full, "full", false, "Update all ordinals and finish the canary")
	f.BoolVar(&a.on, "auto", false, "Promote step by step while the gates pass")
	f.StringVar(&a.steps, "steps", "", "With --auto: updated ordinals after each step, for example `1,3,50%,100%`")
	f.DurationVar(&a.soak, "soak", 0, "With --auto: time all updated pods must stay ready at each step, for example 5m")
	f.Int32Var(&a.maxRestarts, "max-restarts", 0, "With --auto: allow `N` container restarts per updated pod")
	f.StringArrayVar(&a.checks, "check", nil, "With --auto: `COMMAND` to run locally at each step, must exit 0; can be repeated")
	f.StringArrayVar(&a.execs, "check-exec", nil, "With --auto: `COMMAND` to run in each updated pod (sh -c); can be repeated")
	f.DurationVar(&a.timeout, "check-timeout", 5*time.Minute, "With --auto: timeout of one check")
	addChoice(cmd, &a.onFailure, "on-failure", "pause", "With --auto: what to do when a gate fails", "pause", "abort")
	cmd.MarkFlagsMutuallyExclusive("step", "to-ordinal", "full", "auto")
	cmd.MarkFlagsMutuallyExclusive("auto", "print-patch")
	for _, name := range autoFlags {
		requires(cmd, name, "auto")
	}
	positive(cmd, "step", "check-timeout")
	notNegative(cmd, "to-ordinal", "soak", "max-restarts")
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

// byHand is a promotion to a given ordinal.
func (o *promoteOptions) byHand(cmd *cobra.Command, ch *change) intents {
	options := operate.PromoteOptions{Step: o.step, Full: o.full}
	if cmd.Flags().Changed("to-ordinal") {
		lowest := sts.Ordinal(o.to)
		options.To = &lowest
	}
	for _, f := range []string{"step", "to-ordinal", "full"} {
		if cmd.Flags().Changed(f) {
			ch.detail = " --" + f + "=" + cmd.Flags().Lookup(f).Value.String()
		}
	}
	return func(_ context.Context, _ *kube.Client, s *sts.Snapshot, h operate.Lock, _ string) (operate.Intent, error) {
		options.Lock = h
		return operate.NewPromoteCanary(options, s), nil
	}
}

// intents is a promotion with --auto.
func (o *autoOptions) intents(cmd *cobra.Command, ch *change) (intents, error) {
	intent := operate.AutoPromote{Abort: o.onFailure == "abort", Gates: operate.Gates{
		Soak: o.soak, MaxRestarts: o.maxRestarts, Checks: o.checks, Execs: o.execs, Timeout: o.timeout,
	}}
	ch.detail = " --auto"
	if cmd.Flags().Changed("steps") {
		var err error
		if intent.Steps, err = operate.ParseSteps(o.steps); err != nil {
			return nil, usagef("--steps: %s", err)
		}
		ch.detail += " --steps=" + o.steps
	}
	return func(ctx context.Context, client *kube.Client, s *sts.Snapshot, h operate.Lock, digest string) (operate.Intent, error) {
		intent.Lock = h
		if len(o.execs) > 0 && digest == "" {
			// Before anything moves, not at the first step.
			if err := client.May(ctx, s.Set.Namespace, "create", "pods", "exec"); err != nil {
				return nil, err
			}
		}
		return intent, nil
	}, nil
}
