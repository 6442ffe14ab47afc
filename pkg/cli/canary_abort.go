package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newCanaryAbort(c *common) *cobra.Command {
	cmd := withHelp("canary-abort", &cobra.Command{
		Use:  "abort NAME",
		Args: oneName, ValidArgsFunction: c.completing(onlyOne(clusterSets)),
	})
	m := c.newMutation(cmd, "canary abort").canPrintPatch(cmd)
	m.needs = []string{"pods", "controllerrevisions"} // a rollback does not depend on budgets
	deletions := newDeletions(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return m.run(cmd, args, func(_ context.Context, _ *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
			return operate.NewAbortCanary(operate.AbortOptions{Lock: lock, Deletions: deletions()}, s), nil
		})
	}
	return cmd
}

// newDeletions is the flag that caps how many pods a command deletes.
func newDeletions(cmd *cobra.Command) func() operate.Deletions {
	var most int32
	cmd.Flags().Int32Var(&most, "max-deletes", 0, "Delete at most `N` pods (default: at most one per ordinal)")
	notNegative(cmd, "max-deletes")
	return func() operate.Deletions {
		if !cmd.Flags().Changed("max-deletes") {
			return operate.Deletions{}
		}
		return operate.Deletions{Max: &most}
	}
}
