package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Holder is who asks: the owner token that a command writes while it works.
type Holder struct {
	sts.Owner
	// TakeOver goes on although somebody else holds the set or has moved what we
	// moved: a person has looked and says so.
	TakeOver bool
	// Force goes on although somebody else writes the set and would undo the change.
	Force bool
	// AcceptDataLoss goes ahead although data is lost: with a pod whose claim is being
	// deleted, or by whenScaled: Delete.
	AcceptDataLoss bool
}

// guard refuses while somebody else works on the set. It returns nil when the
// way is free.
func (h Holder) guard(s *sts.Snapshot, f Facts) *Decision {
	o, err := sts.ReadOwner(s.Set)
	if err != nil {
		d := decide(Refused, ReasonBadRecord, err.Error(), "remove the annotation when no kubectl sts command is running on the set")
		return &d
	}
	switch {
	case f.Wrote && (o == nil || o.ID != h.ID):
		msg := fmt.Sprintf("statefulset %s is no longer ours: its %s annotation was removed", s.Set.Name, sts.OwnerAnnotation)
		if o != nil {
			msg = fmt.Sprintf("%s took over statefulset %s with %q", o.Name, s.Set.Name, o.Command)
		}
		d := decide(Refused, ReasonTakenOver, msg, sts.Kubectl(s.Set.Namespace, "sts status", s.Set.Name)+" shows where it stands")
		return &d
	case o == nil || o.ID == h.ID || o.Name == h.Name || h.TakeOver:
		return nil
	}
	d := decide(Refused, ReasonOwned,
		fmt.Sprintf("%s works on statefulset %s with %q since %s", o.Name, s.Set.Name, o.Command, o.Since.UTC().Format("2006-01-02 15:04:05 MST")),
		"wait for it, or, when it is gone, go on with --take-over")
	return &d
}

// settled waits until status speaks of the present spec, and refuses what no
// verb can work on.
func settled(s *sts.Snapshot) *Decision {
	var d Decision
	switch {
	case s.Set.DeletionTimestamp != nil:
		d = decide(Refused, ReasonDeleting, "statefulset "+s.Set.Name+" is being deleted", "")
	case s.StrategyRefused():
		d = decide(Refused, ReasonStrategy, "statefulset "+s.Set.Name+": "+sts.StrategyIsRefused, sts.StrategyRefusedHint)
	case !sts.Observed(s.Set):
		d = decide(Wait, ReasonNotObserved, "for the StatefulSet controller to see the change", "")
	default:
		return nil
	}
	return &d
}

// notSeen waits for a revision that status names already: the watches of sets and
// of revisions do not keep step.
func notSeen(revision string) Decision {
	return decide(Wait, ReasonNotObserved, "for controllerrevision "+revision+" to be seen", "")
}

// partitionable refuses update strategies that have no partition.
func partitionable(s *sts.Snapshot) *Decision {
	if sts.IsRollingUpdate(s.Set) {
		return nil
	}
	t := s.Set.Spec.UpdateStrategy.Type
	why := "has no partition"
	switch t {
	case appsv1.OnDeleteStatefulSetStrategyType:
		why = "updates a pod only when somebody deletes it, so there is no partition to step"
	case appsv1.RecreateStatefulSetStrategyType:
		why = "takes all pods down at once, so there is no partition to step"
	}
	d := decide(Refused, ReasonStrategy,
		fmt.Sprintf("statefulset %s has the update strategy %s, which %s", s.Set.Name, t, why),
		"set spec.updateStrategy.type to RollingUpdate first")
	return &d
}

// budgetLag is for how long nothing must have moved before a budget that we have
// seen change is believed never to allow anything: while a pod is being replaced,
// the disruption controller counts one pod less.
const budgetLag = 10 * time.Second

