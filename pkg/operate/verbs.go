package operate

// The guards that every verb has, or says why it does without.
const (
	guardLock   = "lock"
	guardDrain  = "scale operation"
	guardClaims = "claims"
)

// RequiredGuards are the names of the guards that every verb has, or does [Verb.Without].
func RequiredGuards() []string { return []string{guardLock, guardDrain, guardClaims} }

// Verb is a command that writes, and what it requires.
type Verb struct {
	// Name is the command without "kubectl sts", with the option that makes it another verb.
	Name string
	// Case is what the verb is limited to, empty for nothing.
	Case string
	// Guards are in the order in which they are checked.
	Guards []Guard
	// Without is why the verb does without a required guard, by the guard's name.
	Without map[string]string
	// intent decides about the verb.
	intent any
}

// Verbs are all verbs that write.
func Verbs() []Verb {
	const (
		awaited  = "a scale operation may wait for the rollback"
		noPod    = "it removes no pod"
		noLock   = "each write tests the UIDs of the claim and its volume instead"
		noDelete = "it deletes no data"
	)
	down, up := forSet("drain-scale", drainScale{}, drainScale{}.guards(false), nil), forSet("drain-scale", drainScale{}, drainScale{}.guards(true), nil)
	down.Case, up.Case = "to fewer replicas", "to more replicas"
	return []Verb{
		forSet("canary start", startCanary{}, startCanary{}.guards(), nil),
		forSet("canary promote", promoteCanary{}, promoteCanary{}.guards(), nil),
		forSet("canary promote --auto", autoPromote{}, autoPromote{}.guards(), nil),
		forSet("canary abort", abortCanary{}, abortCanary{}.guards(), map[string]string{guardDrain: awaited}),
		forSet("undo", startCanary{}, startCanary{}.guards(), nil),
		forSet("pause", pauseUpdate{}, pauseUpdate{}.guards(), map[string]string{guardClaims: noPod}),
		forSet("resume", resumeUpdate{}, resumeUpdate{}.guards(), nil),
		forSet("unstick", unstick{}, unstick{}.guards(), map[string]string{guardDrain: awaited}),
		forSet("restart", restartPods{}, restartPods{}.guards(), nil),
		forSet("restart --forget", forgetRestart{}, forgetRestart{}.guards(), map[string]string{guardDrain: "it only removes a record", guardClaims: noPod}),
		down,
		up,
		forSet("drain-scale --unpark", unpark{}, unpark{}.guards(), map[string]string{guardClaims: noPod}),
		forSet("drain-scale --cancel", cancelDrain{}, cancelDrain{}.guards(), map[string]string{guardDrain: "it ends the scale operation"}),
		forClaim("pvc-gc --delete", CollectClaim{}, CollectClaim{}.guards(),
			map[string]string{guardLock: noLock, guardDrain: "every StatefulSet of the namespace is read again before each deletion", guardClaims: noPod}),
		forClaim("pvc-gc rescue", RescueClaim{}, RescueClaim{}.guards(), map[string]string{guardLock: noLock, guardDrain: noDelete, guardClaims: noPod}),
		forClaim("pvc-gc undo", RestoreClaim{}, RestoreClaim{}.guards(), map[string]string{guardLock: noLock, guardDrain: noDelete, guardClaims: noPod}),
		forClaim("pvc-gc purge", PurgeRetained{}, PurgeRetained{}.guards(),
			map[string]string{guardLock: noLock, guardDrain: "it refuses data that a StatefulSet needs", guardClaims: noPod}),
	}
}

// forSet is a verb that works on a set: [Next] checks its actions for claims at risk.
func forSet(name string, i Intent, gs guards[look, Decision], without map[string]string) Verb {
	v := Verb{Name: name, Guards: gs.described(), Without: without, intent: i}
	if without[guardClaims] == "" {
		v.Guards = append(v.Guards, claimsGuards.described()...)
	}
	return v
}

func forClaim(name string, i ClaimIntent, gs guards[*ClaimView, ClaimDecision], without map[string]string) Verb {
	return Verb{Name: name, Guards: gs.described(), Without: without, intent: i}
}
