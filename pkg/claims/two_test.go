package claims_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// actor is one command that works on the claim, with what it has last read.
type actor struct {
	intent claims.Intent
	view   *claims.View
	sent   bool
	over   bool
	log    []string
}

// step is one request of the actor, by what it knows and not by what is.
func (a *actor) step(w *claimWorld) {
	if a.view == nil {
		w.around, w.sent = nil, a.sent
		v := w.view()
		a.view = &v
		return
	}
	d := a.intent.Next(*a.view)
	switch d.Verdict {
	case operate.Do:
	case operate.Wait:
		a.view = nil
		return
	default:
		a.over = true
		a.log = append(a.log, d.Reason)
		return
	}
	a.log = append(a.log, kind(d.Action))
	around := a.view.Around
	_, isDeletion := d.Action.(*claims.DeleteClaim)
	_, isCheck := d.Action.(*claims.CheckUsage)
	a.sent = a.sent || isDeletion
	switch {
	case isCheck:
		w.look()
		around = w.around
	case !w.apply(d.Action):
		a.log[len(a.log)-1] += "!"
		a.view = nil
		return
	case isDeletion:
		around = nil
	}
	// What the server has answered is the one object that was written.
	now := w.view()
	switch d.Action.(type) {
	case *claims.CheckUsage:
	case *claims.DeleteClaim, *claims.CreateClaim, *claims.MarkKept, *claims.UnmarkKept:
		a.view.Claim = now.Claim
	default:
		a.view.Volume = now.Volume
	}
	a.view.Around, a.view.Sent = around, a.sent
}

// TestTwoAtOnce has one command delete the claim while another, which has seen the
// volume kept, gives it its policy back: whichever is first, the data is kept.
func TestTwoAtOnce(t *testing.T) {
	ends := map[string]int{}
	for seed := range ststest.AtMost(2000) {
		random := rand.New(rand.NewPCG(seed, 11))
		w := newClaimWorld(t, corev1.PersistentVolumeReclaimDelete)
		first := &actor{intent: collect()}
		second := &actor{intent: claims.Restore{UID: "volume-0"}}
		if random.IntN(2) == 0 { // another command that sees it parked, without --parked
			other := collect()
			other.Choice = claims.Choice{}
			second.intent = other
			first.intent = claims.Collect{UID: "claim-0", Choice: claims.Choice{Parked: true}, At: other.At}
		}
		for range 300 {
			switch n := random.IntN(10); {
			case n == 0:
				w.state = []claims.State{claims.ClaimOrphaned, claims.ClaimParked}[random.IntN(2)]
			case n < 3:
				w.controllers(random.IntN(3))
			case n < 7 && !first.over:
				first.step(w)
			case !second.over:
				second.step(w)
			}
		}
		said := strings.Join(first.log, " ") + " | " + strings.Join(second.log, " ")
		if w.lost || w.volume == nil {
			t.Fatalf("seed %d: %s: the data is lost", seed, said)
		}
		if !first.over || !second.over {
			continue // each had to wait for the other
		}
		ends[first.log[len(first.log)-1]+" "+second.log[len(second.log)-1]]++
	}
	if ends[claims.ReasonClaimDeleted+" "+claims.ReasonClaimRestored] == 0 {
		t.Errorf("no race in which both got something done: %v", ends)
	}
}
