package operate

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// Moment is when a guard is checked.
type Moment string

const (
	// Always is at every look at the cluster, before anything else.
	Always Moment = "always"
	// BeforeStart is until the command has written for the first time.
	BeforeStart Moment = "before the start"
	// InProgress is while something continues that was started before.
	InProgress Moment = "while in progress"
	// BeforeStep is before each write after which a pod may go down or a member joins.
	BeforeStep Moment = "before each step"
)

// Guard is one condition that a verb requires.
type Guard struct {
	// Name stands for the same condition in every verb.
	Name string
	// Refuses is what is refused or waited for, for the docs.
	Refuses string
	When    Moment
}

// at is the guard at another moment.
func (g Guard) at(when Moment) Guard {
	g.When = when
	return g
}

// guard is a Guard with its check, which returns nil when the condition is met. Otherwise the
// decision is to refuse or to wait, that there is nothing to do, or a step that comes first. L is what
// the check looks at, and D the type of the decision.
type guard[L, D any] struct {
	Guard
	check func(L) *D
}

// at is the guard at another moment.
func (g guard[L, D]) at(when Moment) guard[L, D] {
	g.Guard = g.Guard.at(when)
	return g
}

// guards are the guards of a verb, in the order in which they are checked.
type guards[L, D any] []guard[L, D]

// require checks the guards of one moment, and returns the decision of the first whose condition
// is not met.
func (gs guards[L, D]) require(when Moment, l L) *D {
	for _, g := range gs {
		if g.When != when {
			continue
		}
		if d := g.check(l); d != nil {
			return d
		}
	}
	return nil
}

// described are the guards without their checks.
func (gs guards[L, D]) described() []Guard {
	var out []Guard
	for _, g := range gs {
		out = append(out, g.Guard)
	}
	return out
}

// look is one look of a verb at a set. Besides the set and the facts, a verb fills in what its
// guards need.
type look struct {
	s *sts.Snapshot
	f Facts
	// canary is the canary in progress, nil when there is none; derived, where it stands for an
	// update by another client, which has no record. unreadable refuses what cannot be read.
	canary     *record.Canary
	derived    bool
	unreadable *Decision
	// edit is the change that a new canary makes, nil when nothing would differ.
	edit *edit
	// stuck is why an update is stuck, nil when it is not.
	stuck *diagnose.StuckRollout
	// restart and drain are the records of a restart and of a scale operation.
	restart *record.Restart
	drain   *record.Drain
	// target is the ordinal whose pod goes down next.
	target sts.Ordinal
}

// recordLook is a look with the record of the canary.
func recordLook(s *sts.Snapshot, f Facts) look {
	l := look{s: s, f: f}
	c, err := record.ReadCanary(s.Set)
	if err != nil {
		d := badRecord(err)
		l.unreadable = &d
	}
	l.canary = c
	return l
}

// canaryLook is a look with the record of the canary, or with one that is derived from an update
// by another client.
func canaryLook(s *sts.Snapshot, f Facts) look {
	l := look{s: s, f: f}
	l.canary, l.derived, l.unreadable = canaryRecord(s)
	return l
}

// before is the look before the ordinal's pod goes down.
func (l look) before(target sts.Ordinal) look {
	l.target = target
	return l
}

// Guards that each verb checks in a way of its own.
var (
	removedRule = Guard{"removed", "stops when the record of the operation was removed", Always}
	sizeRule    = Guard{"size", "refuses at 0 replicas", Always}
	ordinalRule = Guard{"ordinal", "refuses ordinals that the StatefulSet does not have", BeforeStart}
	changeRule  = Guard{"change", "ends when there is nothing to change", BeforeStart}
	historyRule = Guard{"history", "refuses to roll back an update of another client if a revision that is needed for it is no longer in history", BeforeStart}
	ownerRule   = Guard{"owner", "refuses fields that an operator or a GitOps controller would revert (`--force-ownership` proceeds)", BeforeStart}
)

