package main

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// claimStates is the table of the states of a claim, and of the flag that makes it a candidate.
func claimStates(c *comments) string {
	var b strings.Builder
	b.WriteString("| state | meaning | candidate |\n|---|---|---|\n")
	for _, v := range c.ofKind(reflect.TypeFor[claims.State]()) {
		candidate := ""
		for _, by := range []struct {
			text   string
			choice claims.Choice
		}{
			{"yes", claims.Choice{}},
			{"with `--reserved`", claims.Choice{Reserved: true}},
			{"with `--parked`", claims.Choice{Parked: true}},
			{"with `--deleted-sets`", claims.Choice{DeletedSets: true}},
		} {
			verdict := claims.Judgment{State: claims.State(v.value)}
			if ok, _ := verdict.Candidate(by.choice, time.Time{}); ok {
				candidate = cmp.Or(candidate, by.text)
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", sts.Words(v.value), cell(markdown(v.means)), cmp.Or(candidate, "never"))
	}
	return b.String()
}
