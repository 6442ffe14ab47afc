package operate

import (
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// unstickCommand is the name of the command that an owner annotation has.
const unstickCommand = "unstick"

// Unstick unblocks an update that Kubernetes would leave stuck forever, whichever
// client started it (kubernetes#67250). Where the update itself is broken, it is rolled
// back to stable, as [AbortCanary] does; where the template has changed since, only the
// failing pods are deleted.
type Unstick struct {
	Holder
	Deletions
	// TemplateDigest is for the rollback: see [AbortCanary].
	TemplateDigest string
	// Agreed is the fix that was shown and confirmed: no other one is started. Empty
	// allows any.
	Agreed sts.Remedy
}

// Next implements [Intent].
func (i Unstick) Next(s *sts.Snapshot, f Facts) Decision {
	if d := i.guard(s, f); d != nil {
		return *d
	}
	c, err := sts.ReadCanary(s.Set)
	if err != nil {
		return badRecord(err)
	}
	back := AbortCanary{Holder: i.Holder, Deletions: i.Deletions, TemplateDigest: i.TemplateDigest}
	if c != nil && c.Aborting {
		return back.Next(s, f)
	}
	if d := settled(s); d != nil {
		return *d
	}
	if d := onDelete(s); d != nil {
		return *d
	}
	if d := partitionable(s); d != nil && (c != nil || !sts.IsRecreate(s.Set)) {
		return *d
	}
	if c == nil && i.underWay(s, f) {
		// A command that finds that the new template fails, too, shows a new proof.
		if d := i.forward(s, f); f.Wrote || d.Reason != ReasonPodFailing {
			return d
		}
	}
	trap := s.Trap()
	switch {
	case trap == nil:
		return stalled(s, free(s, c))
	case trap.Remedy == sts.NoRemedy:
		return i.noWay(s, trap)
	case i.Agreed != "" && i.Agreed != trap.Remedy:
		return decide(Refused, ReasonNotObserved, msgOtherFix(s.Set.Name), hintPlanAgain())
	case sts.IsRecreate(s.Set):
		return i.recreate(s, trap)
	case trap.Remedy == sts.RollBack:
		return back.Next(s, f)
	}
	return i.forward(s, f)
}

// recreate rolls back an update under Recreate: with the stable template the controller deletes
// every pod of the update by itself and creates new ones.
func (i Unstick) recreate(s *sts.Snapshot, trap *sts.Trap) Decision {
	stable := s.Revision(trap.Target)
	if stable == nil {
		return *revisionGone(s, trap.Target)
	}
	template, err := sts.RevisionTemplate(stable)
	if err != nil {
		return decide(Refused, ReasonRevisionGone, err.Error(), nil)
	}
	if d := i.unmanaged(s, sts.FieldTemplate); d != nil {
		return *d
	}
	return do(newPatch(s.Set).owner(i.Owner).restore(stable.Name, template).
		action("Unsticking", stepRestoreUnderRecreate(stable.Name)), "Restore")
}

// underWay says whether failing pods are being deleted already, by this command or by
// one of the same owner that was killed: then this is completed, whatever the set looks
// like in between.
func (i Unstick) underWay(s *sts.Snapshot, f Facts) bool {
	o, err := sts.ReadOwner(s.Set)
	return f.Wrote || err == nil && o != nil && o.Command == unstickCommand && (o.Name == i.Name || i.TakeOver)
}

// forward deletes failing pods that block the current template, one after the other,
// until every ordinal that should have it is available on it.
func (i Unstick) forward(s *sts.Snapshot, f Facts) Decision {
	update := s.Set.Status.UpdateRevision
	on := way{to: update, good: func(r sts.Replica) bool {
		t := s.Trouble(r)
		notDue := r.Ordinal < sts.UpdateFrom(s.Set) && (t == nil || !t.Failing)
		return notDue || r.Revision == s.RevisionFor(r.Ordinal)
	}}
	d := on.blocker(s, f, i.Deletions)
	if !i.underWay(s, f) {
		return do(newPatch(s.Set).owner(i.Owner).
			action("Unsticking", stepUnstickForward(s.Set.Name, update)), "Hold")
	}
	if d == nil {
		return i.gotOn(s)
	}
	for _, r := range s.Replicas() {
		if t := s.Trouble(r); d.Verdict == Stuck && d.Reason == ReasonPodFailing && t != nil && t.Failing && r.Revision == update {
			return i.failsToo(s, r, t)
		}
	}
	return *d
}

// failsToo is the end when the current template does not work either.
func (i Unstick) failsToo(s *sts.Snapshot, r sts.Replica, t *sts.Trouble) Decision {
	stable := s.Set.Status.CurrentRevision
	if stable == r.Revision {
		stable = ""
	}
	d := decide(Stuck, ReasonPodFailing, msgFailsToo(s.Name(r.Ordinal), t.Message, r.Revision),
		hintFailsToo(sts.Kubectl(s.Set.Namespace, "sts unstick", s.Set.Name), stable))
	d.Subject = s.Name(r.Ordinal)
	return d
}

func (i Unstick) gotOn(s *sts.Snapshot) Decision {
	end := decide(Done, ReasonUnstuck, msgUnstuck(updated(s), s.Set.Status.UpdateRevision, heldBack(s)), nil)
	d := do(newPatch(s.Set).drop(sts.OwnerAnnotation).action("Unstuck", stepUnstuck()), "Finish")
	d.Then = &end
	return d
}

// noWay is the end when neither the update nor the stable revision works.
func (i Unstick) noWay(s *sts.Snapshot, trap *sts.Trap) Decision {
	var parts []string
	for _, r := range s.Replicas() {
		if t := s.Trouble(r); t != nil && t.Failing && r.Pod != nil {
			parts = append(parts, msgPodOnRevision(s.Name(r.Ordinal), r.Revision, t.Message))
		}
	}
	d := decide(Stuck, ReasonPodFailing, msgNoRevisionWorks(parts),
		hintNoRevisionWorks(sts.Kubectl(s.Set.Namespace, "sts unstick", s.Set.Name), canaryCommand(s, "abort")))
	d.Subject = s.Name(trap.Replica.Ordinal)
	return d
}

// sayAll names the first few and counts the rest.
func sayAll(parts []string) string {
	const shown = 2
	text := ""
	for k, p := range parts {
		switch {
		case k == shown:
			return fmt.Sprintf("%s, and %d more", text, len(parts)-shown)
		case k > 0:
			text += ", "
		}
		text += p
	}
	return text
}

// free reports the state of a set that is not stuck.
func free(s *sts.Snapshot, c *sts.Canary) Decision {
	ns, name := s.Set.Namespace, s.Set.Name
	update := inFlight(s)
	for _, r := range s.Replicas() {
		t := s.Trouble(r)
		if refused := s.DeletionRefused(r); refused != nil && refused.Failing && (t == nil || !t.Failing) {
			return trouble(s, r, refused, Stuck)
		}
		switch {
		case t == nil:
		case t.Failing && r.Pod != nil && !r.Terminating && t.Reason != sts.Recreated:
			hint := hintInspectUnstick(s.LookCommand(r.Ordinal, t), sts.Kubectl(ns, "sts unstick", name))
			switch {
			case t.Claim != "": // no template would help a claim
				hint = hintInspect(s.LookCommand(r.Ordinal, t))
			case sts.IsRecreate(s.Set):
				hint = hintInspectRecreate(s.LookCommand(r.Ordinal, t))
			}
			d := decide(Refused, ReasonPodFailing, msgFailsWhereItShould(s.Name(r.Ordinal), t.Message, r.Revision), hint)
			d.Subject = s.Name(r.Ordinal)
			return d
		case t.Failing:
			d := trouble(s, r, t, Refused)
			if r.Pod == nil && len(t.Fix) == 0 || t.Reason == sts.Recreated {
				d.Message = msgDeletingDoesNotFix(d.Message)
			}
			return d
		case update != "":
			back := canaryCommand(s, "abort")
			if sts.IsRecreate(s.Set) { // which has no canary
				back = sts.Kubectl(ns, "rollout undo", "statefulset/"+name)
			}
			return nothingStuck(msgMayRecover(s.Name(r.Ordinal), t.Message, update), hintMayRecover(back))
		default:
			return nothingStuck(msgNoUpdateButTrouble(s.Name(r.Ordinal), t.Message), nil)
		}
	}
	switch {
	case c != nil:
		return nothingStuck(msgCanaryInProgress(), hintPromoteOrAbort(canaryCommand(s, "promote"), canaryCommand(s, "abort")))
	case update != "" && slices.ContainsFunc(s.Replicas(), func(r sts.Replica) bool {
		return r.Desired && r.Ordinal >= sts.UpdateFrom(s.Set) && r.Revision != s.Set.Status.UpdateRevision
	}):
		return nothingStuck(msgUpdateMoves(update), sts.Kubectl(ns, "sts status", name, "-w"))
	case update != "":
		return nothingStuck(msgBelowPartition(heldBack(s)), hintPromoteOrAbort(canaryCommand(s, "promote"), canaryCommand(s, "abort")))
	}
	return nothingStuck(msgNoUpdate(), nil)
}

// standstill is how long an unfinished set may stay unchanged before the answer is no longer that
// nothing is stuck.
const standstill = 10 * time.Minute

// stalled replaces the answer that nothing is stuck where the set waits and has not changed for a
// long time, by what it waits for.
func stalled(s *sts.Snapshot, d Decision) Decision {
	moved := s.LastMoved()
	if d.Verdict != Done || moved.IsZero() || s.TakenAt.Sub(moved) < standstill {
		return d
	}
	what, hint, verdict := "", sts.Kubectl(s.Set.Namespace, "describe statefulset", s.Set.Name), Stuck
	subject := ""
	for _, r := range s.Replicas() {
		t := s.Trouble(r)
		due := r.Ordinal >= sts.UpdateFrom(s.Set) && r.Revision != s.Set.Status.UpdateRevision
		switch {
		case t != nil && t.Reason == sts.AvailableLater:
			return d // the time passes
		case t != nil:
			what, hint, subject = msgPodTrouble(s.Name(r.Ordinal), t.Message), s.LookCommand(r.Ordinal, t), s.Name(r.Ordinal)
			if t.Reason == sts.Gated {
				verdict = Refused // another controller decides
			}
		case !r.Desired && r.Pod != nil:
			what = msgNotDeleted(s.Name(r.Ordinal))
		case r.Desired && due && what == "":
			what = msgNotReplaced(s.Name(r.Ordinal))
		}
		if t != nil && !sts.IsParallel(s.Set) {
			break
		}
	}
	if what == "" {
		return d
	}
	if subject == "" {
		hint = hintControllerDown(hint)
	}
	d = decide(verdict, ReasonNotMoving, msgNotMoving(s.Set.Name, s.TakenAt.Sub(moved), what), hint)
	d.Subject = subject
	return d
}

func nothingStuck(what string, hint sts.Hint) Decision {
	return decide(Done, ReasonNothingToDo, msgNothingStuck(what), hint)
}

// onDelete refuses the strategy under which no update can be stuck.
func onDelete(s *sts.Snapshot) *Decision {
	if !sts.IsOnDelete(s.Set) {
		return nil
	}
	d := decide(Refused, ReasonStrategy, msgNeverStuckOnDelete(s.Set.Name), nil)
	for _, r := range s.Replicas() {
		if t := s.Trouble(r); t != nil && r.Pod != nil && !r.Terminating && r.Revision != s.Set.Status.UpdateRevision {
			d.Message = msgOnDeletePod(d.Message, s.Name(r.Ordinal), t.Message)
			d.Hint = s.ReplaceCommand(r)
			break
		}
	}
	return &d
}
