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
		shown := "shown by a scenario on every version that we test"
		if !k.Shown {
			shown = "not shown by us"
		}
		fmt.Fprintf(&b, "Way out: %s. Source: <%s>; %s.\n", k.WayOut, k.Source, shown)
	}
	b.WriteString("\n")
	return b.String()
}
