package main

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

// profileTypes are the documents of drain profiles.
var profileTypes = []document{
	{profile.Kind, reflect.TypeFor[profile.Profile]()},
	{profile.ListKind, reflect.TypeFor[profile.List]()},
}

// profileDefaults are the constants that comments in package profile refer to.
var profileDefaults = map[string]string{
	"DefaultTimeout":      profile.DefaultTimeout.String(),
	"DefaultPause":        profile.DefaultPause.String(),
	"DefaultSuccesses":    strconv.Itoa(profile.DefaultSuccesses),
	"DefaultInterval":     profile.DefaultInterval.String(),
	"DefaultUntilTimeout": profile.DefaultUntilTimeout.String(),
}

// profileFields describes every field of a drain profile.
func profileFields(c *comments) (string, error) {
	w := newWalker(c, profileVocabularies)
	w.document(profileTypes[0])
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
