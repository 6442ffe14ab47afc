package operate

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// unstickCommand is the name of the command that an owner annotation has.
const unstickCommand = "unstick"

// UnstickOptions are the options of [NewUnstick].
type UnstickOptions struct {
	Lock
	Deletions
	// AnyRemedy allows another fix than the one that the snapshot calls for, should it become
	// necessary.
	AnyRemedy bool
}

// unstick unblocks an update that Kubernetes would leave stuck forever, whichever
// client started it (kubernetes#67250). Where the update itself is broken, it is rolled
// back to stable, as [NewAbortCanary] does; where the template has changed since, only the
// failing pods are deleted.
type unstick struct {
	UnstickOptions
	// agreed is the fix that was shown and confirmed: no other one is started. Empty
	// allows any.
	agreed diagnose.Remedy
}

// NewUnstick unblocks the update with the fix that the snapshot calls for, which is shown and
// confirmed before it starts.
func NewUnstick(o UnstickOptions, s *sts.Snapshot) Intent {
	i := unstick{UnstickOptions: o}
	if !o.AnyRemedy {
		i.agreed = diagnose.NoRemedy
		if t := diagnose.Rollout(s); t != nil {
			i.agreed = t.Remedy
		}
	}
	return i
}

// Next implements [Intent].
func (i unstick) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := recordLook(s, f), i.guards()
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	if l.canary == nil && i.underWay(s, f) {
		// A command that finds that the new template fails, too, shows a new proof.
		if d := i.forward(s, f); f.Wrote || d.Reason != ReasonPodFailing {
			return d
		}
	}
	l.stuck = diagnose.Rollout(s)
	if d := gs.Require(guard.BeforeStart, l); d != nil {
		return *d
	}
	switch {
	case sts.StrategyOf(s.Set).ReplacesAllAtOnce():
		return i.recreate(s, l.stuck)
	case l.stuck.Remedy == diagnose.RollBack:
		return i.rollback().Next(s, f)
	}
	return i.forward(s, f)
}

func (i unstick) guards() setGuards {
	managed := i.managedGuard(sts.FieldTemplate)
	return setGuards{
		i.lockGuard(),
		recordGuard,
		guard.New(abortGuard.Rule, i.requireNotAborting),
		settledGuard,
		guard.New(partitionGuard.Rule, i.requireStrategy),
		guard.New(guard.NewRule("stuck", "refuses, or ends, unless the update is proven to be stuck", guard.BeforeStart), requireStuck),
		guard.New(guard.NewRule("remedy", "stops when neither the update nor the stable revision works", guard.BeforeStart), i.requireRemedy),
		guard.New(guard.NewRule("plan", "refuses a fix that differs from the one that was confirmed", guard.BeforeStart), i.requireAgreed),
		guard.New(historyRule, underRecreate(requireStableTemplate)),
		guard.New(managed.Rule, underRecreate(managed.Check)),
	}
}

// rollback is what fixes a broken update.
func (i unstick) rollback() abortCanary {
	return abortCanary{Lock: i.Lock, Deletions: i.Deletions}
}

// requireNotAborting resumes an abort.
func (i unstick) requireNotAborting(l look) *Decision {
	if l.canary == nil || !l.canary.Aborting {
		return nil
	}
	d := i.rollback().Next(l.s, l.f)
	return &d
}

// requireStrategy refuses the strategies under which no update can be stuck. Under Recreate one
// can, but there are no canaries.
func (i unstick) requireStrategy(l look) *Decision {
	if d := requireNotOnDelete(l.s); d != nil {
		return d
	}
	if l.canary == nil && sts.StrategyOf(l.s.Set).ReplacesAllAtOnce() {
		return nil
	}
	return requirePartition(l.s)
}

// requireStuck ends the command when no update is stuck.
func requireStuck(l look) *Decision {
	if l.stuck != nil {
		return nil
	}
	d := stuckIfStalled(l.s, notStuck(l.s, l.canary))
	return &d
}

func (i unstick) requireRemedy(l look) *Decision {
	if l.stuck.Remedy != diagnose.NoRemedy {
		return nil
	}
	d := i.stuckNoRemedy(l.s, l.stuck)
	return &d
}

// requireAgreed refuses a fix that differs from the one that was confirmed.
func (i unstick) requireAgreed(l look) *Decision {
	if i.agreed == "" || i.agreed == l.stuck.Remedy {
		return nil
	}
	d := decide(Refused, ReasonNotObserved, msgOtherFix(l.s.Set.Name), hintPlanAgain())
	return &d
}

// underRecreate limits a check to the strategy Recreate. Otherwise the guards of the rollback apply.
func underRecreate(check func(look) *Decision) func(look) *Decision {
	return func(l look) *Decision {
		if !sts.StrategyOf(l.s.Set).ReplacesAllAtOnce() {
			return nil
		}
		return check(l)
	}
}

