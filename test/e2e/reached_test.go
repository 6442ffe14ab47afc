package e2e

import (
	"sync/atomic"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// reached counts what the random rounds of a test reach.
type reached struct {
	ststest.Reached
	rounds atomic.Int64
}

// played adds a round.
func (r *reached) played(kinds ststest.Kinds) {
	r.rounds.Add(1)
	r.Add(kinds)
}

// require fails the test if that many rounds were played, and a kind was not reached. Fewer rounds
// prove nothing.
func (r *reached) require(t *testing.T, rounds int64, kinds ...string) {
	t.Helper()
	if r.rounds.Load() < rounds {
		return
	}
	for _, kind := range r.Rare(1, kinds) {
		t.Errorf("none of %d random rounds reaches this: %s", r.rounds.Load(), kind)
	}
}
