package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// restartFlags are the flags of restart.
type restartFlags struct {
	ordinals   []string
	order      string
	leaderLast bool
	leaderExec string
	forget     bool
}

func newRestart(c *common) *cobra.Command {
	var o restartFlags
	cmd := withHelp("restart", &cobra.Command{
		Use:               "restart NAME...|-l SELECTOR",
		ValidArgsFunction: c.completing(setNamesOf(nil)),
	})
	m := c.newMutation(cmd, "restart").takesSeveral(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.ordinals, "ordinal", nil, "Restart only these ordinals (for example 2,5-7)")
	addChoice(cmd, &o.order, "order", "desc", "Start with the highest ordinal (desc) or with the lowest (asc)", "desc", "asc")
	f.BoolVar(&o.leaderLast, "leader-last", false, "Restart the leader last; requires --leader-exec")
	f.StringVar(&o.leaderExec, "leader-exec", "", "`COMMAND` to run in each pod (sh -c); exit code 0 identifies the leader")
	f.BoolVar(&o.forget, "forget", false, "Discard the record of an interrupted restart; no pod is restarted")
	_ = f.MarkHidden("force-ownership") // a restart changes nothing that a controller could revert
	cmd.MarkFlagsRequiredTogether("leader-last", "leader-exec")
	for _, name := range []string{"ordinal", "order", "leader-last"} {
		cmd.MarkFlagsMutuallyExclusive("forget", name)
	}
	cmd.MarkFlagsMutuallyExclusive("ordinal", "selector") // ordinals belong to one set
	notEmpty(cmd, "leader-exec")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if names, _ := setNames(args); len(o.ordinals) > 0 && len(names) > 1 {
			return usagef("--ordinal requires exactly one StatefulSet name")
		}
		build, err := o.toIntent(cmd, m)
		if err != nil {
			return err
		}
		return m.run(cmd, args, build)
	}
	return cmd
}

func (o *restartFlags) toIntent(cmd *cobra.Command, m *mutation) (newIntent, error) {
	options := operate.RestartOptions{Ascending: o.order == "asc", LeaderExec: o.leaderExec}
	var err error
	if options.Ordinals, err = chosenOrdinals(cmd, o.ordinals); err != nil {
		return nil, err
	}
	if len(o.ordinals) > 0 {
		m.detail += " --ordinal=" + strings.Join(o.ordinals, ",")
	}
	if options.Ascending {
		m.detail += " --order=asc"
	}
	if o.leaderLast {
		m.detail += " --leader-last --leader-exec=" + sts.ShellQuote(o.leaderExec)
	}
	return func(ctx context.Context, client *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
		if o.forget {
			return operate.NewForgetRestart(lock, s), nil
		}
		if o.leaderLast {
			if err := client.May(ctx, s.Set.Namespace, "create", "pods", "exec"); err != nil {
				return nil, err
			}
		}
		options.Lock = lock
		return operate.NewRestartPods(options, s), nil
	}, nil
}
