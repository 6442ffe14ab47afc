package operate

import (
	"fmt"
	"slices"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// acceptor is an intent that may continue although data is lost.
type acceptor interface{ acceptsDataLoss() bool }

func (l Lock) acceptsDataLoss() bool { return l.AcceptDataLoss }

// Next is the only way to call an intent: whatever the verb, an action that removes a pod is
// refused when its data would be lost with it, or when no new pod could mount it; and a lock that
// another command left or still has is taken first.
func Next(i Intent, s *sts.Snapshot, f Facts) Decision {
	d := next(i, s, f)
	if l, ok := i.(locker); ok {
		if first := l.takeLock(s, d); first != nil {
			return *first
		}
	}
	return d
}

// next is [Next] for a preview: the lock that is taken is not a step of a plan.
func next(i Intent, s *sts.Snapshot, f Facts) Decision {
	d := i.Next(s, f)
	if a, ok := i.(acceptor); d.Verdict != Do || ok && a.acceptsDataLoss() {
		return d
	}
	if refusal := claimsGuards.Require(guard.BeforeStep, removal{s: s, going: d.Action.Endangers(s), leaves: d.Member != ""}); refusal != nil {
		refusal.Member = d.Member
		return *refusal
	}
	return d
}

// removal is an action that may remove pods. With leaves they are not recreated.
type removal struct {
	s      *sts.Snapshot
	going  []sts.Replica
	leaves bool
}

// claimsGuards are checked for every action of every verb that works on a set.
var claimsGuards = guard.List[removal, Decision]{
	guard.New(guard.NewRule(guard.Claims, "refuses to remove a pod if its data would be lost, or no new pod could mount it (`--accept-data-loss` proceeds)", guard.BeforeStep),
		func(r removal) *Decision { return requireSafeClaims(r.s, r.going) }),
	guard.New(guard.NewRule("shared claims", "refuses to replace a pod that could not start again because other pods mount a claim that is being deleted (`--accept-data-loss` proceeds)", guard.BeforeStep), requireUnsharedClaims),
}

// requireUnsharedClaims refuses when a pod could not start again because other pods still mount a
// claim that is being deleted.
func requireUnsharedClaims(after removal) *Decision {
	if after.leaves {
		return nil
	}
	s := after.s
	for _, r := range after.going {
		for _, risk := range diagnose.SharedClaims(s, r) {
			d := refuseWith(ReasonDataLoss)(msgCannotStartAgain(s.Name(r.Ordinal), risk.Message, s.Set.Namespace, s.Set.Name, risk.Claim))
			d.Subject = "persistentvolumeclaim/" + risk.Claim
			return &d
		}
	}
	return nil
}

// ReleaseOrphans refuses to release pods whose claims are at risk: pods with our finalizer whose
// set no longer exists. Nil when they may be released.
func ReleaseOrphans(s *sts.Snapshot) *Decision {
	var going []sts.Replica
	for _, pod := range s.Pods {
		if o, ok := sts.ParsePodName(s.Set.Name, pod.Name); ok && pod.DeletionTimestamp != nil {
			going = append(going, sts.Replica{Ordinal: o, Pod: pod, Desired: true, Terminating: true})
		}
	}
	return requireSafeClaims(s, going)
}

// requireSafeClaims refuses when a claim of one of the pods is at risk, or when claims could not be
// read.
func requireSafeClaims(s *sts.Snapshot, going []sts.Replica) *Decision {
	var pods []string
	var risks []diagnose.ClaimRisk
	for _, r := range going {
		found := diagnose.ClaimRisks(s, r)
		risks = append(risks, found...)
		if len(found) > 0 || !s.Knows("persistentvolumeclaims") && diagnose.MountsClaims(r) {
			pods = append(pods, s.Name(r.Ordinal))
		}
	}
	switch {
	case len(pods) == 0:
		return nil
	case len(risks) == 0:
		d := refuseWith(ReasonUnseen)(msgDataUnknown(sayAll(pods)))
		d.Subject = podSubject(pods[0])
		return &d
	}
	var messages []string
	for _, risk := range risks {
		if !slices.Contains(messages, risk.Message) {
			messages = append(messages, risk.Message)
		}
	}
	d := refuseWith(ReasonDataLoss)(msgDataAtRisk(sayAll(pods), clipped(messages), diagnose.RescueCommand(s.Set.Namespace, risks)))
	d.Subject = "persistentvolumeclaim/" + risks[0].Claim
	return &d
}

// clipped keeps the first few messages.
func clipped(messages []string) []string {
	const most = 3
	if len(messages) <= most {
		return messages
	}
	return append(messages[:most:most], fmt.Sprintf("and %d more", len(messages)-most))
}

// DataLoss is the cost of a plan with --accept-data-loss: each claim at risk of a pod that one of
// the steps removes.
func DataLoss(s *sts.Snapshot, steps []Decision) []string {
	var out []string
	for _, d := range steps {
		if d.Action == nil {
			continue
		}
		for _, risk := range Risks(d.Action, s) {
			if !slices.Contains(out, risk.Message) {
				out = append(out, risk.Message)
			}
		}
	}
	return out
}
