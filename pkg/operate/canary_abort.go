package operate

import (
	"cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// AbortCanary rolls every ordinal back to the stable revision. Raising the
// partition alone would revert nothing, and restoring the template alone can
// leave a broken pod blocking the rollout forever (kubernetes#67250).
type AbortCanary struct {
	Holder
	// For is the reason, where a failed gate aborts the canary.
	For string
	Deletions
	// TemplateDigest is that of the stable template as the server writes it, known from
	// a dry run; empty when it is not known.
	TemplateDigest string
}

// Next implements [Intent].
func (i AbortCanary) Next(s *sts.Snapshot, f Facts) Decision {
	c, derived, d := i.begun(s, f, "abort")
	if d != nil {
		return *d
	}
	if s.Set.DeletionTimestamp != nil {
		return *settled(s)
	}
	if !c.Aborting {
		if derived {
			if d := cmp.Or(i.unmanaged(s, sts.FieldTemplate, sts.FieldPartition), historyKnown(s)); d != nil {
				return *d
			}
		}
		c.AbortedFor = i.For
		return i.restore(s, *c, f)
	}
	if d := i.reapplied(s, *c, f); d != nil {
		return *d
	}
	if d := unmoved(s, c, i.Holder); d != nil {
		return *d
	}
	if d := settled(s); d != nil {
		return *d
	}
	return i.follow(s, *c, f)
}

// historyKnown refuses to treat the current template as the stable one: when a revision that
// pods run is missing from history, the controller treats the new one as stable.
func historyKnown(s *sts.Snapshot) *Decision {
	for _, r := range s.Replicas() {
		if r.Desired && r.Pod != nil && r.Revision != s.Set.Status.UpdateRevision && s.Revision(r.Revision) == nil {
			return revisionGone(s, r.Revision)
		}
	}
	return nil
}

// reapplied refuses when another client applies a template during the rollback, so that the
// two do not overwrite each other: with --take-over the stable one is restored once more.
func (i AbortCanary) reapplied(s *sts.Snapshot, c sts.Canary, f Facts) *Decision {
	if c.Restored(s.Set) {
		return nil
	}
	if i.TakeOver && f.Restored == 0 {
		d := i.restore(s, c, f)
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
func (i AbortCanary) restore(s *sts.Snapshot, c sts.Canary, f Facts) Decision {
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
	c.TemplateDigest = cmp.Or(f.StoredTemplate, i.TemplateDigest)
	b.p.AcceptAdmission = true
	return do(b.canary(c).action("CanaryAborting", stepAbort(off, c.StableRevision, i.For, disturbed)), "Restore")
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
func (i AbortCanary) follow(s *sts.Snapshot, c sts.Canary, f Facts) Decision {
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

// renamed is the end where the stable template has another revision name than before: the
// server has encoded it differently, or admission has changed it.
func (i AbortCanary) renamed(s *sts.Snapshot, c sts.Canary) Decision {
	update, hint := s.Set.Status.UpdateRevision, hintAbortRenamed(canaryCommand(s, "promote", "--full"))
	changes, err := sts.DifferentTemplate(c.StableTemplate, s.Set)
	if err == nil && len(changes) > 0 {
		return decide(Stuck, ReasonAdmission, msgAbortAltered(s.Set.Name, updated(s), heldBack(s), sts.UpdateFrom(s.Set), update, c.StableRevision, changes), hint)
	}
	return decide(Stuck, ReasonRevisionReencoded, msgAbortReencoded(s.Set.Name, heldBack(s), sts.UpdateFrom(s.Set), update, c.StableRevision), hint)
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
func (i AbortCanary) finish(s *sts.Snapshot, c sts.Canary) Decision {
	b := newPatch(s.Set).drop(sts.OwnerAnnotation)
	end := decide(Done, ReasonAborted, msgAborted(c.StableRevision), nil)
	if c.AppliedBy != "" {
		end.Hint = hintAppliedBy(c.AppliedBy)
	}
	if update := s.Set.Status.UpdateRevision; update != c.StableRevision {
		end = i.renamed(s, c)
		c.Aborting, c.AbortedFor, c.AppliedBy, c.Auto = false, "", "", nil
		c.TemplateDigest = sts.TemplateDigest(&s.Set.Spec.Template)
		b = b.canary(c)
	} else {
		b = b.drop(sts.CanaryAnnotation).partition(c.PartitionBefore)
	}
	d := do(b.action("CanaryAborted", stepAbortFinish()), "Finish")
	d.Then = &end
	return d
}
