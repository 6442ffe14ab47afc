package operate

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// PauseUpdate freezes an update in progress, whichever client started it, at the
// ordinal that it has reached. From then on it is a canary: it can be promoted,
// aborted or resumed. It reverts nothing.
type PauseUpdate struct {
	Holder
}

// Next implements [Intent].
func (i PauseUpdate) Next(s *sts.Snapshot, f Facts) Decision {
	if d := firstOf(s, f, i.Holder); d != nil {
		return *d
	}
	c, derived, d := canaryRecord(s)
	if d != nil {
		return *d
	}
	if c == nil {
		return decide(Done, ReasonNothingToDo, msgNothingToPause(), nil)
	}
	if c.Aborting {
		return beingAborted(s)
	}
	if !derived {
		if d := unmoved(s, c, i.Holder); d != nil {
			return *d
		}
		return i.frozen(s)
	}
	if d := i.unmanaged(s, sts.FieldPartition); d != nil {
		return *d
	}
	reached := reachedOrdinal(s)
	c.PartitionBefore, c.Partition, c.StartedBy = sts.Partition(s.Set), sts.PartitionAt(s.Set, reached), i.Name
	c.Paused = true
	a := newPatch(s.Set).partition(c.Partition).owner(i.Owner).canary(*c).
		action("UpdatePaused", stepPause(ordinalRange(sts.Start(s.Set), min(reached, sts.End(s.Set)))))
	return do(a, "Pause")
}

func (i PauseUpdate) frozen(s *sts.Snapshot) Decision {
	return decide(Done, ReasonPaused, msgPaused(heldBack(s), updated(s)),
		hintPaused(sts.Kubectl(s.Set.Namespace, "sts resume", s.Set.Name), canaryCommand(s, "promote"), canaryCommand(s, "abort")))
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

// ResumeUpdate has the StatefulSet controller continue a paused update by itself: the
// partition is set back to its value before the pause, and the record is removed.
type ResumeUpdate struct {
	Holder
}

// Next implements [Intent].
func (i ResumeUpdate) Next(s *sts.Snapshot, f Facts) Decision {
	if d := firstOf(s, f, i.Holder); d != nil {
		return *d
	}
	c, err := sts.ReadCanary(s.Set)
	switch {
	case err != nil:
		return badRecord(err)
	case c == nil:
		return decide(Done, ReasonNothingToDo, msgNothingToResume(), nil)
	case c.Aborting:
		return beingAborted(s)
	}
	if d := unmoved(s, c, i.Holder); d != nil {
		return *d
	}
	why := stepResume()
	done := decide(Done, ReasonResumed, msgResumed(), sts.Kubectl(s.Set.Namespace, "sts status", s.Set.Name, "--for=complete"))
	after := c.PartitionAfter(s.Set)
	switch next := min(sts.UpdateFrom(s.Set), sts.End(s.Set)) - 1; {
	case next < sts.Start(s.Set): // every ordinal has the update
	case next >= sts.Start(s.Set)+sts.Ordinal(after):
		if d := canaryPods(s); d != nil {
			return *d
		}
		if d := mayDisrupt(s, f, next, Stuck); d != nil {
			return *d
		}
	case c.Paused && after == sts.Partition(s.Set): // the update had stopped there before the pause
		why, done.Message = stepRemovePause(after, heldBack(s)), msgPauseRemoved(after, heldBack(s))
		done.Hint = canaryCommand(s, "promote")
	default:
		return decide(Refused, ReasonPartition, msgPartitionBefore(s.Set.Name, after, heldBack(s)),
			hintPartitionBefore(canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort")))
	}
	d := do(newPatch(s.Set).partition(after).drop(sts.CanaryAnnotation, sts.OwnerAnnotation).
		action("UpdateResumed", why), "Resume")
	d.Then = &done
	return d
}

// firstOf are the guards that are checked before anything else.
func firstOf(s *sts.Snapshot, f Facts, h Holder) *Decision {
	if d := h.guard(s, f); d != nil {
		return d
	}
	if d := noDrain(s); d != nil {
		return d
	}
	if d := partitionable(s); d != nil {
		return d
	}
	return settled(s)
}
