package claims_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimstest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// In two thousand worlds nothing is a candidate that anything needs or that another set may
// have created, with whatever flags; and what clearly is not needed is a candidate.
func TestClaimsOfRandomWorlds(t *testing.T) {
	var reached ststest.Reached
	failed := 0
	for seed := range uint64(2000) {
		w := claimstest.RandomClaimWorld(rand.New(rand.NewPCG(seed, 5)).IntN)
		w.Conditions = seed%2 == 0
		inv := w.Inventory()
		judge := claims.NewJudge(inv)
		var wrong []string
		for _, c := range inv.Claims {
			v := judge.Judge(c)
			most := len(wrong) + 3 // the same mistake shows with many choices
			wrong = append(wrong, w.CheckOpinion(c.Name, claimstest.Opinion{State: v.State, Reason: v.Reason, Set: v.Set, Confidence: v.Confidence})...)
			for _, choice := range w.Choices(c.Name) {
				ok, held := v.Candidate(choice, inv.TakenAt)
				wrong = append(wrong, w.CheckDecision(c.Name, choice, claimstest.Decision{Candidate: ok, Held: held})...)
			}
			wrong = wrong[:min(len(wrong), most)]
		}
		w.Count(&reached)
		if len(wrong) > 0 {
			failed++
			t.Errorf("seed %d, after\n%swrong:\n%s", seed, w.History(), list(wrong))
		}
		if failed == 10 {
			t.Fatal("and so on")
		}
	}
	// Worlds in which a kind never decides would pass with any judge.
	for _, kind := range reached.Rare(10, claimstest.ClaimKinds()) {
		t.Errorf("too few claims where this alone decides: %s", kind)
	}
}

func list(wrong []string) string {
	var b strings.Builder
	for _, text := range wrong {
		fmt.Fprintf(&b, "  %s\n", text)
	}
	return b.String()
}
