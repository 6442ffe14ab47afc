package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// findingCodes is the table of the checks and their codes. The comment of a code ends with a paragraph that
// starts with "Severity: ".
func findingCodes(c *comments) (string, error) {
	var b strings.Builder
	b.WriteString("| code | severity | what is wrong |\n|---|---|---|\n")
	for _, code := range c.ofKind(reflect.TypeFor[sts.FindingCode]()) {
		_, severity, ok := strings.Cut(code.doc, "\n\nSeverity: ")
		if !ok {
			c.errs = append(c.errs, fmt.Errorf("the comment of %s lacks a paragraph that starts with %q", code.name, "Severity: "))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", code.value, cell(strings.TrimSuffix(severity, ".")), cell(markdown(code.means)))
	}
	return b.String(), errors.Join(c.errs...)
}
