package operate

import "github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"

// Verbs are all verbs that write to a set.
func Verbs() []guard.Verb {
	const (
		awaited = "a scale operation may wait for the rollback"
		noPod   = "it does not remove pods"
	)
	down, up := forSet("drain-scale", drainScale{}, drainScale{}.guards(false), nil), forSet("drain-scale", drainScale{}, drainScale{}.guards(true), nil)
	down.Case, up.Case = "to fewer replicas", "to more replicas"
	return []guard.Verb{
		forSet("canary start", startCanary{}, startCanary{}.guards(), nil),
		forSet("canary promote", promoteCanary{}, promoteCanary{}.guards(), nil),
		forSet("canary promote --auto", autoPromote{}, autoPromote{}.guards(), nil),
		forSet("canary abort", abortCanary{}, abortCanary{}.guards(), map[string]string{guard.ScaleOperation: awaited}),
		forSet("undo", startCanary{}, startCanary{}.guards(), nil),
		forSet("pause", pauseUpdate{}, pauseUpdate{}.guards(), map[string]string{guard.Claims: noPod}),
		forSet("resume", resumeUpdate{}, resumeUpdate{}.guards(), nil),
		forSet("unstick", unstick{}, unstick{}.guards(), map[string]string{guard.ScaleOperation: awaited}),
		forSet("restart", restartPods{}, restartPods{}.guards(), nil),
		forSet("restart --forget", forgetRestart{}, forgetRestart{}.guards(), map[string]string{guard.ScaleOperation: "it only removes a record", guard.Claims: noPod}),
		forSet("recover", recoverPod{}, recoverPod{}.guards(), nil),
		forSet("recover --release", releaseNodes{}, releaseNodes{}.guards(), map[string]string{guard.ScaleOperation: "it only removes a taint and a record", guard.Claims: noPod}),
		down,
		up,
		forSet("drain-scale --unpark", unpark{}, unpark{}.guards(), map[string]string{guard.Claims: noPod}),
		forSet("drain-scale --cancel", cancelDrain{}, cancelDrain{}.guards(), map[string]string{guard.ScaleOperation: "it ends the scale operation"}),
	}
}

// forSet is a verb that works on a set: [Next] checks its actions for claims at risk.
func forSet(name string, i Intent, gs setGuards, without map[string]string) guard.Verb {
	v := guard.Verb{Name: name, Rules: gs.Rules(), Without: without, Intent: i}
	if without[guard.Claims] == "" {
		v.Rules = append(v.Rules, claimsGuards.Rules()...)
	}
	return v
}
