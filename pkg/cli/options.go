package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// inheritedFlags is the part of cobra's usage template that help pages leave out.
const inheritedFlags = `{{if .HasAvailableInheritedFlags}}

Global Flags:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}`

const globalFlagsHint = `{{if not .HasAvailableSubCommands}}
{{end}}Use "{{.Root.CommandPath}} options" for a list of global flags (apply to all commands).
`

func newOptions(env *Env, root *cobra.Command) *cobra.Command {
	cmd := withHelp("options", &cobra.Command{
		Use:  "options",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "The following flags can be passed to any command:\n\n%s", root.PersistentFlags().FlagUsagesWrapped(env.helpWidth()))
			return err
		},
	})
	return cmd
}
