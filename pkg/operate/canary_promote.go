package operate

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// PromoteOptions are the options of [NewPromoteCanary]. Exactly one of Step, To and Full
// says how far; with none it is one ordinal.
type PromoteOptions struct {
	Lock
	// Step is how many more ordinals, To the lowest ordinal to update (inclusive),
	// Full every ordinal.
	Step int32
	To   *sts.Ordinal
	Full bool
}

// promoteCanary lowers the partition ordinal by ordinal.
type promoteCanary struct {
	PromoteOptions
	// goal is fixed when the command starts, so that "one more" is not one more at every look.
	goal sts.Ordinal
}

// NewPromoteCanary promotes a canary to the goal that follows from the snapshot in which the
// command finds the set.
func NewPromoteCanary(o PromoteOptions, s *sts.Snapshot) Intent {
	return promoteCanary{PromoteOptions: o, goal: o.goal(s)}
}

func (i PromoteOptions) goal(s *sts.Snapshot) sts.Ordinal {
	start, from := sts.Start(s.Set), min(sts.UpdateFrom(s.Set), sts.End(s.Set))
	goal := start
	switch {
	case i.Full:
	case i.To != nil:
		goal = *i.To
	default:
		goal = max(start, from-sts.Ordinal(max(1, i.Step)))
		// A command of ours that was killed knew where it was going.
		if c, err := record.ReadCanary(s.Set); err == nil && c != nil && c.Goal != nil && c.GoalOf == i.Command {
			goal = *c.Goal
		}
	}
	return goal
}

// Next implements [Intent].
func (i promoteCanary) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := canaryLook(s, f), i.guards()
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	from := min(sts.UpdateFrom(s.Set), sts.End(s.Set))
	switch {
	case from <= sts.Start(s.Set):
		return i.finish(s, l.canary, l.derived)
	case from <= i.goal:
		return donePromoted(s)
	}
	next := from - 1
	if d := gs.Require(guard.BeforeStep, l.before(next)); d != nil {
		return *d
	}
	c := *l.canary
	if l.derived {
		c.Adopted = true
	}
	c.Auto = nil // by hand now
	return i.step(s, c, next)
}

func (i promoteCanary) guards() setGuards {
	return append(i.promotionGuards(abortGuard),
		guard.New(ordinalRule.At(guard.Always), i.requireGoal),
		canaryPodsGuard.At(guard.Always),
		availableGuard(Stuck),
		budgetsGuard,
		i.adoptionGuard(sts.FieldPartition).At(guard.BeforeStep),
	)
}

// promotionGuards are what any promotion requires before it looks at pods. The guard about a canary
// that is being aborted differs.
func (l Lock) promotionGuards(abort setGuard) setGuards {
	return setGuards{
		l.lockGuard(),
		updateRecordGuard,
		canaryGuard(msgNoCanary("promote")),
		partitionGuard,
		abort,
		l.undisturbedGuard(),
		guard.New(sizeRule, requirePromotableSize),
		drainGuard,
		settledGuard,
	}
}

func requirePromotableSize(l look) *Decision {
	if sts.DesiredReplicas(l.s.Set) > 0 {
		return nil
	}
	message, hint := msgPromoteParked(l.s.Set.Name, canaryCommand(l.s, "abort"))
	d := decide(Refused, ReasonParked, message, hint)
	return &d
}

// requireGoal refuses a goal outside the set. One that the command has begun with may be scaled
// away: then it is reached.
func (i promoteCanary) requireGoal(l look) *Decision {
	c := l.canary
	if c.Goal != nil && *c.Goal == i.goal && c.GoalOf == i.Command || sts.Wants(l.s.Set, i.goal) {
		return nil
	}
	return refuseOrdinal(l.s, i.goal)
}

func (i promoteCanary) step(s *sts.Snapshot, c record.Canary, next sts.Ordinal) Decision {
	c.Partition = sts.PartitionAt(s.Set, next)
	c.Goal, c.GoalOf = &i.goal, i.Command
	// With --take-over the template may have changed since the start: from here on it is this one.
	c.TemplateDigest = record.TemplateDigest(&s.Set.Spec.Template)
	a := newPatch(s.Set).partition(c.Partition).owner(i.Owner).canary(c).
		action("CanaryPromoted", stepPromote(next))
	return do(a, "Step")
}

// finish waits until the controller has made the canary's revision the only one of the set,
// then restores the partition and removes the canary's record.
func (i promoteCanary) finish(s *sts.Snapshot, c *record.Canary, derived bool) Decision {
	if st := s.Set.Status; st.CurrentRevision != st.UpdateRevision {
		return decide(Wait, ReasonNotObserved, msgWaitUpdateFinished(), nil)
	}
	if derived {
		return decide(Done, ReasonComplete, msgPromoted(s.Set.Status.UpdateRevision, ""), nil)
	}
	next := nextUpdate(s, c)
	done := decide(Done, ReasonComplete, msgPromoted(s.Set.Status.UpdateRevision, next), nil)
	d := do(newPatch(s.Set).partition(c.PartitionAfter(s.Set)).drop(record.CanaryAnnotation, record.OwnerAnnotation).
		action("CanaryCompleted", stepPromoteFinish(next)), "Finish")
	d.Then = &done
	return d
}

// nextUpdate is the partition after the canary, and its effect on the next update. Empty where
// there was no partition before the canary.
func nextUpdate(s *sts.Snapshot, c *record.Canary) string {
	after := c.PartitionAfter(s.Set)
	switch {
	case c.PartitionBefore == 0:
		return ""
	case after == 0:
		return msgPartitionReset(c.PartitionBefore)
	default:
		return msgPartitionRestored(after, ordinalRange(sts.Start(s.Set), min(sts.Start(s.Set)+sts.Ordinal(after), sts.End(s.Set))))
	}
}

// withClause adds a clause, which may be empty.
func withClause(text, clause string) string {
	if clause == "" {
		return text
	}
	return text + "; " + clause
}
