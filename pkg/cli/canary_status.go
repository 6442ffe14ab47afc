package cli

import "github.com/spf13/cobra"

func newCanaryStatus(c *common) *cobra.Command {
	var o statusOptions
	cmd := withHelp("canary-status", &cobra.Command{
		Use:  "status NAME",
		Args: oneName, ValidArgsFunction: c.completing(onlyOne(clusterSets)),
	})
	out := newOutput(cmd, wide)
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "Watch for changes")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		name, err := setName(args)
		if err != nil {
			return err
		}
		if o.query, err = (&target{}).query(c, []string{name}); err != nil {
			return err
		}
		return runReport(cmd.Context(), c, o, out)
	}
	return cmd
}
