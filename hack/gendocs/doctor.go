package main

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// doctorChecks are the checks of doctor: a table, and a section for each, which SARIF refers to.
func doctorChecks() string {
	var b strings.Builder
	b.WriteString("\n| code | severity | looks at | what is wrong |\n|---|---|---|---|\n")
	for _, c := range doctor.Checks() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", c.Code, strings.ToLower(string(c.Code)), sts.Words(c.Severity), places[c.Looks], cell(c.Title))
	}
	for _, c := range doctor.Checks() {
		fmt.Fprintf(&b, "\n### %s\n\n%s. Severity: %s. Looks at %s.\n\n%s\n\nRemedy: %s\n", c.Code, c.Title, sts.Words(c.Severity), places[c.Looks], c.Explain, c.Remedy)
		if len(c.Needs) > 0 {
			fmt.Fprintf(&b, "\nIn a cluster it must be able to list `%s`.\n", strings.Join(c.Needs, "`, `"))
		}
	}
	return b.String()
}

var places = map[doctor.Looks]string{doctor.Everywhere: "manifests and clusters", doctor.Manifests: "manifests", doctor.Cluster: "clusters"}
