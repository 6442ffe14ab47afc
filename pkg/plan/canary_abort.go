package plan

import (
	"cmp"
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// AbortCanary brings every ordinal back to the stable revision. Raising the
// partition alone would revert nothing, and restoring the template alone can
// leave a broken pod in the way for ever (kubernetes#67250).
type AbortCanary struct {
	Holder
	// For is why, where a gate and not a person wants it.
	For string
	Deletions
	// TemplateDigest is that of the stable template as the server writes it, which a
	// dry run tells; empty when that is not known.
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

// historyKnown refuses to take the present template for the stable one: without a
// revision in history that pods run, the controller takes the new one for it.
func historyKnown(s *sts.Snapshot) *Decision {
	for _, r := range s.Replicas() {
		if r.Desired && r.Pod != nil && r.Revision != s.Set.Status.UpdateRevision && s.Revision(r.Revision) == nil {
			return revisionGone(s, r.Revision)
		}
	}
	return nil
}

// reapplied is for a template that somebody applies while the set goes back to
// stable. Nobody is fought: with --take-over the stable one is put back once more.
func (i AbortCanary) reapplied(s *sts.Snapshot, c sts.Canary, f Facts) *Decision {
	if c.Restored(s.Set) {
		return nil
	}
	if i.TakeOver && f.Restored == 0 {
		d := i.restore(s, c, f)
		return &d
	}
	d := decide(Refused, ReasonTemplateChanged,
		fmt.Sprintf("%s applied another template to statefulset %s while it went back to %s", sts.Who(s.Set, "template"), s.Set.Name, c.StableRevision),
		"settle it with them, or it comes back with their next apply; then "+canaryCommand(s, "abort", "--take-over")+" restores the stable template once more")
	return &d
}

// restore is the one patch of the abort: the stable template, and the partition
// at the lowest ordinal that is not on stable, so that should the server give the
// template a new revision name, no pod that the canary never touched restarts.
//
// It accepts what admission makes of the stable template: there is no other way back.
func (i AbortCanary) restore(s *sts.Snapshot, c sts.Canary, f Facts) Decision {
	to, disturbed := sts.Partition(s.Set), c.Disturbed(s.Set)
	off := offStable(s, map[string]bool{c.StableRevision: true})
	why := "abort: "
	if i.For != "" {
		why = "abort, because " + i.For + ": "
	}
	if len(off) > 0 {
		to = sts.PartitionAt(s.Set, off[0])
		why += "bring " + sts.SayOrdinals(off) + " back to " + c.StableRevision
	} else {
		why += "restore the stable template of " + c.StableRevision
	}
	if disturbed != "" {
		why += " (" + disturbed + ")"
	}
	b := newPatch(s.Set).partition(to).owner(i.Owner)
	if !c.Restored(s.Set) {
		b = b.restore(c.StableRevision, c.StableTemplate)
		c.AppliedBy = sts.AppliedBy(s.Set, c.StableTemplate)
	}
	c.Aborting, c.Goal, c.GoalOf, c.Partition = true, nil, "", to
	c.TemplateDigest = cmp.Or(f.StoredTemplate, i.TemplateDigest)
	b.p.AcceptAdmission = true
	return do(b.canary(c).action("CanaryAborting", why), "Restore")
}

// lowestOff is the lowest of [offStable].
func lowestOff(s *sts.Snapshot, good map[string]bool) (sts.Ordinal, bool) {
	off := offStable(s, good)
	if len(off) == 0 {
		return 0, false
	}
	return off[0], true
}

// offStable are the wanted ordinals that are not on a good revision, or are
// missing and would come back on another one; lowest first.
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

// follow sees every ordinal back to stable.
func (i AbortCanary) follow(s *sts.Snapshot, c sts.Canary, f Facts) Decision {
	update := s.Set.Status.UpdateRevision
	good := map[string]bool{c.StableRevision: true, update: true}
	if lowest, ok := lowestOff(s, good); ok && lowest < sts.UpdateFrom(s.Set) {
		c.Partition = sts.PartitionAt(s.Set, lowest)
		return do(newPatch(s.Set).partition(c.Partition).owner(i.Owner).canary(c).
			action("CanaryAborting", "abort: let "+s.Name(lowest)+" go back to stable too"), "Lower")
	}
	back := way{to: c.StableRevision, starting: true, good: func(r sts.Replica) bool { return good[r.Revision] }}
	if d := back.blocker(s, f, i.Deletions); d != nil {
		return *d
	}
	if update == c.StableRevision && s.Set.Status.CurrentRevision != update {
		return decide(Wait, ReasonNotObserved, "for the StatefulSet controller to finish the way back", "")
	}
	return i.finish(s, c)
}

// renamed is the end where the stable template has another revision name than before: the
// server has written it in other words, or admission has changed it.
func (i AbortCanary) renamed(s *sts.Snapshot, c sts.Canary) Decision {
	update, hint := s.Set.Status.UpdateRevision, "when these restarts are fine: "+canaryCommand(s, "promote", "--full")
	changes, err := sts.DifferentTemplate(c.StableTemplate, s.Set)
	if err == nil && len(changes) > 0 {
		return decide(Stuck, ReasonAdmission,
			fmt.Sprintf("every ordinal of statefulset %s is back, but admission has changed the stable template, so that %s %s %s instead of %s: %s; "+
				"the partition stays at ordinal %s, because lowering it would restart %s to change that there, too",
				s.Set.Name, sts.SayOrdinals(updated(s)), runs(updated(s)), update, c.StableRevision, sts.SayChanges(changes), sts.UpdateFrom(s.Set), sts.SayOrdinals(heldBack(s))), hint)
	}
	return decide(Stuck, ReasonRevisionReencoded,
		fmt.Sprintf("every ordinal of statefulset %s runs the stable template, but the server wrote it anew as %s instead of %s: "+
			"the partition stays at ordinal %s, because lowering it would restart %s, which run the same template",
			s.Set.Name, update, c.StableRevision, sts.UpdateFrom(s.Set), sts.SayOrdinals(heldBack(s))), hint)
}

// runs is the verb for these ordinals.
func runs(ordinals []sts.Ordinal) string {
	if len(ordinals) == 1 {
		return "runs"
	}
	return "run"
}

// finish forgets the canary. The partition goes back to what it was only when the
// stable revision has its old name: else lowering it would restart pods. Then the canary stays
// as one that stable was replaced in: a promotion ends it, and so does an abort that succeeds.
func (i AbortCanary) finish(s *sts.Snapshot, c sts.Canary) Decision {
	b := newPatch(s.Set).drop(sts.OwnerAnnotation)
	end := decide(Done, ReasonAborted, fmt.Sprintf("every ordinal of statefulset %s is on the stable revision %s and available", s.Set.Name, c.StableRevision), "")
	if c.AppliedBy != "" {
		end.Hint = c.AppliedBy + " had applied the template that was taken back: unless it is changed there, it comes back with the next apply"
	}
	if update := s.Set.Status.UpdateRevision; update != c.StableRevision {
		end = i.renamed(s, c)
		c.Aborting, c.AbortedFor, c.AppliedBy, c.Auto = false, "", "", nil
		c.TemplateDigest = sts.TemplateDigest(&s.Set.Spec.Template)
		b = b.canary(c)
	} else {
		b = b.drop(sts.CanaryAnnotation).partition(c.PartitionBefore)
	}
	d := do(b.action("CanaryAborted", "finish: every ordinal is back on stable"), "Finish")
	d.Then = &end
	return d
}
