package operate

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// observation is what the next step of a member that is leaving or joining depends on. Each part
// is one value of its type; in a row of a table it may be several.
type observation struct {
	phase record.MemberPhase
	size  sizeSeen
	pod   podSeen
	hooks hooksGiven
}

// sizeSeen is the set's size. A member that leaves makes it one smaller, one that joins one larger.
type sizeSeen uint8

const (
	sizeBefore sizeSeen = 1 << iota // the set was not scaled for this member yet
	sizeUndone                      // the same, but this command has scaled it already
	sizeAfter                       // the set is scaled
	sizeAbove                       // it is larger than both
	sizeBelow                       // it is smaller than both

	sizeOther = sizeUndone | sizeAbove | sizeBelow
	anySize   = sizeOther | sizeBefore | sizeAfter
)

// podSeen is the pod of the member, by the UID that is recorded.
type podSeen uint8

const (
	podNeverCreated             podSeen = 1 << iota // there was none, and there is none
	podGone                                         // there was one, and there is none
	podReplaced                                     // there is one that is not recorded
	podWithoutFinalizer                             // it is there, and not being deleted
	podWithFinalizer                                // the same, with our finalizer
	terminatingWithoutFinalizer                     // it is being deleted
	terminatingWithFinalizer                        // the same, with our finalizer

	noPod  = podNeverCreated | podGone
	anyPod = noPod | podReplaced | podWithoutFinalizer | podWithFinalizer | terminatingWithoutFinalizer | terminatingWithFinalizer
)

// hooksGiven is whether the command has a profile.
type hooksGiven uint8

const (
	withHooks hooksGiven = 1 << iota
	withoutHooks

	anyHooks = withHooks | withoutHooks
)

// observe is the observation of the member that is leaving or joining.
func (i drainScale) observe(s *sts.Snapshot, f Facts, drain record.Drain) observation {
	hooks := withoutHooks
	if i.Profile != nil {
		hooks = withHooks
	}
	m := drain.Member
	return observation{m.Phase, seeSize(s, f, drain), seePod(replicaAt(s, m.Ordinal).Pod, m), hooks}
}

func seeSize(s *sts.Snapshot, f Facts, drain record.Drain) sizeSeen {
	before, after := memberSizes(s, drain)
	switch size := sts.DesiredReplicas(s.Set); {
	case size > max(before, after):
		return sizeAbove
	case size < min(before, after):
		return sizeBelow
	case size == after:
		return sizeAfter
	case f.Scaled[drain.Member.Ordinal]:
		return sizeUndone
	}
	return sizeBefore
}

// memberSizes are the replicas before and after the set is scaled for the member.
func memberSizes(s *sts.Snapshot, drain record.Drain) (before, after int32) {
	without := int32(drain.Member.Ordinal - sts.Start(s.Set))
	if drain.Up() {
		return without, without + 1
	}
	return without + 1, without
}

func seePod(pod *corev1.Pod, m *record.Member) podSeen {
	switch {
	case pod == nil && m.UID == "":
		return podNeverCreated
	case pod == nil:
		return podGone
	case pod.UID != m.UID:
		return podReplaced
	}
	held := record.HoldsLeaving(pod)
	switch {
	case pod.DeletionTimestamp != nil && held:
		return terminatingWithFinalizer
	case pod.DeletionTimestamp != nil:
		return terminatingWithoutFinalizer
	case held:
		return podWithFinalizer
	}
	return podWithoutFinalizer
}

// drainStep continues with the member of the record.
type drainStep func(i drainScale, s *sts.Snapshot, f Facts, drain record.Drain) Decision

// drainRow is the step that follows from some observations, and why.
type drainRow struct {
	phase record.MemberPhase
	size  sizeSeen
	pod   podSeen
	hooks hooksGiven
	step  drainStep
	why   string
}

// drainTable has one row for each observation, so the order of the rows means nothing.
type drainTable []drainRow

// step is the step for an observation. A phase that this version does not know has no row.
func (t drainTable) step(o observation) drainStep {
	for _, row := range t {
		if row.matches(o) {
			return row.step
		}
	}
	return drainScale.impossible
}

func (r drainRow) matches(o observation) bool {
	return r.phase == o.phase && r.size&o.size != 0 && r.pod&o.pod != 0 && r.hooks&o.hooks != 0
}

// impossible refuses what cannot have been recorded, instead of guessing what was done.
func (i drainScale) impossible(s *sts.Snapshot, _ Facts, drain record.Drain) Decision {
	m := drain.Member
	message, hint := msgDrainImpossible(s.Set.Name, s.Name(m.Ordinal), m.Phase, drain.Up(), record.GiveUpDrain(s.Set.Namespace, s.Set.Name))
	return decide(Refused, ReasonBadRecord, message, hint)
}

// scaledByOther stops where another client has changed the size while the member leaves or joins.
func (i drainScale) scaledByOther(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	expected, after := memberSizes(s, drain)
	if f.Scaled[drain.Member.Ordinal] {
		expected = after
	}
	return i.refuseScaledMeanwhile(s, &drain, expected, scaleBack(s, expected))
}
