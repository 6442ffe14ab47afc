package plan

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Before a pod that blocks the way back is deleted, nothing must have moved for
// this long: under some policies the controller replaces it by itself, at once.
const (
	stillFailing  = 3 * time.Second
	stillStarting = 30 * time.Second // a canary that is slow to start may still get ready
)

// AbortCanary brings every ordinal back to the stable revision. Raising the
// partition alone would revert nothing, and restoring the template alone can
// leave a broken pod in the way for ever (kubernetes#67250).
type AbortCanary struct {
	Holder
	// For is why, where a gate and not a person wants it.
	For string
}

// Next implements [Intent].
func (i AbortCanary) Next(s *sts.Snapshot, f Facts) Decision {
	c, derived, d := i.begun(s, f, "abort")
	if d != nil {
		return *d
	}
	if !c.Aborting {
		if d := i.unmanaged(s, sts.FieldTemplate, sts.FieldPartition); d != nil && derived {
			return *d
		}
		if s.Set.DeletionTimestamp != nil {
			return *settled(s)
		}
		c.AbortedFor = i.For
		return i.restore(s, *c)
	}
	if d := unmoved(s, c, i.Holder); d != nil {
		return *d
	}
	if d := settled(s); d != nil {
		return *d
	}
	return i.follow(s, *c, f)
}

// restore is the one patch of the abort: the stable template, and the partition
// at the lowest ordinal that is not on stable, so that should the server give the
// template a new revision name, no pod that the canary never touched restarts.
func (i AbortCanary) restore(s *sts.Snapshot, c sts.Canary) Decision {
	to, before := sts.Partition(s.Set), c
	if lowest, ok := lowestOff(s, map[string]bool{c.StableRevision: true}); ok {
		to = sts.PartitionAt(s.Set, lowest)
	}
	c.Aborting, c.Goal, c.GoalOf, c.Partition = true, nil, "", to
	why := "abort: restore the stable template of " + c.StableRevision
	if off := offStable(s, map[string]bool{c.StableRevision: true}); len(off) > 0 {
		why = "abort: bring " + sts.SayOrdinals(off) + " back to " + c.StableRevision
	}
	if what := before.Disturbed(s.Set); what != "" {
		why += " (" + what + ")"
	}
	return do(newPatch(s.Set).restore(c.StableRevision, c.StableTemplate).partition(to).owner(i.Owner).canary(c).
		action("CanaryAborting", why), "Restore")
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
	if update != c.StableRevision && s.Revision(update) == nil {
		return notSeen(update)
	}
	if update != c.StableRevision && !sameTemplate(s, update, c) {
		return decide(Refused, ReasonTemplateChanged,
			fmt.Sprintf("%s applied another template to statefulset %s while it went back to %s", sts.Who(s.Set, "template"), s.Set.Name, c.StableRevision),
			"settle it with them; the stable template is in the annotation "+sts.CanaryAnnotation)
	}
	good := map[string]bool{c.StableRevision: true, update: true}
	if lowest, ok := lowestOff(s, good); ok && lowest < sts.UpdateFrom(s.Set) {
		c.Partition = sts.PartitionAt(s.Set, lowest)
		return do(newPatch(s.Set).partition(c.Partition).owner(i.Owner).canary(c).
			action("CanaryAborting", "abort: let "+s.Name(lowest)+" go back to stable too"), "Lower")
	}
	if d := i.blocker(s, c, good, f); d != nil {
		return *d
	}
	if update == c.StableRevision && s.Set.Status.CurrentRevision != update {
		return decide(Wait, ReasonNotObserved, "for the StatefulSet controller to finish the way back", "")
	}
	return i.finish(s, c)
}

// sameTemplate says whether a revision holds the stable template under another name.
func sameTemplate(s *sts.Snapshot, revision string, c sts.Canary) bool {
	raw, err := sts.RevisionTemplate(s.Revision(revision))
	if err != nil {
		return false
	}
	got, err1 := sts.ParseTemplate(raw)
	want, err2 := sts.ParseTemplate(c.StableTemplate)
	return err1 == nil && err2 == nil && equality.Semantic.DeepEqual(got, want)
}

// blocker waits for the pods, or deletes the one that keeps the controller from
// getting on: the lowest that is neither on stable nor available, once it is
// plain that the controller will not replace it. A pod on stable is never deleted.
func (i AbortCanary) blocker(s *sts.Snapshot, c sts.Canary, good map[string]bool, f Facts) *Decision {
	var blocking *sts.Replica
	var wait *Decision
	replicas := s.Replicas()
	for k := range replicas {
		r := &replicas[k]
		t := s.Trouble(*r)
		switch {
		case t == nil:
			if r.Desired && !good[r.Revision] && wait == nil {
				d := decide(Wait, ReasonPodNotAvailable, "for "+s.Name(r.Ordinal)+" to go back to stable", "")
				wait = &d
			}
			continue
		case r.Pod != nil && !r.Terminating && !good[r.Revision]:
			if blocking == nil {
				blocking = r
			}
		default:
			// On its way: terminating, missing, or on stable and starting.
			d := trouble(s, *r, t, Stuck)
			return &d
		}
		if !sts.IsParallel(s.Set) {
			break // the controller will not come to higher ordinals before this one is gone
		}
	}
	if blocking == nil {
		return wait
	}
	t := s.Trouble(*blocking)
	need := stillStarting
	if t.Failing {
		need = stillFailing
	}
	if f.Still < need {
		d := decide(Wait, ReasonPodNotAvailable, fmt.Sprintf("for %s on the canary's revision, which %s; it is deleted when nothing moves for %s",
			s.Name(blocking.Ordinal), t.Message, sts.Age(need)), "")
		d.Subject = s.Name(blocking.Ordinal) + " " + t.Reason
		return &d
	}
	d := do(Action{
		Why: fmt.Sprintf("delete %s: it %s and blocks the way back to %s", s.Name(blocking.Ordinal), t.Message, c.StableRevision),
		DeletePod: &DeletePod{Name: blocking.Pod.Name, UID: blocking.Pod.UID,
			Ordinal: blocking.Ordinal, Revision: blocking.Revision},
	}, "DeleteBlocker")
	return &d
}

// finish forgets the canary. The partition goes back to what it was only when the
// stable revision has its old name: else lowering it would restart pods.
func (i AbortCanary) finish(s *sts.Snapshot, c sts.Canary) Decision {
	b := newPatch(s.Set).drop(sts.CanaryAnnotation, sts.OwnerAnnotation)
	end := decide(Done, ReasonAborted, fmt.Sprintf("every ordinal of statefulset %s is on the stable revision %s and available", s.Set.Name, c.StableRevision), "")
	if update := s.Set.Status.UpdateRevision; update != c.StableRevision {
		end = decide(Stuck, ReasonRevisionReencoded,
			fmt.Sprintf("every ordinal of statefulset %s runs the stable template, but the server wrote it anew as %s instead of %s: "+
				"the partition stays at ordinal %s, because lowering it would restart %s, which run the same template",
				s.Set.Name, update, c.StableRevision, sts.UpdateFrom(s.Set), sts.SayOrdinals(heldBack(s))),
			"when these restarts are fine: "+canaryCommand(s, "promote", "--full"))
	} else {
		b = b.partition(c.PartitionBefore)
	}
	d := do(b.action("CanaryAborted", "finish: every ordinal is back on stable"), "Finish")
	d.Then = &end
	return d
}
