package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

func oneName(_ *cobra.Command, args []string) error {
	_, err := setName(args)
	return err
}

// setTypes are the ways to write the resource, as kubectl takes them.
var setTypes = map[string]bool{
	"sts": true, "statefulset": true, "statefulsets": true,
	"statefulset.apps": true, "statefulsets.apps": true,
	"statefulset.v1.apps": true, "statefulsets.v1.apps": true,
}

// setNames reads NAME, sts/NAME or "statefulset NAME…", each of them once.
func setNames(args []string) ([]string, error) {
	if len(args) > 1 && setTypes[strings.ToLower(args[0])] {
		args = args[1:]
	}
	seen := map[string]bool{}
	var names []string
	for _, arg := range args {
		name := arg
		if kind, rest, typed := strings.Cut(arg, "/"); typed {
			if !setTypes[strings.ToLower(kind)] {
				return nil, usagef("%q is not a StatefulSet, must be NAME or statefulset/NAME", arg)
			}
			name = rest
		}
		if name == "" || strings.Contains(name, "/") {
			return nil, usagef("%q has no name, must be NAME or statefulset/NAME", arg)
		}
		if !seen[name] {
			names = append(names, name)
			seen[name] = true
		}
	}
	return names, nil
}

// setName reads the name of the one StatefulSet of a change.
func setName(args []string) (string, error) {
	names, err := setNames(args)
	if err != nil {
		return "", err
	}
	if len(names) != 1 {
		return "", usagef("exactly one StatefulSet name is required (for example web or sts/web)")
	}
	return names[0], nil
}
