package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// unstickCommand is the name of the command that an owner annotation has.
const unstickCommand = "unstick"

// Unstick gets an update going that Kubernetes would leave stuck for ever, whoever
// began it (kubernetes#67250). Where the update itself is broken it goes back to
// stable, as [AbortCanary] does; where the template has moved on, it only takes the
// failing pods out of the way.
type Unstick struct {
	Holder
	Deletions
	// TemplateDigest is for the way back: see [AbortCanary].
	TemplateDigest string
	// Agreed is the cure that a person has been shown and has agreed to: no other is
	// begun. Empty stands for any.
	Agreed sts.Cure
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
		// Who comes back to a template that fails, too, gets a new proof.
		if d := i.forward(s, f); f.Wrote || d.Reason != ReasonPodFailing {
			return d
		}
	}
	trap := s.Trap()
	switch {
	case trap == nil:
		return stalled(s, free(s, c))
	case trap.Cure == sts.NoCure:
		return i.noWay(s, trap)
	case i.Agreed != "" && i.Agreed != trap.Cure:
		return decide(Refused, ReasonNotObserved, "statefulset "+s.Set.Name+" has moved since it was looked at, and what helps now is not what was shown",
			"run the same command again")
	case sts.IsRecreate(s.Set):
		return i.recreate(s, trap)
	case trap.Cure == sts.Back:
		return back.Next(s, f)
	}
	return i.forward(s, f)
}

// recreate takes an update under Recreate back: with the stable template the controller deletes
// every pod of the update by itself and creates new ones.
func (i Unstick) recreate(s *sts.Snapshot, trap *sts.Trap) Decision {
	stable := s.Revision(trap.Target)
	if stable == nil {
		return *revisionGone(s, trap.Target)
	}
	template, err := sts.RevisionTemplate(stable)
	if err != nil {
		return decide(Refused, ReasonRevisionGone, err.Error(), "")
	}
	if d := i.unmanaged(s, sts.FieldTemplate); d != nil {
		return *d
	}
	return do(newPatch(s.Set).owner(i.Owner).restore(stable.Name, template).
		action("Unsticking", "unstick: restore the template of "+stable.Name+"; the StatefulSet controller then deletes all pods of the update at once and creates them from it"), "Restore")
}

// underWay says whether pods are being taken out of the way already, by this
// command or by one of the same owner that was killed: then the way is followed to
// its end, whatever the set looks like in between.
func (i Unstick) underWay(s *sts.Snapshot, f Facts) bool {
	o, err := sts.ReadOwner(s.Set)
	return f.Wrote || err == nil && o != nil && o.Command == unstickCommand && (o.Name == i.Name || i.TakeOver)
}

