package operate

import (
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// guards are those of a scale-up, or of a scale-down.
func (i drainScale) guards(up bool) setGuards {
	gs := setGuards{
		i.lockGuard(),
		guard.New(deletionGuard.Rule, releaseDeleted),
		recordGuard,
		guard.New(removedRule, i.requireDrainRecord),
		guard.New(drainGuard.Rule, i.requireOwnDrain),
		guard.New(guard.NewRule("member", "refuses if a pod has the finalizer but the record of its member is missing (`--profile none` continues)", guard.Always), i.requireKnownMember),
		guard.New(changeRule, i.requireOtherSize),
		operationGuard.At(guard.BeforeStart),
		operationGuard,
		guard.New(ownerRule, func(l look) *Decision { return i.requireUnmanagedSize(l.s, i.Replicas) }),
		guard.New(guard.NewRule("autoscaler", "refuses a size that an autoscaler would change again", guard.BeforeStart), func(l look) *Decision { return i.requireNoAutoscaler(l.s) }),
		guard.New(guard.NewRule("profile", "refuses a profile that does not support the scale operation", guard.BeforeStart), i.requireProfile),
	}
	if up {
		return append(gs,
			guard.New(guard.NewRule("inline hooks", "refuses `--drain-cmd` and `--drain-exec`, which only remove members", guard.BeforeStart), i.requireNoInlineHooks),
			guard.New(guard.NewRule("parked", "refuses a parked StatefulSet (use `--unpark`)", guard.BeforeStart), i.requireNotParked),
			guard.New(staleRule, i.requireNoStaleClaims),
			guard.New(availableGuard(Stuck).Rule, func(l look) *Decision { return requireAvailable(l.s, Stuck) }),
			guard.New(staleRule.At(guard.BeforeStep), i.requireNoStaleClaim),
		)
	}
	return append(gs,
		guard.New(minHealthyRule.At(guard.InProgress), i.requireMinHealthyResumed),
		guard.New(guard.NewRule("parking", "refuses to scale to 0 without `--park`", guard.BeforeStart), i.requirePark),
		guard.New(guard.NewRule("quorum", "with `--quorum`, refuses to leave fewer members than a majority", guard.BeforeStart), i.requireQuorum),
		guard.New(minHealthyRule, i.requireMinHealthy),
		guard.New(guard.NewRule("budgets at target size", "refuses if a PodDisruptionBudget would block every eviction before the target size is reached", guard.BeforeStart), i.requireBudgetsOnTheWay),
		guard.New(guard.NewRule("retention", "refuses if `whenScaled: Delete` deletes the claims (`--keep-claims` retains them)", guard.BeforeStart), i.requireRetention),
		guard.New(availableGuard(Stuck).Rule, i.requireRemainingAvailable),
		guard.New(guard.NewRule("pods observed", "waits until all pods that the status of the StatefulSet counts have been observed", guard.BeforeStep), requireMissingCounted),
		guard.New(guard.NewRule("member pod", "waits while the pod of the member is missing or terminating", guard.BeforeStep), i.requireMemberPod),
		guard.New(budgetsGuard.Rule, i.requireMemberEviction),
	)
}

var minHealthyRule = guard.NewRule("min-healthy", "refuses a size below `--min-healthy`", guard.BeforeStart)

// up says whether members are added.
func (i drainScale) up(l look) bool {
	if l.drain != nil {
		return l.drain.Up()
	}
	return i.Replicas > sts.DesiredReplicas(l.s.Set)
}

// drainLook is a look with the record of the scale operation.
func drainLook(s *sts.Snapshot, f Facts) look {
	l := look{s: s, f: f}
	drain, err := record.ReadDrain(s.Set)
	if err != nil {
		d := badRecord(err)
		l.unreadable = &d
	}
	l.drain = drain
	return l
}

// staleRule is checked for all new members before the start, and again for each.
var staleRule = guard.NewRule("stale claims", "refuses to start a new member with the claim of a removed one (`--reuse-claims` allows it)", guard.BeforeStart)

var operationGuard = guard.New(guard.NewRule("operation", "refuses while a canary, a restart or an update is in progress", guard.BeforeStep), requireNoOperation)

// releaseDeleted stops where the set is being deleted, and removes the finalizer from its pod.
func releaseDeleted(l look) *Decision {
	if l.s.Set.DeletionTimestamp == nil {
		return nil
	}
	if o, pod := leavingPod(l.s); pod != nil {
		d := removeFinalizer(pod, o, stepRemoveFinalizerDeletedSet(pod.Name, l.s.Set.Name))
		return &d
	}
	return requireSettled(l.s)
}

// requireDrainRecord stops when the record of this command, or the one that it resumes, was removed.
func (i drainScale) requireDrainRecord(l look) *Decision {
	if l.drain != nil || !l.f.Wrote && !l.f.foundRecord(record.DrainAnnotation) {
		return nil
	}
	d := refuseWith(ReasonTakenOver)(msgDrainRecordRemoved(l.s.Set.Name, sts.Kubectl(l.s.Set.Namespace, "sts status", l.s.Set.Name)))
	return &d
}

// requireOwnDrain refuses while another scale operation is in progress.
func (i drainScale) requireOwnDrain(l look) *Decision {
	if l.drain == nil || l.drain.To == i.Replicas && (l.drain.Profile == i.profileName() || i.TakeOver) {
		return nil
	}
	d := refuseScaleInProgress(l.s, l.drain)
	return &d
}

// requireKnownMember refuses a pod with our finalizer when the record is missing, unless the user
// says that its member has left.
func (i drainScale) requireKnownMember(l look) *Decision {
	lost := LostRecord(l.s)
	if l.drain != nil || lost == nil || i.Replicas < lost.From && i.NoHooks {
		return nil
	}
	o, pod := leavingPod(l.s)
	d := refuseLostMember(l.s, o, pod)
	return &d
}

// adopt continues from a lost record.
func (i drainScale) adopt(s *sts.Snapshot, lost *record.Drain) record.Drain {
	return record.Drain{From: lost.From, To: i.Replicas, StartedBy: i.Name, StartedAt: s.TakenAt,
		Member: &record.Member{Ordinal: lost.Member.Ordinal, UID: lost.Member.UID, Phase: record.Removing, Since: s.TakenAt}}
}

// requireOtherSize ends the command when the set has the size.
func (i drainScale) requireOtherSize(l look) *Decision {
	from := sts.DesiredReplicas(l.s.Set)
	if from != i.Replicas {
		return nil
	}
	d := decide(Done, ReasonNothingToDo, msgDrainUnchanged(from), nil)
	return &d
}

func (i drainScale) requireProfile(look) *Decision {
	if i.Profile == nil || i.Profile.Refuse == "" {
		return nil
	}
	d := decide(Refused, ReasonProfileRefuses, msgDrainProfileRefuses(i.Profile.Metadata.Name, i.Profile.Refuse), nil)
	return &d
}

func (i drainScale) requireNoInlineHooks(l look) *Decision {
	if !strings.HasPrefix(i.profileName(), "--") {
		return nil
	}
	d := refuseWith(ReasonBadRequest)(msgDrainUpInline(i.profileName(), l.s.Set.Name, sts.DesiredReplicas(l.s.Set), i.Replicas))
	return &d
}

// requireNotParked refuses to add members one by one to a set that is parked.
func (i drainScale) requireNotParked(l look) *Decision {
	s := l.s
	size, parked := record.ParkedSize(s.Set)
	if !parked || sts.DesiredReplicas(s.Set) >= size {
		return nil
	}
	d := refuseWith(ReasonParked)(msgDrainUpParked(s.Set.Name, size, sts.Kubectl(s.Set.Namespace, "sts drain-scale", s.Set.Name, "--unpark")))
	return &d
}

// requireNoStaleClaims checks the claims of all members that will join.
func (i drainScale) requireNoStaleClaims(l look) *Decision {
	return i.requireUnused(l.s, ordinalRange(sts.End(l.s.Set), sts.Start(l.s.Set)+sts.Ordinal(i.Replicas)))
}

// requireNoStaleClaim checks the claims of the next member.
func (i drainScale) requireNoStaleClaim(l look) *Decision {
	return i.requireUnused(l.s, []sts.Ordinal{l.target})
}

// requireUnused refuses to start a new member with the claim of a removed one: it would come up
// with the identity of a member that its cluster has removed, or with old data
// (kubernetes#55045, etcd#14805).
func (i drainScale) requireUnused(s *sts.Snapshot, ordinals []sts.Ordinal) *Decision {
	var names []string
	for _, o := range ordinals {
		names = append(names, sts.ClaimsOf(s, []sts.Ordinal{o})...)
	}
	if len(names) == 0 || i.ReuseClaims {
		return nil
	}
	d := refuseWith(ReasonStaleClaims)(msgDrainStaleClaims(s.Set.Name, names, sts.Kubectl(s.Set.Namespace, "sts pvc-gc undo", names...)))
	return &d
}

// requirePark refuses to stop all members without --park.
func (i drainScale) requirePark(l look) *Decision {
	if i.Replicas > 0 || i.Park {
		return nil
	}
	d := refuseWith(ReasonParking)(msgDrainToZero(l.s.Set.Name))
	return &d
}

// requireQuorum refuses to leave fewer members than a majority of the present size.
func (i drainScale) requireQuorum(l look) *Decision {
	from := sts.DesiredReplicas(l.s.Set)
	majority := from/2 + 1
	if !i.Quorum || i.Replicas >= majority {
		return nil
	}
	d := refuseWith(ReasonQuorum)(msgDrainQuorum(from, i.Replicas, majority, i.again(l.s, majority)))
	return &d
}

// requireMinHealthy compares sizes. Before a member leaves all that stay have to be available, so
// nothing else is checked.
func (i drainScale) requireMinHealthy(look) *Decision {
	if i.Replicas >= i.MinHealthy {
		return nil
	}
	d := decide(Refused, ReasonMinHealthy, msgDrainMinHealthy(i.Replicas, i.MinHealthy), nil)
	return &d
}

// requireMinHealthyResumed is requireMinHealthy for a scale operation that has started: the user
// can give it up.
func (i drainScale) requireMinHealthyResumed(l look) *Decision {
	d := i.requireMinHealthy(l)
	if d != nil {
		d.Hint = hintDrainMinHealthy(record.GiveUpDrain(l.s.Set.Namespace, l.s.Set.Name))
	}
	return d
}

// requireRetention refuses to have the controller delete the claims of the members that leave.
func (i drainScale) requireRetention(l look) *Decision {
	if !sts.DeletesClaimsWhenScaled(l.s.Set) || i.AcceptDataLoss || i.KeepClaims {
		return nil
	}
	d := refuseWith(ReasonDataLoss)(msgDrainDeletesClaims(l.s.Set.Name))
	return &d
}

// requireBudgetsOnTheWay refuses where a budget will block every eviction before the size is reached:
// better to know that before the first member has left.
func (i drainScale) requireBudgetsOnTheWay(l look) *Decision {
	s := l.s
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
		d := decide(Refused, ReasonBudgetAlwaysBlocks, message, hint)
		return &d
	}
	return nil
}

