package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
)

// allVerbs are all verbs that write.
func allVerbs() []guard.Verb { return append(operate.Verbs(), claims.Verbs()...) }

// commandGuards is the table of the guards of each command, by the moment at which they are checked, and why
// some commands do without a guard that all others have.
func commandGuards() string {
	moments := []guard.Moment{guard.Always, guard.BeforeStart, guard.InProgress, guard.BeforeStep}
	var b strings.Builder
	b.WriteString("| Command |")
	for _, m := range moments {
		fmt.Fprintf(&b, " %s |", m)
	}
	b.WriteString("\n" + strings.Repeat("|---", len(moments)+1) + "|\n")
	for _, v := range allVerbs() {
		names := map[guard.Moment][]string{}
		for _, g := range v.Rules {
			names[g.When()] = append(names[g.When()], g.Name())
		}
		fmt.Fprintf(&b, "| %s |", verbTitle(v))
		for _, m := range moments {
			fmt.Fprintf(&b, " %s |", strings.Join(names[m], ", "))
		}
		b.WriteString("\n")
	}
	b.WriteString("\nNot checked:\n\n")
	for _, name := range guard.Required() {
		commands := map[string][]string{} // by the reason
		for _, v := range allVerbs() {
			if why := v.Without[name]; why != "" {
				commands[why] = append(commands[why], verbTitle(v))
			}
		}
		for _, why := range slices.Sorted(maps.Keys(commands)) {
			fmt.Fprintf(&b, "- **%s** by %s: %s\n", name, strings.Join(commands[why], ", "), why)
		}
	}
	return b.String()
}

func verbTitle(v guard.Verb) string { return strings.TrimSpace("`" + v.Name + "` " + v.Case) }

// guardMeanings is the table of what each guard refuses.
func guardMeanings() string {
	refuses := map[string]string{}
	for _, v := range allVerbs() {
		for _, g := range v.Rules {
			refuses[g.Name()] = g.Refuses()
		}
	}
	var b strings.Builder
	b.WriteString("| Guard | The command |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(refuses)) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, cell(refuses[name]))
	}
	return b.String()
}
