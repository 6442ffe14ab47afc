package operate_test

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	appsv1 "k8s.io/api/apps/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func restartCases() []decisionCase {
	one := restarter("1")
	with := func(f func(*operate.RestartPods)) operate.RestartPods {
		i := one
		f(&i)
		return i
	}
	only := func(text string) operate.RestartPods {
		ordinals, err := sts.ParseOrdinals(text)
		if err != nil {
			panic(err)
		}
		return with(func(i *operate.RestartPods) { i.Ordinals = ordinals })
	}
	leader := with(func(i *operate.RestartPods) { i.LeaderExec = "am-i-leader" })
	all := []sts.Ordinal{0, 1, 2}
	mine := owned("alice@laptop", "1")
	none := []change(nil)
	onDelete := onSet(func(s *appsv1.StatefulSet) {
		s.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
	})
	newTemplate := onSet(func(s *appsv1.StatefulSet) { s.Status.UpdateRevision = "web-new" })
	budgets := func(inv *sts.Inventory) {
		second := inv.Budgets[0].DeepCopy()
		second.Name = "second"
		inv.Budgets = append(inv.Budgets, second)
	}
	pending := func(o int) change {
		return onPod(o, func(p *corev1.Pod) { p.Status = corev1.PodStatus{Phase: corev1.PodPending} })
	}
	always := func(inv *sts.Inventory) {
		policy := policyv1.AlwaysAllow
		inv.Budgets[0].Spec.UnhealthyPodEvictionPolicy = &policy
	}
	// asked are the answers of pods, by what each of them is asked.
	asked := func(from *sts.Inventory, changes []change, answers ...operate.ExecResult) operate.Facts {
		inv := from
		for _, change := range changes {
			change(inv)
		}
		f := operate.Facts{Wrote: true, Started: map[string]bool{}, Results: map[string]operate.ExecResult{}}
		for _, a := range answers {
			d := leader.Next(inv.Snapshots()[0], f)
			command, ok := d.Action.(*operate.Exec)
			if !ok {
				panic("nothing is asked: " + d.Message)
			}
			f.Started[command.Key] = true
			if a.ExitCode != 99 {
				f.Results[command.Key] = a
			}
		}
		return f
	}
	leads, follows, silent := operate.ExecResult{}, operate.ExecResult{ExitCode: 1}, operate.ExecResult{ExitCode: 99}
	onTheWay := func(left ...sts.Ordinal) []change { return []change{mine, restarting("restart", all, left...)} }
	ask := func(name string, left []sts.Ordinal, verdict operate.Verdict, reason string, answers ...operate.ExecResult) decisionCase {
		return decisionCase{
			name:    name,
			from:    ststest.Web(3),
			changes: onTheWay(left...),
			intent:  leader,
			facts:   asked(ststest.Web(3), onTheWay(left...), answers...),
			verdict: verdict, reason: reason,
		}
	}
	return []decisionCase{
		{
			name:    "begin",
			from:    ststest.Web(3),
			changes: none,
			intent:  one,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "chosen ones",
			from:    ststest.Web(5),
			changes: none,
			intent:  only("1,3-4"),
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "OnDelete",
			from:    ststest.Web(3),
			changes: []change{onDelete},
			intent:  one,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "Recreate",
			from:    ststest.Web(3),
			changes: []change{recreate},
			intent:  one,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "Recreate, in the middle of an update",
			from:    recreating(0),
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonRevisionChange,
		},
		{
			name:    "Recreate, not all pods of an update are there",
			from:    recreating(5),
			changes: []change{justPod(0)},
			intent:  one,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "beside a canary",
			from:    standing(2),
			changes: none,
			intent:  one,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "the highest",
			from:    ststest.Web(3),
			changes: onTheWay(0, 1, 2),
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "Evict",
		},
		{
			name:    "the lowest",
			from:    ststest.Web(3),
			changes: onTheWay(0, 1, 2),
			intent:  with(func(i *operate.RestartPods) { i.Ascending = true }),
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "Evict",
		},
		{
			name:    "the next",
			from:    ststest.Web(3),
			changes: onTheWay(0, 1),
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "Evict",
		},
		{
			name:    "resume an interrupted restart",
			from:    ststest.Web(3),
			changes: []change{restarting("restart", all, 0, 1)},
			intent:  one,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "resume a killed restart",
			from:    ststest.Web(3),
			changes: []change{owned("alice@laptop", "0"), restarting("restart", all, 0, 1)},
			intent:  one,
			verdict: operate.Do, reason: "Begin",
		},
		{
			name: "scaled down meanwhile",
			from: ststest.Web(2),
			changes: []change{mine, func(inv *sts.Inventory) {
				five := ststest.Web(5)
				restarting("restart", []sts.Ordinal{0, 1, 2, 3, 4}, 0, 4)(five)
				inv.Sets[0].Annotations[record.RestartAnnotation] = five.Sets[0].Annotations[record.RestartAnnotation]
			}},
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "Evict",
		},
		{
			name:    "the next is starting",
			from:    ststest.Web(3),
			changes: append(onTheWay(0, 1), starting(2)),
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "the last is starting",
			from:    ststest.Web(3),
			changes: append(onTheWay(), starting(0)),
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "the last is terminating",
			from:    ststest.Web(3),
			changes: append(onTheWay(0), onPod(0, func(p *corev1.Pod) { ststest.Terminating(p, ststest.Now) })),
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "the last fails",
			from:    ststest.Web(3),
			changes: append(onTheWay(), crashing(0)),
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "finish",
			from:    ststest.Web(3),
			changes: onTheWay(),
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "the last has a label that was rewritten",
			from:    ststest.Web(3),
			changes: append(onTheWay(), onPod(0, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = "gitops" })),
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Wait, reason: operate.ReasonUpdateInProgress,
		},
		{
			name:    "finish what was killed at its end",
			from:    ststest.Web(3),
			changes: []change{owned("alice@laptop", "0"), restarting("restart", all)},
			intent:  one,
			verdict: operate.Do, reason: "Finish",
		},

		{
			name:    "an ordinal that it has not",
			from:    ststest.Web(3),
			changes: none,
			intent:  only("1,3"),
			verdict: operate.Refused, reason: operate.ReasonBadRequest,
		},
		{
			name:    "below the start",
			from:    ststest.Web(3),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3} })},
			intent:  only("2-4"),
			verdict: operate.Refused, reason: operate.ReasonBadRequest,
		},
		{
			name:    "parked",
			from:    ststest.Web(0),
			changes: none,
			intent:  one,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "a pod that is not there yet",
			from:    ststest.Web(3),
			changes: []change{func(inv *sts.Inventory) { inv.Pods = inv.Pods[:2] }},
			intent:  only("2"),
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "another restart",
			from:    ststest.Web(3),
			changes: []change{restarting("restart --ordinal=0,2 --order=asc", all, 0)},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonRestartInProgress,
		},
		{
			name:    "another restart, all done",
			from:    ststest.Web(3),
			changes: []change{restarting("restart --ordinal=0", []sts.Ordinal{0})},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonRestartInProgress,
		},
		{
			name:    "a record that can't be read",
			from:    ststest.Web(3),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{record.RestartAnnotation: "["} })},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},
		{
			name:    "the record was removed",
			from:    ststest.Web(3),
			changes: []change{mine},
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "locked by another owner",
			from:    ststest.Web(3),
			changes: []change{owned("bob@desk", "0")},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonOwned,
		},
		{
			name:    "an abort",
			from:    aborted(2),
			changes: none,
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "another pod is failing",
			from:    ststest.Web(3),
			changes: []change{crashing(0)},
			intent:  only("1-2"),
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "the pod of a canary is failing",
			from:    standing(2),
			changes: []change{crashing(4)},
			intent:  only("0-1"),
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "another pod is starting",
			from:    ststest.Web(3),
			changes: []change{starting(0)},
			intent:  only("1-2"),
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "failing ones come first",
			from:    ststest.Web(5),
			changes: []change{mine, restarting("restart", []sts.Ordinal{0, 1, 3, 4}, 0, 1, 3, 4), crashing(1), crashing(3), budget(3, 3, 5)},
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "Evict",
		},

		{
			name:    "OnDelete with a new template",
			from:    ststest.Web(3),
			changes: []change{onDelete, newTemplate},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonRevisionChange,
		},
		{
			name:    "an update that will come to it",
			from:    ststest.Web(3),
			changes: []change{newTemplate},
			intent:  only("0"),
			verdict: operate.Refused, reason: operate.ReasonRevisionChange,
		},
		{
			name:    "an update that is stuck",
			from:    rolling(1, crashing(4)),
			changes: none,
			intent:  only("1"),
			verdict: operate.Refused, reason: operate.ReasonRevisionChange,
		},
		{
			name:    "an update of which another pod fails",
			from:    rolling(2, onSet(func(s *appsv1.StatefulSet) { s.Spec.PodManagementPolicy = appsv1.ParallelPodManagement }), crashing(0)),
			changes: none,
			intent:  only("1"),
			verdict: operate.Refused, reason: operate.ReasonRevisionChange,
		},
		{
			name:    "an update that has passed it",
			from:    ststest.Web(3),
			changes: []change{newTemplate, onPod(2, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = "web-new" })},
			intent:  only("2"),
			verdict: operate.Wait, reason: operate.ReasonUpdateInProgress,
		},
		{
			name:    "a canary below its partition",
			from:    standing(2),
			changes: []change{movedPartition(4)},
			intent:  only("3"),
			verdict: operate.Refused, reason: operate.ReasonRevisionChange,
		},
		{
			name:    "the current revision is gone",
			from:    standing(2),
			changes: []change{func(inv *sts.Inventory) { inv.Revisions = inv.Revisions[1:] }},
			intent:  only("0"),
			verdict: operate.Refused, reason: operate.ReasonRevisionChange,
		},

		{
			name:    "a budget that is short",
			from:    ststest.Web(3),
			changes: []change{budget(3, 3, 4)},
			intent:  one,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "a budget that never allows it",
			from:    ststest.Web(3),
			changes: []change{budget(3, 3, 3)},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonBudgetAlwaysBlocks,
		},
		{
			name:    "a budget that has not counted the new pod",
			from:    ststest.Web(3),
			changes: []change{budget(2, 2, 2)},
			intent:  one,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "two budgets",
			from:    ststest.Web(3),
			changes: []change{budgets},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonTwoBudgets,
		},
		{
			name:    "no budget is asked for a pending pod",
			from:    ststest.Web(3),
			changes: []change{budgets, pending(2)},
			intent:  only("2"),
			verdict: operate.Do, reason: "Begin",
		},
		{
			name:    "a failing pod that the budget holds",
			from:    ststest.Web(3),
			changes: []change{crashing(2), budget(2, 2, 3), func(inv *sts.Inventory) { inv.Budgets[0].Status.CurrentHealthy = 1 }},
			intent:  only("2"),
			verdict: operate.Stuck, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "the only pod, failing",
			from:    ststest.Web(1),
			changes: []change{crashing(0), budget(0, 0, 1)},
			intent:  one,
			verdict: operate.Stuck, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "the only pod, starting",
			from:    ststest.Web(1),
			changes: []change{starting(0), budget(0, 0, 1)},
			intent:  one,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "the only pod, failing, always allowed",
			from:    ststest.Web(1),
			changes: []change{crashing(0), budget(0, 0, 1), always},
			intent:  one,
			verdict: operate.Do, reason: "Begin",
		},

		ask("ask the highest", all, operate.Do, "CheckLeader"),
		ask("it has not answered", all, operate.Wait, operate.ReasonChecking, silent),
		ask("it does not lead", all, operate.Do, "Evict", follows),
		ask("it leads, so ask the next", all, operate.Do, "CheckLeader", leads),
		ask("the next does not lead", all, operate.Do, "Evict", leads, follows),
		ask("the next leads, too", all, operate.Stuck, operate.ReasonLeaderUnknown, leads, leads),
		ask("no answer in time", all, operate.Stuck, operate.ReasonLeaderUnknown, operate.ExecResult{ExitCode: -1, Problem: "timed out after 30s"}),
		ask("it went away while it was asked", all, operate.Wait, operate.ReasonChecking, operate.ExecResult{ExitCode: 137, PodGone: true}),
		ask("no such command", all, operate.Stuck, operate.ReasonLeaderUnknown, operate.ExecResult{ExitCode: 127}),
		ask("the last one is not asked", []sts.Ordinal{1}, operate.Do, "Evict"),
		{
			name:    "an answer from before a pod was away",
			from:    ststest.Web(3),
			changes: append(onTheWay(0, 1), onPod(2, func(p *corev1.Pod) { ststest.Ready(p, ststest.Now.Add(-time.Minute)) })),
			intent:  leader,
			facts:   asked(ststest.Web(3), onTheWay(0, 1), follows),
			verdict: operate.Do, reason: "CheckLeader",
		},
		{
			name:    "one that is not ready for a moment is asked, too",
			from:    ststest.Web(3),
			changes: append(onTheWay(0, 1), starting(1)),
			intent:  leader,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "CheckLeader",
		},
		{
			name:    "it does not lead, and is the next",
			from:    ststest.Web(3),
			changes: append(onTheWay(0, 1), starting(1)),
			intent:  leader,
			facts:   asked(ststest.Web(3), append(onTheWay(0, 1), starting(1)), follows),
			verdict: operate.Do, reason: "Evict",
		},
		{
			name:    "it leads, so it is waited for before another goes",
			from:    ststest.Web(3),
			changes: append(onTheWay(0, 1), starting(1)),
			intent:  leader,
			facts:   asked(ststest.Web(3), append(onTheWay(0, 1), starting(1)), leads, follows),
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a pod that does not run is not asked",
			from:    ststest.Web(3),
			changes: append(onTheWay(0, 1), pending(1)),
			intent:  leader,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "Evict",
		},
		{
			name:    "a failing pod is not asked",
			from:    ststest.Web(3),
			changes: append(onTheWay(0, 1), crashing(0)),
			intent:  leader,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "Evict",
		},
		{
			name: "the container that kubectl exec would take",
			from: ststest.Web(3),
			changes: append(onTheWay(0, 1), onPod(1, func(p *corev1.Pod) {
				p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "db"})
				p.Annotations = map[string]string{"kubectl.kubernetes.io/default-container": "db"}
			})),
			intent:  leader,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "CheckLeader",
		},

		{
			name:    "forget",
			from:    ststest.Web(3),
			changes: []change{restarting("restart --ordinal=0", all, 0)},
			intent:  operate.ForgetRestart{Lock: holder("1")},
			verdict: operate.Do, reason: "Forget",
		},
		{
			name:    "forget what can't be read",
			from:    ststest.Web(3),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{record.RestartAnnotation: "["} })},
			intent:  operate.ForgetRestart{Lock: holder("1")},
			verdict: operate.Do, reason: "Forget",
		},
		{
			name:    "nothing to forget",
			from:    ststest.Web(3),
			changes: none,
			intent:  operate.ForgetRestart{Lock: holder("1")},
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
	}
}