// forward takes failing pods out of the way of the present template, one after the
// other, and sees every ordinal that is due to it.
func (i Unstick) forward(s *sts.Snapshot, f Facts) Decision {
	update := s.Set.Status.UpdateRevision
	on := way{to: update, good: func(r sts.Replica) bool {
		t := s.Trouble(r)
		heldBack := r.Ordinal < sts.UpdateFrom(s.Set) && (t == nil || !t.Failing)
		return heldBack || r.Revision == s.RevisionFor(r.Ordinal)
	}}
	d := on.blocker(s, f, i.Deletions)
	if !i.underWay(s, f) {
		return do(newPatch(s.Set).owner(i.Owner).
			action("Unsticking", "unstick: let statefulset "+s.Set.Name+" go on to "+update+"; the template stays as it is"), "Hold")
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

// failsToo is when the present template does not work either.
func (i Unstick) failsToo(s *sts.Snapshot, r sts.Replica, t *sts.Trouble) Decision {
	again := sts.Kubectl(s.Set.Namespace, "sts unstick", s.Set.Name)
	hint := "apply a template that works, then " + again
	if stable := s.Set.Status.CurrentRevision; stable != r.Revision {
		hint = again + " takes it back to " + stable + "; or " + hint
	}
	d := decide(Stuck, ReasonPodFailing, fmt.Sprintf("%s fails on the present template, too: it %s on %s", s.Name(r.Ordinal), t.Message, r.Revision), hint)
	d.Subject = s.Name(r.Ordinal)
	return d
}

func (i Unstick) gotOn(s *sts.Snapshot) Decision {
	due := updated(s)
	message := fmt.Sprintf("%s of statefulset %s on %s and available", sts.SayOrdinals(due), s.Set.Name, s.Set.Status.UpdateRevision)
	if held := heldBack(s); len(held) > 0 {
		message += "; held back by the partition: " + sts.SayOrdinals(held)
	}
	end := decide(Done, ReasonUnstuck, message, "")
	d := do(newPatch(s.Set).drop(sts.OwnerAnnotation).action("Unstuck", "finish: nothing is in the way any more"), "Finish")
	d.Then = &end
	return d
}

// noWay is when neither the update nor what was stable works.
func (i Unstick) noWay(s *sts.Snapshot, trap *sts.Trap) Decision {
	var parts []string
	for _, r := range s.Replicas() {
		if t := s.Trouble(r); t != nil && t.Failing && r.Pod != nil {
			parts = append(parts, fmt.Sprintf("%s on %s %s", s.Name(r.Ordinal), r.Revision, t.Message))
		}
	}
	d := decide(Stuck, ReasonPodFailing, "pods fail on the stable revision as well as on the update: "+sayAll(parts),
		fmt.Sprintf("apply a template that works, then %s; or %s takes the update back first",
			sts.Kubectl(s.Set.Namespace, "sts unstick", s.Set.Name), canaryCommand(s, "abort")))
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

// free says what a set is doing that no trap holds.
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
			hint := "look at it: " + s.LookCommand(r.Ordinal, t)
			switch {
			case t.Claim != "": // no template would help a claim
			case sts.IsRecreate(s.Set):
				hint += "; when the template is wrong, apply one that works: it replaces every pod"
			default:
				hint += "; when the template is wrong, apply one that works, then " + sts.Kubectl(ns, "sts unstick", name)
			}
			d := decide(Refused, ReasonPodFailing,
				fmt.Sprintf("%s %s on %s, which is what it is to run: no update is stuck in it, and deleting it would bring back the same", s.Name(r.Ordinal), t.Message, r.Revision), hint)
			d.Subject = s.Name(r.Ordinal)
			return d
		case t.Failing:
			d := trouble(s, r, t, Refused)
			if r.Pod == nil && t.Fix == "" || t.Reason == sts.Recreated {
				d.Message += "; deleting a pod of the set does not fix that"
			}
			return d
		case update != "":
			back := canaryCommand(s, "abort")
			if sts.IsRecreate(s.Set) { // which has no canary
				back = sts.Kubectl(ns, "rollout undo", "statefulset/"+name)
			}
			return nothingStuck(s.Name(r.Ordinal)+" "+t.Message+"; it is not proven to last ("+update+")",
				"wait, or take the update back without proof: "+back)
		default:
			return nothingStuck(s.Name(r.Ordinal)+" "+t.Message+", and no update is on its way", "")
		}
	}
	switch {
	case c != nil:
		return nothingStuck("every pod is available, and a canary is on its way",
			canaryCommand(s, "promote")+", or "+canaryCommand(s, "abort"))
	case update != "" && slices.ContainsFunc(s.Replicas(), func(r sts.Replica) bool {
		return r.Desired && r.Ordinal >= sts.UpdateFrom(s.Set) && r.Revision != s.Set.Status.UpdateRevision
	}):
		return nothingStuck("every pod is available, and the update goes on ("+update+")", sts.Kubectl(ns, "sts status", name, "-w"))
	case update != "":
		return nothingStuck("every pod is available, and the partition holds "+sts.SayOrdinals(heldBack(s))+" back",
			canaryCommand(s, "promote")+", or "+canaryCommand(s, "abort"))
	}
	return nothingStuck("every pod is available, and no update is on its way", "")
}

// standstill is after how long a set that is not finished and does not move is no longer called
// one that needs nothing.
const standstill = 10 * time.Minute

// stalled replaces the answer that nothing is stuck where the set waits and has not moved for a
// long time: what it waits for is told, and that unstick cannot fix it.
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
			what, hint, subject = s.Name(r.Ordinal)+" "+t.Message, s.LookCommand(r.Ordinal, t), s.Name(r.Ordinal)
			if t.Reason == sts.Gated {
				verdict = Refused // another controller decides
			}
		case !r.Desired && r.Pod != nil:
			what = "the StatefulSet controller does not delete " + s.Name(r.Ordinal)
		case r.Desired && due && what == "":
			what = "the StatefulSet controller does not replace " + s.Name(r.Ordinal)
		}
		if t != nil && !sts.IsParallel(s.Set) {
			break
		}
	}
	if what == "" {
		return d
	}
	if subject == "" {
		hint = "check that kube-controller-manager is running; " + hint
	}
	d = decide(verdict, ReasonNotMoving, fmt.Sprintf("statefulset %s has not changed for %s: %s; unstick cannot fix that", s.Set.Name, sts.Age(s.TakenAt.Sub(moved)), what), hint)
	d.Subject = subject
	return d
}

func nothingStuck(what, hint string) Decision {
	return decide(Done, ReasonNothingToDo, "nothing to unstick: "+what, hint)
}

// onDelete explains a strategy under which nothing gets stuck, because nothing
// moves.
func onDelete(s *sts.Snapshot) *Decision {
	if !sts.IsOnDelete(s.Set) {
		return nil
	}
	d := decide(Refused, ReasonStrategy,
		fmt.Sprintf("statefulset %s has the update strategy OnDelete: a pod gets the present template when somebody deletes it, and not before, so no update is stuck", s.Set.Name), "")
	for _, r := range s.Replicas() {
		if t := s.Trouble(r); t != nil && r.Pod != nil && !r.Terminating && r.Revision != s.Set.Status.UpdateRevision {
			d.Message += "; " + s.Name(r.Ordinal) + " " + t.Message
			d.Hint = s.ReplaceCommand(r)
			break
		}
	}
	return &d
}
