package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newPause(c *common) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pause NAME",
		Short: "Freeze an update at the ordinal that it has reached",
		Long: `Freeze an update of a StatefulSet that is on its way, whoever began it, at the
ordinal that it has reached: one patch raises the partition. This reverts nothing.
Ordinals that are updated stay so, the others are held back.

From then on the update is a canary: it can be promoted ordinal by ordinal,
aborted, or resumed.`,
		Example: `  # somebody's rolling update is doing harm: stop it right here
  kubectl sts pause web`,
		Args: oneName, ValidArgsFunction: c.completeNames,
	}
	ch := c.newChange(cmd, "pause").canPrintPatch(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ch.run(cmd, args, func(_ context.Context, _ *cluster.Client, _ *sts.Snapshot, h plan.Holder, _ string) (plan.Intent, error) {
			return plan.PauseUpdate{Holder: h}, nil
		})
	}
	return cmd
}

func newResume(c *common) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resume NAME",
		Short: "Let Kubernetes go on with a paused update by itself",
		Long: `Let the StatefulSet controller go on with a paused update, or with a canary, by
itself: the partition goes back to what it was before. The controller asks no
PodDisruptionBudget; 'kubectl sts canary promote NAME --full' does, before each ordinal.`,
		Example: `  kubectl sts resume web
  kubectl sts status web --for=complete --timeout=10m`,
		Args: oneName, ValidArgsFunction: c.completeNames,
	}
	ch := c.newChange(cmd, "resume").canPrintPatch(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ch.run(cmd, args, func(_ context.Context, _ *cluster.Client, _ *sts.Snapshot, h plan.Holder, _ string) (plan.Intent, error) {
			return plan.ResumeUpdate{Holder: h}, nil
		})
	}
	return cmd
}