// mayDisrupt decides whether the ordinal's pod may go down now: every other
// wanted ordinal is available and every budget that selects the pods allows it.
// The controller asks no budget when a partition step makes it delete a pod.
// otherFailing is the verdict when another pod is failing for good.
func mayDisrupt(s *sts.Snapshot, f Facts, target sts.Ordinal, otherFailing Verdict) *Decision {
	if d := available(s, otherFailing, target); d != nil {
		return d
	}
	return budgetsAllow(s, f, target)
}

// available waits until every wanted ordinal is available, except these, and no
// other one is left. Nil when it is so.
func available(s *sts.Snapshot, whenFailing Verdict, except ...sts.Ordinal) *Decision {
	if _, d := failing(s, whenFailing, except...); d != nil {
		return d
	}
	for _, r := range s.Replicas() {
		if slices.Contains(except, r.Ordinal) {
			continue
		}
		if t := s.Trouble(r); t != nil {
			d := trouble(s, r, t, whenFailing)
			return &d
		}
		if !r.Desired && r.Pod != nil {
			d := decide(Wait, ReasonScalingDown, "for "+s.Name(r.Ordinal)+", which a scale-down removes", "")
			return &d
		}
	}
	return nil
}

// budgetsAllow decides whether every budget allows that the ordinal's pod goes down now.
func budgetsAllow(s *sts.Snapshot, f Facts, target sts.Ordinal) *Decision {
	ready := slices.ContainsFunc(s.Replicas(), func(r sts.Replica) bool { return r.Ordinal == target && r.Ready })
	for _, b := range s.Budgets {
		verdict, numbers := sts.JudgeBudget(b, ready)
		// Fewer than there are: it still counts as if a pod were being replaced.
		behind := int(b.Status.ExpectedPods) < len(s.Pods)
		if verdict == sts.BudgetNever && (behind || f.Wrote && f.Still < budgetLag) {
			verdict = sts.BudgetShort
		}
		switch verdict {
		case sts.BudgetNever:
			hint := "lower its minAvailable or raise its maxUnavailable so that one pod may be down"
			if !ready {
				hint = evictUnready(b) + "; or " + hint
			}
			d := decide(Refused, ReasonBudgetNever,
				fmt.Sprintf("poddisruptionbudget %s can never allow that %s goes down (%s)", b.Name, s.Name(target), numbers), hint)
			return &d
		case sts.BudgetShort:
			d := decide(Wait, ReasonBudgetShort, fmt.Sprintf("for poddisruptionbudget %s", numbers), "")
			d.Subject = b.Name
			return &d
		}
	}
	return nil
}

// evictUnready is the command with which a budget lets pods go that are not ready, for a hint.
// Without it (IfHealthyBudget) they can be evicted only while enough others are healthy.
func evictUnready(b *policyv1.PodDisruptionBudget) string {
	return "let it evict pods that are not ready: " +
		sts.Kubectl(b.Namespace, "patch pdb", b.Name, "--type=merge", `-p '{"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}}'`)
}

