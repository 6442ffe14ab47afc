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
		Use:  "pause NAME",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	ch := c.newChange(cmd, "pause").canPrintPatch(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ch.run(cmd, args, func(_ context.Context, _ *kube.Client, _ *sts.Snapshot, h operate.Lock, _ string) (operate.Intent, error) {
			return operate.PauseUpdate{Lock: h}, nil
		})
	}
	return cmd
}

func newResume(c *common) *cobra.Command {
	cmd := withHelp("resume", &cobra.Command{
		Use:  "resume NAME",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	ch := c.newChange(cmd, "resume").canPrintPatch(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ch.run(cmd, args, func(_ context.Context, _ *kube.Client, _ *sts.Snapshot, h operate.Lock, _ string) (operate.Intent, error) {
			return operate.ResumeUpdate{Lock: h}, nil
		})
	}
	return cmd
}
