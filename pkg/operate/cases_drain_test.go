package operate_test

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// resizingCases are other verbs while members leave or join.
func resizingCases() []decisionCase {
	on := func() []change { return []change{leaving(quorum(), 4, record.Draining)} }
	lost := func() []change { return []change{held(4)} }
	none := operate.Facts{}
	var out []decisionCase
	add := func(name string, from *sts.Inventory, changes []change, i operate.Intent, v operate.Verdict, reason string) {
		out = append(out, decisionCase{
			name:    name,
			from:    from,
			changes: changes,
			intent:  i,
			facts:   none,
			verdict: v, reason: reason,
		})
	}
	add("start a canary", ststest.Web(5), on(), start("1", "web:2", 1), operate.Refused, operate.ReasonScaleInProgress)
	add("start a canary with a pod that has our finalizer and no record", ststest.Web(5), lost(), start("1", "web:2", 1), operate.Refused, operate.ReasonMemberLeft)
	add("start a canary while the record cannot be read", ststest.Web(5), []change{annotated(record.DrainAnnotation, "{")}, start("1", "web:2", 1), operate.Refused, operate.ReasonBadRecord)
	add("promote an update of another client", rolling(1), on(), promoting{Lock: holder("1")}, operate.Refused, operate.ReasonScaleInProgress)
	add("promote automatically", rolling(1), on(), operate.AutoPromote{Lock: holder("1")}, operate.Refused, operate.ReasonScaleInProgress)
	add("pause an update of another client", rolling(1), on(), operate.PauseUpdate{Lock: holder("1")}, operate.Refused, operate.ReasonScaleInProgress)
	add("resume", rolling(1), on(), operate.ResumeUpdate{Lock: holder("1")}, operate.Refused, operate.ReasonScaleInProgress)
	add("restart", ststest.Web(5), on(), restarter("1"), operate.Refused, operate.ReasonScaleInProgress)
	add("restart with a pod that has our finalizer and no record", ststest.Web(5), lost(), restarter("1"), operate.Refused, operate.ReasonMemberLeft)
	add("restart while members join", ststest.Web(5), []change{joining(quorum(), record.Announcing)}, restarter("1"), operate.Refused, operate.ReasonScaleInProgress)
	add("unpark", ststest.Web(5), append(on(), annotated(record.ParkedAnnotation, "5")), operate.Unpark{Lock: holder("1")}, operate.Refused, operate.ReasonScaleInProgress)
	// What a drain-scale may wait for.
	add("forget a restart", ststest.Web(5), append(on(), restarting("restart", []sts.Ordinal{0}, 0)), operate.ForgetRestart{Lock: holder("1")}, operate.Do, "Forget")
	add("roll back an update of another client", rolling(1), on(), operate.AbortCanary{Lock: holder("1")}, operate.Do, "Restore")
	stuck := func() []change { return append(on(), crashing(2), undone) }
	add("unstick another pod", rolling(3), stuck(), operate.NewUnstick(operate.UnstickOptions{Lock: holder("1"), AnyRemedy: true}, nil), operate.Do, "Lock")
	add("during a rollback, a pod has our finalizer", aborted(1), append(on(), held(4)), operate.AbortCanary{Lock: holder("1")}, operate.Stuck, operate.ReasonMemberLeft)
	add("during a rollback, a pod with our finalizer is being deleted", aborted(1), append(on(), held(4), going(4)), operate.AbortCanary{Lock: holder("1")}, operate.Stuck, operate.ReasonMemberLeft)
	add("during a rollback, a pod has our finalizer without any record", aborted(1), []change{held(4), going(4)}, operate.AbortCanary{Lock: holder("1")}, operate.Stuck, operate.ReasonMemberLeft)
	return out
}

