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
	cmd := withHelp("restart", &cobra.Command{
		Use:  "restart NAME",
		Args: oneName, ValidArgsFunction: c.completeNames,
	})
	ch := c.newChange(cmd, "restart")
	ch.kind = "RestartReport"
	f := cmd.Flags()
	f.StringSliceVar(&ordinals, "ordinal", nil, "Restart only these ordinals, like 2,5-7")
	f.StringVar(&order, "order", "desc", "desc begins with the highest ordinal, asc with the lowest")
	f.BoolVar(&leaderLast, "leader-last", false, "Restart the leader last: goes with --leader-exec")
	f.StringVar(&leaderExec, "leader-exec", "", "A `COMMAND` for sh in a pod: exit code 0 says that it leads")
	f.BoolVar(&forget, "forget", false, "Forget a restart that was interrupted; this restarts nothing")
	_ = f.MarkHidden("force-ownership") // nothing is changed that anybody could undo
	_ = cmd.RegisterFlagCompletionFunc("order", cobra.FixedCompletions([]string{"desc", "asc"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		intent := plan.RestartPods{Ascending: order == "asc"}
		var err error
		if intent.Ordinals, err = chosenOrdinals(cmd, ordinals); err != nil {
			return err
		}
		switch {
		case order != "asc" && order != "desc":
			return usagef("--order=%s: it is desc or asc", order)
		case leaderLast != (leaderExec != ""):
			return usagef("--leader-last and --leader-exec go together: the command says whether the pod that it runs in leads")
		case forget && (f.Changed("ordinal") || f.Changed("order") || leaderLast):
			return usagef("--forget restarts nothing: it goes without --ordinal, --order and --leader-last")
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
