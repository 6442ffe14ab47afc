package operate

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// nextToLeave checks whether the highest ordinal may leave, and records that it does: from then
// on a command that was killed can be resumed.
func (i drainScale) nextToLeave(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	top := replicaAt(s, sts.End(s.Set)-1)
	if d := i.guards(false).Require(guard.BeforeStep, look{s: s, f: f, target: top.Ordinal}); d != nil {
		return *d
	}
	m := &record.Member{Ordinal: top.Ordinal, Phase: record.Removing, Since: s.TakenAt}
	if top.Pod != nil {
		m.UID = top.Pod.UID
	}
	name := s.Name(m.Ordinal)
	what := stepDrainRemove(name)
	if top.Pod == nil {
		what = stepDrainRemoveMissing(name, whyUnmade(s, top, len(drain.Done) == 0))
	}
	if i.Profile != nil {
		vars, _, d, failed := newHooks(s, f, i.Profile, i.Domain, m).section(profile.Precheck, "", true)
		switch {
		case d != nil:
			return *d
		case failed != nil:
			message, hint := msgDrainPrecheckFailed(name, failed.problem)
			switch { // that the member has never joined is not what is wrong
			case failed.profile != "":
				return decide(Stuck, ReasonHookFailed, message, hintDrainNoProgram(failed.profile))
			case failed.unanswered && failed.tried:
				return decide(Stuck, ReasonHookFailed, message, withHint(failed.hint, hintDrainRetry()))
			}
			return decide(Stuck, ReasonHookFailed, message, withHint(failed.hint, hint))
		}
		h := newHooks(s, f, i.Profile, i.Domain, m)
		m.Phase, m.Values = record.Draining, h.captured(vars)
		what = stepDrainLeave(name, i.profileName(), sayValues(m.Values))
	}
	return i.begin(s, drain, m, what)
}

// leave continues with the member that is leaving.
func (i drainScale) leave(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	if i.Profile == nil && drain.Member.Phase != record.Removing {
		// Started with hooks, resumed without: the user says that it has left.
		drain = drain.With(drain.Member.Enter(record.Removing, s.TakenAt))
	}
	return leaveTable().step(i.observe(s, f, drain))(i, s, f, drain)
}

