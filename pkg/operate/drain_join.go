package operate

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// nextToJoin checks whether the next ordinal may be added, and records that it is.
func (i drainScale) nextToJoin(s *sts.Snapshot, record sts.Drain) Decision {
	o := sts.End(s.Set)
	if d := i.guards(true).require(BeforeStep, look{s: s, target: o}); d != nil {
		return *d
	}
	m := &sts.Member{Ordinal: o, Phase: sts.Starting, Since: s.TakenAt}
	what := stepDrainAdd(s.Name(o))
	if i.Profile != nil && i.Profile.Join != nil {
		m.Phase = sts.Announcing
		what = stepDrainJoin(s.Name(o), i.profileName())
	}
	return i.begin(s, record, m, what)
}

// arrive continues with the member that is joining.
func (i drainScale) arrive(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	m, r := record.Member, replicaAt(s, record.Member.Ordinal)
	name, offset := s.Name(m.Ordinal), int32(m.Ordinal-sts.Start(s.Set))
	size := sts.DesiredReplicas(s.Set)
	switch {
	case size > offset+1, size < offset, size == offset && f.Scaled[m.Ordinal], size > offset && m.Phase == sts.Announcing:
		wanted := offset
		if f.Scaled[m.Ordinal] {
			wanted++
		}
		return i.refuseScaledMeanwhile(s, &record, wanted, scaleBack(s, wanted))
	case m.Phase == sts.Announcing:
		if d := i.joinHooks(s, f, record, profile.JoinBefore, msgDrainNotAdded); d != nil {
			return *d
		}
		// Recorded before: a pod that exists already was not announced.
		return i.note(s, record.With(m.Enter(sts.Starting, s.TakenAt)), "", stepDrainAnnounced(name))
	case size == offset:
		return do(Action{Why: stepDrainScaleUp(offset+1, name), Scale: scale(s.Set, offset+1, "MemberAdded")}, "Scale")
	}
	t := s.Trouble(r)
	if t != nil && t.Failing {
		return trouble(s, r, t, Stuck)
	}
	if r.Pod != nil && r.Pod.Status.Phase == corev1.PodRunning {
		if d := i.joinHooks(s, f, record, profile.JoinStarted, msgDrainNotJoined); d != nil {
			return *d
		}
	}
	if t != nil {
		return trouble(s, r, t, Stuck)
	}
	if d := i.joinHooks(s, f, record, profile.JoinAfter, msgDrainJoinAfterFailed); d != nil {
		return *d
	}
	if i.Profile == nil {
		return i.proceed(s, f, record.Settled(s.TakenAt))
	}
	return i.note(s, record.Settled(s.TakenAt), "MemberJoined", stepDrainJoined(name))
}

// joinHooks runs one section of a profile's join hooks.
func (i drainScale) joinHooks(s *sts.Snapshot, f Facts, record sts.Drain, sec profile.Section, otherwise func(member, problem string) string) *Decision {
	if i.Profile == nil || len(i.Profile.Commands(sec)) == 0 {
		return nil
	}
	if d := i.acquireLock(s, record); d != nil {
		return d
	}
	_, _, d, failed := newHooks(s, f, i.Profile, i.Domain, record.Member).section(sec, "", true)
	if failed != nil {
		stuck := decide(Stuck, ReasonHookFailed, otherwise(s.Name(record.Member.Ordinal), failed.problem), cmpHint(failed.hint, hintDrainRetry()))
		return &stuck
	}
	return d
}

// Unpark scales a parked set back to its recorded size, all members at once: they never left
// their cluster, and may need each other to become ready.
type Unpark struct {
	Lock
}

// Next implements [Intent].
func (i Unpark) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := look{s: s, f: f}, i.guards()
	if d := gs.require(Always, l); d != nil {
		return *d
	}
	have := sts.DesiredReplicas(s.Set)
	if size, _ := sts.ParkedSize(s.Set); have < size {
		if d := gs.require(BeforeStart, l); d != nil {
			return *d
		}
		return do(Action{Why: stepDrainUnpark(have, size), Scale: scale(s.Set, size, "Unparked")}, "Scale")
	}
	if d := requireAvailable(s, Stuck); d != nil {
		return *d
	}
	end := decide(Done, ReasonUnparked, msgDrainUnparked(have), "")
	d := do(newPatch(s.Set).drop(sts.ParkedAnnotation, sts.OwnerAnnotation).action("", stepDrainForgetSize()), "Finish")
	d.Then = &end
	return d
}

func (i Unpark) guards() guards[look] {
	return guards[look]{
		i.lockGuard(),
		settledGuard,
		{Guard{"parked size", "ends when the StatefulSet is not parked; refuses if its size is not recorded", Always}, requireParkedSize},
		drainGuard,
		{ownerRule, func(l look) *Decision {
			size, _ := sts.ParkedSize(l.s.Set)
			return i.requireUnmanagedSize(l.s, size)
		}},
	}
}

// requireParkedSize requires a set that is parked, and whose size before that is known.
func requireParkedSize(l look) *Decision {
	s := l.s
	_, parked := sts.ParkedSize(s.Set)
	have := sts.DesiredReplicas(s.Set)
	var d Decision
	switch {
	case parked:
		return nil
	case have > 0:
		d = decide(Done, ReasonNothingToDo, msgDrainNotParked(have), "")
	case s.Set.Annotations[sts.ParkedAnnotation] != "":
		message, hint := msgDrainParkedSize(s.Set.Name, s.Set.Annotations[sts.ParkedAnnotation], drainCommand(s, 1))
		d = decide(Refused, ReasonParked, message, hint)
	default:
		message, hint := msgDrainNoParkedSize(s.Set.Name, drainCommand(s, 1))
		d = decide(Refused, ReasonParked, message, hint)
	}
	return &d
}
