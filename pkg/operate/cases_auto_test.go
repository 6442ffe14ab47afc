package operate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// answers are the facts after an intent has asked all that it wants to know at once.
// Questions that say gives no answer to are still open.
func answers(i operate.Intent, inv *sts.Inventory, say func(*operate.Exec) *operate.ExecResult) operate.Facts {
	s, f := inv.Snapshots()[0], operate.Facts{Wrote: true, Started: map[string]bool{}, Results: map[string]operate.ExecResult{}}
	for {
		run, ok := i.Next(s, f).Action.(*operate.Exec)
		if !ok {
			return f
		}
		f.Started[run.Key] = true
		if a := say(run); a != nil {
			f.Results[run.Key] = *a
		}
	}
}

func autoCases() []decisionCase {
	by := func(f func(*operate.AutoPromote)) operate.AutoPromote {
		i := operate.AutoPromote{Lock: holder("1"), Gates: operate.Gates{Timeout: time.Minute}}
		f(&i)
		return i
	}
	steps := func(text string) []intstr.IntOrString {
		out, err := operate.ParseSteps(text)
		if err != nil {
			panic(err) // they are written below
		}
		return out
	}
	oneByOne := by(func(*operate.AutoPromote) {})
	in := func(text string) operate.AutoPromote {
		return by(func(i *operate.AutoPromote) { i.Steps = steps(text) })
	}
	soaking := func(d time.Duration) operate.AutoPromote {
		return by(func(i *operate.AutoPromote) { i.Steps, i.Gates.Soak = steps("2,4"), d })
	}
	tolerant := by(func(i *operate.AutoPromote) { i.Gates.MaxRestarts = 2 })
	checking := by(func(i *operate.AutoPromote) { i.Gates.Checks = []string{"./smoke", "./more"} })
	probing := by(func(i *operate.AutoPromote) { i.Gates.Execs = []string{"pg_isready", "df"} })
	both := by(func(i *operate.AutoPromote) {
		i.Gates.Checks, i.Gates.Execs = []string{"./smoke"}, []string{"pg_isready"}
	})
	aborting := func(i operate.AutoPromote) operate.AutoPromote { i.Abort = true; return i }
	took := soaking(time.Minute)
	took.TakeOver = true

	ours, theirs := owned("alice@laptop", "1"), owned("bob@desk", "7")
	at := func(n sts.Ordinal, changes ...change) *sts.Inventory {
		inv := standing(n)
		for _, change := range append(changes, ours) {
			change(inv)
		}
		return inv
	}
	goal := func(o sts.Ordinal, of string) change {
		return edit(func(c *record.Canary) { c.Goal, c.GoalOf = &o, of })
	}
	restarted := func(o int, n int32) change {
		return onPod(o, func(p *corev1.Pod) { p.Status.ContainerStatuses[0].RestartCount = n })
	}
	readyFor := func(o int, d time.Duration) change {
		return onPod(o, func(p *corev1.Pod) { ststest.Ready(p, ststest.Now.Add(-d)) })
	}
	replaced := func(o int) change { return onPod(o, func(p *corev1.Pod) { p.UID = "another" }) }
	onStable := func(o int) change {
		return onPod(o, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = ststest.StableRevision })
	}
	scaled := func(n int32) change {
		return func(inv *sts.Inventory) {
			set := inv.Sets[0]
			inv.Pods = inv.Pods[:min(int32(len(inv.Pods)), n)]
			for o := sts.End(set); o < sts.Ordinal(n); o++ {
				inv.Pods = append(inv.Pods, ststest.Pod(set, o, canaryRevision))
			}
			*set.Spec.Replicas = n
			set.Generation, set.Status.ObservedGeneration = 7, 7
		}
	}
	startAt := func(first sts.Ordinal) change {
		return func(inv *sts.Inventory) {
			set := inv.Sets[0]
			set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: int32(first)}
			for k, p := range inv.Pods {
				inv.Pods[k] = ststest.Pod(set, first+sts.Ordinal(k), sts.PodRevision(p))
			}
		}
	}
	complete := onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision })
	derived := onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })
	argo := onSet(func(s *appsv1.StatefulSet) {
		s.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "shop"}
	})
	wrote := operate.Facts{Wrote: true}
	good, bad := &operate.ExecResult{}, &operate.ExecResult{ExitCode: 3, Output: "no"}
	always := func(a *operate.ExecResult) func(*operate.Exec) *operate.ExecResult {
		return func(*operate.Exec) *operate.ExecResult { return a }
	}
	about := func(what string, a *operate.ExecResult) func(*operate.Exec) *operate.ExecResult {
		return func(r *operate.Exec) *operate.ExecResult {
			if r.Pod == what || r.Command == what {
				return a
			}
			return good
		}
	}
	patient := by(func(i *operate.AutoPromote) { i.Gates.MaxRestarts = 5 })
	return []decisionCase{
		{
			name:    "a crash loop within the restarts allowed",
			from:    standing(2),
			changes: []change{crashing(4)},
			intent:  patient,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a crash loop, and the next is due and not replaced yet",
			from:    standing(2),
			changes: []change{goal(3, "canary"), crashing(4), onStable(3)},
			intent:  oneByOne,
			verdict: operate.Do, reason: "HoldBack",
		},
		{
			name:    "a crash loop, and the next is being replaced",
			from:    standing(2),
			changes: []change{goal(3, "canary"), crashing(4), onStable(3), onPod(3, func(p *corev1.Pod) { p.DeletionTimestamp = new(metav1.NewTime(ststest.Now)) })},
			intent:  oneByOne,
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "a crash loop, and the rest of the first step is not replaced yet",
			from:    standing(2),
			changes: []change{goal(3, "canary start"), crashing(4), onStable(3)},
			intent:  oneByOne,
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "a crash loop beyond them",
			from:    standing(2),
			changes: []change{crashing(4)},
			intent:  tolerant,
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "a crash loop of a pod that is not the canary's",
			from:    standing(2),
			changes: []change{crashing(0)},
			intent:  patient,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		// How far.
		{
			name:    "one by one",
			from:    standing(1),
			intent:  oneByOne,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "the first of a step of two",
			from:    standing(1),
			intent:  in("1,3,100%"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "the second of a step of two",
			from:    standing(2),
			changes: []change{goal(2, "canary")},
			intent:  in("1,3,100%"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "a step is reached",
			from:    standing(3),
			changes: []change{goal(2, "canary")},
			intent:  in("1,3,100%"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "start has taken more than the first steps",
			from:    standing(3),
			intent:  in("1,2,4"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "start has taken less than the first step",
			from:    standing(1),
			intent:  in("3"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "half of five are three",
			from:    standing(1),
			intent:  in("50%"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "numbers and percentages",
			from:    standing(2),
			intent:  in("2,40%,3,100%"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "more than there are is all",
			from:    standing(4),
			intent:  in("4,9"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "ordinals from 3",
			from:    standing(2),
			changes: []change{startAt(3)},
			intent:  in("2,100%"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "the last step is not all",
			from:    standing(3),
			intent:  in("1,3"),
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "further than the last step",
			from:    standing(4),
			intent:  in("1,50%"),
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "all are on it",
			from:    standing(5),
			intent:  oneByOne,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "all are on it, the controller has seen it",
			from:    standing(5),
			changes: []change{complete},
			intent:  oneByOne,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "all are on it though the last step is less",
			from:    standing(5),
			changes: []change{complete},
			intent:  in("1,2"),
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "scaled up: the new ordinals have the canary",
			from:    standing(2),
			changes: []change{scaled(8)},
			intent:  in("2,6,100%"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "scaled up in the middle of a step",
			from:    standing(2),
			changes: []change{goal(2, "canary"), scaled(8)},
			intent:  in("1,3,100%"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "scaled down below the canary",
			from:    standing(2),
			changes: []change{scaled(3)},
			intent:  in("1,100%"),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "scaled down below the canary, nothing to check",
			from:    at(2),
			changes: []change{scaled(3)},
			intent:  both,
			facts:   wrote,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "the first ordinal has moved up in the middle of a step",
			from:    standing(5),
			changes: []change{goal(0, "canary"), startAt(3), complete, onSet(func(s *appsv1.StatefulSet) { s.Generation, s.Status.ObservedGeneration = 9, 9 })},
			intent:  oneByOne,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "no more than one is asked of a larger set",
			from:    standing(1),
			changes: []change{budget(4, 4, 5)},
			intent:  oneByOne,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "a budget that never allows it",
			from:    standing(1),
			changes: []change{budget(5, 5, 5)},
			intent:  oneByOne,
			verdict: operate.Refused, reason: operate.ReasonBudgetAlwaysBlocks,
		},
		{
			name:    "a budget that never allows it is not soaked for",
			from:    standing(1),
			changes: []change{budget(5, 5, 5)},
			intent:  soaking(2 * time.Hour),
			verdict: operate.Refused, reason: operate.ReasonBudgetAlwaysBlocks,
		},
		{
			name:    "a budget that never allows it, with nothing left to promote",
			from:    standing(4),
			changes: []change{budget(5, 5, 5)},
			intent:  soaking(time.Minute),
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "a budget in the middle of a step",
			from:    standing(2),
			changes: []change{goal(2, "canary"), budget(4, 4, 5)},
			intent:  in("1,3"),
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},

		// The claim.
		{
			name:    "claims the set before it soaks",
			from:    standing(1),
			intent:  soaking(time.Minute),
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "claims the set before it checks",
			from:    standing(1),
			intent:  checking,
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "claims what a killed command of ours has left",
			from:    standing(1),
			changes: []change{owned("alice@laptop", "0")},
			intent:  probing,
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "claims in the middle of a step",
			from:    standing(2),
			changes: []change{goal(1, "canary")},
			intent:  soaking(time.Minute),
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "takes over what another client has moved",
			from:    standing(2),
			changes: []change{movedPartition(4)},
			intent:  took,
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "claims another template, taken over",
			from:    standing(1),
			changes: []change{onSet(changedTemplate), onPod(4, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = "web-third" })},
			intent:  took,
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "claims an update that kubectl began",
			from:    standing(2),
			changes: []change{derived},
			intent:  soaking(time.Minute),
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "an update that kubectl began",
			from:    standing(2),
			changes: []change{derived},
			intent:  oneByOne,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "an update that Argo CD began",
			from:    standing(2),
			changes: []change{argo},
			intent:  oneByOne,
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},

		// Pods.
		{
			name:    "a canary is starting",
			from:    at(2),
			changes: []change{starting(3)},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a canary is not replaced yet",
			from:    at(2),
			changes: []change{onStable(3)},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a canary fails",
			from:    standing(2),
			changes: []change{crashing(3)},
			intent:  oneByOne,
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "a canary fails in the middle of a step",
			from:    standing(2),
			changes: []change{goal(1, "canary"), crashing(3)},
			intent:  in("4"),
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "a canary fails with no ordinal below the partition",
			from:    standing(5),
			changes: []change{crashing(0)},
			intent:  oneByOne,
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name: "a canary cannot be created",
			from: standing(1),
			changes: []change{func(inv *sts.Inventory) {
				inv.Pods = inv.Pods[:4]
				inv.Events = []*corev1.Event{{InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: ststest.Namespace, Name: "web", UID: inv.Sets[0].UID}, Reason: "FailedCreate",
					Message: "create Pod web-4 in StatefulSet web failed error: exceeded quota", Count: 2, LastTimestamp: metav1.NewTime(ststest.Now)}}
			}},
			intent:  oneByOne,
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "a canary could not be created for two seconds",
			from:    standing(1),
			changes: []change{uncreated(4, 8, 2*time.Second)},
			intent:  oneByOne,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a canary could not be created for two seconds: not back",
			from:    standing(1),
			changes: []change{uncreated(4, 8, 2*time.Second)},
			intent:  aborting(oneByOne),
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a canary cannot be created: back",
			from:    standing(1),
			changes: []change{uncreated(4, 11, 10*time.Second)},
			intent:  aborting(oneByOne),
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "a pod that is scaled away cannot be deleted",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { *s.Spec.Replicas = 4 }), undeletable(4)},
			intent:  oneByOne,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "an old pod cannot be deleted: no gate",
			from:    standing(2),
			changes: []change{onStable(3), undeletable(3)},
			intent:  aborting(oneByOne),
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "a pod on stable fails: no gate",
			from:    standing(2),
			changes: []change{crashing(0)},
			intent:  oneByOne,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "a pod that the update has not reached fails: no gate",
			from:    standing(2),
			changes: []change{onStable(3), crashing(3)},
			intent:  oneByOne,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "restarted once",
			from:    standing(2),
			changes: []change{restarted(3, 1)},
			intent:  oneByOne,
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "restarted as often as allowed",
			from:    standing(2),
			changes: []change{restarted(3, 2)},
			intent:  tolerant,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "restarted too often",
			from:    standing(2),
			changes: []change{restarted(3, 3)},
			intent:  tolerant,
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "restarted too often, and in trouble",
			from:    standing(2),
			changes: []change{starting(3), restarted(3, 3)},
			intent:  tolerant,
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "a pod on stable has restarted",
			from:    standing(2),
			changes: []change{restarted(0, 9)},
			intent:  oneByOne,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "a pod that goes has restarted",
			from:    standing(2),
			changes: []change{restarted(3, 9), onPod(3, func(p *corev1.Pod) { ststest.Terminating(p, ststest.Now) })},
			intent:  oneByOne,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},

		// The soak.
		{
			name:    "soaking",
			from:    at(2),
			changes: []change{readyFor(3, 59*time.Second)},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonSoaking,
		},
		{
			name:    "the pod that was ready last counts",
			from:    at(2),
			changes: []change{readyFor(3, time.Hour), readyFor(4, 20*time.Second)},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonSoaking,
		},
		{
			name:    "soaked",
			from:    at(2),
			changes: []change{readyFor(3, time.Minute)},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "no soak in the middle of a step",
			from:    at(1),
			changes: []change{goal(3, "canary"), readyFor(4, time.Second)},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "the goal of another command is not resumed",
			from:    at(1),
			changes: []change{goal(3, "canary promote"), readyFor(4, time.Second)},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonSoaking,
		},
		{
			name:    "soaking at the last step",
			from:    at(4),
			changes: []change{readyFor(1, time.Second)},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonSoaking,
		},
		{
			name:    "pods on stable need no soak",
			from:    at(2),
			changes: []change{readyFor(0, time.Second)},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Do, reason: "Step",
		},

		// Checks.
		{
			name:    "the first check",
			from:    at(2),
			intent:  checking,
			facts:   wrote,
			verdict: operate.Do, reason: "Check",
		},
		{
			name:    "the first check runs",
			from:    at(2),
			intent:  checking,
			facts:   answers(checking, at(2), always(nil)),
			verdict: operate.Wait, reason: operate.ReasonChecking,
		},
		{
			name:   "the second check",
			from:   at(2),
			intent: checking,
			facts: answers(checking, at(2), func(r *operate.Exec) *operate.ExecResult {
				if r.Command == "./smoke" {
					return good
				}
				return nil
			}),
			verdict: operate.Wait, reason: operate.ReasonChecking,
		},
		{
			name:    "checked",
			from:    at(2),
			intent:  checking,
			facts:   answers(checking, at(2), always(good)),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "a bad check",
			from:    at(2),
			intent:  checking,
			facts:   answers(checking, at(2), about("./more", bad)),
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "a check that took too long",
			from:    at(2),
			intent:  checking,
			facts:   answers(checking, at(2), always(&operate.ExecResult{ExitCode: -1, Problem: "timed out after 1m"})),
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "a pod was replaced: its answers do not count",
			from:    at(2),
			changes: []change{replaced(3)},
			intent:  checking,
			facts:   answers(checking, at(2), always(good)),
			verdict: operate.Do, reason: "Check",
		},
		{
			name:    "a pod was replaced: bad answers do not count either",
			from:    at(2),
			changes: []change{replaced(3)},
			intent:  checking,
			facts:   answers(checking, at(2), always(bad)),
			verdict: operate.Do, reason: "Check",
		},
		{
			name:    "each step checks again",
			from:    at(3),
			intent:  checking,
			facts:   answers(checking, at(2), always(good)),
			verdict: operate.Do, reason: "Check",
		},
		{
			name:    "no check in the middle of a step",
			from:    at(2),
			changes: []change{goal(1, "canary")},
			intent:  checking,
			facts:   wrote,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "no check while a canary is starting",
			from:    at(2),
			changes: []change{starting(3)},
			intent:  checking,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a good check, and the budget is short",
			from:    at(2),
			changes: []change{budget(4, 4, 5)},
			intent:  checking,
			facts:   answers(checking, at(2), always(good)),
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},

		{
			name:    "a check inside the first pod",
			from:    at(2),
			intent:  probing,
			facts:   wrote,
			verdict: operate.Do, reason: "Check",
		},
		{
			name:    "checks inside the pods",
			from:    at(2),
			intent:  probing,
			facts:   answers(probing, at(2), always(nil)),
			verdict: operate.Wait, reason: operate.ReasonChecking,
		},
		{
			name:    "a pod that went away under its check, before the watch shows it",
			from:    at(2),
			intent:  probing,
			facts:   answers(probing, at(2), about("web-4", &operate.ExecResult{ExitCode: 137, PodGone: true})),
			verdict: operate.Wait, reason: operate.ReasonChecking,
		},
		{
			name:    "a check that was killed in a pod that stays",
			from:    at(2),
			intent:  probing,
			facts:   answers(probing, at(2), about("web-4", &operate.ExecResult{ExitCode: 137})),
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "checked inside the pods",
			from:    at(2),
			intent:  probing,
			facts:   answers(probing, at(2), always(good)),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "a bad check inside a pod",
			from:    at(2),
			intent:  probing,
			facts:   answers(probing, at(2), about("web-3", bad)),
			verdict: operate.Failed, reason: operate.ReasonGateFailed,
		},
		{
			name:    "a pod was replaced: it is checked",
			from:    at(2),
			changes: []change{replaced(3)},
			intent:  probing,
			facts:   answers(probing, at(2), always(good)),
			verdict: operate.Do, reason: "Check",
		},
		{
			name: "in the default container",
			from: at(2),
			changes: []change{onPod(3, func(p *corev1.Pod) {
				p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "db"})
				p.Annotations = map[string]string{"kubectl.kubernetes.io/default-container": "db"}
			})},
			intent:  probing,
			facts:   wrote,
			verdict: operate.Do, reason: "Check",
		},
		{
			name: "in the first container where the default one does not exist",
			from: at(2),
			changes: []change{onPod(3, func(p *corev1.Pod) {
				p.Annotations = map[string]string{"kubectl.kubernetes.io/default-container": "gone"}
			})},
			intent:  probing,
			facts:   wrote,
			verdict: operate.Do, reason: "Check",
		},
		{
			name:   "inside the pods first, then here",
			from:   at(2),
			intent: both,
			facts: answers(both, at(2), func(r *operate.Exec) *operate.ExecResult {
				if r.Pod != "" {
					return good
				}
				return nil
			}),
			verdict: operate.Wait, reason: operate.ReasonChecking,
		},

		// What follows a failed gate.
		{
			name:    "a canary fails: back to stable",
			from:    standing(2),
			changes: []change{crashing(3)},
			intent:  aborting(oneByOne),
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "a bad check: back to stable",
			from:    at(2),
			intent:  aborting(checking),
			facts:   answers(checking, at(2), about("./more", bad)),
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "going back",
			from:    aborted(2),
			changes: []change{edit(func(c *record.Canary) { c.AbortedFor = "web-3 was bad" }), ours},
			intent:  aborting(oneByOne),
			facts:   operate.Facts{Wrote: true, Still: time.Hour},
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "going back, resumed",
			from:    aborted(2),
			changes: []change{edit(func(c *record.Canary) { c.AbortedFor = "web-3 was bad" }), crashing(4)},
			intent:  aborting(oneByOne),
			facts:   operate.Facts{Still: time.Hour},
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "back",
			from:    aborted(0),
			changes: []change{edit(func(c *record.Canary) { c.AbortedFor = "web-3 was bad" })},
			intent:  aborting(oneByOne),
			verdict: operate.Do, reason: "Finish",
		},
		{
			name: "back, and encoded again",
			from: aborted(0),
			changes: []change{edit(func(c *record.Canary) { c.AbortedFor = "web-3 was bad" }), func(inv *sts.Inventory) {
				set := inv.Sets[0]
				set.Status.UpdateRevision = "web-reencoded"
				inv.Revisions = append(inv.Revisions, ststest.Revision(set, "web-reencoded", 3, ststest.Template(ststest.StableImage)))
			}},
			intent:  aborting(oneByOne),
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "an abort of a person is not ours",
			from:    aborted(2),
			intent:  aborting(oneByOne),
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "an abort for a gate, and now without --on-failure=abort",
			from:    aborted(2),
			changes: []change{edit(func(c *record.Canary) { c.AbortedFor = "web-3 was bad" })},
			intent:  oneByOne,
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},

		// Others.
		{
			name:    "no canary",
			from:    ststest.Web(3),
			intent:  oneByOne,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "parked",
			from:    standing(2),
			changes: []change{scaled(0)},
			intent:  oneByOne,
			verdict: operate.Refused, reason: operate.ReasonParked,
		},
		{
			name:    "not observed",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Status.ObservedGeneration = 1 })},
			intent:  oneByOne,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "OnDelete",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "OnDelete" })},
			intent:  oneByOne,
			verdict: operate.Refused, reason: operate.ReasonStrategy,
		},
		{
			name:    "locked by another owner",
			from:    standing(2),
			changes: []change{theirs},
			intent:  soaking(time.Minute),
			verdict: operate.Refused, reason: operate.ReasonOwned,
		},
		{
			name:    "taken over from us",
			from:    standing(2),
			changes: []change{theirs},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "another client moved the partition",
			from:    standing(2),
			changes: []change{movedPartition(1)},
			intent:  soaking(time.Minute),
			verdict: operate.Refused, reason: operate.ReasonMoved,
		},
		{
			name:    "another client changed the template",
			from:    standing(2),
			changes: []change{onSet(changedTemplate)},
			intent:  soaking(time.Minute),
			verdict: operate.Refused, reason: operate.ReasonTemplateChanged,
		},
		{
			name:    "another scaled while it soaked",
			from:    at(2),
			changes: []change{scaled(6), readyFor(5, time.Second)},
			intent:  soaking(time.Minute),
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonSoaking,
		},
	}
}