// leaveTable is what comes next for a member that is leaving. Its pod gets our finalizer before it
// leaves its cluster, is evicted when it has left, so that PodDisruptionBudgets apply, and only
// then the set is scaled down and the finalizer removed.
func leaveTable() drainTable {
	return drainTable{
		{record.Draining, sizeBefore, podNeverCreated, withHooks, drainScale.drain, "commands on other members can remove a member that has no pod"},
		{record.Draining, sizeBefore, podGone, withHooks, drainScale.waitRecreated, "it was deleted before it had the finalizer: it has not left"},
		{record.Draining, sizeBefore, podReplaced, withHooks, drainScale.startOver, "the new pod is a member that has not left"},
		{record.Draining, sizeBefore, podWithoutFinalizer, withHooks, drainScale.addFinalizer, "from then on deleting the pod does not recreate a member that has left"},
		{record.Draining, sizeBefore, podWithFinalizer | terminatingWithFinalizer, withHooks, drainScale.drain, "the finalizer keeps the pod until the member has left"},
		{record.Draining, sizeBefore, terminatingWithoutFinalizer, withHooks, drainScale.waitDeletedBefore, "the pod will be recreated, as a member that has not left"},
		{record.Draining, sizeOther | sizeAfter, anyPod, withHooks, drainScale.scaledByOther, "a command scales down only when the member has left"},

		{record.Recalled, sizeBefore, podReplaced, withHooks, drainScale.startOver, "the new pod is a member that has not left"},
		{record.Recalled, sizeBefore, noPod | podWithoutFinalizer | terminatingWithoutFinalizer, withHooks, drainScale.recordStillMember, "nothing is left to revert"},
		{record.Recalled, sizeBefore | sizeAfter, podWithFinalizer | terminatingWithFinalizer, withHooks, drainScale.removeFinalizer, "it is a member like the others"},
		{record.Recalled, sizeAfter, noPod, withHooks, drainScale.removed, "another client has scaled down, and the controller has removed the pod"},
		{record.Recalled, sizeAfter, podReplaced, withHooks, drainScale.waitScaledDown, "another client has scaled down"},
		{record.Recalled, sizeAfter, podWithoutFinalizer | terminatingWithoutFinalizer, withHooks, drainScale.recordStillMember, "nothing is left to revert; without a member the size is checked"},
		{record.Recalled, sizeOther, anyPod, withHooks, drainScale.scaledByOther, "this command has not scaled to that size"},

		{record.Removing, sizeBefore, podNeverCreated, anyHooks, drainScale.scaleDownUncreated, "there is no pod to evict"},
		{record.Removing, sizeBefore, podGone, withHooks, drainScale.scaleDown, "it has left, and must not be recreated"},
		{record.Removing, sizeBefore, podGone, withoutHooks, drainScale.startOver, "the controller recreates it: a member that has not left, and counts for the budgets"},
		{record.Removing, sizeBefore, podReplaced, anyHooks, drainScale.startOver, "the new pod is a member that has not left, and counts for the budgets"},
		{record.Removing, sizeBefore, podWithoutFinalizer, anyHooks, drainScale.addFinalizerToEvict, "without it the controller would recreate the evicted pod"},
		{record.Removing, sizeBefore, podWithFinalizer, anyHooks, drainScale.evict, "the finalizer keeps it from being recreated"},
		{record.Removing, sizeBefore, terminatingWithoutFinalizer, withHooks, drainScale.scaleDown, "it has left, and must not be recreated"},
		{record.Removing, sizeBefore, terminatingWithoutFinalizer, withoutHooks, drainScale.waitDeletedBefore, "the controller recreates it, and it starts over"},
		{record.Removing, sizeBefore, terminatingWithFinalizer, anyHooks, drainScale.scaleDown, "it was evicted, and the finalizer keeps it until the set is smaller"},
		{record.Removing, sizeAfter, noPod, anyHooks, drainScale.removed, "its pod is gone, and is not recreated"},
		{record.Removing, sizeAfter, podReplaced, anyHooks, drainScale.waitScaledDown, "the controller created it before it observed the new size"},
		{record.Removing, sizeAfter, podWithoutFinalizer | podWithFinalizer | terminatingWithoutFinalizer, anyHooks, drainScale.waitTerminated, "the controller removes it"},
		{record.Removing, sizeAfter, terminatingWithFinalizer, anyHooks, drainScale.removeFinalizerWhenObserved, "a controller that has not observed the new size would recreate it"},
		{record.Removing, sizeOther, anyPod, anyHooks, drainScale.scaledByOther, "this command has not scaled to that size"},

		{record.Finishing, anySize, anyPod, withHooks, drainScale.after, "its pod was gone; the size is checked before the next member"},

		{record.Draining, anySize, anyPod, withoutHooks, drainScale.impossible, "leave enters Removing"},
		{record.Recalled, anySize, anyPod, withoutHooks, drainScale.impossible, "leave enters Removing"},
		{record.Finishing, anySize, anyPod, withoutHooks, drainScale.impossible, "leave enters Removing"},
		{record.Announcing, anySize, anyPod, anyHooks, drainScale.impossible, "only a member that joins is announced"},
		{record.Starting, anySize, anyPod, anyHooks, drainScale.impossible, "only a member that joins is started"},
	}
}

// waitRecreated waits for the pod of a member that was deleted before it left.
func (i drainScale) waitRecreated(s *sts.Snapshot, _ Facts, drain record.Drain) Decision {
	name := s.Name(drain.Member.Ordinal)
	return waitForPod(name, ReasonPodNotAvailable, waitDrainRecreated(name))
}

// waitDeletedBefore waits for a pod to terminate that was deleted before its member left.
func (i drainScale) waitDeletedBefore(s *sts.Snapshot, _ Facts, drain record.Drain) Decision {
	name := s.Name(drain.Member.Ordinal)
	return waitForPod(name, ReasonPodNotAvailable, waitDrainDeletedBefore(name))
}

// waitScaledDown waits for a pod that was created before the controller observed the new size.
func (i drainScale) waitScaledDown(s *sts.Snapshot, _ Facts, drain record.Drain) Decision {
	name := s.Name(drain.Member.Ordinal)
	return waitForPod(name, ReasonScalingDown, msgScalingDown(name))
}

func waitForPod(pod, reason, message string) Decision {
	d := decide(Wait, reason, message, nil)
	d.Subject = podSubject(pod)
	return d
}

// startOver forgets how far the member was: it has another pod, or will have one.
func (i drainScale) startOver(s *sts.Snapshot, _ Facts, drain record.Drain) Decision {
	what := stepDrainRestartDeleted(s.Name(drain.Member.Ordinal))
	if drain.Member.UID == "" {
		what = stepDrainRestartCreated(s.Name(drain.Member.Ordinal))
	}
	return i.note(s, drain.With(nil), "", what)
}

