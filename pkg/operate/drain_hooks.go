package operate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

func sayValues(values map[string]string) string {
	var parts []string
	for name, value := range values {
		if value != imagined(name) {
			parts = append(parts, name+" "+value)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// drain makes the member leave. The until commands check on another member that it has left.
func (i drainScale) drain(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	m := drain.Member
	h := newHooks(s, f, i.Profile, i.Domain, m)
	again := ""
	if m.UID == i.resumed && i.Profile.Until != nil {
		yes, d, _ := h.gone("resumed ", true)
		switch {
		case d != nil:
			return *d
		case yes:
			return i.drained(s, drain)
		}
		again = "again "
	}
	if d := i.acquireLock(s, drain); d != nil {
		return *d
	}
	_, _, d, failed := h.section(profile.Drain, again, true)
	switch {
	case d != nil:
		return *d
	case i.Profile.Until == nil && failed == nil:
		return i.drained(s, drain)
	case i.Profile.Until == nil:
		return i.stayed(h, s, drain, failed)
	}
	// A long drain that loses its connection has not failed, and one that failed may have done
	// its work: the until commands decide.
	patient := failed == nil || failed.lost && failed.last
	round := again
	if !patient {
		round += "failed "
	}
	yes, d, no := h.gone(round, !patient)
	switch {
	case d != nil:
		return *d
	case yes:
		return i.drained(s, drain)
	case !patient:
		failed.unanswered = no.unanswered
		return i.stayed(h, s, drain, failed)
	}
	return i.stayed(h, s, drain, no)
}

// stayed decides what to do with a member that did not leave.
func (i drainScale) stayed(h *hooks, s *sts.Snapshot, drain record.Drain, why *hookFailure) Decision {
	m, pod, name := drain.Member, h.member, s.Name(drain.Member.Ordinal)
	going := pod != nil && pod.DeletionTimestamp != nil
	switch {
	case !going && (i.Profile.Until == nil || !why.unanswered):
		return i.callBack(h, s, drain, why)
	case going && i.Profile.Until != nil && !why.unanswered:
		return removeFinalizer(pod, m.Ordinal, stepRemoveFinalizerDeletedPod(name))
	}
	message, hint := msgDrainUnknown(name, why.problem, going,
		sts.Kubectl(s.Set.Namespace, "sts drain-scale", s.Set.Name, "--replicas", strconv.Itoa(int(drain.To)), "--profile", "none", "--take-over"),
		record.GiveUpDrain(s.Set.Namespace, s.Set.Name))
	return decide(Stuck, ReasonHookFailed, message, withHint(why.hint, hint))
}

func (i drainScale) drained(s *sts.Snapshot, drain record.Drain) Decision {
	next := drain.Member.Enter(record.Removing, s.TakenAt)
	return i.note(s, drain.With(next), "MemberDrained", stepDrainLeft(s.Name(next.Ordinal)))
}

// callBack reverts the drain of a member that did not leave.
func (i drainScale) callBack(h *hooks, s *sts.Snapshot, drain record.Drain, why *hookFailure) Decision {
	name := s.Name(drain.Member.Ordinal)
	message := msgDrainFailed(name, why.problem)
	if len(i.Profile.Cancel) > 0 {
		_, _, d, failed := h.section(profile.Cancel, "", true)
		switch {
		case d != nil:
			return *d
		case failed == nil:
			next := drain.Member.Enter(record.Recalled, s.TakenAt)
			next.Problem = why.problem
			return i.note(s, drain.With(next), "MemberRecalled", stepDrainReverted(name))
		}
		message = msgDrainFailedNotReverted(name, why.problem, failed.problem)
	}
	return stuckDidNotLeave(s, message, why.hint)
}

func stuckDidNotLeave(s *sts.Snapshot, message, hint string) Decision {
	return decide(Stuck, ReasonHookFailed, message, withHint(hint, hintDrainFailed(record.GiveUpDrain(s.Set.Namespace, s.Set.Name))))
}

// recordStillMember ends with a member whose drain was reverted.
func (i drainScale) recordStillMember(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	m, name := drain.Member, s.Name(drain.Member.Ordinal)
	end := stuckDidNotLeave(s, msgDrainFailedReverted(name, m.Problem), "")
	d := i.note(s, drain.With(nil), "", stepDrainStillMember(name))
	// The failure of an earlier command, which this one resumes, is no reason not to retry.
	if m.UID != i.resumed || newHooks(s, f, i.Profile, i.Domain, m).ran() {
		d.Then = &end
	}
	return d
}

// after runs the after hooks once the pod is gone.
func (i drainScale) after(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	m := drain.Member
	if d := i.acquireLock(s, drain); d != nil {
		return *d
	}
	_, _, d, failed := newHooks(s, f, i.Profile, i.Domain, m).section(profile.After, "", true)
	switch {
	case d != nil:
		return *d
	case failed != nil:
		return decide(Stuck, ReasonHookFailed, msgDrainAfterFailed(s.Name(m.Ordinal), failed.problem), withHint(failed.hint, hintDrainRetry()))
	}
	return i.note(s, drain.Settled(s.TakenAt), "", stepDrainAfterDone(s.Name(m.Ordinal)))
}

// withHint adds the hint of a command, which may be empty.
func withHint(hint string, otherwise sts.Hint) sts.Hint {
	if hint == "" {
		return otherwise
	}
	return sts.Hintf("%s; %s", hint, otherwise)
}
