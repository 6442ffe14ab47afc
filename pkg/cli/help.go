package cli

import (
	"embed"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// helpTexts are what --help says of the commands, one file each, so that they can be reviewed together.
//
//go:embed help/*.txt
var helpTexts embed.FS

// examplesLine separates the examples of a help text from what is above.
const examplesLine = "\n# Examples\n\n"

// withHelp gives a command the text of help/NAME.txt: its Short in the first line, then its Long and
// after the line "# Examples" its Example.
func withHelp(name string, cmd *cobra.Command) *cobra.Command {
	text, err := helpTexts.ReadFile("help/" + name + ".txt")
	if err != nil {
		panic(fmt.Sprintf("no help text: %s", err)) // the tests make all commands
	}
	short, long, _ := strings.Cut(string(text), "\n")
	long, examples, _ := strings.Cut(long, examplesLine)
	cmd.Short, cmd.Long, cmd.Example = short, strings.TrimSpace(long), strings.TrimRight(examples, "\n")
	return cmd
}
