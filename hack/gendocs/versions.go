package main

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
)

// knownIssues are those of `kubectl sts version`, of all versions.
func knownIssues() string {
	var b strings.Builder
	for _, k := range report.KnownIssues() {
		fmt.Fprintf(&b, "\n### %s\n\n", k.Code)
		shown := "reproduced by a scenario on the versions above"
		if !k.Shown {
			shown = "not reproduced by a scenario"
		}
		fmt.Fprintf(&b, "%s %s\n\n- Versions: %s\n- Condition: %s\n- Workaround: %s\n- Source: <%s> (%s)\n",
			k.What, k.Why, k.Versions, k.When, k.WayOut, k.Source, shown)
	}
	b.WriteString("\n")
	return b.String()
}
