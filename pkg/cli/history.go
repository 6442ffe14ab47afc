package cli

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
)

func newHistory(c *common) *cobra.Command {
	cmd := withHelp("history", &cobra.Command{
		Use:  "history NAME",
		Args: oneName, ValidArgsFunction: c.completing(onlyOne(clusterSets)),
	})
	out := newListOutput(c, cmd, wide)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := c.snapshot(cmd, args, out)
		if err != nil {
			return err
		}
		r := report.NewHistoryReport(s)
		if err := sortItems(out, r.Items); err != nil {
			return err
		}
		if !out.human() {
			return out.print(c.env.Out, r, []string{r.Name})
		}
		render.Missing(c.env.ErrOut, s.Missing)
		return render.History(c.env.Out, r, s.TakenAt, c.env.style(), out.isWide())
	}
	return cmd
}
