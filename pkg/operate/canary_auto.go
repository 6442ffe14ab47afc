package operate

import (
	"errors"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// AutoPromoteOptions are the options of [NewAutoPromote].
type AutoPromoteOptions struct {
	Lock
	// Steps are how many ordinals have the update after each, ascending; empty is
	// one more each time, to the last.
	Steps []intstr.IntOrString
	Gates Gates
	// Abort rolls back to stable when a gate fails; otherwise the canary is paused.
	Abort bool
}

type autoPromote AutoPromoteOptions

// NewAutoPromote promotes a canary step by step, each behind gates. Within a step the
// ordinals follow one another as with [NewPromoteCanary].
func NewAutoPromote(o AutoPromoteOptions, _ *sts.Snapshot) Intent { return autoPromote(o) }

// ParseSteps reads "1,3,50%,100%".
func ParseSteps(s string) ([]intstr.IntOrString, error) {
	var out []intstr.IntOrString
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		c, ok := parseCount(part)
		if !ok {
			return nil, errors.New(msgInvalidStep(part))
		}
		for _, before := range out {
			// A percentage and a number can be compared only for a set of known size.
			if before.Type == c.Type && CountOf(before, 100) >= CountOf(c, 100) || before == intstr.FromString("100%") {
				return nil, errors.New(msgStepsNotIncreasing(before.String(), c.String()))
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// Next implements [Intent].
func (i autoPromote) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := canaryLook(s, f), i.guards()
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	c := l.canary
	if l.derived {
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
		// A step that a PodDisruptionBudget will never allow is refused before the soak and the checks.
		if d := gs.Require(guard.BeforeStep, l.before(from-1)); d != nil && d.Verdict == Refused {
			return *d
		}
	}
	d, why := i.waits(s, f, c, step{number: number, of: len(goals), from: from, pods: canaryReplicas(s)})
	switch {
	case d != nil && d.Verdict == Stuck:
		return *d
	case i.Gates.takeTime() && !f.Wrote:
		return i.recordStart(s, *c)
	case why != "":
		return i.failed(s, f, *c, why)
	case d != nil:
		return *d
	}
	switch g := i.underWay(s, c); {
	case g < from:
		goal = g
	case from <= sts.Start(s.Set):
		return promoteCanary{PromoteOptions: PromoteOptions{Lock: i.Lock}}.finish(s, c, l.derived && !f.Wrote)
	case number == len(goals):
		return donePromoted(s)
	}
	if d := gs.Require(guard.BeforeStep, l.before(from-1)); d != nil {
		return *d
	}
	next := promoteCanary{PromoteOptions: PromoteOptions{Lock: i.Lock}, goal: goal}.step(s, *c, from-1)
	if p, ok := next.Action.(*PatchSet); ok && len(i.Steps) > 0 {
		p.Description = stepOf(min(number+1, len(goals)), len(goals), p.Description)
		next.Message = p.Description
	}
	return next
}

func (i autoPromote) guards() setGuards {
	return append(i.promotionGuards(guard.New(abortGuard.Rule, i.requireNotAborting)),
		i.adoptionGuard(sts.FieldPartition).At(guard.Always),
		availableGuard(Stuck),
		budgetsGuard,
	)
}

// requireNotAborting resumes an abort that a failed gate has started.
func (i autoPromote) requireNotAborting(l look) *Decision {
	if !l.canary.Aborting {
		return nil
	}
	d := i.abort(l.s, l.f, l.canary.AbortedFor)
	return &d
}

// waits is what the command waits for, or runs, before the next step: nil when that step may begin.
// failed is the gate that was not passed.
func (i autoPromote) waits(s *sts.Snapshot, f Facts, c *record.Canary, at step) (d *Decision, failed string) {
	if d := i.Gates.tolerated(s, requireCanaryPods(s)); d != nil {
		return d, ""
	}
	if i.underWay(s, c) < at.from {
		return nil, "" // a step of this very command that was killed is finished before its gates are checked
	}
	return i.Gates.pass(s, f, at)
}

// recordStart writes the lock and the options before anything moves: soaks and checks take time, and
// sts status shows them meanwhile.
func (i autoPromote) recordStart(s *sts.Snapshot, c record.Canary) Decision {
	// With --take-over they may differ from the canary's own.
	c.Partition, c.TemplateDigest = sts.Partition(s.Set), record.TemplateDigest(&s.Set.Spec.Template)
	return do(newPatch(s.Set).owner(i.Owner).canary(c).action("", stepLock(c.Auto.String())), "Lock")
}

// record are the options, for the record of the canary.
func (i autoPromote) record() *record.Auto {
	a := &record.Auto{MaxRestarts: i.Gates.MaxRestarts, Soak: i.Gates.Soak.String(), Checks: len(i.Gates.Checks) + len(i.Gates.Execs)}
	for _, c := range i.Steps {
		a.Steps = append(a.Steps, c.String())
	}
	return a
}

// underWay is the goal of the step that this command has begun, limited to the current range
// of the set, which may have been scaled; without one it is the end of the set.
func (i autoPromote) underWay(s *sts.Snapshot, c *record.Canary) sts.Ordinal {
	if c.Goal == nil || c.GoalOf != i.Command {
		return sts.End(s.Set)
	}
	return max(*c.Goal, sts.Start(s.Set))
}

// goals are the lowest ordinals of the steps, highest first. A step that adds no ordinal
// in a set of this size is left out.
func (i autoPromote) goals(s *sts.Snapshot) []sts.Ordinal {
	var out []sts.Ordinal
	if len(i.Steps) == 0 {
		for o := sts.End(s.Set) - 1; o >= sts.Start(s.Set); o-- {
			out = append(out, o)
		}
		return out
	}
	lowest := sts.End(s.Set)
	for _, c := range i.Steps {
		if o := max(sts.Start(s.Set), sts.End(s.Set)-sts.Ordinal(CountOf(c, sts.DesiredReplicas(s.Set)))); o < lowest {
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

// failed pauses or aborts the canary. When the last step has lowered the partition to an ordinal
// that is not replaced yet, the partition is raised again: the controller would update that
// ordinal later, after the command has ended, without any gate.
func (i autoPromote) failed(s *sts.Snapshot, f Facts, c record.Canary, why string) Decision {
	if i.Abort {
		return i.abort(s, f, why)
	}
	if from := sts.UpdateFrom(s.Set); c.GoalOf == i.Command && reachedOrdinal(s) > from && from+1 < sts.End(s.Set) {
		c.Partition, c.Goal, c.GoalOf = sts.PartitionAt(s.Set, from+1), nil, "" // the next run checks the gates first
		return do(newPatch(s.Set).partition(c.Partition).owner(i.Owner).canary(c).
			action("UpdatePaused", stepRaisePartition(from)), "HoldBack")
	}
	return decide(Failed, ReasonGateFailed, msgGateFailed(why, updated(s), belowPartition(s)), hintGateFailed(canaryCommand(s, "abort")))
}

// abort rolls back because a gate failed, and resumes such a rollback.
func (i autoPromote) abort(s *sts.Snapshot, f Facts, why string) Decision {
	if why == "" || !i.Abort {
		return refuseAborting(s)
	}
	d := abortCanary{Lock: i.Lock, reason: why}.Next(s, f)
	if d.Then != nil {
		end := *d.Then
		end.Message = msgGateAborted(why, end.Message)
		if end.Verdict == Done {
			end.Verdict, end.Reason = Failed, ReasonGateFailed
		}
		d.Then = &end
	}
	return d
}
