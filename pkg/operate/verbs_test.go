package operate

import (
	"slices"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard/guardtest"
)

func TestVerbs(t *testing.T) {
	guardtest.Registry{
		Verbs:     Verbs(),
		NotListed: map[string]string{"confirmed": "it wraps another intent"},
		Common:    claimsGuards.Rules(), // by the function Next, for all intents
		AtLeast:   10,
	}.Check(t)
	// An intent without the method would not take the lock of another command first, and nothing would say so.
	for _, v := range Verbs() {
		locks := slices.ContainsFunc(v.Rules, func(r guard.Rule) bool { return r.Name() == guard.Lock })
		if _, ok := v.Intent.(locker); ok != locks {
			t.Errorf("%s: takes the lock: %t, has the guard: %t", v.Name, ok, locks)
		}
	}
}
