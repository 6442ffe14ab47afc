package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

// profileFields describes every field of a drain profile.
func profileFields() (string, error) {
	w := newWalker(profileMeanings)
	w.report(profile.Kind, reflect.TypeFor[profile.Profile]())
	w.rest()
	return w.out.String(), errors.Join(w.errs...)
}

// profiles lists the built-in profiles.
func profiles() string {
	var b strings.Builder
	b.WriteString("| name | what it does | tested with |\n|---|---|---|\n")
	for _, p := range profile.Builtin() {
		text, tested := p.Description, p.Tested
		if p.Refuse != "" {
			text += " Refuses: " + p.Refuse + "."
		}
		fmt.Fprintf(&b, "| [%s](../pkg/profile/profiles/%[1]s.yaml) | %s | %s |\n", p.Metadata.Name, cell(text), cell(tested))
	}
	return b.String()
}

func profileSections() string {
	var b strings.Builder
	b.WriteString("| section | when | where it may run, the default first |\n|---|---|---|\n")
	for _, rules := range profile.Sections {
		var places []string
		for _, place := range rules.Places {
			places = append(places, "`"+string(place)+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", rules.Path, cell(rules.When), strings.Join(places, ", "))
	}
	return b.String()
}

func profileVariables() string {
	var b strings.Builder
	b.WriteString("| variable | value |\n|---|---|\n")
	for _, v := range profile.Variables {
		fmt.Fprintf(&b, "| `$(%s)` | %s |\n", v.Name, cell(v.Meaning))
	}
	return b.String()
}
