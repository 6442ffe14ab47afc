package operate

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

type (
	// setGuard is a guard of a verb that works on a set.
	setGuard  = guard.Guard[look, Decision]
	setGuards = guard.List[look, Decision]
)

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
	// recover is the record of recoveries, recovery the one that this command starts or resumes.
	recover  *record.Recover
	recovery *record.Recovery
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
	removedRule = guard.NewRule("record removed", "stops when the record of the operation was removed", guard.Always)
	sizeRule    = guard.NewRule("replicas", "refuses a StatefulSet with 0 replicas", guard.Always)
	ordinalRule = guard.NewRule("ordinal", "refuses ordinals that the StatefulSet does not have", guard.BeforeStart)
	changeRule  = guard.NewRule("change", "ends when there is nothing to change", guard.BeforeStart)
	historyRule = guard.NewRule("history", "refuses to roll back an update of another client if a revision that the rollback requires is no longer in history", guard.BeforeStart)
	ownerRule   = guard.NewRule("owner", "refuses fields that an operator or a GitOps controller would revert (`--force-ownership` proceeds)", guard.BeforeStart)
)

// The guards that verbs share.

func (l Lock) lockGuard() setGuard {
	return guard.New(guard.NewRule(guard.Lock, "refuses while another client holds the lock (`--take-over` takes it), and stops when the lock was removed or taken", guard.Always),
		func(k look) *Decision { return l.requireLock(k.s, k.f) })
}

var scaleRule = guard.NewRule(guard.ScaleOperation, "refuses while another scale operation is in progress, or was interrupted (`recover` removes the pod that it waits for)", guard.Always)

var drainGuard = guard.New(scaleRule,
	func(l look) *Decision { return requireNoDrain(l.s) })

var deletionGuard = guard.New(guard.NewRule("deletion", "refuses a StatefulSet that is being deleted", guard.Always), requireNotDeleted)

var settledGuard = guard.New(guard.NewRule("observed", "waits until the controller has observed the last change; refuses a StatefulSet that is being deleted, or whose update strategy the controller rejects", guard.Always),
	func(l look) *Decision { return requireSettled(l.s) })

var partitionGuard = guard.New(guard.NewRule("strategy", "refuses update strategies that do not support the command", guard.Always),
	func(l look) *Decision { return requirePartition(l.s) })

var recordGuard = guard.New(guard.NewRule("record", "refuses a record that cannot be read", guard.Always),
	requireReadable)

// updateRecordGuard is recordGuard for a [canaryLook].
var updateRecordGuard = guard.New(guard.NewRule("update record", "refuses a record that cannot be read, and an update of another client whose stable revision is no longer in history", guard.Always),
	requireReadable)

func requireReadable(l look) *Decision { return l.unreadable }

// canaryGuard ends a command with this message when no canary, and no update that can be treated
// as one, is in progress.
func canaryGuard(nothing string) setGuard {
	return guard.New(guard.NewRule("canary", "ends when there is no canary or update to work on", guard.Always), func(l look) *Decision {
		if l.canary != nil {
			return nil
		}
		d := decide(Done, ReasonNothingToDo, nothing, nil)
		if l.f.Found == nil {
			return &d
		}
		// It waited, or for its confirmation, and another command was faster. An update without a record
		// completes by itself.
		revision := l.s.Set.Status.UpdateRevision
		switch before, derived, err := canaryRecord(l.f.Found); {
		case err != nil || before == nil:
		case derived:
			d.Message = msgEndedByItself(revision)
		default:
			d.Message = msgEndedByOther(revision == before.StableRevision, revision)
		}
		return &d
	})
}

var abortGuard = guard.New(guard.NewRule("abort", "refuses while a canary is being aborted; `canary abort`, `unstick` and `--on-failure=abort` resume the abort", guard.Always), requireNotAborting)

func (l Lock) undisturbedGuard() setGuard {
	return guard.New(guard.NewRule("unchanged", "refuses when another client has changed the partition or the template (`--take-over` accepts the change)", guard.Always),
		func(k look) *Decision { return l.requireUndisturbed(k.s, k.canary) })
}

// managedGuard checks the fields that the verb writes.
func (l Lock) managedGuard(fields ...sts.Field) setGuard {
	return guard.New(ownerRule, func(k look) *Decision { return l.requireUnmanaged(k.s, fields...) })
}

// adoptionGuard is managedGuard for an update that another client has started: the fields of a
// canary were checked when it started.
func (l Lock) adoptionGuard(fields ...sts.Field) setGuard {
	g := l.managedGuard(fields...)
	return guard.New(g.Rule, func(k look) *Decision {
		if !k.derived {
			return nil
		}
		return g.Check(k)
	})
}

// availableGuard gives a pod that is failing the verdict.
func availableGuard(whenFailing Verdict) setGuard {
	return guard.New(guard.NewRule("available", "waits until every other pod is available; refuses, or stops, if one is failing", guard.BeforeStep),
		func(l look) *Decision { return requireAvailable(l.s, whenFailing, l.target) })
}

var canaryPodsGuard = guard.New(guard.NewRule("canary pods", "waits until the pods that have been updated so far are available; stops if one is failing", guard.BeforeStep),
	func(l look) *Decision { return requireCanaryPods(l.s) })

var budgetsGuard = guard.New(guard.NewRule("budgets", "waits until every PodDisruptionBudget allows a disruption; refuses if one can never allow it", guard.BeforeStep),
	func(l look) *Decision { return requireBudgets(l.s, l.f, l.target) })
