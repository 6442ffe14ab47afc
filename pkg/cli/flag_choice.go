package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// choice is the value of a flag that takes one of a few words.
type choice struct {
	value *string
	words []string
}

// addChoice adds a flag that takes one of a few words: its value, completion and error. The help
// shows the words in the place of a type.
func addChoice(cmd *cobra.Command, value *string, name, preset, usage string, words ...string) {
	*value = preset
	cmd.Flags().Var(choice{value, words}, name, usage)
	_ = cmd.RegisterFlagCompletionFunc(name, offering(words...))
}

// addGlobalChoice adds such a flag to every command; without it, the first word holds.
func addGlobalChoice(root *cobra.Command, value *string, name, usage string, words ...string) {
	*value = words[0]
	root.PersistentFlags().Var(choice{value, words}, name, usage)
	_ = root.RegisterFlagCompletionFunc(name, offering(words...))
}

// addDryRun adds --dry-run, which without a value is client.
func addDryRun(cmd *cobra.Command, value *string, usage string) {
	addChoice(cmd, value, "dry-run", "none", usage, "none", "client", "server")
	cmd.Flags().Lookup("dry-run").NoOptDefVal = "client"
}

// String implements [pflag.Value].
func (c choice) String() string {
	if c.value == nil { // pflag looks at the zero value
		return ""
	}
	return *c.value
}

// Type implements [pflag.Value].
func (c choice) Type() string { return strings.Join(c.words, "|") }

// Set implements [pflag.Value].
func (c choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return mustError("must be " + anyOf(c.words))
	}
	*c.value = word
	return nil
}

// anyOf is `"a", "b" or "c"`.
func anyOf(words []string) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, fmt.Sprintf("%q", w))
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
}
