package sts_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// In a thousand worlds each claim is what the one who made it knows it to be.
func TestClaimsOfRandomWorlds(t *testing.T) {
	met := map[sts.ClaimState]int{}
	for seed := range uint64(1000) {
		w := ststest.RandomClaimWorld(rand.New(rand.NewPCG(seed, 5)).IntN)
		inv := w.Inventory()
		judge := sts.NewClaimJudge(inv)
		got, reasons := map[string]sts.ClaimState{}, map[string]string{}
		for _, c := range inv.Claims {
			v := judge.Judge(c)
			got[c.Name], reasons[c.Name] = v.State, v.Reason
			met[v.State]++
			if v.Ambiguous() && v.State == sts.ClaimOrphanSet && w.States()[c.Name] == sts.ClaimStaleTemplate {
				// The judge does not know which sets there have been: one that is gone may have
				// created what the world knows to be of a set that exists.
				got[c.Name] = sts.ClaimStaleTemplate
			}
			if ok, _ := v.Candidate(sts.ClaimChoice{}, inv.TakenAt); ok != (mayGo(w, c.Name, nil) && !v.Ambiguous()) {
				t.Errorf("seed %d: %s is %s: candidate %t", seed, c.Name, v.State, ok)
			}
			all := []sts.ClaimState{sts.ClaimOrphanSet, sts.ClaimParked, sts.ClaimReserved}
			if ok, _ := v.Candidate(sts.ClaimChoice{Orphans: true, Parked: true, Reserved: true}, inv.TakenAt); ok != mayGo(w, c.Name, all) {
				t.Errorf("seed %d: %s is %s: candidate %t with all flags", seed, c.Name, v.State, ok)
			}
		}
		if diff := cmp.Diff(w.States(), got); diff != "" {
			t.Fatalf("seed %d, after\n%v\n(-the world +the judge):\n%s\nreasons: %q", seed, w.Steps, diff, reasons)
		}
	}
	// A world in which nothing happens would hold anything.
	for _, state := range []sts.ClaimState{sts.ClaimTerminating, sts.ClaimInUse, sts.ClaimWanted, sts.ClaimReserved, sts.ClaimParked,
		sts.ClaimLeftOver, sts.ClaimStaleTemplate, sts.ClaimOrphanSet, sts.ClaimForeign} {
		if met[state] < 50 {
			t.Errorf("only %d claims were %s: %v", met[state], state, met)
		}
	}
}

func mayGo(w *ststest.ClaimWorld, claim string, more []sts.ClaimState) bool {
	states := append([]sts.ClaimState{sts.ClaimLeftOver, sts.ClaimStaleTemplate}, more...)
	return slices.Contains(states, w.States()[claim]) && !slices.Contains(w.Kept(), claim) && !slices.Contains(w.HandMade(), claim)
}