// The plan that people confirm: it names each step, what is asked before it and how
// it ends, and a question to many pods once.
func TestPreviewAuto(t *testing.T) {
	steps := func(text string) []intstr.IntOrString {
		out, err := operate.ParseSteps(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	fifty := ststest.Web(50)
	small := standing(1)
	set := fifty.Sets[0]
	set.Annotations, set.Spec.Template = small.Sets[0].Annotations, small.Sets[0].Spec.Template
	*set.Spec.UpdateStrategy.RollingUpdate.Partition = 49
	edit(func(c *record.Canary) { c.Partition, c.Generation = 49, set.Generation })(fifty)
	set.Status.UpdateRevision = canaryRevision
	fifty.Pods[49] = ststest.Pod(set, 49, canaryRevision)
	fifty.Revisions = small.Revisions
	everything := operate.Gates{Soak: 5 * time.Minute, Checks: []string{"./smoke"}, Execs: []string{"pg_isready", "df"}}
	missing := standing(2)
	missing.Pods = missing.Pods[:4]
	tests := []struct {
		name   string
		of     *sts.Inventory
		intent operate.AutoPromote
	}{
		{"all the gates", standing(1), operate.AutoPromote{Steps: steps("1,3,100%"), Gates: everything}},
		{"one by one", standing(1), operate.AutoPromote{}},
		{"not all", standing(1), operate.AutoPromote{Steps: steps("50%"), Gates: operate.Gates{Soak: 90 * time.Second}}},
		{"a pod to be asked is missing", missing, operate.AutoPromote{Steps: steps("2"), Gates: operate.Gates{Execs: []string{"pg_isready"}}}},
		{"fifty pods", fifty, operate.AutoPromote{Gates: everything}},
	}
	var all strings.Builder
	for _, test := range tests {
		test.intent.Lock = holder("1")
		fmt.Fprintf(&all, "# %s\n", test.name)
		for _, d := range operate.Preview(test.intent, test.of.Snapshots()[0]) {
			fmt.Fprintf(&all, "%s: %s\n", d.Verdict, d.Message)
		}
		all.WriteString("\n")
	}
	golden.Assert(t, all.String(), "auto.plans")
}