func requireStableTemplate(l look) *Decision {
	_, d := stableTemplate(l.s, l.stuck)
	return d
}

// stableTemplate is the template of the revision to which a stuck update is rolled back.
func stableTemplate(s *sts.Snapshot, stuck *diagnose.StuckRollout) (json.RawMessage, *Decision) {
	stable := s.Revision(stuck.Target)
	if stable == nil {
		return nil, revisionGone(s, stuck.Target)
	}
	template, err := sts.RevisionTemplate(stable)
	if err != nil {
		d := decide(Refused, ReasonRevisionGone, err.Error(), nil)
		return nil, &d
	}
	return template, nil
}

// recreate rolls back an update under Recreate: with the stable template the controller deletes
// every pod of the update by itself and creates new ones.
func (i unstick) recreate(s *sts.Snapshot, stuck *diagnose.StuckRollout) Decision {
	template, d := stableTemplate(s, stuck)
	if d != nil {
		return *d
	}
	return do(newPatch(s.Set).owner(i.Owner).restore(stuck.Target, template).
		action("Unsticking", stepRestoreUnderRecreate(stuck.Target)), "Restore")
}

// underWay says whether failing pods are being deleted already, by this command or by
// one of the same owner that was killed: then this is completed, whatever the set looks
// like in between.
func (i unstick) underWay(s *sts.Snapshot, f Facts) bool {
	o, err := record.ReadOwner(s.Set)
	if err == nil && o != nil && o.ID == i.ID {
		o = f.TookOver
	}
	return f.Wrote || err == nil && o != nil && o.Command == unstickCommand && (o.Name == i.Name || i.TakeOver)
}

// forward deletes failing pods that block the current template, one after the other,
// until every ordinal that should have it is available on it.
func (i unstick) forward(s *sts.Snapshot, f Facts) Decision {
	update := s.Set.Status.UpdateRevision
	on := way{to: update, good: func(r sts.Replica) bool {
		t := diagnose.Replica(s, r)
		notDue := r.Ordinal < sts.UpdateFrom(s.Set) && (t == nil || !t.Failing)
		return notDue || r.Revision == s.RevisionFor(r.Ordinal)
	}}
	d := on.blocker(s, f, i.Deletions)
	if !i.underWay(s, f) {
		return do(newPatch(s.Set).owner(i.Owner).
			action("Unsticking", stepUnstickForward(s.Set.Name, update)), "Lock")
	}
	if d == nil {
		return i.doneUnstuck(s)
	}
	for _, r := range s.Replicas() {
		if t := diagnose.Replica(s, r); d.Verdict == Stuck && d.Reason == ReasonPodFailing && t != nil && t.Failing && r.Revision == update {
			return i.stuckFailsToo(s, r, t)
		}
	}
	return *d
}

// stuckFailsToo is the end when the current template does not work either.
func (i unstick) stuckFailsToo(s *sts.Snapshot, r sts.Replica, t *diagnose.Trouble) Decision {
	stable := s.Set.Status.CurrentRevision
	if stable == r.Revision {
		stable = ""
	}
	d := decide(Stuck, ReasonPodFailing, msgFailsToo(s.Name(r.Ordinal), t.Message, r.Revision),
		hintFailsToo(sts.Kubectl(s.Set.Namespace, "sts unstick", s.Set.Name), stable))
	d.Subject = podSubject(s.Name(r.Ordinal))
	return d
}

func (i unstick) doneUnstuck(s *sts.Snapshot) Decision {
	end := decide(Done, ReasonUnstuck, msgUnstuck(updated(s), s.Set.Status.UpdateRevision, belowPartition(s)), nil)
	d := do(newPatch(s.Set).drop(record.OwnerAnnotation).action("Unstuck", stepUnstuck()), "Finish")
	d.Then = &end
	return d
}