func drainCases() []decisionCase {
	type on = []change
	none, wrote := operate.Facts{}, operate.Facts{Wrote: true}
	q, b := quorum(), bare()
	down, plainDown := drain(3, q), drain(3, nil)
	park := drainWith(0, nil, func(i *operate.DrainOptions) { i.Park = true })
	refusing := quorum()
	refusing.Refuse = "members cannot leave one by one"
	ignoring := drainWith(3, nil, func(i *operate.DrainOptions) { i.IgnoreBudgets = true })
	taking := drainWith(3, q, func(i *operate.DrainOptions) { i.TakeOver = true })
	resumed := func(o operate.DrainOptions, inv *sts.Inventory, changes ...change) decisionCase {
		for _, change := range changes {
			change(inv)
		}
		return decisionCase{from: inv, intent: operate.NewDrainScale(o, inv.Snapshots()[0])}
	}
	named := func(name string, d decisionCase, v operate.Verdict, reason string) decisionCase {
		d.name, d.verdict, d.reason = name, v, reason
		return d
	}
	other := onSet(func(set *appsv1.StatefulSet) {
		set.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:replicas":{}}}`)}}
	})
	lostWay := []change{leaving(q, 4, record.Draining), held(4)}
	no := &operate.ExecResult{ExitCode: 1, Stdout: "id=8e9e"}
	lost := &operate.ExecResult{ExitCode: -1, Problem: "the connection was lost", Lost: true}
	return []decisionCase{
		// Before anything starts.
		{
			name:    "the size is already the desired one",
			from:    ststest.Web(3),
			intent:  plainDown,
			facts:   none,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "the set is being deleted",
			from:    ststest.Web(5),
			changes: on{onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonDeleting,
		},
		{
			name:    "another user has the lock",
			from:    ststest.Web(5),
			changes: on{owned("bob@desk", "7")},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonOwned,
		},
		{
			name:    "the lock was taken over",
			from:    ststest.Web(5),
			changes: on{owned("bob@desk", "7")},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "not observed",
			from:    ststest.Web(5),
			changes: on{unobserved},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "a canary is being aborted",
			from:    aborted(2),
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "a canary is in progress",
			from:    standing(1),
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "an update is in progress",
			from:    rolling(2),
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonUpdateInProgress,
		},
		{
			name:    "an update is stuck",
			from:    rolling(1, crashing(4)),
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonUpdateInProgress,
		},
		{
			name:    "an update under Recreate is in progress",
			from:    recreating(5),
			changes: []change{justPod(0)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonUpdateInProgress,
		},
		{
			name:    "an update under Recreate that starts",
			from:    recreating(0),
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonUpdateInProgress,
		},
		{
			name:    "under Recreate",
			from:    ststest.Web(5),
			changes: []change{recreate},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Do, reason: "DryRunEviction",
		},
		{
			name:    "a restart is in progress",
			from:    ststest.Web(5),
			changes: on{restarting("restart", []sts.Ordinal{1}, 1)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonRestartInProgress,
		},
		{
			name:    "a restart with options is in progress",
			from:    ststest.Web(5),
			changes: on{restarting("restart --ordinal=1 --order=asc", []sts.Ordinal{1}, 1)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonRestartInProgress,
		},
		{
			name:    "a restart's record cannot be read",
			from:    ststest.Web(5),
			changes: on{annotated(record.RestartAnnotation, "[")},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},
		{
			name:    "a restart's record holds another command",
			from:    ststest.Web(5),
			changes: on{annotated(record.RestartAnnotation, `{"pods":{"1":"u"},"command":"restart; rm -rf /","startedAt":"2026-03-01T12:00:00Z"}`)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},
		{
			name:    "a canary's record cannot be read",
			from:    ststest.Web(5),
			changes: on{annotated(record.CanaryAnnotation, "[")},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},
		{
			name:    "the record cannot be read",
			from:    ststest.Web(5),
			changes: on{annotated(record.DrainAnnotation, "{}")},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},
		{
			name:    "Argo CD would revert the size",
			from:    ststest.Web(5),
			changes: on{annotated("argocd.argoproj.io/tracking-id", "shop")},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
		{
			name:    "an operator would revert the size",
			from:    ststest.Web(5),
			changes: on{underOperator},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
		{
			name:    "an autoscaler would scale up again",
			from:    ststest.Web(5),
			changes: on{autoscaled(4, 9)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonAutoscaler,
		},
		{
			name:    "an autoscaler would scale up again before 0 is reached",
			from:    ststest.Web(5),
			changes: on{autoscaled(3, 9)},
			intent:  park,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonAutoscaler,
		},
		{
			name:    "an autoscaler that scales from 0",
			from:    ststest.Web(5),
			changes: on{autoscaled(0, 9)},
			intent:  park,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonAutoscaler,
		},
		{
			name: "KEDA scales from 0",
			from: ststest.Web(5),
			changes: on{autoscaled(1, 9), func(inv *sts.Inventory) {
				inv.HPAs[0].Labels = map[string]string{"scaledobject.keda.sh/name": "queue"}
			}},
			intent:  park,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonAutoscaler,
		},
		allowed(decisionCase{
			name:    "an autoscaler leaves 0 alone",
			from:    ststest.Web(5),
			changes: on{autoscaled(1, 9)},
			intent:  park,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		allowed(decisionCase{
			name:    "from 1 to 0 there is no size below an autoscaler's minimum",
			from:    ststest.Web(1),
			changes: on{autoscaled(3, 9), noBudget},
			intent:  park,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		{
			name:    "an autoscaler would scale down again",
			from:    ststest.Web(5),
			changes: on{autoscaled(2, 5)},
			intent:  drain(7, nil),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonAutoscaler,
		},
		{
			name:    "the profile refuses",
			from:    ststest.Web(5),
			intent:  drain(3, refusing),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonProfileRefuses,
		},
		{
			name:    "to 0",
			from:    ststest.Web(5),
			intent:  drain(0, nil),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonParking,
		},
		{
			name:    "below the quorum",
			from:    ststest.Web(5),
			intent:  drainWith(2, nil, func(i *operate.DrainOptions) { i.Quorum = true }),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonQuorum,
		},
		allowed(decisionCase{
			name:    "to the quorum",
			from:    ststest.Web(5),
			intent:  drainWith(3, nil, func(i *operate.DrainOptions) { i.Quorum = true }),
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		{
			name:    "below --min-healthy",
			from:    ststest.Web(5),
			intent:  drainWith(3, nil, func(i *operate.DrainOptions) { i.MinHealthy = 4 }),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonMinHealthy,
		},
		{
			name:    "the claims would be deleted",
			from:    ststest.Web(5),
			changes: on{onSet(deletesClaims)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonDataLoss,
		},
		allowed(decisionCase{
			name:    "the claims are kept",
			from:    ststest.Web(5),
			changes: on{onSet(deletesClaims)},
			intent:  drainWith(3, nil, func(i *operate.DrainOptions) { i.KeepClaims = true }),
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		allowed(decisionCase{
			name:    "the claims may be deleted",
			from:    ststest.Web(5),
			changes: on{onSet(deletesClaims)},
			intent:  drainWith(3, nil, func(i *operate.DrainOptions) { i.AcceptDataLoss = true }),
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		{
			name:    "a pod has our finalizer, and scaling up",
			from:    ststest.Web(5),
			changes: on{held(4)},
			intent:  drain(6, nil),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonMemberLeft,
		},

		// Before each member.
		{
			name:    "one that stays is failing",
			from:    ststest.Web(5),
			changes: on{crashing(1)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "one that stays is starting",
			from:    ststest.Web(5),
			changes: on{starting(1)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "the one that leaves is being deleted",
			from:    ststest.Web(5),
			changes: on{going(4)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a pod of an earlier scale-down is terminating",
			from:    ststest.Web(5),
			changes: on{wanted(4)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonScalingDown,
		},
		allowed(decisionCase{
			name:    "the one that leaves is failing",
			from:    ststest.Web(5),
			changes: on{crashing(4), budget(4, 4, 5)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		{
			name:    "the one that leaves is failing, and the budget requires it to be ready",
			from:    ststest.Web(5),
			changes: on{crashing(4), budget(4, 5, 5)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonBudgetAlwaysBlocks,
		},
		allowed(decisionCase{
			name:    "the one that leaves is failing, without a budget",
			from:    ststest.Web(5),
			changes: on{crashing(4), noBudget},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		allowed(decisionCase{
			name:    "one that will leave later is failing, too",
			from:    ststest.Web(5),
			changes: on{crashing(3), noBudget},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		allowed(decisionCase{
			name:    "the one that leaves has no pod",
			from:    ststest.Web(5),
			changes: on{without(4)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		}),
		{
			name:    "a pod that leaves was refused by a quota",
			from:    ststest.Web(5),
			changes: on{parallel, without(3), refused("web-3")},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "no event about the one that leaves, but about another",
			from:    ststest.Web(5),
			changes: on{parallel, without(4), refused("web-3")},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		asked(decisionCase{
			name:    "with hooks, they run for members that were never created",
			from:    ststest.Web(5),
			changes: on{parallel, without(3), refused("web-3")},
			intent:  down,
			facts:   none,
			verdict: operate.Do, reason: "Hook",
		}, nothing),
		{
			name:    "the quota of an earlier set of the name",
			from:    ststest.Web(5),
			changes: on{parallel, without(3), refused("web-3"), func(inv *sts.Inventory) { inv.Events[0].InvolvedObject.UID = "earlier" }},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "refused, and the status counts one more pod than is seen",
			from:    ststest.Web(5),
			changes: on{parallel, without(3), refused("web-3"), counted(4)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "the one that leaves was refused, and the status counts one more pod than is seen",
			from:    ststest.Web(5),
			changes: on{parallel, without(4), refused("web-4"), counted(5)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "in order, and the status counts one more pod than is seen",
			from:    ststest.Web(5),
			changes: on{without(3), counted(4)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "in order, above one that is missing",
			from:    ststest.Web(5),
			changes: on{without(3)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "nothing has changed for long, and no event has a reason",
			from:    ststest.Web(5),
			changes: on{parallel, without(3)},
			intent:  plainDown,
			facts:   operate.Facts{Still: 10 * time.Second},
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "nothing has changed for a moment",
			from:    ststest.Web(5),
			changes: on{parallel, without(3)},
			intent:  plainDown,
			facts:   operate.Facts{Still: 9 * time.Second},
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "the controller has not seen the size",
			from:    ststest.Web(5),
			changes: on{parallel, without(3), refused("web-3"), onSet(func(s *appsv1.StatefulSet) { s.Generation = 9 })},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		allowed(decisionCase{
			name:    "the one that leaves is there, one below it was refused",
			from:    ststest.Web(5),
			changes: on{parallel, gap(3), refused("web-3")},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		allowed(decisionCase{
			name:    "the one that leaves is there, of those below it only one is named",
			from:    ststest.Web(6),
			changes: on{parallel, gap(4), gap(3), refused("web-3")},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		{
			name:    "one that stays is missing, another was refused",
			from:    ststest.Web(5),
			changes: on{parallel, gap(3), gap(1), refused("web-3")},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "the budget lacks only pods that were refused",
			from:    ststest.Web(5),
			changes: on{parallel, gap(3), refused("web-3"), budget(4, 4, 5)},
			intent:  plainDown,
			facts:   operate.Facts{Still: time.Minute},
			verdict: operate.Stuck, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "the budget lacks only pods that were refused, a moment ago",
			from:    ststest.Web(5),
			changes: on{parallel, gap(3), refused("web-3"), budget(4, 4, 5)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "a crash-looping one may never be evicted",
			from:    ststest.Web(5),
			changes: on{crashing(4), budget(4, 5, 5)},
			intent:  plainDown,
			facts:   operate.Facts{Still: time.Minute},
			verdict: operate.Refused, reason: operate.ReasonBudgetAlwaysBlocks,
		},
		{
			name:    "the only one, crash-looping, with a budget that requires none",
			from:    ststest.Web(1),
			changes: on{crashing(0), budget(0, 0, 1)},
			intent:  park,
			facts:   operate.Facts{Still: time.Minute},
			verdict: operate.Stuck, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "the budget allows none now",
			from:    ststest.Web(5),
			changes: on{budget(4, 4, 5)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "the budget can never allow one",
			from:    ststest.Web(5),
			changes: on{budget(5, 5, 5)},
			intent:  plainDown,
			facts:   operate.Facts{Still: time.Hour},
			verdict: operate.Refused, reason: operate.ReasonBudgetAlwaysBlocks,
		},
		{
			name:    "two budgets",
			from:    ststest.Web(5),
			changes: on{func(inv *sts.Inventory) { inv.Budgets = append(inv.Budgets, inv.Budgets[0].DeepCopy()) }},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonTwoBudgets,
		},
		{
			name:    "budgets are ignored",
			from:    ststest.Web(5),
			changes: on{budget(5, 5, 5)},
			intent:  ignoring,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "one that stays is failing, with --min-healthy",
			from:    ststest.Web(5),
			changes: on{crashing(3), noBudget},
			intent:  drainWith(3, nil, func(i *operate.DrainOptions) { i.MinHealthy = 4; i.Replicas = 4 }),
			facts:   none,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "the eviction is checked",
			from:    ststest.Web(5),
			intent:  plainDown,
			facts:   none,
			verdict: operate.Do, reason: "DryRunEviction",
		},
		allowed(decisionCase{
			name:    "start without hooks",
			from:    ststest.Web(5),
			intent:  plainDown,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		allowed(decisionCase{
			name:    "parking: the first stops, whatever the others do",
			from:    ststest.Web(5),
			changes: on{starting(1), noBudget},
			intent:  park,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		asked(decisionCase{
			name:    "the precheck runs on the lowest that stays",
			from:    ststest.Web(5),
			intent:  down,
			facts:   none,
			verdict: operate.Do, reason: "Hook",
		}, nothing),
		asked(decisionCase{
			name:    "start with hooks",
			from:    ststest.Web(5),
			intent:  down,
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}, fine),
		allowed(decisionCase{
			name:    "start with a profile from a file",
			from:    ststest.Web(5),
			intent:  drainWith(3, b, func(i *operate.DrainOptions) { i.ProfileFile = "profiles/bare.yaml" }),
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		}),
		asked(decisionCase{
			name:    "the precheck fails",
			from:    ststest.Web(5),
			intent:  down,
			facts:   none,
			verdict: operate.Stuck, reason: operate.ReasonHookFailed,
		}, unless("find", no)),
		asked(decisionCase{
			name:    "the precheck loses its connection",
			from:    ststest.Web(5),
			intent:  down,
			facts:   none,
			verdict: operate.Stuck, reason: operate.ReasonHookFailed,
		}, unless("find", lost)),

		// Leaving.
		{
			name:    "add the finalizer before it leaves",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "AddFinalizer",
		},
		asked(decisionCase{
			name:    "its drain command runs",
			from:    ststest.Web(5),
			changes: lostWay,
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Hook",
		}, nothing),
		asked(decisionCase{
			name:    "it is leaving",
			from:    ststest.Web(5),
			changes: lostWay,
			intent:  down,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonHookRuns,
		}, unless("leave", nil)),
		asked(decisionCase{
			name:    "the check on another member runs",
			from:    ststest.Web(5),
			changes: lostWay,
			intent:  down,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonHookRuns,
		}, unless("gone", nil)),
		asked(decisionCase{
			name:    "not yet",
			from:    ststest.Web(5),
			changes: lostWay,
			intent:  down,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonMemberLeaving,
		}, unless("gone", &operate.ExecResult{ExitCode: 1, At: ststest.Now.Add(-time.Second)})),
		asked(decisionCase{
			name:    "it has left",
			from:    ststest.Web(5),
			changes: lostWay,
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		}, fine),
		asked(decisionCase{
			name:    "its command lost its connection, and it has left",
			from:    ststest.Web(5),
			changes: lostWay,
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		}, unless("leave", lost)),
		asked(decisionCase{
			name:    "its command failed, but it has left",
			from:    ststest.Web(5),
			changes: lostWay,
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		}, unless("leave", no)),
		asked(decisionCase{
			name:    "its command failed, and it has not left: revert",
			from:    ststest.Web(5),
			changes: lostWay,
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		}, func(run *operate.Exec) *operate.ExecResult {
			if run.For == "gone" {
				return no
			}
			return unless("leave", no)(run)
		}),
		asked(decisionCase{
			name:    "its command failed, and the profile has no cancel commands",
			from:    ststest.Web(5),
			changes: on{leaving(b, 4, record.Draining), held(4)},
			intent:  drain(3, b),
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonHookFailed,
		}, unless("leave", no)),
		asked(decisionCase{
			name:    "no other member is available to check",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining), held(4), starting(0), starting(1), starting(2), starting(3)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonMemberLeaving,
		}, fine),
		{
			name:    "it was reverted: remove the finalizer",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Recalled, func(d *record.Drain) { d.Member.Problem = "leave in web-4: terminated with exit code 1" }), held(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "RemoveFinalizer",
		},
		{
			name:    "it was reverted",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Recalled, func(d *record.Drain) { d.Member.Problem = "leave in web-4: terminated with exit code 1" })},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		},
		{
			name:    "its pod is being deleted before it has the finalizer",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining), going(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "its pod was deleted before it had the finalizer",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining), without(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "its pod was recreated",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining), recreated(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		},
		asked(decisionCase{
			name:    "its pod is being deleted, and it has left",
			from:    ststest.Web(5),
			changes: append(lostWay, going(4)),
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		}, fine),
		asked(decisionCase{
			name:    "its pod is being deleted, and its command failed: check whether it has left",
			from:    ststest.Web(5),
			changes: append(lostWay, going(4)),
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Hook",
		}, func(run *operate.Exec) *operate.ExecResult {
			if run.For == "gone" {
				return notYet
			}
			return unless("leave", no)(run)
		}),
		asked(decisionCase{
			name:    "its pod is being deleted before it has left",
			from:    ststest.Web(5),
			changes: append(lostWay, going(4)),
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "RemoveFinalizer",
		}, func(*operate.Exec) *operate.ExecResult {
			return &operate.ExecResult{ExitCode: 1}
		}),

		// An earlier command was killed.
		{
			name:    "resumed with a --min-healthy that its size cannot keep",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining), held(4)},
			intent:  drainWith(3, q, func(i *operate.DrainOptions) { i.MinHealthy = 4 }),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonMinHealthy,
		},
		{
			name:    "resumed between two with a --min-healthy that its size cannot keep",
			from:    ststest.Web(4),
			changes: on{leaving(nil, 3, record.Removing, between)},
			intent:  drainWith(3, nil, func(i *operate.DrainOptions) { i.MinHealthy = 4 }),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonMinHealthy,
		},
		{
			name:    "resumed with a --min-healthy that its size keeps",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining)},
			intent:  drainWith(3, q, func(i *operate.DrainOptions) { i.MinHealthy = 3 }),
			facts:   none,
			verdict: operate.Do, reason: "AddFinalizer",
		},
		named("resumed: check first whether it has left", asked(resumed(drainOptions(3, q), ststest.Web(5), lostWay...), nothing), operate.Do, "Hook"),
		named("resumed: it has left", asked(resumed(drainOptions(3, q), ststest.Web(5), lostWay...), fine), operate.Do, "Note"),
		named("resumed: it has not, so its drain command runs again", asked(resumed(drainOptions(3, q), ststest.Web(5), lostWay...), func(run *operate.Exec) *operate.ExecResult {
			if run.For == "gone" {
				return &operate.ExecResult{ExitCode: 1}
			}
			return notYet
		}), operate.Do, "Hook"),
		{
			name:    "resumed by another command of the same owner",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining), held(4), owned("alice@laptop", "0")},
			intent:  down,
			facts:   none,
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "another size",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining)},
			intent:  drain(4, q),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonScaleInProgress,
		},
		{
			name:    "another size, and it has left",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), held(4)},
			intent:  drain(4, q),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonScaleInProgress,
		},
		{
			name:    "another profile",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining)},
			intent:  drain(3, b),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonScaleInProgress,
		},
		{
			name:    "the user says that it has left",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining), held(4)},
			intent:  drainWith(3, nil, func(i *operate.DrainOptions) { i.TakeOver = true }),
			facts:   wrote,
			verdict: operate.Do, reason: "DryRunEviction",
		},
		{
			name:    "the record was removed during the command",
			from:    ststest.Web(5),
			changes: on{owned("alice@laptop", "1")},
			intent:  down,
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "the record is missing, its pod is terminating",
			from:    ststest.Web(5),
			changes: on{held(4), going(4)},
			intent:  plainDown,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonMemberLeft,
		},
		{
			name:    "the record is missing, and the user says that it has left",
			from:    ststest.Web(5),
			changes: on{held(4), going(4)},
			intent:  drainWith(3, nil, func(i *operate.DrainOptions) { i.NoHooks = true }),
			facts:   none,
			verdict: operate.Do, reason: "Scale",
		},

		// It was never created.
		{
			name:    "never created: scale down",
			from:    ststest.Web(5),
			changes: on{parallel, neverMade(4), without(4)},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Do, reason: "Scale",
		},
		{
			name:    "never created, and the status counts one more pod than is seen",
			from:    ststest.Web(5),
			changes: on{parallel, neverMade(4), without(4), counted(5)},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "never created, and created meanwhile",
			from:    ststest.Web(5),
			changes: on{parallel, neverMade(4)},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		},

		// It has left.
		allowed(decisionCase{
			name:    "evict",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), held(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Evict",
		}),
		{
			name:    "delete, where budgets are ignored",
			from:    ststest.Web(5),
			changes: on{leaving(nil, 4, record.Removing), held(4)},
			intent:  ignoring,
			facts:   wrote,
			verdict: operate.Do, reason: "Delete",
		},
		{
			name:    "the budget allows none now, after it has left",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), held(4), budget(4, 4, 5)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "one that stays is failing after it has left",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), held(4), crashing(1)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "its pod is terminating: scale down",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), held(4), going(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Scale",
		},
		{
			name:    "without hooks, its pod was recreated and is starting",
			from:    ststest.Web(5),
			changes: on{leaving(nil, 4, record.Removing), recreated(4), starting(4)},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		},
		{
			name:    "without hooks, its pod was recreated and is ready",
			from:    ststest.Web(5),
			changes: on{leaving(nil, 4, record.Removing), recreated(4)},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		},
		{
			name:    "with hooks, its pod was recreated",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), recreated(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		},
		{
			name:    "the set is scaled down: remove the finalizer",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), wanted(4), held(4), going(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "RemoveFinalizer",
		},
		{
			name:    "the set is scaled down, and the controller has not observed it",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), wanted(4), held(4), going(4), unobserved},
			intent:  down,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "without hooks, the set is scaled down, and the controller has not observed it",
			from:    ststest.Web(5),
			changes: on{leaving(nil, 4, record.Removing), wanted(4), held(4), going(4), unobserved},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "its pod is terminating",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), wanted(4), going(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonScalingDown,
		},
		{
			name: "its pod does not terminate",
			from: ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), wanted(4), onPod(4, func(p *corev1.Pod) {
				p.DeletionTimestamp = &metav1.Time{Time: ststest.Now.Add(-time.Hour)}
			})},
			intent:  down,
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "its pod is gone",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), wanted(4), without(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		},
		{
			name:    "its pod is gone, no after hooks",
			from:    ststest.Web(5),
			changes: on{leaving(b, 4, record.Removing), wanted(4), without(4)},
			intent:  drain(3, b),
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		},
		allowed(decisionCase{
			name:    "its pod is gone, without hooks the next one starts at once",
			from:    ststest.Web(5),
			changes: on{leaving(nil, 4, record.Removing), wanted(4), without(4)},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Do, reason: "Begin",
		}),
		asked(decisionCase{
			name:    "after hooks",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Finishing), wanted(4), without(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Hook",
		}, nothing),
		asked(decisionCase{
			name:    "after hooks are done",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Finishing), wanted(4), without(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		}, fine),
		asked(decisionCase{
			name:    "after hooks failed",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Finishing), wanted(4), without(4)},
			intent:  down,
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonHookFailed,
		}, unless("forget", no)),

		// Other clients scale the set meanwhile.
		{
			name:    "scaled up while it leaves",
			from:    ststest.Web(7),
			changes: on{leaving(q, 4, record.Draining), other},
			intent:  down,
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "scaled down while it leaves",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining), wanted(4), other},
			intent:  down,
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "scaled up again after it was removed",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), other},
			intent:  down,
			facts:   operate.Facts{Wrote: true, Scaled: map[sts.Ordinal]bool{4: true}},
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "scaled between two",
			from:    ststest.Web(6),
			changes: on{leaving(q, 3, record.Draining, between), other},
			intent:  down,
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		asked(decisionCase{
			name:    "scaled between two, and taken over",
			from:    ststest.Web(6),
			changes: on{leaving(q, 3, record.Draining, between), other},
			intent:  taking,
			facts:   wrote,
			verdict: operate.Do, reason: "Begin",
		}, fine),
		{
			name:    "scaled below the size between two, and taken over",
			from:    ststest.Web(2),
			changes: on{leaving(q, 3, record.Draining, between), other},
			intent:  taking,
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "scaled far below the size between two, and taken over",
			from:    ststest.Web(1),
			changes: on{leaving(q, 3, record.Draining, between), other},
			intent:  taking,
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "scaled to the size between two, and taken over",
			from:    ststest.Web(3),
			changes: on{leaving(q, 3, record.Draining, between), other},
			intent:  taking,
			facts:   wrote,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "scaled to the size before any was done, and taken over",
			from:    ststest.Web(3),
			changes: on{leaving(q, 4, record.Draining, between), other},
			intent:  taking,
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},

		// The end.
		{
			name:    "all are gone",
			from:    ststest.Web(3),
			changes: on{leaving(nil, 2, record.Removing, between), claimsOf(3, 4)},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name: "all are gone, and the policy is restored",
			from: ststest.Web(3),
			changes: on{onSet(deletesClaims), onSet(func(s *appsv1.StatefulSet) { s.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled = "Retain" }),
				leaving(nil, 2, record.Removing, between, func(d *record.Drain) { d.Retention = "Delete" }), claimsOf(3, 4)},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "all are gone, and one that stays is starting",
			from:    ststest.Web(3),
			changes: on{leaving(nil, 2, record.Removing, between), starting(1)},
			intent:  plainDown,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},

		// Members join.
		{
			name:    "new members would start with old claims",
			from:    ststest.Web(5),
			changes: on{claimsOf(6)},
			intent:  drain(7, q),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonStaleClaims,
		},
		{
			name:    "new members may start with old claims",
			from:    ststest.Web(5),
			changes: on{claimsOf(5, 6)},
			intent:  drainWith(7, q, func(i *operate.DrainOptions) { i.ReuseClaims = true }),
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "add one",
			from:    ststest.Web(5),
			intent:  drain(7, nil),
			facts:   none,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "an inline drain when scaling up",
			from:    ststest.Web(5),
			intent:  drain(7, &profile.Profile{Metadata: profile.Metadata{Name: "--drain-exec"}}),
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonBadRequest,
		},
		{
			name:    "one is failing before any joins",
			from:    ststest.Web(5),
			changes: on{crashing(2)},
			intent:  drain(7, q),
			facts:   none,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		asked(decisionCase{
			name:    "the join.before hooks run",
			from:    ststest.Web(5),
			changes: on{joining(q, record.Announcing)},
			intent:  drain(7, q),
			facts:   wrote,
			verdict: operate.Do, reason: "Hook",
		}, nothing),
		asked(decisionCase{
			name:    "the join.before hooks failed",
			from:    ststest.Web(5),
			changes: on{joining(q, record.Announcing)},
			intent:  drain(7, q),
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonHookFailed,
		}, unless("add", no)),
		asked(decisionCase{
			name:    "the join.before hooks are done",
			from:    ststest.Web(5),
			changes: on{joining(q, record.Announcing)},
			intent:  drain(7, q),
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		}, fine),
		{
			name:    "scale up",
			from:    ststest.Web(5),
			changes: on{joining(q, record.Starting)},
			intent:  drain(7, q),
			facts:   none,
			verdict: operate.Do, reason: "Scale",
		},
		{
			name:    "its pod was created before the join.before hooks were done",
			from:    ststest.Web(6),
			changes: on{joining(q, record.Announcing)},
			intent:  drain(7, q),
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		asked(decisionCase{
			name:    "it runs",
			from:    ststest.Web(6),
			changes: on{joining(q, record.Starting), starting(5)},
			intent:  drain(7, q),
			facts:   wrote,
			verdict: operate.Do, reason: "Hook",
		}, nothing),
		asked(decisionCase{
			name:    "it runs, and is not ready",
			from:    ststest.Web(6),
			changes: on{joining(q, record.Starting), starting(5)},
			intent:  drain(7, q),
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		}, fine),
		{
			name:    "it fails",
			from:    ststest.Web(6),
			changes: on{joining(q, record.Starting), crashing(5)},
			intent:  drain(7, q),
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		asked(decisionCase{
			name:    "it has joined",
			from:    ststest.Web(6),
			changes: on{joining(q, record.Starting)},
			intent:  drain(7, q),
			facts:   wrote,
			verdict: operate.Do, reason: "Note",
		}, fine),
		asked(decisionCase{
			name:    "it does not vote",
			from:    ststest.Web(6),
			changes: on{joining(q, record.Starting)},
			intent:  drain(7, q),
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonHookFailed,
		}, unless("vote", no)),
		{
			name:    "scaled down while it starts",
			from:    ststest.Web(5),
			changes: on{joining(q, record.Starting), other},
			intent:  drain(7, q),
			facts:   operate.Facts{Wrote: true, Scaled: map[sts.Ordinal]bool{5: true}},
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "scaled above the size between two that join, and taken over",
			from:    ststest.Web(8),
			changes: on{leaving(q, 5, record.Starting, between, func(d *record.Drain) { d.To = 7 }), other},
			intent:  drainWith(7, q, func(i *operate.DrainOptions) { i.TakeOver = true }),
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "all have joined",
			from:    ststest.Web(7),
			changes: on{leaving(nil, 5, record.Starting, between, func(d *record.Drain) { d.To, d.Done = 7, []record.Moved{{Ordinal: 5}, {Ordinal: 6}} })},
			intent:  drain(7, nil),
			facts:   wrote,
			verdict: operate.Do, reason: "Finish",
		},
	}
}

func cancelCases() []decisionCase {
	type on = []change
	none, wrote := operate.Facts{}, operate.Facts{Wrote: true}
	q := quorum()
	cancel := operate.CancelDrain{Lock: holder("1"), Profile: q, Domain: "cluster.local"}
	plain := operate.CancelDrain{Lock: holder("1")}
	way := func() []change { return on{leaving(q, 4, record.Draining), held(4)} }
	stays := func(run *operate.Exec) *operate.ExecResult {
		if run.For == "gone" {
			return &operate.ExecResult{ExitCode: 1}
		}
		return fine(run)
	}
	return []decisionCase{
		{
			name:    "nothing is in progress",
			from:    ststest.Web(5),
			intent:  plain,
			facts:   none,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "another user has the lock",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining), owned("bob@desk", "7")},
			intent:  plain,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonOwned,
		},
		{
			name:    "the record cannot be read",
			from:    ststest.Web(5),
			changes: on{annotated(record.DrainAnnotation, "{")},
			intent:  plain,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},
		{
			name:    "a pod has our finalizer, and the record is missing",
			from:    ststest.Web(5),
			changes: on{held(4)},
			intent:  plain,
			facts:   none,
			verdict: operate.Do, reason: "RemoveFinalizer",
		},
		{
			name:    "between two",
			from:    ststest.Web(4),
			changes: on{leaving(q, 3, record.Draining, between)},
			intent:  plain,
			facts:   none,
			verdict: operate.Do, reason: "Cancel",
		},
		{
			name: "between two, the policy is restored",
			from: ststest.Web(4),
			changes: on{onSet(deletesClaims), onSet(func(s *appsv1.StatefulSet) { s.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled = "Retain" }),
				leaving(nil, 3, record.Removing, between, func(d *record.Drain) { d.Retention = "Delete" })},
			intent:  plain,
			facts:   none,
			verdict: operate.Do, reason: "Cancel",
		},
		{
			name:    "of parking",
			from:    ststest.Web(4),
			changes: on{leaving(nil, 3, record.Removing, func(d *record.Drain) { d.To = 0 }), annotated(record.ParkedAnnotation, "5")},
			intent:  plain,
			facts:   none,
			verdict: operate.Do, reason: "Cancel",
		},
		{
			name:    "nothing was done to it yet",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Draining)},
			intent:  plain,
			facts:   none,
			verdict: operate.Do, reason: "Cancel",
		},
		{
			name:    "it is leaving, and no profile is given",
			from:    ststest.Web(5),
			changes: way(),
			intent:  plain,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonScaleInProgress,
		},
		asked(decisionCase{
			name:    "check whether it has left",
			from:    ststest.Web(5),
			changes: way(),
			intent:  cancel,
			facts:   none,
			verdict: operate.Do, reason: "Hook",
		}, nothing),
		asked(decisionCase{
			name:    "it has left meanwhile",
			from:    ststest.Web(5),
			changes: way(),
			intent:  cancel,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonMemberLeft,
		}, fine),
		asked(decisionCase{
			name:    "it is reverted: remove the finalizer",
			from:    ststest.Web(5),
			changes: way(),
			intent:  cancel,
			facts:   wrote,
			verdict: operate.Do, reason: "RemoveFinalizer",
		}, stays),
		asked(decisionCase{
			name:    "it cannot be reverted",
			from:    ststest.Web(5),
			changes: way(),
			intent:  cancel,
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonHookFailed,
		}, func(run *operate.Exec) *operate.ExecResult { return &operate.ExecResult{ExitCode: 1} }),
		asked(decisionCase{
			name:    "the check loses its connection",
			from:    ststest.Web(5),
			changes: way(),
			intent:  cancel,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonMemberLeaving,
		}, unless("gone", &operate.ExecResult{ExitCode: -1, Problem: "the connection was lost", At: ststest.Now.Add(-time.Second)})),
		{
			name:    "it has left",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), held(4)},
			intent:  cancel,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonMemberLeft,
		},
		{
			name:    "it has left, and the set is scaled down",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Removing), wanted(4), without(4)},
			intent:  cancel,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonMemberLeft,
		},
		{
			name:    "without hooks",
			from:    ststest.Web(5),
			changes: on{leaving(nil, 4, record.Removing)},
			intent:  plain,
			facts:   none,
			verdict: operate.Do, reason: "Cancel",
		},
		{
			name:    "it is gone, and its after hooks are skipped",
			from:    ststest.Web(5),
			changes: on{leaving(q, 4, record.Finishing), wanted(4), without(4)},
			intent:  cancel,
			facts:   none,
			verdict: operate.Do, reason: "Cancel",
		},
		{
			name:    "one that joins may already be registered",
			from:    ststest.Web(5),
			changes: on{joining(q, record.Announcing)},
			intent:  cancel,
			facts:   none,
			verdict: operate.Do, reason: "Cancel",
		},
		{
			name:    "one that joins stays",
			from:    ststest.Web(6),
			changes: on{joining(q, record.Starting)},
			intent:  cancel,
			facts:   none,
			verdict: operate.Do, reason: "Cancel",
		},
		{
			name:    "one will be added",
			from:    ststest.Web(5),
			changes: on{joining(nil, record.Announcing)},
			intent:  plain,
			facts:   none,
			verdict: operate.Do, reason: "Cancel",
		},
	}
}

func unparkCases() []decisionCase {
	type on = []change
	none := operate.Facts{}
	unpark := operate.Unpark{Lock: holder("1")}
	parked := annotated(record.ParkedAnnotation, "5")
	return []decisionCase{
		{
			name:    "it is not parked",
			from:    ststest.Web(3),
			intent:  unpark,
			facts:   none,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "it was parked by hand",
			from:    ststest.Web(0),
			intent:  unpark,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonParked,
		},
		{
			name:    "its size is no number",
			from:    ststest.Web(0),
			changes: on{annotated(record.ParkedAnnotation, "many")},
			intent:  unpark,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonParked,
		},
		{
			name:    "another user has the lock",
			from:    ststest.Web(0),
			changes: on{parked, owned("bob@desk", "7")},
			intent:  unpark,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonOwned,
		},
		{
			name:    "Argo CD would revert the size",
			from:    ststest.Web(0),
			changes: on{parked, annotated("argocd.argoproj.io/tracking-id", "shop")},
			intent:  unpark,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
		{
			name:    "an operator would revert the size",
			from:    ststest.Web(0),
			changes: on{parked, underOperator},
			intent:  unpark,
			facts:   none,
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
		{
			name:    "all start at once",
			from:    ststest.Web(0),
			changes: on{parked},
			intent:  unpark,
			facts:   none,
			verdict: operate.Do, reason: "Scale",
		},
		{
			name:    "some were started by other means",
			from:    ststest.Web(2),
			changes: on{parked},
			intent:  unpark,
			facts:   none,
			verdict: operate.Do, reason: "Scale",
		},
		{
			name:    "one is starting",
			from:    ststest.Web(5),
			changes: on{parked, starting(4)},
			intent:  unpark,
			facts:   none,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "one is failing",
			from:    ststest.Web(5),
			changes: on{parked, crashing(0)},
			intent:  unpark,
			facts:   none,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "all are available",
			from:    ststest.Web(5),
			changes: on{parked},
			intent:  unpark,
			facts:   none,
			verdict: operate.Do, reason: "Finish",
		},
	}
}
