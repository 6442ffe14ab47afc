package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newUnstick(c *common) *cobra.Command {
	var tail int64
	cmd := withHelp("unstick", &cobra.Command{
		Use:               "unstick NAME...|-l SELECTOR",
		ValidArgsFunction: c.completing(setNamesOf(nil)),
	})
	m := c.newMutation(cmd, "unstick").takesSeveral(cmd).canPrintPatch(cmd)
	m.needs = []string{"pods", "controllerrevisions"} // no budget is checked
	deletions := newDeletions(cmd)
	cmd.Flags().Int64Var(&tail, "tail", 10, "Number of log `LINES` of the failing container to show")
	notNegative(cmd, "tail")
	m.prove = func(ctx context.Context, client *kube.Client, s *sts.Snapshot) *report.Proof {
		return prove(ctx, client, s, tail)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return m.run(cmd, args, func(_ context.Context, _ *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
			return operate.NewUnstick(operate.UnstickOptions{Lock: lock, Deletions: deletions(), AnyRemedy: m.yes}, s), nil
		})
	}
	return cmd
}
