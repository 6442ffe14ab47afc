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
	cmd := &cobra.Command{
		Use:   "unstick NAME",
		Short: "Get a stuck rolling update going again",
		Long: `Get a rolling update going that Kubernetes would leave stuck for ever, whoever
began it: a pod that never gets ready keeps the StatefulSet controller from going
on, and not even the old template helps (kubernetes#67250).

First it proves the trap: which pod fails and why, which ordinals wait for it, what
its revision changed, and the last lines that the failing container wrote. Then it
says what helps, and asks.

Where the update is broken, the set goes back to its stable revision, as with
'kubectl sts canary abort'. Where the template has moved on already (somebody has
undone the update, or applied a fix), only the failing pods are deleted, by UID, one
after the other, lowest ordinal first; the template stays as it is. No pod that is
available, or that runs what it is to run, is ever deleted, no ordinal's pod twice,
and at most --max-deletes pods in all. It asks no PodDisruptionBudget: a pod that is
not ready costs no healthy pod. It follows until every ordinal that is due is
available.

An update whose pod cannot be created (quota, admission, ServiceAccount) goes back
to the stable revision, too.

Under the update strategy Recreate no pod blocks a new template: a broken update is
taken back with the template of the revision before it, and the StatefulSet
controller then replaces all pods at once.

When nothing is stuck, it says what the set is doing instead, with exit code 0. A pod
that fails on the revision that it is to run is no such trap: that is refused with
exit code 5. A set that is not finished and has not changed for 10 minutes, or whose
pod cannot be deleted, ends it with exit code 4 and what the set waits for.`,
		Example: `  kubectl sts unstick web

  # what would be done, and why
  kubectl sts unstick web --dry-run

  # in a pipeline
  kubectl sts unstick web --yes --timeout 10m -o json`,
		Args: oneName, ValidArgsFunction: c.completeNames,
	}
	ch := c.newChange(cmd, "unstick").canPrintPatch(cmd)
	ch.needs = []string{"pods", "controllerrevisions"} // no budget is asked on the way out
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
				intent.Agreed = t.Cure
			} else if !ch.yes {
				intent.Agreed = sts.NoCure
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

// prove is the proof, with the end of the failing container's log where there is one.
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
