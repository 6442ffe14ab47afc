package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newUnstick(c *common) *cobra.Command {
	var tail int64
	cmd := withHelp("unstick", &cobra.Command{
		Use:  "unstick NAME",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	ch := c.newChange(cmd, "unstick").canPrintPatch(cmd)
	ch.needs = []string{"pods", "controllerrevisions"} // no budget is checked
	deletions := newDeletions(cmd)
	cmd.Flags().Int64Var(&tail, "tail", 10, "Number of log `LINES` of the failing container to show")
	notNegative(cmd, "tail")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d := deletions()
		ch.prove = func(ctx context.Context, client *kube.Client, s *sts.Snapshot) *report.Proof {
			return prove(ctx, client, s, tail)
		}
		return ch.run(cmd, args, func(_ context.Context, _ *kube.Client, s *sts.Snapshot, h operate.Lock, digest string) (operate.Intent, error) {
			intent := operate.Unstick{Lock: h, Deletions: d, TemplateDigest: digest}
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

func printProof(w io.Writer, p *report.Proof, now time.Time, st render.Style) error {
	unified := ""
	if p.Diff != nil {
		var err error
		if unified, err = unifiedDiff(p.Diff); err != nil {
			return err
		}
	}
	return render.Proof(w, p, unified, now, st)
}

// prove is the proof, with the last log lines of the failing container.
func prove(ctx context.Context, client *kube.Client, s *sts.Snapshot, tail int64) *report.Proof {
	p := report.NewProof(s)
	if p == nil || tail == 0 {
		return p
	}
	for _, previous := range p.Logs() {
		lines, err := client.Logs(ctx, s.Set.Namespace, p.Pod, p.Container.Name, previous, tail)
		if err != nil {
			p.LogError = err.Error()
		} else if len(lines) > 0 {
			p.Log, p.LogError = lines, ""
			break
		}
	}
	return p
}
