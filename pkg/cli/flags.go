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

func checkValues(flags *pflag.FlagSet, must string, holds func(string, pflag.Value) bool, names []string) {
	for _, name := range names {
		f := flags.Lookup(name)
		f.Value = checkedValue{f.Value, must, holds}
		if f.DefValue == "[]" || f.DefValue == "0s" {
			f.DefValue = "" // --help omits the zero values of the types that it knows, but not of this one
		}
	}
}

// notNegative is for numbers and durations.
func notNegative(cmd *cobra.Command, names ...string) { notNegativeIn(cmd.Flags(), names...) }

func notNegativeIn(flags *pflag.FlagSet, names ...string) {
	checkValues(flags, "must not be negative", func(_ string, v pflag.Value) bool { return !strings.HasPrefix(v.String(), "-") }, names)
}

// positive is for numbers and durations.
func positive(cmd *cobra.Command, names ...string) {
	checkValues(cmd.Flags(), "must be greater than 0", func(_ string, v pflag.Value) bool {
		text := v.String()
		return text != "0" && text != "0s" && !strings.HasPrefix(text, "-")
	}, names)
}

// notEmpty requires a text, or each text of a list: an unset variable of a script expands to nothing.
func notEmpty(cmd *cobra.Command, names ...string) {
	checkValues(cmd.Flags(), "must not be empty", func(text string, v pflag.Value) bool {
		items := []string{text} // an empty one adds nothing to a list
		if list, ok := v.(pflag.SliceValue); ok {
			items = append(items, list.GetSlice()...)
		}
		return !slices.ContainsFunc(items, func(item string) bool { return strings.TrimSpace(item) == "" })
	}, names)
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
