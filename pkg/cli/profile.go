package cli

import (
	"github.com/spf13/cobra"
)

func newProfile(c *common) *cobra.Command {
	cmd := withHelp("profile", &cobra.Command{
		Use:  "profile",
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	cmd.AddCommand(newProfileList(c), newProfileShow(c), newProfileLint(c))
	return cmd
}

// profileResource is what -o name calls a profile.
const profileResource = "drainprofile.kubectl-sts.dev"
