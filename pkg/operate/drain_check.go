package operate

import (
	"slices"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// check are the guards that are checked once, before anything starts.
func (i drainScale) check(s *sts.Snapshot) (*sts.Drain, *Decision) {
	from := sts.DesiredReplicas(s.Set)
	refuse := func(reason, message string, hint sts.Hint) (*sts.Drain, *Decision) {
		d := decide(Refused, reason, message, hint)
		return nil, &d
	}
	record := &sts.Drain{From: from, To: i.Replicas, Profile: i.profileName(), ProfileFile: i.ProfileFile, StartedBy: i.Name, StartedAt: s.TakenAt}
	if from == i.Replicas {
		d := decide(Done, ReasonNothingToDo, msgDrainUnchanged(from), nil)
		return nil, &d
	}
	if d := steady(s); d != nil {
		return nil, d
	}
	if d := i.resizable(s, i.Replicas); d != nil {
		return nil, d
	}
	if d := i.autoscaled(s); d != nil {
		return nil, d
	}
	if i.Profile != nil && i.Profile.Refuse != "" {
		return refuse(ReasonProfileRefuses, msgDrainProfileRefuses(i.Profile.Metadata.Name, i.Profile.Refuse), nil)
	}
	if record.Up() {
		return record, i.mayGrow(s)
	}
	if i.Replicas == 0 && !i.Park {
		message, hint := msgDrainToZero(s.Set.Name)
		return refuse(ReasonParking, message, hint)
	}
	if majority := from/2 + 1; i.Quorum && i.Replicas < majority {
		message, hint := msgDrainQuorum(from, i.Replicas, majority, i.again(s, majority))
		return refuse(ReasonQuorum, message, hint)
	}
	if i.Replicas < i.MinHealthy {
		// Before a member leaves all that stay have to be available, so nothing else is checked.
		return refuse(ReasonMinHealthy, msgDrainMinHealthy(i.Replicas, i.MinHealthy), nil)
	}
	if d := i.budgetOnTheWay(s); d != nil {
		return nil, d
	}
	if sts.DeletesClaimsWhenScaled(s.Set) && !i.AcceptDataLoss && !i.KeepClaims {
		message, hint := msgDrainDeletesClaims(s.Set.Name)
		return refuse(ReasonDataLoss, message, hint)
	}
	return record, nil
}

// budgetOnTheWay refuses where a budget will block every eviction before the size is reached:
// better to know that before the first member has left.
func (i drainScale) budgetOnTheWay(s *sts.Snapshot) *Decision {
	failing := slices.ContainsFunc(s.Replicas(), func(r sts.Replica) bool { return isFailing(s, r) })
	if i.IgnoreBudgets || failing || len(s.Budgets) != 1 {
		return nil // other rules apply to pods that are not healthy
	}
	b, from := s.Budgets[0], sts.DesiredReplicas(s.Set)
	others := max(0, b.Status.ExpectedPods-from)      // it may select more than this set's pods
	for size := from - 1; size > i.Replicas; size-- { // the present size is checked right before each eviction
		required := sts.RequiredBy(b, others+size)
		if others+size-1 >= required {
			continue
		}
		message, hint := msgDrainBudgetBlocks(b.Name, required, others+size, size, i.again(s, size))
		d := decide(Refused, ReasonBudgetNever, message, hint)
		return &d
	}
	return nil
}

// steady refuses while another operation is in progress.
func steady(s *sts.Snapshot) *Decision {
	refuse := func(reason, message string, hint sts.Hint) *Decision {
		d := decide(Refused, reason, message, hint)
		return &d
	}
	if c, err := sts.ReadCanary(s.Set); c != nil || err != nil {
		message, hint := msgDrainCanaryInProgress(s.Set.Name, canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort"))
		return refuse(ReasonCanaryOnItsWay, message, hint)
	}
	if r, err := sts.ReadRestart(s.Set); r != nil || err != nil {
		var resume sts.Hint
		if r != nil {
			resume = r.Again(s.Set)
		}
		message, hint := msgDrainRestartInProgress(s.Set.Name, resume, forget(s))
		return refuse(ReasonRestartOnItsWay, message, hint)
	}
	if what := inFlight(s); what != "" && sts.Observed(s.Set) && !sts.IsOnDelete(s.Set) {
		hint := finishUpdate(s)
		if sts.Partition(s.Set) > 0 && s.Trap() == nil {
			hint = hintDrainPartition(canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort"))
		}
		return refuse(ReasonUpdateOnItsWay, msgUpdateInProgress(s.Set.Name, what), hint)
	}
	return nil
}
