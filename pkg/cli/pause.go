package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newPause(c *common) *cobra.Command {
	cmd := withHelp("pause", &cobra.Command{
		Use:               "pause NAME...|-l SELECTOR",
		ValidArgsFunction: c.completing(setNamesOf(nil)),
	})
	m := c.newMutation(cmd, "pause").takesSeveral(cmd).canPrintPatch(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return m.run(cmd, args, func(_ context.Context, _ *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
			return operate.NewPauseUpdate(lock, s), nil
		})
	}
	return cmd
}