// The guards that verbs share.

func (l Lock) lockGuard() guard[look, Decision] {
	return guard[look, Decision]{Guard{guardLock, "refuses while another client holds the lock (`--take-over` takes it), and stops when the lock was removed or taken", Always},
		func(k look) *Decision { return l.requireLock(k.s, k.f) }}
}

var drainGuard = guard[look, Decision]{Guard{guardDrain, "refuses while another scale operation is in progress, or was interrupted", Always},
	func(l look) *Decision { return requireNoDrain(l.s) }}

var deletionGuard = guard[look, Decision]{Guard{"deletion", "refuses a StatefulSet that is being deleted", Always}, requireNotDeleted}

var settledGuard = guard[look, Decision]{Guard{"observed", "waits until the controller has observed the last change; refuses a StatefulSet that is being deleted, or whose update strategy the controller rejects", Always},
	func(l look) *Decision { return requireSettled(l.s) }}

var partitionGuard = guard[look, Decision]{Guard{"strategy", "refuses update strategies that do not support the command", Always},
	func(l look) *Decision { return requirePartition(l.s) }}

var recordGuard = guard[look, Decision]{Guard{"record", "refuses a record that cannot be read", Always},
	requireReadable}

// updateRecordGuard is recordGuard for a [canaryLook].
var updateRecordGuard = guard[look, Decision]{Guard{"update record", "refuses a record that cannot be read, and an update of another client whose stable revision is no longer in history", Always},
	requireReadable}

func requireReadable(l look) *Decision { return l.unreadable }

// canaryGuard ends a command with this message when no canary, and no update that can be treated
// as one, is in progress.
func canaryGuard(nothing string) guard[look, Decision] {
	return guard[look, Decision]{Guard{"canary", "ends when there is no canary or update to work on", Always}, func(l look) *Decision {
		if l.canary != nil {
			return nil
		}
		d := decide(Done, ReasonNothingToDo, nothing, nil)
		return &d
	}}
}

var abortGuard = guard[look, Decision]{Guard{"abort", "refuses while a canary is being aborted; `canary abort`, `unstick` and `--on-failure=abort` resume the abort", Always}, requireNotAborting}

func (l Lock) undisturbedGuard() guard[look, Decision] {
	return guard[look, Decision]{Guard{"undisturbed", "refuses when another client has changed the partition or the template (`--take-over` accepts the change)", Always},
		func(k look) *Decision { return l.requireUndisturbed(k.s, k.canary) }}
}

// managedGuard checks the fields that the verb writes.
func (l Lock) managedGuard(fields ...sts.Field) guard[look, Decision] {
	return guard[look, Decision]{ownerRule, func(k look) *Decision { return l.requireUnmanaged(k.s, fields...) }}
}

// adoptionGuard is managedGuard for an update that another client has started: the fields of a
// canary were checked when it started.
func (l Lock) adoptionGuard(fields ...sts.Field) guard[look, Decision] {
	g := l.managedGuard(fields...)
	return guard[look, Decision]{g.Guard, func(k look) *Decision {
		if !k.derived {
			return nil
		}
		return g.check(k)
	}}
}

// availableGuard gives a pod that is failing the verdict.
func availableGuard(whenFailing Verdict) guard[look, Decision] {
	return guard[look, Decision]{Guard{"available", "waits until every other pod is available; refuses, or stops, if one is failing", BeforeStep},
		func(l look) *Decision { return requireAvailable(l.s, whenFailing, l.target) }}
}

var canaryPodsGuard = guard[look, Decision]{Guard{"canary pods", "waits until the pods that are updated so far are available; stops if one is failing", BeforeStep},
	func(l look) *Decision { return requireCanaryPods(l.s) }}

var budgetsGuard = guard[look, Decision]{Guard{"budgets", "waits until every PodDisruptionBudget allows a disruption; refuses if one never will", BeforeStep},
	func(l look) *Decision { return requireBudgets(l.s, l.f, l.target) }}
