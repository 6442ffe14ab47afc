package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
)

// report is Markdown, without a date, so that it changes only when something does.
func report(all []measured) string {
	var b strings.Builder
	row := func(title string, cell func(measured) string) {
		fmt.Fprintf(&b, "| %s |", title)
		for _, m := range all {
			fmt.Fprintf(&b, " %s |", cell(m))
		}
		b.WriteString("\n")
	}
	head := func() {
		b.WriteString("\n")
		row("", func(m measured) string { return m.version })
		b.WriteString("|---|" + strings.Repeat("---|", len(all)) + "\n")
	}

	head()
	for _, name := range gatesOf(all) {
		row("gate "+name, func(m measured) string {
			if g, there := m.gates[name]; there {
				return g.String()
			}
			return "none"
		})
	}
	row("rounds as foretold, gate off", func(m measured) string { return m.fidelity[0].String() })
	row("rounds as foretold, gate on", func(m measured) string { return m.fidelity[1].String() })
	row("scenarios", func(m measured) string { return m.canaries.String() })

	b.WriteString("\nWhat was to be seen of what is known:\n")
	head()
	for _, k := range inspect.KnownIssues() {
		if k.Shown {
			row(fmt.Sprintf("[%s](#%s)", k.Code, k.Code), func(m measured) string { return seen(m, k.Code) })
		}
	}
	for _, m := range all {
		for _, name := range m.failed {
			fmt.Fprintf(&b, "\nOn %s, %s failed.\n", m.version, name)
		}
	}
	b.WriteString("\n")
	return b.String()
}

// gatesOf are the gates that are about StatefulSets, in any of the versions.
func gatesOf(all []measured) []string {
	names := map[string]bool{}
	for _, m := range all {
		for name := range m.gates {
			if strings.Contains(name, "StatefulSet") || name == "PersistentVolumeClaimUnusedSinceTime" {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// notMeasured stands where nothing has been run.
const notMeasured = "not measured"

// seen: the scenario of an issue passes where what is known is what is to be seen.
func seen(m measured, code string) string {
	known, err := inspect.KnownOf(m.version)
	passed, played := m.known[code]
	switch {
	case !played:
		return notMeasured
	case err != nil || !passed:
		return "?"
	case slices.ContainsFunc(known, func(k inspect.KnownIssue) bool { return k.Code == code }):
		return "yes"
	}
	return "no"
}
