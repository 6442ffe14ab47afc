package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// mustError is what a flag's value must be, without the flag and the value.
type mustError string

func (e mustError) Error() string { return string(e) }

// invalidFlag is the usage error of a flag whose value only the command can judge.
func invalidFlag(name string, value any, must string) error {
	return usagef("--%s: invalid value %q, %s", name, fmt.Sprint(value), must)
}

// valueMust says what the value of a flag of a type must be, without the words of Go.
var valueMust = map[string]string{
	"int": "must be an integer", "int32": "must be an integer", "int64": "must be an integer", "bool": "must be true or false",
	"duration": "must be a duration, for example 90s, 10m or 1h30m",
}

// flagError is the error of a flag that cannot be read, in kubectl's form.
func flagError(err error) string {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	f := invalid.GetFlag()
	must := valueMust[f.Value.Type()]
	if m := mustError(""); errors.As(err, &m) {
		must = string(m)
	}
	if must == "" {
		return err.Error()
	}
	return fmt.Sprintf("--%s: invalid value %q, %s", f.Name, invalid.GetValue(), must)
}

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
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
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

// checkedValue is the value of a flag with a condition that its type does not have.
type checkedValue struct {
	pflag.Value
	must  string
	holds func(text string, value pflag.Value) bool
}

// Set implements [pflag.Value].
func (c checkedValue) Set(text string) error {
	if err := c.Value.Set(text); err != nil {
		return err
	}
	if !c.holds(text, c.Value) {
		return mustError(c.must)
	}
	return nil
}

func checkValues(cmd *cobra.Command, must string, holds func(string, pflag.Value) bool, names []string) {
	for _, name := range names {
		f := cmd.Flags().Lookup(name)
		f.Value = checkedValue{f.Value, must, holds}
		if f.DefValue == "[]" || f.DefValue == "0s" {
			f.DefValue = "" // --help omits the zero values of the types that it knows, but not of this one
		}
	}
}

// notNegative is for numbers and durations.
func notNegative(cmd *cobra.Command, names ...string) {
	checkValues(cmd, "must not be negative", func(_ string, v pflag.Value) bool { return !strings.HasPrefix(v.String(), "-") }, names)
}

// positive is for numbers and durations.
func positive(cmd *cobra.Command, names ...string) {
	checkValues(cmd, "must be greater than 0", func(_ string, v pflag.Value) bool {
		text := v.String()
		return text != "0" && text != "0s" && !strings.HasPrefix(text, "-")
	}, names)
}

// notEmpty requires a text, or each text of a list: an unset variable of a script expands to nothing.
func notEmpty(cmd *cobra.Command, names ...string) {
	checkValues(cmd, "must not be empty", func(text string, v pflag.Value) bool {
		items := []string{text} // an empty one adds nothing to a list
		if list, ok := v.(pflag.SliceValue); ok {
			items = append(items, list.GetSlice()...)
		}
		return !slices.ContainsFunc(items, func(item string) bool { return strings.TrimSpace(item) == "" })
	}, names)
}

// flagRequires is the annotation of a flag that requires one of others.
const flagRequires = "kubectl-sts.dev/requires"

// requires says that a flag requires one of others. Cobra knows this only for flags that require each other.
func requires(cmd *cobra.Command, name string, oneOf ...string) {
	_ = cmd.Flags().SetAnnotation(name, flagRequires, oneOf) // the flag exists: its constructor is above
}

// checkFlagGroups checks what the flags of a command say about each other. --cancel=false counts as
// no --cancel: a script may compute the value.
func checkFlagGroups(cmd *cobra.Command) error {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "bool" && f.DefValue == "false" && f.Value.String() == "false" {
			f.Changed = false
		}
	})
	if err := cmd.ValidateFlagGroups(); err != nil {
		return usagef("%s\nSee '%s --help' for usage.", groupError(err.Error()), cmd.CommandPath())
	}
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		needed := f.Annotations[flagRequires]
		if err == nil && f.Changed && len(needed) > 0 && !slices.ContainsFunc(needed, cmd.Flags().Changed) {
			err = usagef("--%s requires %s", f.Name, flagList(needed, "or"))
		}
	})
	return err
}

// groupError says in kubectl's words what cobra says of a group of flags:
//
//	if any flags in the group [a b c] are set none of the others can be; [a b] were all set
//	at least one of the flags in the group [a b] is required
//	if any flags in the group [a b] are set they must all be set; missing [b]
func groupError(text string) string {
	lists := strings.FieldsFunc(text, func(r rune) bool { return r == '[' || r == ']' })
	if len(lists) < 2 {
		return text
	}
	group := strings.Fields(lists[1])
	switch {
	case strings.Contains(text, "none of the others can be"):
		return flagList(group, "and") + " are mutually exclusive"
	case strings.HasPrefix(text, "at least one"):
		return "one of " + flagList(group, "or") + " is required"
	case strings.Contains(text, "they must all be set"):
		return flagList(group, "and") + " are required together"
	}
	return text
}

func flagList(names []string, word string) string {
	var flags []string
	for _, n := range names {
		flags = append(flags, "--"+n)
	}
	if len(flags) == 1 {
		return flags[0]
	}
	return strings.Join(flags[:len(flags)-1], ", ") + " " + word + " " + flags[len(flags)-1]
}

// chosenOrdinals reads --ordinal.
func chosenOrdinals(cmd *cobra.Command, ordinals []string) (sts.Ordinals, error) {
	out, err := sts.ParseOrdinals(ordinals...)
	if err != nil {
		return nil, usagef("--ordinal: %s", err)
	}
	if cmd.Flags().Changed("ordinal") && len(ordinals) == 0 {
		return nil, usagef("--ordinal must not be empty: list ordinals (for example 2,5-7), or omit it to select all")
	}
	return out, nil
}
