package operate

import (
	"slices"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// stillUnmade is for how long nothing must have changed before a pod that does not exist, and
// for which no event has a reason, counts as one that the controller does not create.
const stillUnmade = 10 * time.Second

// unmade reports whether an ordinal that will be removed has no pod, and the controller is not
// creating one: it has seen the set's present size, its status counts no pod that is not seen
// here, and it has failed to create one, waits for a pod below, or is idle.
func (i drainScale) unmade(s *sts.Snapshot, f Facts, r sts.Replica) bool {
	switch {
	case r.Pod != nil || !Removes(s.Set, i.Replicas, r.Ordinal), requireCounted(s) != nil:
		return false
	case isFailing(s, r), diagnose.FailedCreate(s) != nil, f.Still >= stillUnmade:
		return true
	}
	return !sts.IsParallel(s.Set) && slices.ContainsFunc(s.Replicas(), func(below sts.Replica) bool {
		return below.Ordinal < r.Ordinal && below.Desired && !below.Ready
	})
}

// refused reports which pods the controller cannot create now.
func (i drainScale) refused(s *sts.Snapshot) func(sts.Ordinal) bool {
	refused := map[sts.Ordinal]bool{}
	for _, r := range s.Replicas() {
		refused[r.Ordinal] = i.unmade(s, Facts{}, r)
	}
	return func(o sts.Ordinal) bool { return refused[o] }
}

// requireCounted waits while the set's status is about an earlier size, or counts pods that are not
// seen yet.
func requireCounted(s *sts.Snapshot) *Decision {
	if !sts.Observed(s.Set) {
		return requireSettled(s)
	}
	if n := int(s.Set.Status.Replicas); n > len(s.Pods) {
		d := decide(Wait, ReasonNotObserved, waitDrainUnseenPods(s.Set.Name, n, len(s.Pods)), nil)
		return &d
	}
	return nil
}

// whyUnmade is what the controller reports about pods that it cannot create, for the first of
// them and for those that it names.
func whyUnmade(s *sts.Snapshot, r sts.Replica, first bool) string {
	if t := diagnose.Replica(s, r); t != nil && t.Failing {
		return "it " + t.Message
	}
	e := diagnose.FailedCreate(s)
	if e == nil || !first {
		return ""
	}
	for _, other := range s.Replicas() {
		if t := diagnose.Replica(s, other); t != nil && s.Name(other.Ordinal) == diagnose.PodOf(e) {
			return msgPodTrouble(s.Name(other.Ordinal), t.Message)
		}
	}
	return e.Message
}

// needNotBeWell are the ordinals whose pods need not be available: the one that leaves, and
// those that leave after it and are failing or do not exist.
func (i drainScale) needNotBeWell(s *sts.Snapshot, f Facts, top sts.Ordinal) []sts.Ordinal {
	out := []sts.Ordinal{top}
	for _, r := range s.Replicas() {
		if r.Ordinal != top && Removes(s.Set, i.Replicas, r.Ordinal) && (i.Park || isFailing(s, r) || i.unmade(s, f, r)) {
			out = append(out, r.Ordinal)
		}
	}
	return out
}

// requireEviction checks the budgets: first as they are seen, then by a dry run of the eviction. Nil
// when the pod may be evicted.
func (i drainScale) requireEviction(s *sts.Snapshot, f Facts, r sts.Replica, when string) *Decision {
	if i.IgnoreBudgets {
		return nil
	}
	if d := requireEvictable(s, f, r, isFailing(s, r)); d != nil {
		return i.orIgnoreBudgets(s, r, i.shortForGood(s, f, r, d))
	}
	if i.Profile == nil {
		when = "" // nothing happens between the two checks
	}
	check := &DryRunEviction{Description: stepDrainCheckEviction(r.Pod.Name), PodRef: podRef(r), When: when}
	if f.Allowed[check.Check()] {
		return nil
	}
	d := do(check, "DryRunEviction")
	return &d
}

// orIgnoreBudgets adds --pdb=ignore to the hint where a budget ends the command.
func (i drainScale) orIgnoreBudgets(s *sts.Snapshot, r sts.Replica, d *Decision) *Decision {
	if d.Verdict == Stuck && !r.Ready {
		d.Hint = evictUnready(s.Budgets[0])
	}
	if d.Verdict != Wait {
		d.Hint = sts.Hintf("%s; or %s", d.Hint, hintDrainIgnoreBudgets())
	}
	return d
}

// shortForGood tells a budget that blocks for a moment from one that keeps blocking: all that it
// lacks are pods that will be removed later and will not become available.
func (i drainScale) shortForGood(s *sts.Snapshot, f Facts, r sts.Replica, d *Decision) *Decision {
	if d.Verdict != Wait || d.Reason != ReasonBudgetShort || len(s.Budgets) != 1 || f.Still < budgetLag ||
		s.Budgets[0].Status.ExpectedPods != sts.DesiredReplicas(s.Set) {
		return d
	}
	var lacking []string
	for _, other := range s.Replicas() {
		switch {
		case !other.Desired || other.Available || other.Ordinal == r.Ordinal:
		case isFailing(s, other) || i.unmade(s, f, other):
			lacking = append(lacking, s.Name(other.Ordinal))
		default:
			return d
		}
	}
	if len(lacking) == 0 {
		return d
	}
	name := s.Budgets[0].Name
	_, numbers := sts.JudgeBudget(s.Budgets[0], r.Ready)
	message, hint := msgDrainBudgetStuck(name, r.Pod.Name, numbers, sayAll(lacking), sts.Kubectl(s.Set.Namespace, "edit pdb", name))
	stuck := decide(Stuck, ReasonBudgetShort, message, hint)
	stuck.Subject = budgetSubject(name)
	return &stuck
}
