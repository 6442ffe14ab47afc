package cmd

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
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
		ch.prove = func(ctx context.Context, client *cluster.Client, s *sts.Snapshot) *inspect.Proof {
			return prove(ctx, client, s, tail)
		}
		return ch.run(cmd, args, func(_ context.Context, _ *cluster.Client, s *sts.Snapshot, h plan.Holder, digest string) (plan.Intent, error) {
			intent := plan.Unstick{Holder: h, Deletions: d, TemplateDigest: digest}
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

func printProof(w io.Writer, p *inspect.Proof, now time.Time, st print.Style) error {
	unified := ""
	if p.Diff != nil {
		var err error
		if unified, err = unifiedDiff(p.Diff); err != nil {
			return err
		}
	}
	return print.Proof(w, p, unified, now, st)
}

// prove is the proof, with the last log lines of the failing container.
func prove(ctx context.Context, client *cluster.Client, s *sts.Snapshot, tail int64) *inspect.Proof {
	p := inspect.NewProof(s)
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
