package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

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
	var err error // what a flag requires comes before what the command requires: --park alone
	cmd.Flags().Visit(func(f *pflag.Flag) {
		needed := f.Annotations[flagRequires]
		if err == nil && f.Changed && len(needed) > 0 && !slices.ContainsFunc(needed, cmd.Flags().Changed) {
			err = usagef("--%s requires %s", f.Name, flagList(needed, "or"))
		}
	})
	if err != nil {
		return err
	}
	if err := cmd.ValidateFlagGroups(); err != nil {
		return usagef("%s\nSee '%s --help' for usage.", groupError(err.Error()), cmd.CommandPath())
	}
	return nil
}

// groupError says in kubectl's words what cobra says of a group of flags. Cobra has no type for this
// error, so its text is read:
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
