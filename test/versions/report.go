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
			return none
		})
	}
	for i, f := range fidelities {
		row(f.row, func(m measured) string {
			if m.fidelity[i].all == 0 {
				return none
			}
			return m.fidelity[i].String()
		})
	}
	row("scenarios", func(m measured) string { return m.canaries.String() })

	b.WriteString("\nKnown issues that were observed:\n")
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

// What stands where nothing has been run: a version does not have what the row is about, or
// has it.
const (
	none        = "none"
	notMeasured = "not measured"
)

// seen: the scenario of an issue passes where what is known is what is to be seen.
func seen(m measured, code string) string {
	all, err := inspect.KnownOf(m.version)
	known := slices.ContainsFunc(all, func(k inspect.KnownIssue) bool { return k.Code == code })
	passed, played := m.known[code]
	switch {
	case !played && err == nil && !known:
		return none
	case !played:
		return notMeasured
	case err != nil || !passed:
		return "?"
	case known:
		return "yes"
	}
	return "no"
}
