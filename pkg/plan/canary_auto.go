package plan

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// AutoPromote promotes a canary by itself, step by step, each behind gates. Within
// a step ordinals follow one another as [NewPromoteCanary] has them.
type AutoPromote struct {
	Holder
	// Steps are how many ordinals have the update after each, ascending; empty is
	// one more each time, to the last.
	Steps []Count
	Gates Gates
	// Abort goes back to stable when a gate fails; else the canary stands paused.
	Abort bool
}

// ParseSteps reads "1,3,50%,100%".
func ParseSteps(s string) ([]Count, error) {
	var out []Count
	for part := range strings.SplitSeq(s, ",") {
		c, err := ParseCount(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("%q is not a list of steps like 1,3,50%%,100%%: %w", s, err)
		}
		for _, before := range out {
			// A percentage and a number can be compared only for a set of known size.
			if before.Percent == c.Percent && before.N >= c.N || before == (Count{N: 100, Percent: true}) {
				return nil, fmt.Errorf("steps are cumulative: %s after %s takes none", c, before)
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// String is the count as it is written on the command line.
func (c Count) String() string {
	if c.Percent {
		return fmt.Sprintf("%d%%", c.N)
	}
	return fmt.Sprint(c.N)
}

// Next implements [Intent].
func (i AutoPromote) Next(s *sts.Snapshot, f Facts) Decision {
	c, derived, d := i.begun(s, f, "promote")
	if d != nil {
		return *d
	}
	if c.Aborting {
		return i.goBack(s, f, c.AbortedFor)
	}
	if d := i.promotable(s, c); d != nil {
		return *d
	}
	if derived {
		if d := i.unmanaged(s, sts.FieldPartition); d != nil {
			return *d
		}
		c.Adopted = true
	}
	c.Auto = i.record()
	if why := i.Gates.failed(s); why != "" {
		return i.failed(s, f, *c, why)
	}
	goals := i.goals(s)
	from := min(sts.UpdateFrom(s.Set), sts.End(s.Set))
	goal, number := from, 0
	for _, g := range goals {
		if g < from {
			goal = g
			break
		}
		number++
	}
	if goal < from {
		// What a budget will never allow is not soaked and checked for first.
		if d := mayDisrupt(s, f, from-1, Stuck); d != nil && d.Verdict == Refused {
			return *d
		}
	}
	notYet := i.Gates.tolerated(s, canaryPods(s))
	switch {
	case notYet != nil && notYet.Verdict != Wait:
		return *notYet
	case i.Gates.takeTime() && !f.Wrote:
		return i.take(s, *c)
	case notYet != nil:
		return *notYet
	}
	// A step of this very command that was killed is finished before its gates are asked.
	if g := i.underWay(s, c); g < from {
		goal = g
	} else {
		at := step{number: number, of: len(goals), from: from, pods: canaryReplicas(s)}
		if d, why := i.Gates.pass(s, f, at); why != "" {
			return i.failed(s, f, *c, why)
		} else if d != nil {
			return *d
		}
		switch {
		case from <= sts.Start(s.Set):
			return promoteCanary{PromoteOptions: PromoteOptions{Holder: i.Holder}}.finish(s, c, derived && !f.Wrote)
		case number == len(goals):
			return paused(s, false)
		}
	}
	if d := mayDisrupt(s, f, from-1, Stuck); d != nil {
		return *d
	}
	next := promoteCanary{PromoteOptions: PromoteOptions{Holder: i.Holder}, goal: goal}.step(s, *c, from-1)
	if len(i.Steps) > 0 {
		next.Message = fmt.Sprintf("step %d of %d: %s", min(number+1, len(goals)), len(goals), next.Message)
		next.Action.Why = next.Message
	}
	return next
}

// take writes down, before anything moves, that this command is at work and what it
// goes by: soaks and checks take their time, and others want to know.
func (i AutoPromote) take(s *sts.Snapshot, c sts.Canary) Decision {
	// With --take-over they may be others than the canary's own.
	c.Partition, c.TemplateDigest = sts.Partition(s.Set), sts.TemplateDigest(&s.Set.Spec.Template)
	why := "promote step by step: " + c.Auto.String()
	return do(newPatch(s.Set).owner(i.Owner).canary(c).action("", why), "Take")
}

// underWay is the goal of the step that this command has begun, as far as the set,
// which others may have scaled, still has it; without one it is the end of the set.
func (i AutoPromote) underWay(s *sts.Snapshot, c *sts.Canary) sts.Ordinal {
	if c.Goal == nil || c.GoalOf != i.Command {
		return sts.End(s.Set)
	}
	return max(*c.Goal, sts.Start(s.Set))
}

func (i AutoPromote) record() *sts.Auto {
	a := &sts.Auto{MaxRestarts: i.Gates.MaxRestarts, Soak: i.Gates.Soak.String(), Checks: len(i.Gates.Checks) + len(i.Gates.Execs)}
	for _, c := range i.Steps {
		a.Steps = append(a.Steps, c.String())
	}
	return a
}

// goals are the lowest ordinals of the steps, highest first. A step that takes no
// more than the one before it, in a set of this size, is none.
func (i AutoPromote) goals(s *sts.Snapshot) []sts.Ordinal {
	var out []sts.Ordinal
	if len(i.Steps) == 0 {
		for o := sts.End(s.Set) - 1; o >= sts.Start(s.Set); o-- {
			out = append(out, o)
		}
		return out
	}
	lowest := sts.End(s.Set)
	for _, c := range i.Steps {
		if o := max(sts.Start(s.Set), sts.End(s.Set)-sts.Ordinal(c.Of(sts.WantedReplicas(s.Set)))); o < lowest {
			out, lowest = append(out, o), o
		}
	}
	return out
}

func canaryReplicas(s *sts.Snapshot) []sts.Replica {
	var out []sts.Replica
	for _, r := range s.Replicas() {
		if onCanary(s, r) {
			out = append(out, r)
		}
	}
	return out
}

// failed is the end of the way forward: the canary stands as it is, or goes back. An ordinal
// that the last step let go, and that nothing has happened to yet, is held back again: it
// would follow later, with nobody there who asks its gates.
func (i AutoPromote) failed(s *sts.Snapshot, f Facts, c sts.Canary, why string) Decision {
	if i.Abort {
		return i.goBack(s, f, why)
	}
	if from := sts.UpdateFrom(s.Set); c.GoalOf == i.Command && reachedOrdinal(s) > from && from+1 < sts.End(s.Set) {
		c.Partition, c.Goal, c.GoalOf = sts.PartitionAt(s.Set, from+1), nil, "" // the next run asks the gates first
		return do(newPatch(s.Set).partition(c.Partition).owner(i.Owner).canary(c).
			action("UpdatePaused", fmt.Sprintf("hold back ordinal %s again, which is not replaced yet", from)), "HoldBack")
	}
	held := "none is held back any more"
	if back := heldBack(s); len(back) > 0 {
		held = sts.SayOrdinals(back) + " held back"
	}
	return decide(Failed, ReasonGateFailed, fmt.Sprintf("%s; the canary stands paused with %s on the new revision, %s",
		why, sts.SayOrdinals(updated(s)), held),
		"the same command asks its gates again, "+canaryCommand(s, "abort")+" goes back")
}

// goBack aborts, because a gate failed, and goes on with such an abort.
func (i AutoPromote) goBack(s *sts.Snapshot, f Facts, why string) Decision {
	if why == "" || !i.Abort {
		return beingAborted(s)
	}
	d := AbortCanary{Holder: i.Holder, For: why}.Next(s, f)
	if d.Then != nil {
		end := *d.Then
		end.Message = why + "; aborted: " + end.Message
		if end.Verdict == Done {
			end.Verdict, end.Reason = Failed, ReasonGateFailed
		}
		d.Then = &end
	}
	return d
}
