package plan

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// mayGrow are the guards that are asked once, before the first member joins.
func (i drainScale) mayGrow(s *sts.Snapshot) *Decision {
	if strings.HasPrefix(i.profileName(), "--") {
		d := decide(Refused, ReasonBadRequest, fmt.Sprintf("%s is for members that leave, and statefulset %s has %s: %d would be more",
			i.profileName(), s.Set.Name, sts.Count(sts.WantedReplicas(s.Set), "replica"), i.Replicas), "a profile's join hooks are for members that come: --profile")
		return &d
	}
	if size, parked := sts.ParkedSize(s.Set); parked && sts.WantedReplicas(s.Set) < size {
		d := decide(Refused, ReasonParked, fmt.Sprintf("statefulset %s is parked: its %s have never left their cluster, and come back together", s.Set.Name, sts.Count(size, "member")),
			sts.Kubectl(s.Set.Namespace, "sts drain-scale", s.Set.Name, "--unpark"))
		return &d
	}
	var stale []string
	for o := sts.End(s.Set); o < sts.Start(s.Set)+sts.Ordinal(i.Replicas); o++ {
		stale = append(stale, sts.ClaimsOf(s, []sts.Ordinal{o})...)
	}
	return i.staleClaims(s, stale)
}

// staleClaims refuses to give a new member what an old one has left: it would come up
// with the identity of a member that its cluster has forgotten, or with old data
// (kubernetes#55045, etcd#14805).
func (i drainScale) staleClaims(s *sts.Snapshot, names []string) *Decision {
	if len(names) == 0 || i.ReuseClaims {
		return nil
	}
	verb := "hold"
	if len(names) == 1 {
		verb = "holds"
	}
	d := decide(Refused, ReasonStaleClaims, fmt.Sprintf("%s %s of statefulset %s still %s the data of members that have left: new ones would come up with it",
		sts.ClaimWord(len(names)), strings.Join(names, ", "), s.Set.Name, verb),
		"--fresh-claims moves it aside, so that it can be undone; --reuse-claims lets them have it, where that is right")
	return &d
}

// nextToJoin looks whether the next ordinal may come, and writes down that it does.
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
	what := "add " + s.Name(o)
	if i.Profile != nil && i.Profile.Join != nil {
		m.Phase = sts.Announcing
		what += " with the join hooks of " + i.profileName()
	}
	return i.begin(s, record, m, what)
}

// arrive takes the one member that is on its way in further.
func (i drainScale) arrive(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	m, r := record.Member, replicaAt(s, record.Member.Ordinal)
	name, offset := s.Name(m.Ordinal), int32(m.Ordinal-sts.Start(s.Set))
	size := sts.WantedReplicas(s.Set)
	switch {
	case size > offset+1, size < offset, size == offset && f.Scaled[m.Ordinal], size > offset && m.Phase == sts.Announcing:
		wanted := offset
		if f.Scaled[m.Ordinal] {
			wanted++
		}
		return i.scaledMeanwhile(s, &record, fmt.Sprint(wanted), scaleBack(s, wanted))
	case m.Phase == sts.Announcing:
		if d := i.joinHooks(s, f, record, profile.JoinBefore, name+" was not added"); d != nil {
			return *d
		}
		// Written down before: a pod that somebody else has made was not announced.
		return i.note(s, record.With(m.Enter(sts.Starting, s.TakenAt)), "", "make "+name)
	case size == offset:
		return do(Action{Why: fmt.Sprintf("scale to %s, with %s", sts.Count(offset+1, "replica"), name), Scale: scale(s.Set, offset+1, "MemberAdded")}, "Scale")
	}
	t := s.Trouble(r)
	if t != nil && t.Failing {
		return trouble(s, r, t, Stuck)
	}
	if r.Pod != nil && r.Pod.Status.Phase == corev1.PodRunning {
		if d := i.joinHooks(s, f, record, profile.JoinStarted, name+" runs, but did not join"); d != nil {
			return *d
		}
	}
	if t != nil {
		return trouble(s, r, t, Stuck)
	}
	if d := i.joinHooks(s, f, record, profile.JoinAfter, name+" runs, but what comes after it failed"); d != nil {
		return *d
	}
	if i.Profile == nil {
		return i.proceed(s, f, record.Settled(s.TakenAt))
	}
	return i.note(s, record.Settled(s.TakenAt), "MemberJoined", name+" has joined")
}

// joinHooks runs one section of a profile's join hooks.
func (i drainScale) joinHooks(s *sts.Snapshot, f Facts, record sts.Drain, sec profile.Section, otherwise string) *Decision {
	if i.Profile == nil || len(i.Profile.Commands(sec)) == 0 {
		return nil
	}
	if d := i.take(s, record); d != nil {
		return d
	}
	_, _, d, failed := newHooks(s, f, i.Profile, i.Domain, record.Member).section(sec, "", true)
	if failed != nil {
		stuck := decide(Stuck, ReasonHookFailed, otherwise+": "+failed.problem, cmpHint(failed.hint, "the same command tries again"))
		return &stuck
	}
	return d
}

// Unpark brings a set that was parked back to its size, all members at once: they
// never left their cluster, and may need each other to become ready.
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
	have := sts.WantedReplicas(s.Set)
	switch {
	case !parked && have > 0:
		return decide(Done, ReasonNothingToDo, fmt.Sprintf("nothing to do: statefulset %s is not parked, it has %s", s.Set.Name, sts.Count(have, "replica")), "")
	case !parked && s.Set.Annotations[sts.ParkedAnnotation] != "":
		return decide(Refused, ReasonParked, fmt.Sprintf("the size that statefulset %s remembers, %q in the annotation %s, is none", s.Set.Name, s.Set.Annotations[sts.ParkedAnnotation], sts.ParkedAnnotation),
			"give the size: "+drainCommand(s, 1))
	case !parked:
		return decide(Refused, ReasonParked, fmt.Sprintf("statefulset %s has no remembered size: it was not parked with --park", s.Set.Name), "give the size: "+drainCommand(s, 1))
	}
	if d := noDrain(s); d != nil {
		return *d
	}
	if have < size {
		if d := pauseFirst(i.unmanaged(s, sts.FieldReplicas), size); d != nil {
			return *d
		}
		return do(Action{Why: fmt.Sprintf("scale from %d to %s, the size before it was parked", have, sts.Count(size, "replica")), Scale: scale(s.Set, size, "Unparked")}, "Scale")
	}
	if d := available(s, Stuck); d != nil {
		return *d
	}
	end := decide(Done, ReasonUnparked, fmt.Sprintf("statefulset %s has %s again", s.Set.Name, sts.Count(have, "replica")), "")
	d := do(newPatch(s.Set).drop(sts.ParkedAnnotation, sts.OwnerAnnotation).action("", "forget the remembered size"), "Finish")
	d.Then = &end
	return d
}
