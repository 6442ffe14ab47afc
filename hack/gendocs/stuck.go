package main

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// stuckReasons is the table of the reasons why a replica is not available, and when each counts as stuck.
func stuckReasons() string {
	var b strings.Builder
	b.WriteString("| Reason | State | Evidence | Stuck after | What to do |\n|---|---|---|---|---|\n")
	for _, r := range diagnose.Reasons() {
		after := sts.Age(r.Grace)
		switch {
		case r.Grace == diagnose.Passes:
			after = "never"
		case r.Grace == 0:
			after = "immediately"
		case r.Option != "":
			after += " (`" + r.Option + "`)"
		}
		if r.Except != "" {
			after += "; " + r.Except
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.Code, cell(r.State), cell(r.Evidence), cell(after), cell(r.Do))
	}
	return b.String()
}