// requireNoOperation refuses while another operation is in progress.
func requireNoOperation(l look) *Decision {
	s := l.s
	refuse := func(reason, message string, hint sts.Hint) *Decision {
		d := decide(Refused, reason, message, hint)
		return &d
	}
	c, err := record.ReadCanary(s.Set)
	if err != nil {
		d := badRecord(err)
		return &d
	}
	if c != nil && c.Aborting {
		d := refuseAborting(s)
		return &d
	}
	if c != nil {
		message, hint := msgDrainCanaryInProgress(s.Set.Name, canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort"))
		return refuse(ReasonCanaryInProgress, message, hint)
	}
	r, err := record.ReadRestart(s.Set)
	if err != nil {
		d := badRecord(err)
		return &d
	}
	if r != nil {
		message, hint := msgDrainRestartInProgress(s.Set.Name, r.Again(s.Set), forget(s))
		return refuse(ReasonRestartInProgress, message, hint)
	}
	if what := inFlight(s); what != "" && sts.Observed(s.Set) && sts.StrategyOf(s.Set).ReplacesPods() {
		hint := finishUpdate(s)
		if sts.Partition(s.Set) > 0 && diagnose.Rollout(s) == nil {
			hint = hintDrainPartition(canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort"))
		}
		return refuse(ReasonUpdateInProgress, msgUpdateInProgress(s.Set.Name, what), hint)
	}
	return nil
}

// requireRemainingAvailable waits until every pod is available, except those that will be removed,
// too, and are failing or do not exist. Where no pod is disrupted there is nothing to wait for.
func (i drainScale) requireRemainingAvailable(l look) *Decision {
	if i.Profile == nil && i.unmade(l.s, l.f, replicaAt(l.s, l.target)) {
		return nil
	}
	return requireAvailable(l.s, Stuck, i.needNotBeWell(l.s, l.f, l.target)...)
}

// requireMissingCounted waits until it is certain that the member has no pod.
func requireMissingCounted(l look) *Decision {
	if replicaAt(l.s, l.target).Pod != nil {
		return nil
	}
	return requireCounted(l.s)
}

// requireMemberPod waits while a pod is there only for now, or not yet: the until commands could
// take the next pod of its name for this member.
func (i drainScale) requireMemberPod(l look) *Decision {
	r := replicaAt(l.s, l.target)
	if !r.Terminating && (r.Pod != nil || i.unmade(l.s, l.f, r)) {
		return nil
	}
	d := trouble(l.s, r, diagnose.Replica(l.s, r), Stuck)
	return &d
}

func (i drainScale) requireMemberEviction(l look) *Decision {
	r := replicaAt(l.s, l.target)
	if r.Pod == nil {
		return nil
	}
	return i.requireEviction(l.s, l.f, r, "before it leaves")
}