// stuckNoRemedy is the end when neither the update nor the stable revision works.
func (i unstick) stuckNoRemedy(s *sts.Snapshot, stuck *diagnose.StuckRollout) Decision {
	var parts []string
	for _, r := range s.Replicas() {
		if t := diagnose.Replica(s, r); t != nil && t.Failing && r.Pod != nil {
			parts = append(parts, msgPodOnRevision(s.Name(r.Ordinal), r.Revision, t.Message))
		}
	}
	d := decide(Stuck, ReasonPodFailing, msgNoRevisionWorks(parts),
		hintNoRevisionWorks(sts.Kubectl(s.Set.Namespace, "sts unstick", s.Set.Name), canaryCommand(s, "abort")))
	d.Subject = podSubject(s.Name(stuck.Replica.Ordinal))
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

// notStuck reports the state of a set that is not stuck.
func notStuck(s *sts.Snapshot, c *record.Canary) Decision {
	ns, name := s.Set.Namespace, s.Set.Name
	update := inFlight(s)
	for _, r := range s.Replicas() {
		t := diagnose.Replica(s, r)
		if refused := diagnose.DeletionRefused(s, r); refused != nil && refused.Failing && (t == nil || !t.Failing) {
			return trouble(s, r, refused, Stuck)
		}
		switch {
		case t == nil:
		case t.Failing && r.Pod != nil && !r.Terminating && t.Reason != diagnose.Recreated:
			hint := hintInspectUnstick(diagnose.LookCommand(s, r.Ordinal, t), sts.Kubectl(ns, "sts unstick", name))
			switch {
			case t.Claim != "": // no template would help a claim
				hint = hintInspect(diagnose.LookCommand(s, r.Ordinal, t))
			case sts.StrategyOf(s.Set).ReplacesAllAtOnce():
				hint = hintInspectRecreate(diagnose.LookCommand(s, r.Ordinal, t))
			}
			d := decide(Refused, ReasonPodFailing, msgFailsWhereItShould(s.Name(r.Ordinal), t.Message, r.Revision), hint)
			d.Subject = podSubject(s.Name(r.Ordinal))
			return d
		case t.Failing:
			d := trouble(s, r, t, Refused)
			if r.Pod == nil && len(t.Fix) == 0 || t.Reason == diagnose.Recreated {
				d.Message = msgDeletingDoesNotFix(d.Message)
			}
			return d
		case update != "":
			back := canaryCommand(s, "abort")
			if sts.StrategyOf(s.Set).ReplacesAllAtOnce() { // which has no canary
				back = sts.Kubectl(ns, "rollout undo", "statefulset/"+name)
			}
			return doneNothingStuck(msgMayRecover(s.Name(r.Ordinal), t.Message, update), hintMayRecover(back))
		default:
			return doneNothingStuck(msgNoUpdateButTrouble(s.Name(r.Ordinal), t.Message), nil)
		}
	}
	switch {
	case c != nil:
		return doneNothingStuck(msgCanaryInProgress(), hintPromoteOrAbort(canaryCommand(s, "promote"), canaryCommand(s, "abort")))
	case update != "" && slices.ContainsFunc(s.Replicas(), func(r sts.Replica) bool {
		return r.Desired && r.Ordinal >= sts.UpdateFrom(s.Set) && r.Revision != s.Set.Status.UpdateRevision
	}):
		return doneNothingStuck(msgUpdateMoves(update), sts.Kubectl(ns, "sts status", name, "-w"))
	case update != "":
		return doneNothingStuck(msgBelowPartition(belowPartition(s)), hintPromoteOrAbort(canaryCommand(s, "promote"), canaryCommand(s, "abort")))
	}
	if restart, err := record.ReadRestart(s.Set); err == nil && restart != nil {
		return doneNothingStuck(msgRestartRemains(), restart.Again(s.Set))
	}
	return doneNothingStuck(msgNoUpdate(), nil)
}

// standstill is how long an unfinished set may stay unchanged before the answer is no longer that
// nothing is stuck.
const standstill = 10 * time.Minute

// stuckIfStalled replaces the answer that nothing is stuck where the set waits and has not changed for a
// long time, by what it waits for.
func stuckIfStalled(s *sts.Snapshot, d Decision) Decision {
	moved := s.LastMoved()
	if d.Verdict != Done || moved.IsZero() || s.TakenAt.Sub(moved) < standstill {
		return d
	}
	what, hint, verdict := "", sts.Kubectl(s.Set.Namespace, "describe statefulset", s.Set.Name), Stuck
	subject := ""
	for _, r := range s.Replicas() {
		t := diagnose.Replica(s, r)
		due := r.Ordinal >= sts.UpdateFrom(s.Set) && r.Revision != s.Set.Status.UpdateRevision
		switch {
		case t != nil && t.Reason == diagnose.AvailableLater:
			return d // the time passes
		case t != nil:
			what, hint, subject = msgPodTrouble(s.Name(r.Ordinal), t.Message), diagnose.LookCommand(s, r.Ordinal, t), podSubject(s.Name(r.Ordinal))
			if t.Reason == diagnose.Gated {
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

func doneNothingStuck(what string, hint sts.Hint) Decision {
	return decide(Done, ReasonNothingToDo, msgNothingStuck(what), hint)
}

// requireNotOnDelete refuses the strategy under which no update can be stuck.
func requireNotOnDelete(s *sts.Snapshot) *Decision {
	if sts.StrategyOf(s.Set).ReplacesPods() {
		return nil
	}
	d := decide(Refused, ReasonStrategy, msgNeverStuckOnDelete(s.Set.Name), nil)
	for _, r := range s.Replicas() {
		if t := diagnose.Replica(s, r); t != nil && r.Pod != nil && !r.Terminating && r.Revision != s.Set.Status.UpdateRevision {
			d.Message = msgOnDeletePod(d.Message, s.Name(r.Ordinal), t.Message)
			d.Hint = diagnose.ReplaceCommand(s, r)
			break
		}
	}
	return &d
}
