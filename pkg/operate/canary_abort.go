package operate

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// AbortOptions are the options of [NewAbortCanary].
type AbortOptions struct {
	Lock
	Deletions
}

type abortCanary struct {
	Lock
	Deletions
	// reason is that of a failed gate which aborts the canary.
	reason string
}

// NewAbortCanary rolls every ordinal back to the stable revision. Raising the
// partition alone would revert nothing, and restoring the template alone can
// leave a broken pod blocking the rollout forever (kubernetes#67250).
func NewAbortCanary(o AbortOptions, _ *sts.Snapshot) Intent {
	return abortCanary{Lock: o.Lock, Deletions: o.Deletions}
}

// Next implements [Intent].
func (i abortCanary) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := canaryLook(s, f), i.guards()
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	c := *l.canary
	if !c.Aborting {
		if d := gs.Require(guard.BeforeStart, l); d != nil {
			return *d
		}
		c.AbortedFor = i.reason
		return i.restore(s, c, f)
	}
	if d := gs.Require(guard.InProgress, l); d != nil {
		return *d
	}
	return i.follow(s, c, f)
}

func (i abortCanary) guards() setGuards {
	return setGuards{
		i.lockGuard(),
		updateRecordGuard,
		canaryGuard(msgNoCanary("abort")),
		partitionGuard,
		deletionGuard,
		i.adoptionGuard(sts.FieldTemplate, sts.FieldPartition),
		guard.New(historyRule, requireHistory),
		guard.New(guard.NewRule("template", "stops when another client applies a template during the rollback (`--take-over` restores the stable one once more)", guard.InProgress), i.requireRestored),
		i.undisturbedGuard().At(guard.InProgress),
		settledGuard.At(guard.InProgress),
	}
}

// requireHistory refuses to treat the current template as the stable one: when a revision that
// pods run is missing from history, the controller treats the new one as stable. The stable
// template of a canary is in its record.
func requireHistory(l look) *Decision {
	if !l.derived {
		return nil
	}
	s := l.s
	for _, r := range s.Replicas() {
		if r.Desired && r.Pod != nil && r.Revision != s.Set.Status.UpdateRevision && s.Revision(r.Revision) == nil {
			return revisionGone(s, r.Revision)
		}
	}
	return nil
}

// requireRestored refuses when another client applies a template during the rollback, so that the
// two do not overwrite each other: with --take-over the stable one is restored once more.
func (i abortCanary) requireRestored(l look) *Decision {
	s, c := l.s, *l.canary
	if c.Restored(s.Set) {
		return nil
	}
	if i.TakeOver && l.f.Restored == 0 {
		d := i.restore(s, c, l.f)
		return &d
	}
	d := decide(Refused, ReasonTemplateChanged, c.Reapplied(s.Set), hintTemplateReapplied(sts.Who(s.Set, "template"), canaryCommand(s, "abort", "--take-over")))
	return &d
}

// restore is the one patch of the abort: the stable template, and the partition
// at the lowest ordinal that is not on stable, so that should the server give the
// template a new revision name, no pod that the canary never touched restarts.
//
// It accepts what admission changes in the stable template: there is no other way to roll back.
func (i abortCanary) restore(s *sts.Snapshot, c record.Canary, f Facts) Decision {
	to, disturbed := sts.Partition(s.Set), c.Disturbed(s.Set)
	off := offStable(s, map[string]bool{c.StableRevision: true})
	if len(off) > 0 {
		to = sts.PartitionAt(s.Set, off[0])
	}
	b := newPatch(s.Set).partition(to).owner(i.Owner)
	if !c.Restored(s.Set) {
		b = b.restore(c.StableRevision, c.StableTemplate)
		c.AppliedBy = sts.AppliedBy(s.Set, c.StableTemplate)
	}
	c.Aborting, c.Goal, c.GoalOf, c.Partition = true, nil, "", to
	c.TemplateDigest = f.StoredTemplate
	b.p.AcceptAdmission = true
	return do(b.canary(c).action("CanaryAborting", stepAbort(off, c.StableRevision, i.reason, disturbed)), "Restore")
}

