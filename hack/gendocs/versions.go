package main

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
)

// knownIssues is what `kubectl sts version` knows of all versions.
func knownIssues() string {
	var b strings.Builder
	for _, k := range inspect.KnownIssues() {
		fmt.Fprintf(&b, "\n### %s\n\n", k.Code)
		fmt.Fprintf(&b, "Versions: %s. When: %s.\n\n%s %s\n\n", k.Versions, k.When, k.What, k.Why)
		shown := "held against the versions above by a scenario"
		if !k.Shown {
			shown = "no scenario of ours shows it"
		}
		fmt.Fprintf(&b, "Way out: %s. Source: <%s>; %s.\n", k.WayOut, k.Source, shown)
	}
	b.WriteString("\n")
	return b.String()
}