// failing finds the lowest pod that is failing for good, or that cannot be deleted although it
// has to go, except those of some ordinals, and gives it the verdict.
func failing(s *sts.Snapshot, verdict Verdict, except ...sts.Ordinal) (sts.Replica, *Decision) {
	for _, r := range s.Replicas() {
		t := s.Trouble(r)
		if t == nil || !t.Failing {
			t = s.DeletionRefused(r)
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
func trouble(s *sts.Snapshot, r sts.Replica, t *sts.Trouble, whenFailing Verdict) Decision {
	d := decide(Wait, ReasonPodNotAvailable, "for "+s.Name(r.Ordinal)+", which "+t.Message, "")
	d.Recheck = t.Until
	if t.Failing {
		d = decide(whenFailing, ReasonPodFailing, s.Name(r.Ordinal)+" "+t.Message, remedy(s, r, t))
	}
	d.Subject = s.Name(r.Ordinal) + " " + t.Reason
	return d
}

// remedy is what to do about a pod that is failing, for a hint. Where an update needs what the
// server refuses, taking the update back works, whatever refuses it.
func remedy(s *sts.Snapshot, r sts.Replica, t *sts.Trouble) string {
	look := s.LookCommand(r.Ordinal, t)
	if s.UpdateNeeds(r, t) && !aborting(s) {
		return canaryCommand(s, "abort") + " takes the update back; or remove what refuses it: " + look
	}
	if t.Reason == sts.Recreated && sts.IsRollingUpdate(s.Set) && s.Stable() != s.Set.Status.UpdateRevision && s.RevisionFor(r.Ordinal) == s.Set.Status.UpdateRevision && !aborting(s) {
		return "find out what rejects or rewrites the pod: " + look + "; if that is because of the update, take it back with " + canaryCommand(s, "abort")
	}
	return look
}

func aborting(s *sts.Snapshot) bool {
	c, err := sts.ReadCanary(s.Set)
	return err == nil && c != nil && c.Aborting
}

// inFlight says in words which update is on its way, empty when none is. It goes
// by the pods' own labels: status alone says done while pods still run something
// else (after a raised partition and a restored template).
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
		return fmt.Sprintf("%s on %s, not on %s", sts.SayOrdinals(other), strings.Join(names, " and "), st.UpdateRevision)
	case st.CurrentRevision != st.UpdateRevision:
		return fmt.Sprintf("the update from %s to %s is not finished", st.CurrentRevision, st.UpdateRevision)
	}
	return ""
}

// finishUpdate is how an update in progress comes to its end: by itself, or, where it is stuck, with
// what helps.
func finishUpdate(s *sts.Snapshot) string {
	unstick := sts.Kubectl(s.Set.Namespace, "sts unstick", s.Set.Name)
	if trap := s.Trap(); trap != nil {
		stuck := "the update is stuck, because " + s.Name(trap.Replica.Ordinal) + " " + trap.Trouble.Message + ": "
		switch trap.Cure {
		case sts.Back:
			return stuck + "take it back with " + unstick
		case sts.Forward:
			return stuck + "get it going with " + unstick
		}
		return stuck + "apply a template that works, then " + unstick
	}
	hint := "let the update finish: " + sts.Kubectl(s.Set.Namespace, "sts status", s.Set.Name, "--for=complete")
	for _, r := range s.Replicas() {
		if t := s.Trouble(r); t != nil && t.Failing && !r.Terminating {
			hint = "the update is stuck, because " + s.Name(r.Ordinal) + " " + t.Message + ": find out why with " + s.LookCommand(r.Ordinal, t)
			break
		}
	}
	if sts.IsRollingUpdate(s.Set) { // no other strategy has a canary
		hint += ", or take it back with " + canaryCommand(s, "abort")
	}
	return hint
}

// Release gives the owner token back, also one that a killed command of the same
// owner has left, or, when the canary is over, the fields that it has written.
func (h Holder) Release(s *sts.Snapshot, reached bool) *Action {
	o, err := sts.ReadOwner(s.Set)
	if err != nil {
		return nil
	}
	c, err := sts.ReadCanary(s.Set)
	if err != nil {
		return nil
	}
	// A goal that was reached is forgotten, so that the next command begins a step
	// of its own.
	met := reached && c != nil && c.Goal != nil && c.GoalOf == h.Command
	abandoned := o != nil && reached && (o.Name == h.Name || h.TakeOver)
	ours := o != nil && (o.ID == h.ID || abandoned)
	switch {
	case o == nil && c == nil && reached:
		return disown(s.Set)
	case o != nil && !ours, o == nil && !met:
		return nil
	}
	b := newPatch(s.Set)
	if ours {
		b = b.drop(sts.OwnerAnnotation)
	}
	if met {
		// Generation stays: this patch does not touch the spec, and whether somebody
		// else did is still to be seen.
		generation := c.Generation
		c.Goal, c.GoalOf = nil, ""
		b = b.record(*c, generation)
	}
	a := b.action("", "leave the set to others")
	return &a
}
