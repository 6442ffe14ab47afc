package cli

import (
	"github.com/spf13/cobra"
)

// The values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

// addColor adds --color, which means the same with every command.
func addColor(root *cobra.Command, value *string) {
	addGlobalChoice(root, value, "color", "Colors: auto uses them on a terminal", colorAuto, colorAlways, colorNever)
}

// colored says whether text on a stream has colors: by --color, else by https://no-color.org and
// https://bixense.com/clicolors, of which FORCE_COLOR is the younger spelling, else if it is a terminal.
func (e *Env) colored(terminal bool) bool {
	forced := func(name string) bool { v := e.Getenv(name); return v != "" && v != "0" }
	switch {
	case e.color == colorAlways:
		return true
	case e.color == colorNever || e.Getenv("NO_COLOR") != "":
		return false
	case forced("CLICOLOR_FORCE") || forced("FORCE_COLOR"):
		return true
	}
	return terminal && e.Getenv("TERM") != "dumb"
}
