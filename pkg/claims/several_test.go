package claims_test

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// TestClaimOfSeveralSets: the name data-web-db-1 is of set web-db with the template data, and of set db
// with the template data-web. What protects the claim most counts, in whatever order the sets were read.
func TestClaimOfSeveralSets(t *testing.T) {
	type size struct{ replicas, autoscaled int32 }
	wants, reserves, parks, orphans := size{2, 0}, size{1, 4}, size{0, 0}, size{1, 0}
	for name, test := range map[string]struct {
		web, other size // of web-db, which created the claim, and of db
		want       claims.State
	}{
		"the other wants it":     {orphans, wants, claims.ClaimDesired},
		"its own wants it":       {wants, orphans, claims.ClaimDesired},
		"wanted and reserved":    {reserves, wants, claims.ClaimDesired},
		"wanted and parked":      {wants, parks, claims.ClaimDesired},
		"the other reserves it":  {orphans, reserves, claims.ClaimReserved},
		"reserved and parked":    {parks, reserves, claims.ClaimReserved},
		"the other is parked":    {orphans, parks, claims.ClaimParked},
		"its own is parked":      {parks, orphans, claims.ClaimParked},
		"beyond both":            {orphans, orphans, claims.ClaimOrphaned},
		"reserved by its own":    {reserves, orphans, claims.ClaimReserved},
		"parked, and so is db":   {parks, parks, claims.ClaimParked},
		"wanted by both of them": {wants, wants, claims.ClaimDesired},
	} {
		for _, swapped := range []bool{false, true} {
			p := claimPlace("data-web-db-1")
			p.Sets = nil
			p.claim.Labels = labelsOf("app", "web-db")
			for _, s := range []struct {
				name, template string
				size
			}{{"web-db", "data", test.web}, {"db", "data-web", test.other}} {
				p.set(s.name, s.template, s.replicas)
				if s.autoscaled > 0 {
					p.autoscale(s.name, s.autoscaled)
				}
			}
			if swapped {
				p.Sets[0], p.Sets[1] = p.Sets[1], p.Sets[0]
			}
			v := claims.NewJudge(p.Inventory).Judge(p.claim)
			ok, _ := v.Candidate(claims.Choice{}, ststest.Now)
			if v.State != test.want || ok != (test.want == claims.ClaimOrphaned) {
				t.Errorf("%s (read in the other order: %t): %s (%s), a candidate: %t, want %s", name, swapped, v.State, v.Reason, ok, test.want)
			}
		}
	}
}
