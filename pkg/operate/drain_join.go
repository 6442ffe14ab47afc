package operate

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// nextToJoin checks whether the next ordinal may be added, and records that it is.
func (i drainScale) nextToJoin(s *sts.Snapshot, drain record.Drain) Decision {
	o := sts.End(s.Set)
	if d := i.guards(true).Require(guard.BeforeStep, look{s: s, target: o}); d != nil {
		return *d
	}
	m := &record.Member{Ordinal: o, Phase: record.Starting, Since: s.TakenAt}
	what := stepDrainAdd(s.Name(o))
	if i.Profile != nil && i.Profile.Join != nil {
		m.Phase = record.Announcing
		what = stepDrainJoin(s.Name(o), i.profileName())
	}
	return i.begin(s, drain, m, what)
}

// arrive continues with the member that is joining.
func (i drainScale) arrive(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	return joinTable().step(i.observe(s, f, drain))(i, s, f, drain)
}

// joinTable is what comes next for a member that is joining. It is registered in its cluster before
// its pod is created.
func joinTable() drainTable {
	return drainTable{
		{record.Announcing, sizeBefore, anyPod, anyHooks, drainScale.announce, "it has no pod yet"},
		{record.Announcing, sizeOther | sizeAfter, anyPod, anyHooks, drainScale.scaledByOther, "a command scales up only when the member is registered"},

		{record.Starting, sizeBefore, anyPod, anyHooks, drainScale.scaleUp, "the controller creates its pod"},
		{record.Starting, sizeAfter, anyPod, anyHooks, drainScale.join, "its pod exists or will be created"},
		{record.Starting, sizeOther, anyPod, anyHooks, drainScale.scaledByOther, "this command has not scaled to that size"},

		{record.Draining, anySize, anyPod, anyHooks, drainScale.impossible, "only a member that leaves is drained"},
		{record.Recalled, anySize, anyPod, anyHooks, drainScale.impossible, "only a member that leaves is drained"},
		{record.Removing, anySize, anyPod, anyHooks, drainScale.impossible, "only a member that leaves is removed"},
		{record.Finishing, anySize, anyPod, anyHooks, drainScale.impossible, "only a member that leaves has after hooks"},
	}
}

// announce registers the member in its cluster.
func (i drainScale) announce(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	if d := i.joinHooks(s, f, drain, profile.JoinBefore, msgDrainNotAdded); d != nil {
		return *d
	}
	// Recorded before: a pod that exists already was not announced.
	return i.note(s, drain.With(drain.Member.Enter(record.Starting, s.TakenAt)), "", stepDrainAnnounced(s.Name(drain.Member.Ordinal)))
}

func (i drainScale) scaleUp(s *sts.Snapshot, _ Facts, drain record.Drain) Decision {
	_, to := memberSizes(s, drain)
	return do(newScale(stepDrainScaleUp(to, s.Name(drain.Member.Ordinal)), s.Set, to, "MemberAdded"), "Scale")
}

// join runs the hooks of a member that is starting, until it is available.
func (i drainScale) join(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	r := replicaAt(s, drain.Member.Ordinal)
	t := diagnose.Replica(s, r)
	if t != nil && t.Failing {
		return trouble(s, r, t, Stuck)
	}
	if r.Pod != nil && r.Pod.Status.Phase == corev1.PodRunning {
		if d := i.joinHooks(s, f, drain, profile.JoinStarted, msgDrainNotJoined); d != nil {
			return *d
		}
	}
	if t != nil {
		return trouble(s, r, t, Stuck)
	}
	if d := i.joinHooks(s, f, drain, profile.JoinAfter, msgDrainJoinAfterFailed); d != nil {
		return *d
	}
	if i.Profile == nil {
		return i.proceed(s, f, drain.Settled(s.TakenAt))
	}
	return i.note(s, drain.Settled(s.TakenAt), "MemberJoined", stepDrainJoined(s.Name(r.Ordinal)))
}

// joinHooks runs one section of a profile's join hooks.
func (i drainScale) joinHooks(s *sts.Snapshot, f Facts, drain record.Drain, sec profile.Section, otherwise func(member, problem string) string) *Decision {
	if i.Profile == nil || len(i.Profile.Commands(sec)) == 0 {
		return nil
	}
	if d := i.acquireLock(s, drain); d != nil {
		return d
	}
	_, _, d, failed := newHooks(s, f, i.Profile, i.Domain, drain.Member).section(sec, "", true)
	if failed != nil {
		stuck := decide(Stuck, ReasonHookFailed, otherwise(s.Name(drain.Member.Ordinal), failed.problem), withHint(failed.hint, hintDrainRetry()))
		return &stuck
	}
	return d
}
