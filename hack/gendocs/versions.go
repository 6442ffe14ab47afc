package main

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
)

// knownIssues are those of `kubectl sts version`, of all versions.
func knownIssues() string {
	var b strings.Builder
	for _, k := range inspect.KnownIssues() {
		fmt.Fprintf(&b, "\n### %s\n\n", k.Code)
		fmt.Fprintf(&b, "Affected versions: %s. Condition: %s.\n\n%s %s\n\n", k.Versions, k.When, k.What, k.Why)
		shown := "reproduced by a scenario on the versions above"
		if !k.Shown {
			shown = "not reproduced by a scenario"
		}
		fmt.Fprintf(&b, "Workaround: %s. Source: <%s> (%s).\n", k.WayOut, k.Source, shown)
	}
	b.WriteString("\n")
	return b.String()
}
