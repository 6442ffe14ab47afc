package cli

import (
	"github.com/spf13/cobra"
)

func newCanary(c *common) *cobra.Command {
	cmd := withHelp("canary", &cobra.Command{
		Use:  "canary",
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	cmd.AddCommand(newCanaryStart(c), newCanaryStatus(c), newCanaryPromote(c), newCanaryAbort(c))
	return cmd
}