// scaleDownUncreated removes a member that has no pod, unless one may have been created meanwhile.
func (i drainScale) scaleDownUncreated(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	if d := requireCounted(s); d != nil {
		return *d
	}
	return i.scaleDown(s, f, drain)
}

func (i drainScale) scaleDown(s *sts.Snapshot, _ Facts, drain record.Drain) Decision {
	_, to := memberSizes(s, drain)
	return do(newScale(stepDrainScaleDown(to, s.Name(drain.Member.Ordinal)), s.Set, to, "MemberRemoved"), "Scale")
}

func (i drainScale) addFinalizer(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	return addFinalizer(s, f, replicaAt(s, drain.Member.Ordinal))
}

// addFinalizerToEvict adds the finalizer once the pod may be evicted.
func (i drainScale) addFinalizerToEvict(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	if d := i.requireRemovable(s, f, drain.Member.Ordinal); d != nil {
		return *d
	}
	return i.addFinalizer(s, f, drain)
}

// evict removes the pod of a member that has left.
func (i drainScale) evict(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	if d := i.requireRemovable(s, f, drain.Member.Ordinal); d != nil {
		return *d
	}
	name, pod := s.Name(drain.Member.Ordinal), podRef(replicaAt(s, drain.Member.Ordinal))
	if i.IgnoreBudgets {
		return do(&DeletePod{Description: stepDrainDelete(name), PodRef: pod}, "Delete")
	}
	return do(&EvictPod{Description: stepEvict(name), PodRef: pod}, "Evict")
}

// requireRemovable are the guards before the pod of a member that has left is removed.
func (i drainScale) requireRemovable(s *sts.Snapshot, f Facts, o sts.Ordinal) *Decision {
	if d := requireAvailable(s, Stuck, i.needNotBeWell(s, f, o)...); d != nil {
		return d
	}
	return i.requireEviction(s, f, replicaAt(s, o), "after it has left")
}

func (i drainScale) removeFinalizer(s *sts.Snapshot, _ Facts, drain record.Drain) Decision {
	r := replicaAt(s, drain.Member.Ordinal)
	return removeFinalizer(r.Pod, r.Ordinal, stepRemoveFinalizer(s.Name(r.Ordinal)))
}

// removeFinalizerWhenObserved waits until the controller has observed the smaller size.
func (i drainScale) removeFinalizerWhenObserved(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	if d := requireSettled(s); d != nil {
		return *d
	}
	return i.removeFinalizer(s, f, drain)
}

// finalizerLimit is how often a command adds its finalizer to one pod. Another client that removes it
// each time does not stop by itself.
const finalizerLimit = 3

func addFinalizer(s *sts.Snapshot, f Facts, r sts.Replica) Decision {
	if n := f.FinalizersAdded[r.Pod.UID]; n >= finalizerLimit {
		message, hint := msgFinalizerRemoved(r.Pod.Name, n, sts.Kubectl(s.Set.Namespace, "get pod", r.Pod.Name, "-o", "yaml", "--show-managed-fields"))
		d := decide(Stuck, ReasonFinalizerRemoved, message, hint)
		d.Subject = podSubject(r.Pod.Name)
		return d
	}
	return do(newAddFinalizer(stepAddFinalizer(r.Pod.Name), r.Pod, r.Ordinal), "AddFinalizer")
}

// waitTerminated waits for a pod that the scale-down removes.
func (i drainScale) waitTerminated(s *sts.Snapshot, _ Facts, drain record.Drain) Decision {
	r := replicaAt(s, drain.Member.Ordinal)
	if r.Terminating {
		if t := diagnose.Terminating(s, r); t.Failing {
			return decide(Stuck, ReasonPodFailing, msgPodTrouble(r.Pod.Name, t.Message), hintResumeAfter(diagnose.LookCommand(s, r.Ordinal, t)))
		}
	}
	return waitForPod(r.Pod.Name, ReasonScalingDown, waitDrainTerminated(r.Pod.Name))
}

// removed continues when the pod is gone. Without hooks the next step records it, too.
func (i drainScale) removed(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	name := s.Name(drain.Member.Ordinal)
	switch {
	case i.Profile == nil:
		return i.proceed(s, f, drain.Settled(s.TakenAt))
	case len(i.Profile.After) == 0:
		return i.note(s, drain.Settled(s.TakenAt), "", stepDrainGone(name))
	}
	return i.note(s, drain.With(drain.Member.Enter(record.Finishing, s.TakenAt)), "", stepDrainGoneHooks(name))
}

func removeFinalizer(pod *corev1.Pod, o sts.Ordinal, why string) Decision {
	return do(NewRemoveFinalizer(why, pod, o), "RemoveFinalizer")
}
