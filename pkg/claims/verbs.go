package claims

import "github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"

// claimGuards are the guards of a verb that works on a claim.
type guardList = guard.List[*View, ClaimDecision]

// Verbs are all verbs that write to a claim or its volume.
func Verbs() []guard.Verb {
	const (
		noPod    = "it does not remove pods"
		noLock   = "each write tests the UIDs of the claim and its volume instead"
		noDelete = "it does not delete data"
	)
	return []guard.Verb{
		forClaim("pvc-gc --delete", Collect{}, Collect{}.guards(),
			map[string]string{guard.Lock: noLock, guard.ScaleOperation: "every StatefulSet of the namespace is read again before each deletion", guard.Claims: noPod}),
		forClaim("pvc-gc rescue", Rescue{}, Rescue{}.guards(), map[string]string{guard.Lock: noLock, guard.ScaleOperation: noDelete, guard.Claims: noPod}),
		forClaim("pvc-gc undo", Restore{}, Restore{}.guards(), map[string]string{guard.Lock: noLock, guard.ScaleOperation: noDelete, guard.Claims: noPod}),
		forClaim("pvc-gc purge", Purge{}, Purge{}.guards(),
			map[string]string{guard.Lock: noLock, guard.ScaleOperation: "it does not delete data that a StatefulSet needs", guard.Claims: noPod}),
	}
}

func forClaim(name string, i Intent, gs guardList, without map[string]string) guard.Verb {
	return guard.Verb{Name: name, Rules: gs.Rules(), Without: without, Intent: i}
}
