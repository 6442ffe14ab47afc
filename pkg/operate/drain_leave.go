package operate

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// nextToLeave checks whether the highest ordinal may leave, and records that it does: from then
// on a command that was killed can be resumed.
func (i drainScale) nextToLeave(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	top := replicaAt(s, sts.End(s.Set)-1)
	if d := i.mayLeave(s, f, top); d != nil {
		return *d
	}
	m := &sts.Member{Ordinal: top.Ordinal, Phase: sts.Removing, Since: s.TakenAt}
	if top.Pod != nil {
		m.UID = top.Pod.UID
	}
	name := s.Name(m.Ordinal)
	what := stepDrainRemove(name)
	if top.Pod == nil {
		what = stepDrainRemoveMissing(name, whyUnmade(s, top, len(record.Done) == 0))
	}
	if i.Profile != nil {
		vars, _, d, failed := newHooks(s, f, i.Profile, i.Domain, m).section(profile.Precheck, "", true)
		switch {
		case d != nil:
			return *d
		case failed != nil:
			message, hint := msgDrainPrecheckFailed(name, failed.problem)
			return decide(Stuck, ReasonHookFailed, message, cmpHint(failed.hint, hint))
		}
		h := newHooks(s, f, i.Profile, i.Domain, m)
		m.Phase, m.Values = sts.Draining, h.captured(vars)
		what = stepDrainLeave(name, i.profileName(), sayValues(m.Values))
	}
	return i.begin(s, record, m, what)
}

// leave continues with the member that is leaving.
func (i drainScale) leave(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	if i.Profile == nil && record.Member.Phase != sts.Removing {
		// Started with hooks, resumed without: the user says that it has left.
		record = record.With(record.Member.Enter(sts.Removing, s.TakenAt))
	}
	m, r := record.Member, replicaAt(s, record.Member.Ordinal)
	same := r.Pod != nil && r.Pod.UID == m.UID || r.Pod == nil && m.UID == ""
	size, after := sts.DesiredReplicas(s.Set), int32(m.Ordinal-sts.Start(s.Set))
	smaller := size <= after
	switch {
	case m.Phase == sts.Finishing:
		return i.after(s, f, record)
	case size > after+1, size < after, !smaller && f.Scaled[m.Ordinal], smaller && m.Phase == sts.Draining:
		back := after + 1
		if f.Scaled[m.Ordinal] {
			back = after
		}
		return i.scaledMeanwhile(s, &record, back, scaleBack(s, back))
	case smaller && r.Pod == nil:
		return i.removed(s, f, record)
	case smaller && !same:
		d := decide(Wait, ReasonScalingDown, msgScalingDown(r.Pod.Name), "")
		d.Subject = r.Pod.Name
		return d
	case m.Phase == sts.Draining && !same && r.Pod == nil:
		d := decide(Wait, ReasonPodNotAvailable, waitDrainRecreated(s.Name(m.Ordinal)), "")
		d.Subject = s.Name(m.Ordinal)
		return d
	case !same && !smaller && r.Pod != nil, !same && !smaller && i.Profile == nil:
		// It was deleted: the new one is a member that has not left, and counts for the budgets.
		if m.UID == "" {
			return i.note(s, record.With(nil), "", stepDrainRestartCreated(s.Name(m.Ordinal)))
		}
		return i.note(s, record.With(nil), "", stepDrainRestartDeleted(s.Name(m.Ordinal)))
	case m.Phase == sts.Recalled:
		return i.recalled(s, record, r.Pod)
	case !smaller && r.Terminating && !sts.HoldsLeaving(r.Pod) && (m.Phase == sts.Draining || i.Profile == nil):
		d := decide(Wait, ReasonPodNotAvailable, waitDrainDeletedBefore(r.Pod.Name), "")
		d.Subject = r.Pod.Name
		return d
	case m.Phase == sts.Draining && r.Pod != nil && !sts.HoldsLeaving(r.Pod):
		// Before it leaves, not after: from now on deleting its pod does not recreate a member that
		// has left.
		return holdOn(s, f, r)
	case m.Phase == sts.Draining:
		return i.drain(s, f, record)
	}
	return i.remove(s, f, record, r, same, smaller)
}

