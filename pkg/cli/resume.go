package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newResume(c *common) *cobra.Command {
	cmd := withHelp("resume", &cobra.Command{
		Use:               "resume NAME...|-l SELECTOR",
		ValidArgsFunction: c.completing(setNamesOf(nil)),
	})
	m := c.newMutation(cmd, "resume").takesSeveral(cmd).canPrintPatch(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return m.run(cmd, args, func(_ context.Context, _ *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
			return operate.NewResumeUpdate(lock, s), nil
		})
	}
	return cmd
}
