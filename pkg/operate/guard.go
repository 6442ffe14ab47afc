package operate

import (
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// Lock is the lock of a command, which it writes as the owner annotation, with the
// flags about other clients.
type Lock struct {
	record.Owner
	// TakeOver proceeds even if the lock is held, or if another client has changed what
	// this command had changed.
	TakeOver bool
	// Force proceeds even if another client manages the set and would revert the change.
	Force bool
	// AcceptDataLoss proceeds although data is lost: with a pod whose claim is being
	// deleted, or by whenScaled: Delete.
	AcceptDataLoss bool
}

// requireLock refuses while another client has the lock on the set. Nil when the lock is free
// or ours.
func (l Lock) requireLock(s *sts.Snapshot, f Facts) *Decision {
	o, err := record.ReadOwner(s.Set)
	if err != nil {
		d := badRecord(err)
		return &d
	}
	switch last := record.LastOwner(s); {
	case (f.Wrote || f.TookOver != nil) && (o == nil || o.ID != l.ID):
		msg := msgLockRemoved(s.Set.Name)
		switch {
		case o != nil:
			msg = msgLockTaken(s.Set.Name, o.Name, o.Command)
		case last != nil && last.ID != l.ID:
			msg = msgLockTakenAndReleased(s.Set.Name, last.Name, last.Command)
		}
		d := decide(Refused, ReasonTakenOver, msg, hintCheckStatus(s.Set.Namespace, s.Set.Name))
		return &d
	case o == nil || o.ID == l.ID:
		return nil
	case o.Name != l.Name && !l.TakeOver:
	case newer(o, f):
		d := decide(Refused, ReasonTakenOver, msgStartedMeanwhile(s.Set.Name, o.Name, o.Command), hintCheckStatus(s.Set.Namespace, s.Set.Name))
		return &d
	default:
		return nil
	}
	d := decide(Refused, ReasonOwned, msgLocked(s.Set.Name, o.Name, o.Command, o.Since), hintLocked())
	return &d
}

// newer reports whether the lock was taken after this command had found the set. Its holder is the
// later one of two commands, whose lock is not taken.
func newer(o *record.Owner, f Facts) bool {
	if f.Found == nil {
		return false
	}
	before, err := record.ReadOwner(f.Found.Set)
	return err == nil && (before == nil || before.ID != o.ID)
}

// requireSettled waits until status is about the current spec, and refuses what no verb can
// work on.
func requireSettled(s *sts.Snapshot) *Decision {
	var d Decision
	switch {
	case s.Set.DeletionTimestamp != nil:
		d = decide(Refused, ReasonDeleting, msgDeleting(s.Set.Name), nil)
	case s.StrategyRefused():
		d = decide(Refused, ReasonStrategy, msgStrategyRefused(s.Set.Name), sts.StrategyRefusedHint())
	case !sts.Observed(s.Set):
		d = decide(Wait, ReasonNotObserved, msgNotObserved(), nil)
	default:
		return nil
	}
	return &d
}

// requireNotDeleted refuses a set that is being deleted.
func requireNotDeleted(l look) *Decision {
	if l.s.Set.DeletionTimestamp == nil {
		return nil
	}
	return requireSettled(l.s)
}

// waitForRevision waits for a revision that status names already: the watches of sets and of
// revisions are not in sync.
func waitForRevision(revision string) Decision {
	return decide(Wait, ReasonNotObserved, msgRevisionNotSeen(revision), nil)
}

// requirePartition refuses update strategies that have no partition.
func requirePartition(s *sts.Snapshot) *Decision {
	strategy := sts.StrategyOf(s.Set)
	if strategy.HasPartition() {
		return nil
	}
	message := msgNoPartition(s.Set.Name, strategy.String())
	switch s.Set.Spec.UpdateStrategy.Type {
	case appsv1.OnDeleteStatefulSetStrategyType:
		message = msgNoPartitionOnDelete(s.Set.Name)
	case appsv1.RecreateStatefulSetStrategyType:
		message = msgNoPartitionRecreate(s.Set.Name)
	}
	d := decide(Refused, ReasonStrategy, message, hintRollingUpdate())
	return &d
}

// budgetLag is for how long nothing must have changed before a budget counts as one
// that never allows a disruption: while a pod is being replaced, the disruption
// controller counts one pod less.
const budgetLag = 10 * time.Second

// requireAvailable waits until every desired ordinal is available, except these, and no
// other pod exists. Nil when that is the case.
func requireAvailable(s *sts.Snapshot, whenFailing Verdict, except ...sts.Ordinal) *Decision {
	if _, d := requireNoneFailing(s, whenFailing, except...); d != nil {
		return d
	}
	for _, r := range s.Replicas() {
		if slices.Contains(except, r.Ordinal) {
			continue
		}
		if t := diagnose.Replica(s, r); t != nil {
			d := trouble(s, r, t, whenFailing)
			return &d
		}
		if !r.Desired && r.Pod != nil {
			d := waitForPod(s.Name(r.Ordinal), ReasonScalingDown, msgScalingDown(s.Name(r.Ordinal)))
			return &d
		}
	}
	return nil
}

// requireBudgets decides whether every budget allows the disruption of the ordinal's pod now.
// The controller checks no budget when a partition step makes it delete a pod.
func requireBudgets(s *sts.Snapshot, f Facts, target sts.Ordinal) *Decision {
	ready := slices.ContainsFunc(s.Replicas(), func(r sts.Replica) bool { return r.Ordinal == target && r.Ready })
	for _, b := range s.Budgets {
		verdict, numbers := sts.JudgeBudget(b, ready)
		// Fewer than there are: it still counts as if a pod were being replaced.
		behind := int(b.Status.ExpectedPods) < len(s.Pods)
		if verdict == sts.BudgetAlwaysBlocks && (behind || f.Wrote && f.Still < budgetLag) {
			verdict = sts.BudgetShort
		}
		switch verdict {
		case sts.BudgetAlwaysBlocks:
			hint := hintBudgetNever()
			if !ready {
				hint = sts.Hintf("%s; or %s", evictUnready(b), hint)
			}
			d := decide(Refused, ReasonBudgetAlwaysBlocks, msgBudgetNever(b.Name, s.Name(target), numbers), hint)
			return &d
		case sts.BudgetShort:
			d := decide(Wait, ReasonBudgetShort, msgBudgetShort(b.Name, numbers), nil)
			d.Subject = budgetSubject(b.Name)
			return &d
		}
	}
	return nil
}

// evictUnready is a hint with the command that allows the eviction of unready pods. Without
// it (IfHealthyBudget) they can be evicted only while enough others are healthy.
func evictUnready(b *policyv1.PodDisruptionBudget) sts.Hint {
	return hintEvictUnready(b.Namespace, b.Name)
}

// requireNoneFailing finds the lowest pod that is failing, or that cannot be deleted although it
// should be, except those of some ordinals, and gives it the verdict.
func requireNoneFailing(s *sts.Snapshot, verdict Verdict, except ...sts.Ordinal) (sts.Replica, *Decision) {
	for _, r := range s.Replicas() {
		t := diagnose.Replica(s, r)
		if t == nil || !t.Failing {
			t = diagnose.DeletionRefused(s, r)
		}
		if t != nil && t.Failing && !slices.Contains(except, r.Ordinal) {
			d := trouble(s, r, t, verdict)
			return r, &d
		}
	}
	return sts.Replica{}, nil
}

// trouble turns why a pod is not available into Wait, or into the given verdict
// when it is failing.
func trouble(s *sts.Snapshot, r sts.Replica, t *diagnose.Trouble, whenFailing Verdict) Decision {
	d := decide(Wait, ReasonPodNotAvailable, msgWaitForPod(s.Name(r.Ordinal), t.Message), nil)
	d.Recheck = t.Until
	if t.Failing {
		d = decide(whenFailing, ReasonPodFailing, msgPodTrouble(s.Name(r.Ordinal), t.Message), remedy(s, r, t))
	}
	d.Subject, d.Detail = podSubject(s.Name(r.Ordinal)), t.Reason
	return d
}

// remedy is what to do about a pod that is failing, for a hint. Where an update needs what the
// server rejects, rolling the update back works, whatever rejects it.
func remedy(s *sts.Snapshot, r sts.Replica, t *diagnose.Trouble) sts.Hint {
	look := diagnose.LookCommand(s, r.Ordinal, t)
	if diagnose.UpdateNeeds(s, r, t) && !aborting(s) {
		return hintRejectedUpdate(canaryCommand(s, "abort"), look)
	}
	if t.Reason == diagnose.Recreated && sts.StrategyOf(s.Set).HasPartition() && diagnose.Stable(s) != s.Set.Status.UpdateRevision && s.RevisionFor(r.Ordinal) == s.Set.Status.UpdateRevision && !aborting(s) {
		return hintPodRejected(look, canaryCommand(s, "abort"))
	}
	stuck := diagnose.Rollout(s)
	if stuck != nil && stuck.Remedy == diagnose.RollBack && stuck.Replica.Ordinal == r.Ordinal && !aborting(s) {
		return hintRollBack(record.RollBackCommand(s.Set), look)
	}
	return look
}

func aborting(s *sts.Snapshot) bool {
	c, err := record.ReadCanary(s.Set)
	return err == nil && c != nil && c.Aborting
}

// inFlight describes the update in progress, empty when there is none. It goes by the
// labels of the pods: status alone reports completion while pods still run another
// revision (after a raised partition and a restored template).
func inFlight(s *sts.Snapshot) string {
	st := s.Set.Status
	var other []sts.Ordinal
	revisions := map[string]bool{}
	for _, r := range s.Replicas() {
		if r.Desired && r.Pod != nil && r.Revision != st.UpdateRevision {
			other = append(other, r.Ordinal)
			revisions[r.Revision] = true
		}
	}
	switch {
	case len(other) > 0:
		names := make([]string, 0, len(revisions))
		for name := range revisions {
			names = append(names, name)
		}
		slices.Sort(names)
		return msgOrdinalsOnOther(other, names, st.UpdateRevision)
	case st.CurrentRevision != st.UpdateRevision:
		return msgUpdateIncomplete(st.CurrentRevision, st.UpdateRevision)
	}
	return ""
}

// finishUpdate is a hint how to complete an update in progress: to wait, or the fix where it is
// stuck.
func finishUpdate(s *sts.Snapshot) sts.Hint {
	if stuck := diagnose.Rollout(s); stuck != nil {
		pod, trouble := s.Name(stuck.Replica.Ordinal), stuck.Trouble.Message
		unstick := sts.Kubectl(s.Set.Namespace, "sts unstick", s.Set.Name)
		switch stuck.Remedy {
		case diagnose.RollBack:
			return hintStuckRollBack(pod, trouble, record.RollBackCommand(s.Set))
		case diagnose.DeletePods:
			return hintStuckDeletePods(pod, trouble, unstick)
		}
		return hintStuckNoRemedy(pod, trouble, unstick)
	}
	var abort sts.Hint
	if sts.StrategyOf(s.Set).HasPartition() { // no other strategy has a canary
		abort = canaryCommand(s, "abort")
	}
	for _, r := range s.Replicas() {
		if t := diagnose.Replica(s, r); t != nil && t.Failing && !r.Terminating {
			return hintUpdateFails(s.Name(r.Ordinal), t.Message, diagnose.LookCommand(s, r.Ordinal, t), abort)
		}
	}
	return hintFinishUpdate(sts.Kubectl(s.Set.Namespace, "sts status", s.Set.Name, "--for=complete"), abort)
}

// takeLock takes the lock that another command of the same owner has, or any with --take-over, before
// this command waits, ends or writes something else: if the other one is still running, it stops
// instead of working beside this one. Nil where there is no such lock, where the next write takes it
// anyway, for a command that is refused, or finds nothing to do and is not the same one, and before the
// status is about the current spec: until then it is not known whether the command is refused.
func (l Lock) takeLock(s *sts.Snapshot, d Decision) *Decision {
	o, err := record.ReadOwner(s.Set)
	if err != nil || o == nil || o.ID == l.ID || o.Name != l.Name && !l.TakeOver {
		return nil
	}
	switch p, isPatch := d.Action.(*PatchSet); d.Verdict {
	case Do:
		if isPatch && p.TookOver != nil {
			return nil
		}
	case Done:
		if d.Reason == ReasonNothingToDo && o.Command != l.Command && !l.TakeOver {
			return nil
		}
	case Wait:
		if d.Reason == ReasonNotObserved {
			return nil
		}
	default:
		return nil
	}
	p := newPatch(s.Set).owner(l.Owner).action("", stepTakeLock(o.Name, o.Command))
	p.lockOnly = true
	first := do(p, "Lock")
	return &first
}

// locker is an intent with a lock.
type locker interface {
	takeLock(s *sts.Snapshot, d Decision) *Decision
}

// TakesLock says whether the command takes the lock from another one before this decision, which is
// not shown in a plan.
func TakesLock(i Intent, s *sts.Snapshot, d Decision) bool {
	l, ok := i.(locker)
	return ok && l.takeLock(s, d) != nil
}

// Release removes the lock, or, when the canary is over, our entries in managedFields.
func (l Lock) Release(s *sts.Snapshot, reached bool) *PatchSet {
	o, err := record.ReadOwner(s.Set)
	if err != nil {
		return nil
	}
	c, err := record.ReadCanary(s.Set)
	if err != nil {
		return nil
	}
	// A goal that was reached is removed, so that the next command begins a step of its
	// own.
	met := reached && c != nil && c.Goal != nil && c.GoalOf == l.Command
	ours := o != nil && o.ID == l.ID
	switch {
	case o == nil && c == nil && reached:
		return disown(s.Set)
	case o != nil && !ours, o == nil && !met:
		return nil
	}
	b := newPatch(s.Set)
	if ours {
		b = b.drop(record.OwnerAnnotation)
	}
	if met {
		// Generation stays: this patch does not change the spec, and a change by another
		// client must still be detected.
		generation := c.Generation
		c.Goal, c.GoalOf = nil, ""
		b = b.record(*c, generation)
	}
	return b.action("", stepReleaseLock())
}
