package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// statusOptions is `status` as a plain value.
type statusOptions struct {
	query    kube.Query
	all      bool
	ordinals sts.Ordinals
	watch    bool
	until    string
	timeout  time.Duration
	exitCode bool
}

func newStatus(c *common) *cobra.Command {
	var (
		o        statusOptions
		t        target
		ordinals []string
	)
	cmd := withHelp("status", &cobra.Command{
		Use:               "status [NAME...]",
		ValidArgsFunction: c.completing(setNamesOf(nil)),
	})
	out := newListOutput(c, cmd, wide)
	out.showsLabels(cmd)
	t.addFlags(cmd)
	cmd.Flags().StringSliceVar(&ordinals, "ordinal", nil, "Show only these ordinals (for example 2,5-7)")
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "Watch for changes")
	addChoice(cmd, &o.until, "for", "", "Wait until the sets are in this state", "ready", "complete", "paused")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 0, "Maximum time for --for and --watch (for example 90s or 10m; 0 means no limit)")
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "Exit with 3 if a set is not Complete or Parked, 4 if one is Stuck or DataAtRisk")
	grace := schedulingGrace(cmd)
	notNegative(cmd, "timeout")
	requires(cmd, "timeout", "for", "watch")
	cmd.MarkFlagsMutuallyExclusive("exit-code", "watch")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if err := out.check(); err != nil {
			return err
		}
		if o.query, err = t.query(c, args); err != nil {
			return err
		}
		o.query.SchedulingGrace = grace
		o.all = t.all
		if o.ordinals, err = chosenOrdinals(cmd, ordinals); err != nil {
			return err
		}
		return runReport(cmd.Context(), c, o, out)
	}
	return cmd
}
