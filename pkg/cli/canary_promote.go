package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// promoteFlags are the flags of `canary promote`.
type promoteFlags struct {
	step int32
	to   int32
	full bool
	auto autoFlags
}

func newCanaryPromote(c *common) *cobra.Command {
	var o promoteFlags
	cmd := withHelp("canary-promote", &cobra.Command{
		Use:  "promote NAME",
		Args: oneName, ValidArgsFunction: c.completing(onlyOne(clusterSets)),
	})
	m := c.newMutation(cmd, "canary promote").canPrintPatch(cmd)
	f := cmd.Flags()
	f.Int32Var(&o.step, "step", 0, "Update `N` more ordinals")
	f.Int32Var(&o.to, "to-ordinal", 0, "Lowest `ORDINAL` to update, inclusive")
	f.BoolVar(&o.full, "full", false, "Update all ordinals and finish the canary")
	o.auto.addFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("step", "to-ordinal", "full", "auto")
	cmd.MarkFlagsMutuallyExclusive("auto", "print-patch")
	positive(cmd, "step")
	notNegative(cmd, "to-ordinal")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		build, err := o.toIntent(cmd, m)
		if err != nil {
			return err
		}
		return m.run(cmd, args, build)
	}
	return cmd
}

func (o *promoteFlags) toIntent(cmd *cobra.Command, m *mutation) (newIntent, error) {
	if o.auto.on {
		return o.auto.toIntent(cmd, m)
	}
	options := operate.PromoteOptions{Step: o.step, Full: o.full}
	if cmd.Flags().Changed("to-ordinal") {
		lowest := sts.Ordinal(o.to)
		options.To = &lowest
	}
	for _, f := range []string{"step", "to-ordinal", "full"} {
		if cmd.Flags().Changed(f) {
			m.detail = " " + typed(cmd.Flags().Lookup(f))
		}
	}
	return func(_ context.Context, _ *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
		options.Lock = lock
		return operate.NewPromoteCanary(options, s), nil
	}, nil
}

// typed is a flag as a command line has it.
func typed(f *pflag.Flag) string {
	if f.Value.String() == f.NoOptDefVal {
		return "--" + f.Name
	}
	return "--" + f.Name + "=" + f.Value.String()
}
