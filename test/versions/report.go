package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
)

// table is Markdown, without a date, so that it changes only with the results.
func table(all []measured) string {
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
	for _, k := range report.KnownIssues() {
		if k.Shown {
			row(fmt.Sprintf("[%s](#%s)", k.Code, strings.ToLower(k.Code)), func(m measured) string { return seen(m, k.Code) })
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

// gatesOf are the feature gates for StatefulSets in any of the versions.
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

// The text of a cell without results: the version lacks the feature, or it has it.
const (
	none        = "none"
	notMeasured = "not measured"
)

// seen: the scenario of an issue passes if the issue is observed exactly where it is known.
func seen(m measured, code string) string {
	all, err := report.KnownOf(m.version)
	known := slices.ContainsFunc(all, func(k report.KnownIssue) bool { return k.Code == code })
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