// lowestOff is the lowest of [offStable].
func lowestOff(s *sts.Snapshot, good map[string]bool) (sts.Ordinal, bool) {
	off := offStable(s, good)
	if len(off) == 0 {
		return 0, false
	}
	return off[0], true
}

// offStable are the desired ordinals that are not on a good revision, or are
// missing and would be recreated on another one; lowest first.
func offStable(s *sts.Snapshot, good map[string]bool) []sts.Ordinal {
	var off []sts.Ordinal
	for _, r := range s.Replicas() {
		revision := r.Revision
		if r.Pod == nil || r.Terminating {
			revision = s.RevisionFor(r.Ordinal)
		}
		if r.Desired && !good[revision] {
			off = append(off, r.Ordinal)
		}
	}
	return off
}

// follow waits until every ordinal is back on stable.
func (i abortCanary) follow(s *sts.Snapshot, c record.Canary, f Facts) Decision {
	update := s.Set.Status.UpdateRevision
	good := map[string]bool{c.StableRevision: true, update: true}
	if lowest, ok := lowestOff(s, good); ok && lowest < sts.UpdateFrom(s.Set) {
		c.Partition = sts.PartitionAt(s.Set, lowest)
		return do(newPatch(s.Set).partition(c.Partition).owner(i.Owner).canary(c).
			action("CanaryAborting", stepAbortLower(lowest, c.StableRevision)), "Lower")
	}
	back := way{to: c.StableRevision, starting: true, good: func(r sts.Replica) bool { return good[r.Revision] }}
	if d := back.blocker(s, f, i.Deletions); d != nil {
		return *d
	}
	if update == c.StableRevision && s.Set.Status.CurrentRevision != update {
		return decide(Wait, ReasonNotObserved, msgWaitRolledBack(), nil)
	}
	return i.finish(s, c)
}

// stuckRenamed is the end where the stable template has another revision name than before: the
// server has encoded it differently, or admission has changed it.
func (i abortCanary) stuckRenamed(s *sts.Snapshot, c record.Canary) Decision {
	update, hint := s.Set.Status.UpdateRevision, hintAbortRenamed(canaryCommand(s, "promote", "--full"))
	changes, err := sts.DifferentTemplate(c.StableTemplate, s.Set)
	if err == nil && len(changes) > 0 {
		return decide(Stuck, ReasonAdmission, msgAbortAltered(s.Set.Name, updated(s), belowPartition(s), sts.UpdateFrom(s.Set), update, c.StableRevision, changes), hint)
	}
	return decide(Stuck, ReasonRevisionReencoded, msgAbortReencoded(s.Set.Name, belowPartition(s), sts.UpdateFrom(s.Set), update, c.StableRevision), hint)
}

// runs is the verb for these ordinals.
func runs(ordinals []sts.Ordinal) string {
	if len(ordinals) == 1 {
		return "runs"
	}
	return "run"
}

// finish removes the canary's record. The partition is restored only when the stable revision
// has its old name: otherwise lowering it would restart pods. Then the canary remains, with the
// stable template as its change: a promotion ends it, and so does an abort that succeeds.
func (i abortCanary) finish(s *sts.Snapshot, c record.Canary) Decision {
	b := newPatch(s.Set).drop(record.OwnerAnnotation)
	end := decide(Done, ReasonAborted, msgAborted(c.StableRevision), nil)
	if c.AppliedBy != "" {
		end.Hint = hintAppliedBy(c.AppliedBy)
	}
	if update := s.Set.Status.UpdateRevision; update != c.StableRevision {
		end = i.stuckRenamed(s, c)
		c.Aborting, c.AbortedFor, c.AppliedBy, c.Auto = false, "", "", nil
		c.TemplateDigest = record.TemplateDigest(&s.Set.Spec.Template)
		b = b.canary(c)
	} else {
		b = b.drop(record.CanaryAnnotation).partition(c.PartitionBefore)
	}
	d := do(b.action("CanaryAborted", stepAbortFinish()), "Finish")
	d.Then = &end
	return d
}
