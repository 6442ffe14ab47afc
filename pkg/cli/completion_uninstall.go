package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func newCompletionUninstall(c *common) *cobra.Command {
	var dryRun string
	cmd := withHelp("completion-uninstall", &cobra.Command{
		Use:               "uninstall",
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
	})
	addLocalDryRun(cmd, &dryRun)
	cmd.RunE = func(*cobra.Command, []string) error { return c.uninstallHelper(dryRun) }
	return cmd
}

// uninstallHelper removes the helpers of this plugin from the folders on the PATH.
func (c *common) uninstallHelper(dryRun string) error {
	h, err := findPlugin(c.env)
	if err != nil {
		return err
	}
	var foreign error
	removed := 0
	for _, folder := range foldersOnPath(c.env) {
		path := h.in(folder)
		state, err := h.stateAt(path)
		switch {
		case err != nil:
			return err
		case state == helperMissing:
			continue
		case state == helperForeign:
			foreign = foreignHelper(path)
			continue
		}
		if dryRun == "none" {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
		removed++
		if _, err := fmt.Fprintln(c.env.Out, msgHelper(path, msgDryRun("uninstalled", dryRun))); err != nil {
			return err
		}
	}
	if removed == 0 && foreign == nil {
		_, err := fmt.Fprintln(c.env.Out, msgNoHelper(h.name))
		return err
	}
	return foreign
}
