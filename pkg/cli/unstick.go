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
		Use:  "unstick NAME",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	ch := c.newMutation(cmd, "unstick").canPrintPatch(cmd)
	ch.needs = []string{"pods", "controllerrevisions"} // no budget is checked
	deletions := newDeletions(cmd)
	cmd.Flags().Int64Var(&tail, "tail", 10, "Number of log `LINES` of the failing container to show")
	notNegative(cmd, "tail")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d := deletions()
		ch.prove = func(ctx context.Context, client *kube.Client, s *sts.Snapshot) *report.Proof {
			return prove(ctx, client, s, tail)
		}
		return ch.run(cmd, args, func(_ context.Context, _ *kube.Client, s *sts.Snapshot, h operate.Holder, digest string) (operate.Intent, error) {
			intent := operate.Unstick{Holder: h, Deletions: d, TemplateDigest: digest}
			if t := s.Trap(); t != nil && !ch.yes {
				intent.Agreed = t.Remedy
			} else if !ch.yes {
				intent.Agreed = sts.NoRemedy
			}
			return intent, nil
		})
	}
	return cmd
}
