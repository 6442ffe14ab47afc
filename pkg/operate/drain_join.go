package operate

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// mayGrow are the guards that are checked once, before the first member joins.
func (i drainScale) mayGrow(s *sts.Snapshot) *Decision {
	if strings.HasPrefix(i.profileName(), "--") {
		message, hint := msgDrainUpInline(i.profileName(), s.Set.Name, sts.DesiredReplicas(s.Set), i.Replicas)
		d := decide(Refused, ReasonBadRequest, message, hint)
		return &d
	}
	if size, parked := sts.ParkedSize(s.Set); parked && sts.DesiredReplicas(s.Set) < size {
		message, hint := msgDrainUpParked(s.Set.Name, size, sts.Kubectl(s.Set.Namespace, "sts drain-scale", s.Set.Name, "--unpark"))
		d := decide(Refused, ReasonParked, message, hint)
		return &d
	}
	var stale []string
	for o := sts.End(s.Set); o < sts.Start(s.Set)+sts.Ordinal(i.Replicas); o++ {
		stale = append(stale, sts.ClaimsOf(s, []sts.Ordinal{o})...)
	}
	return i.staleClaims(s, stale)
}

// staleClaims refuses to start a new member with the claim of a removed one: it would come up
// with the identity of a member that its cluster has removed, or with old data
// (kubernetes#55045, etcd#14805).
func (i drainScale) staleClaims(s *sts.Snapshot, names []string) *Decision {
	if len(names) == 0 || i.ReuseClaims {
		return nil
	}
	message, hint := msgDrainStaleClaims(s.Set.Name, names)
	d := decide(Refused, ReasonStaleClaims, message, hint)
	return &d
}

// nextToJoin checks whether the next ordinal may be added, and records that it is.
func (i drainScale) nextToJoin(s *sts.Snapshot, record sts.Drain) Decision {
	if d := steady(s); d != nil {
		return *d
	}
	if d := available(s, Stuck); d != nil {
		return *d
	}
	o := sts.End(s.Set)
	if d := i.staleClaims(s, sts.ClaimsOf(s, []sts.Ordinal{o})); d != nil {
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
		return i.scaledMeanwhile(s, &record, wanted, scaleBack(s, wanted))
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
	if d := i.take(s, record); d != nil {
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
	Holder
}

// Next implements [Intent].
func (i Unpark) Next(s *sts.Snapshot, f Facts) Decision {
	if d := i.guard(s, f); d != nil {
		return *d
	}
	if d := settled(s); d != nil {
		return *d
	}
	size, parked := sts.ParkedSize(s.Set)
	have := sts.DesiredReplicas(s.Set)
	switch {
	case !parked && have > 0:
		return decide(Done, ReasonNothingToDo, msgDrainNotParked(have), nil)
	case !parked && s.Set.Annotations[sts.ParkedAnnotation] != "":
		message, hint := msgDrainParkedSize(s.Set.Name, s.Set.Annotations[sts.ParkedAnnotation], drainCommand(s, 1))
		return decide(Refused, ReasonParked, message, hint)
	case !parked:
		message, hint := msgDrainNoParkedSize(s.Set.Name, drainCommand(s, 1))
		return decide(Refused, ReasonParked, message, hint)
	}
	if d := noDrain(s); d != nil {
		return *d
	}
	if have < size {
		if d := i.resizable(s, size); d != nil {
			return *d
		}
		return do(Action{Why: stepDrainUnpark(have, size), Scale: scale(s.Set, size, "Unparked")}, "Scale")
	}
	if d := available(s, Stuck); d != nil {
		return *d
	}
	end := decide(Done, ReasonUnparked, msgDrainUnparked(have), nil)
	d := do(newPatch(s.Set).drop(sts.ParkedAnnotation, sts.OwnerAnnotation).action("", stepDrainForgetSize()), "Finish")
	d.Then = &end
	return d
}
