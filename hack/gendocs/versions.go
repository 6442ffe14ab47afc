package main

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
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
			k.What, k.Why, k.Versions, k.When, workaround(k.WayOut), k.Source, shown)
	}
	b.WriteString("\n")
	return b.String()
}

// workaround is the hint in one paragraph, its commands as code.
func workaround(hint sts.Hint) string {
	var out []string
	for _, line := range hint.Lines() {
		text := line.Text
		if line.Command != nil {
			text += "`" + line.Command.String() + "`"
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}