// remove removes the pod of a member that has left: it is evicted, so that budgets apply, then
// the set is scaled down, then the finalizer is removed.
func (i drainScale) remove(s *sts.Snapshot, f Facts, record sts.Drain, r sts.Replica, same, smaller bool) Decision {
	m, pod, name := record.Member, r.Pod, s.Name(record.Member.Ordinal)
	going := !same || pod == nil || pod.DeletionTimestamp != nil
	switch {
	case going && !smaller:
		if d := uncounted(s); d != nil && pod == nil && m.UID == "" {
			return *d // it may have been created meanwhile
		}
		to := int32(m.Ordinal - sts.Start(s.Set))
		return do(Action{Why: stepDrainScaleDown(to, name), Scale: scale(s.Set, to, "MemberRemoved")}, "Scale")
	case smaller && sts.HoldsLeaving(pod) && pod.DeletionTimestamp != nil:
		// Without the finalizer a controller that has not seen the new size would recreate it.
		if d := settled(s); d != nil {
			return *d
		}
		return letGo(pod, m.Ordinal, stepDrainRelease(name))
	case smaller:
		return ending(s, pod)
	}
	if d := available(s, Stuck, i.needNotBeWell(s, f, m.Ordinal)...); d != nil {
		return *d
	}
	if d := i.mayEvict(s, f, r, "after it has left"); d != nil {
		return *d
	}
	if !sts.HoldsLeaving(pod) {
		return holdOn(s, f, r)
	}
	e := eviction(r)
	if i.IgnoreBudgets {
		return do(Action{Why: stepDrainDelete(name), DeletePod: &DeletePod{Name: e.Name, UID: e.UID, Ordinal: e.Ordinal, Revision: e.Revision}}, "Delete")
	}
	return do(Action{Why: stepEvict(name), EvictPod: &e}, "Evict")
}

// holdLimit is how often a command adds its finalizer to one pod. Another client that removes it
// each time does not stop by itself.
const holdLimit = 3

func holdOn(s *sts.Snapshot, f Facts, r sts.Replica) Decision {
	if n := f.Held[r.Pod.UID]; n >= holdLimit {
		message, hint := msgDrainHoldRemoved(r.Pod.Name, n, sts.Kubectl(s.Set.Namespace, "get pod", r.Pod.Name, "-o yaml --show-managed-fields"))
		d := decide(Stuck, ReasonHoldRemoved, message, hint)
		d.Subject = r.Pod.Name
		return d
	}
	return do(Action{Why: stepDrainHold(r.Pod.Name), HoldPod: hold(r.Pod, r.Ordinal, false)}, "Hold")
}

// overdue is how long after its grace period a pod that does not terminate is stuck.
const overdue = time.Minute

// ending waits for a pod that a scale-down removes.
func ending(s *sts.Snapshot, pod *corev1.Pod) Decision {
	if t := pod.DeletionTimestamp; t != nil && s.TakenAt.Sub(t.Time) > overdue {
		message, hint := msgDrainPodStuck(pod.Name, pod.Spec.NodeName, s.TakenAt.Sub(t.Time), sts.Kubectl(s.Set.Namespace, "delete pod", pod.Name, "--force"))
		return decide(Stuck, ReasonPodFailing, message, hint)
	}
	d := decide(Wait, ReasonScalingDown, waitDrainTerminated(pod.Name), "")
	d.Subject = pod.Name
	return d
}

// removed continues when the pod is gone. Without hooks the next step records it, too.
func (i drainScale) removed(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	name := s.Name(record.Member.Ordinal)
	switch {
	case i.Profile == nil:
		return i.proceed(s, f, record.Settled(s.TakenAt))
	case len(i.Profile.After) == 0:
		return i.note(s, record.Settled(s.TakenAt), "", stepDrainGone(name))
	}
	return i.note(s, record.With(record.Member.Enter(sts.Finishing, s.TakenAt)), "", stepDrainGoneHooks(name))
}

func letGo(pod *corev1.Pod, o sts.Ordinal, why string) Decision {
	return do(Action{Why: why, HoldPod: LetGo(pod, o)}, "LetGo")
}
