package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
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
	f := cmd.Flags()
	f.StringSliceVar(&ordinals, "ordinal", nil, "Restart only these ordinals (for example 2,5-7)")
	addChoice(cmd, &order, "order", "desc", "Start with the highest ordinal (desc) or with the lowest (asc)", "desc", "asc")
	f.BoolVar(&leaderLast, "leader-last", false, "Restart the leader last; requires --leader-exec")
	f.StringVar(&leaderExec, "leader-exec", "", "`COMMAND` to run in each pod (sh -c); exit code 0 means that the pod is the leader")
	f.BoolVar(&forget, "forget", false, "Discard the record of an interrupted restart; no pod is restarted")
	_ = f.MarkHidden("force-ownership") // a restart changes nothing that a controller could revert
	cmd.MarkFlagsRequiredTogether("leader-last", "leader-exec")
	for _, name := range []string{"ordinal", "order", "leader-last"} {
		cmd.MarkFlagsMutuallyExclusive("forget", name)
	}
	notEmpty(cmd, "leader-exec")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		intent := operate.RestartPods{Ascending: order == "asc"}
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
			ch.detail += " --leader-last --leader-exec=" + sts.ShellQuote(leaderExec)
		}
		return ch.run(cmd, args, func(ctx context.Context, client *kube.Client, s *sts.Snapshot, h operate.Holder, digest string) (operate.Intent, error) {
			if forget {
				return operate.ForgetRestart{Holder: h}, nil
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
