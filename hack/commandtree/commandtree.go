// Package commandtree is what the reference and the manual pages show of the commands.
package commandtree

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Each visits the commands below c that have a page: all except help, options, and cobra's own of completion.
func Each(c *cobra.Command, visit func(*cobra.Command)) {
	for _, sub := range Below(c) {
		visit(sub)
		Each(sub, visit)
	}
}

// Below returns the commands with a page next below c: those of completion have no page between them and c.
func Below(c *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, sub := range c.Commands() {
		switch {
		case !sub.IsAvailableCommand() || slices.Contains([]string{"help", "options"}, sub.Name()):
		case sub.Name() == "completion":
			out = append(out, Below(sub)...)
		case c.Name() != "completion" || strings.HasSuffix(sub.Name(), "install"):
			out = append(out, sub)
		}
	}
	return out
}

// Flag is a flag as a page shows it.
type Flag struct {
	// Names are the shorthand and the name: "-n, --namespace".
	Names string
	// Kind is what its value is, empty for a switch.
	Kind, Usage string
	// Default is empty where --help prints none.
	Default string
}

// Flags returns the flags of a set that are not hidden, without --help.
func Flags(set *pflag.FlagSet) []Flag {
	var out []Flag
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		flag := Flag{Names: "--" + f.Name, Default: f.DefValue}
		if f.Shorthand != "" {
			flag.Names = "-" + f.Shorthand + ", " + flag.Names
		}
		flag.Kind, flag.Usage = pflag.UnquoteUsage(f)
		switch {
		case f.Name == "cache-dir":
			flag.Default = "$HOME/.kube/cache" // not the home directory of this machine
		case slices.Contains([]string{"[]", "0", "0s", "false"}, flag.Default):
			flag.Default = ""
		}
		out = append(out, flag)
	})
	return out
}
