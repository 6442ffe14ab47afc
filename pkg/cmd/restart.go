package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newRestart(c *common) *cobra.Command {
	var (
		ordinals   []string
		order      string
		leaderLast bool
		leaderExec string
		forget     bool
	)
	cmd := &cobra.Command{
		Use:   "restart NAME",
		Short: "Restart chosen pods, one at a time, as budgets allow",
		Long: `Restart the pods of a StatefulSet, or chosen ones, one at a time: each is evicted
through the API server, which honours PodDisruptionBudgets, and the next one
follows when it is available again.

Unlike 'kubectl rollout restart' this changes no template, so it makes no new
revision, works with every update strategy and beside a canary, and GitOps has
nothing to revert. Every pod comes back on the revision that it has; where one
would not, nothing is restarted.

Pods that are failing come first. With --leader-last the pods that are left are
asked before each restart whether they lead, and the one that does is restarted
after all others; two that say so at once stop it with exit code 4.

A restart that was interrupted goes on when the same command is run again, and
restarts no pod twice.`,
		Example: `  # every pod, highest ordinal first
  kubectl sts restart web

  # some of them, lowest first, in a pipeline
  kubectl sts restart web --ordinal 2,5-7 --order asc --yes --timeout 30m

  # the member that leads goes last, whoever that is by then
  kubectl sts restart web --leader-last --leader-exec 'test ! -f "$PGDATA/standby.signal"'

  # do not go on with a restart that was interrupted
  kubectl sts restart web --forget`,
		Args: oneName, ValidArgsFunction: c.completeNames,
	}
	ch := c.newChange(cmd, "restart")
	ch.kind = "RestartReport"
	f := cmd.Flags()
	f.StringSliceVar(&ordinals, "ordinal", nil, "Restart only these ordinals (for example 2,5-7)")
	addChoice(cmd, &order, "order", "desc", "Start with the highest ordinal (desc) or with the lowest (asc)", "desc", "asc")
	f.BoolVar(&leaderLast, "leader-last", false, "Restart the leader last; requires --leader-exec")
	f.StringVar(&leaderExec, "leader-exec", "", "`COMMAND` to run in each pod (sh -c); exit code 0 means that the pod is the leader")
	f.BoolVar(&forget, "forget", false, "Discard the record of an interrupted restart; no pod is restarted")
	_ = f.MarkHidden("force-ownership") // nothing is changed that anybody could undo
	cmd.MarkFlagsRequiredTogether("leader-last", "leader-exec")
	for _, name := range []string{"ordinal", "order", "leader-last"} {
		cmd.MarkFlagsMutuallyExclusive("forget", name)
	}
	notEmpty(cmd, "leader-exec")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		intent := plan.RestartPods{Ascending: order == "asc"}
		var err error
		if intent.Ordinals, err = chosenOrdinals(cmd, ordinals); err != nil {
			return err
		}
		intent.LeaderExec = leaderExec
		if len(ordinals) > 0 {
			ch.detail += " --ordinal=" + strings.Join(ordinals, ",")
		}
		if intent.Ascending {
			ch.detail += " --order=asc"
		}
		if leaderLast {
			ch.detail += " --leader-last --leader-exec=" + quote(leaderExec)
		}
		return ch.run(cmd, args, func(ctx context.Context, client *cluster.Client, s *sts.Snapshot, h plan.Holder, digest string) (plan.Intent, error) {
			if forget {
				return plan.ForgetRestart{Holder: h}, nil
			}
			if leaderLast && digest == "" {
				if err := client.May(ctx, s.Set.Namespace, "create", "pods", "exec"); err != nil {
					return nil, err
				}
			}
			intent := intent
			intent.Holder = h
			return intent, nil
		})
	}
	return cmd
}

// quote writes a word for a shell.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
