package operate

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

type pauseUpdate struct{ Lock }

// NewPauseUpdate freezes an update in progress, whichever client started it, at the
// ordinal that it has reached. From then on it is a canary: it can be promoted,
// aborted or resumed. It reverts nothing.
func NewPauseUpdate(l Lock, _ *sts.Snapshot) Intent { return pauseUpdate{l} }

// Next implements [Intent].
func (i pauseUpdate) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := canaryLook(s, f), i.guards()
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	if !l.derived {
		if d := gs.Require(guard.InProgress, l); d != nil {
			return *d
		}
		return i.doneFrozen(s)
	}
	if d := gs.Require(guard.BeforeStart, l); d != nil {
		return *d
	}
	c, reached := *l.canary, reachedOrdinal(s)
	c.PartitionBefore, c.Partition, c.StartedBy = sts.Partition(s.Set), sts.PartitionAt(s.Set, reached), i.Name
	c.Paused = true
	a := newPatch(s.Set).partition(c.Partition).owner(i.Owner).canary(c).
		action("UpdatePaused", stepPause(ordinalRange(sts.Start(s.Set), min(reached, sts.End(s.Set)))))
	return do(a, "Pause")
}

func (i pauseUpdate) guards() setGuards {
	return append(i.updateGuards(),
		updateRecordGuard,
		canaryGuard(msgNothingToPause()),
		abortGuard,
		i.undisturbedGuard().At(guard.InProgress),
		i.managedGuard(sts.FieldPartition),
	)
}

func (i pauseUpdate) doneFrozen(s *sts.Snapshot) Decision {
	on, coming := reachedBy(s)
	return decide(Done, ReasonPaused, msgPaused(belowPartition(s), on, coming),
		hintPaused(sts.Kubectl(s.Set.Namespace, "sts resume", s.Set.Name), canaryCommand(s, "promote"), canaryCommand(s, "abort")))
}

// reachedBy are the ordinals from the partition up: those whose pods run the update revision, and
// those that the controller has not updated yet.
func reachedBy(s *sts.Snapshot) (on, coming []sts.Ordinal) {
	for _, o := range updated(s) {
		if r := replicaAt(s, o); r.Pod != nil && r.Revision == s.Set.Status.UpdateRevision {
			on = append(on, o)
		} else {
			coming = append(coming, o)
		}
	}
	return on, coming
}

// reachedOrdinal is the lowest ordinal that the update has touched: its pod runs
// the update revision, or is being replaced by one that will.
func reachedOrdinal(s *sts.Snapshot) sts.Ordinal {
	reached := max(sts.End(s.Set), sts.UpdateFrom(s.Set))
	for _, r := range s.Replicas() {
		if !r.Desired || r.Ordinal < sts.UpdateFrom(s.Set) {
			continue
		}
		if r.Pod == nil || r.Terminating || r.Revision == s.Set.Status.UpdateRevision {
			return r.Ordinal
		}
	}
	return reached
}

type resumeUpdate struct{ Lock }

// NewResumeUpdate has the StatefulSet controller continue a paused update by itself: the
// partition is set back to its value before the pause, and the record is removed.
func NewResumeUpdate(l Lock, _ *sts.Snapshot) Intent { return resumeUpdate{l} }

// Next implements [Intent].
func (i resumeUpdate) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := recordLook(s, f), i.guards()
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	c, why := l.canary, stepResume()
	done := decide(Done, ReasonResumed, msgResumed(), sts.Kubectl(s.Set.Namespace, "sts status", s.Set.Name, "--for=complete"))
	after := c.PartitionAfter(s.Set)
	switch next := min(sts.UpdateFrom(s.Set), sts.End(s.Set)) - 1; {
	case next < sts.Start(s.Set): // every ordinal has the update
	case next >= sts.Start(s.Set)+sts.Ordinal(after):
		if d := gs.Require(guard.BeforeStep, l.before(next)); d != nil {
			return *d
		}
	default: // the update had stopped there before the pause
		why, done.Message = stepRemovePause(after, belowPartition(s)), msgPauseRemoved(after, belowPartition(s))
		done.Hint = canaryCommand(s, "promote")
	}
	d := do(newPatch(s.Set).partition(after).drop(record.CanaryAnnotation, record.OwnerAnnotation).
		action("UpdateResumed", why), "Resume")
	d.Then = &done
	return d
}

func (i resumeUpdate) guards() setGuards {
	return append(i.updateGuards(),
		recordGuard,
		canaryGuard(msgNothingToResume()),
		abortGuard,
		i.undisturbedGuard(),
		guard.New(guard.NewRule("previous partition", "refuses if the partition from before the canary would stop the rest of the update", guard.Always), requirePartitionBefore),
		canaryPodsGuard,
		availableGuard(Stuck),
		budgetsGuard,
	)
}

// requirePartitionBefore refuses if the partition before the canary excludes ordinals that are not
// updated yet, unless the update had stopped there before it was paused.
func requirePartitionBefore(l look) *Decision {
	s, c := l.s, l.canary
	after := c.PartitionAfter(s.Set)
	next := min(sts.UpdateFrom(s.Set), sts.End(s.Set)) - 1
	if next < sts.Start(s.Set) || next >= sts.Start(s.Set)+sts.Ordinal(after) || c.Paused && after == sts.Partition(s.Set) {
		return nil
	}
	d := decide(Refused, ReasonPartition, msgPartitionBefore(s.Set.Name, after, belowPartition(s)),
		hintPartitionBefore(canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort")))
	return &d
}

// updateGuards are what comes first where an update is started, paused or resumed.
func (l Lock) updateGuards() setGuards {
	return setGuards{l.lockGuard(), drainGuard, partitionGuard, settledGuard}
}
