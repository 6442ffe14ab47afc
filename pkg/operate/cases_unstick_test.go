package operate_test

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// unbound has an ordinal's pod wait for its claim, which nothing binds.
func unbound(o int) change {
	return func(inv *sts.Inventory) {
		inv.Pods[o].Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
			LastTransitionTime: metav1.NewTime(ststest.Now.Add(-time.Minute))}}}
		inv.Claims[o].Status.Phase, inv.Claims[o].Spec.StorageClassName = corev1.ClaimPending, new("")
	}
}

// rolling is a rolling update that kubectl has begun and that has come to the
// highest n of 5 ordinals.
func rolling(n sts.Ordinal, changes ...change) *sts.Inventory {
	inv := standing(n)
	set := inv.Sets[0]
	set.Annotations = nil
	*set.Spec.UpdateStrategy.RollingUpdate.Partition = 0
	for _, change := range changes {
		change(inv)
	}
	return inv
}

// undone is what kubectl rollout undo makes of it.
func undone(inv *sts.Inventory) {
	set := inv.Sets[0]
	set.Spec.Template = ststest.Template(ststest.StableImage)
	set.Status.UpdateRevision = ststest.StableRevision
	set.Generation, set.Status.ObservedGeneration = 3, 3
}

// recreate is the update strategy of that name.
func recreate(inv *sts.Inventory) {
	inv.Sets[0].Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RecreateStatefulSetStrategyType}
}

// recreating is an update under Recreate that n pods have.
func recreating(n sts.Ordinal, changes ...change) *sts.Inventory {
	inv := rolling(n, changes...)
	recreate(inv)
	return inv
}

// justPod leaves only this ordinal's pod.
func justPod(o int) change { return func(inv *sts.Inventory) { inv.Pods = inv.Pods[o : o+1] } }

func unstickCases() []decisionCase {
	hold := holder("1")
	hold.Command = "unstick"
	unstick := operate.NewUnstick(operate.UnstickOptions{Lock: hold, AnyRemedy: true}, nil)
	agreed := func(changes ...change) operate.Intent {
		inv := rolling(1, changes...)
		return operate.NewUnstick(operate.UnstickOptions{Lock: hold}, inv.Snapshots()[0])
	}
	taken := func(by, id string) change {
		return onSet(func(s *appsv1.StatefulSet) {
			s.Annotations = map[string]string{record.OwnerAnnotation: sts.EncodeAnnotation(record.Owner{Name: by, ID: id, Command: "unstick", Since: ststest.Now})}
		})
	}
	ours, wrote := taken("alice@laptop", "1"), operate.Facts{Wrote: true, Still: time.Hour}
	fixed := func(inv *sts.Inventory) {
		changedTemplate(inv.Sets[0])
		inv.Revisions = append(inv.Revisions, ststest.Revision(inv.Sets[0], "web-third", 3, ststest.Template("web:3")))
	}
	on := func(revision string, ordinals ...int) change {
		return func(inv *sts.Inventory) {
			for _, o := range ordinals {
				inv.Pods[o] = ststest.Pod(inv.Sets[0], sts.Ordinal(o), revision)
			}
		}
	}
	parallel := onSet(func(s *appsv1.StatefulSet) { s.Spec.PodManagementPolicy = "Parallel" })
	partition := func(to int32) change {
		return onSet(func(s *appsv1.StatefulSet) { *s.Spec.UpdateStrategy.RollingUpdate.Partition = to })
	}
	return []decisionCase{
		{
			name:    "the update is broken: back",
			from:    rolling(1),
			changes: []change{crashing(4)},
			intent:  unstick,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "the update is broken at the last ordinal",
			from:    rolling(5),
			changes: []change{crashing(0)},
			intent:  unstick,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "a canary is broken: back",
			from:    standing(1),
			changes: []change{crashing(4)},
			intent:  unstick,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "a canary of the scaled to zero",
			from:    standing(1),
			changes: []change{on(canaryRevision, 0, 1, 2, 3, 4), crashing(0), onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision })},
			intent:  unstick,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "an abort was killed",
			from:    aborted(1),
			changes: []change{crashing(4)},
			intent:  unstick,
			facts:   operate.Facts{Still: time.Hour},
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name: "Argo CD would revert the rollback",
			from: rolling(1),
			changes: []change{crashing(4), onSet(func(s *appsv1.StatefulSet) {
				s.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "shop"}
			})},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
		{
			name:    "the stable revision is gone",
			from:    rolling(1),
			changes: []change{crashing(4), func(inv *sts.Inventory) { inv.Revisions = inv.Revisions[1:] }},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonRevisionGone,
		},

		{
			name:    "undone: take the set",
			from:    rolling(1, undone),
			changes: []change{crashing(4)},
			intent:  unstick,
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "undone: not for long enough",
			from:    rolling(1, undone),
			changes: []change{crashing(4), ours},
			intent:  unstick,
			facts:   operate.Facts{Wrote: true, Still: time.Second},
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "undone: delete",
			from:    rolling(1, undone),
			changes: []change{crashing(4), ours},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "undone under Parallel with the gate",
			from:    rolling(2, undone),
			changes: []change{parallel, crashing(3), crashing(4), ours},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "undone, and no pod may be deleted",
			from:    rolling(1, undone),
			changes: []change{crashing(4), ours},
			intent:  operate.NewUnstick(operate.UnstickOptions{Lock: hold, Deletions: operate.Deletions{Max: new(int32)}, AnyRemedy: true}, nil),
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonMaxDeletes,
		},
		{
			name:    "a pod that only starts is not deleted",
			from:    rolling(2, undone),
			changes: []change{crashing(4), starting(3), ours},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a fix was applied",
			from:    rolling(1, fixed),
			changes: []change{crashing(4)},
			intent:  unstick,
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "the first revision was broken, and a fix applied",
			from:    rolling(0),
			changes: []change{crashing(0)},
			intent:  unstick,
			verdict: operate.Do, reason: "Lock",
		},
		{
			name:    "in the partition's part",
			from:    rolling(3),
			changes: []change{partition(2), on(ststest.StableRevision, 2), crashing(2)},
			intent:  unstick,
			verdict: operate.Do, reason: "Lock",
		},
		{
			name: "ordinals from 3",
			from: rolling(0),
			changes: []change{func(inv *sts.Inventory) {
				set := inv.Sets[0]
				set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3}
				*set.Spec.UpdateStrategy.RollingUpdate.Partition = 2
				inv.Pods = nil
				for o := sts.Ordinal(3); o < 8; o++ {
					inv.Pods = append(inv.Pods, ststest.Pod(set, o, ststest.StableRevision))
				}
				ststest.Crashing(inv.Pods[2])
			}},
			intent:  unstick,
			verdict: operate.Do, reason: "Lock",
		},
		{
			name: "ordinals from 3: those below the partition stay",
			from: rolling(0),
			changes: []change{func(inv *sts.Inventory) {
				set := inv.Sets[0]
				set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3}
				*set.Spec.UpdateStrategy.RollingUpdate.Partition = 3
				inv.Pods = nil
				for o := sts.Ordinal(3); o < 8; o++ {
					inv.Pods = append(inv.Pods, ststest.Pod(set, o, ststest.StableRevision))
				}
				ststest.Crashing(inv.Pods[2])
			}},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonPodFailing,
		},

		{
			name:    "under way: it comes back",
			from:    rolling(1, undone),
			changes: []change{on(ststest.StableRevision, 4), starting(4), ours},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "under way: the others follow",
			from:    rolling(1, fixed),
			changes: []change{on("web-third", 4), ours},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "under way: the present template fails, too",
			from:    rolling(1, fixed),
			changes: []change{on("web-third", 4), crashing(4), ours},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "under way: stable fails",
			from:    rolling(1, undone),
			changes: []change{on(ststest.StableRevision, 4), crashing(4), ours},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "under way: all are there",
			from:    rolling(5),
			changes: []change{ours},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "under way: the partition holds the rest",
			from:    rolling(2),
			changes: []change{partition(3), ours},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "a killed one is resumed",
			from:    rolling(1, undone),
			changes: []change{on(ststest.StableRevision, 4), starting(4), taken("alice@laptop", "0")},
			intent:  unstick,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a killed one comes to its end",
			from:    rolling(1, undone),
			changes: []change{on(ststest.StableRevision, 4), taken("alice@laptop", "0")},
			intent:  unstick,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "one that did not reach its end starts again",
			from:    rolling(1, fixed),
			changes: []change{on("web-third", 4), crashing(4), taken("alice@laptop", "0")},
			intent:  unstick,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "taken over from us",
			from:    rolling(1, undone),
			changes: []change{crashing(4), taken("bob@desk", "7")},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},

		{
			name:    "neither works",
			from:    rolling(1),
			changes: []change{crashing(0), crashing(4)},
			intent:  unstick,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "another fix than the one that was shown",
			from:    rolling(1),
			changes: []change{crashing(4)},
			intent:  agreed(undone, crashing(4)),
			verdict: operate.Refused, reason: operate.ReasonNotObserved,
		},
		{
			name:    "nothing was shown",
			from:    rolling(1, undone),
			changes: []change{crashing(4)},
			intent:  agreed(),
			verdict: operate.Refused, reason: operate.ReasonNotObserved,
		},
		{
			name:    "a pod fails on its correct revision",
			from:    ststest.Web(3),
			changes: []change{crashing(1)},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonPodFailing,
		},
		{
			name:    "the lowest fails on its correct revision",
			from:    rolling(1, undone),
			changes: []change{crashing(0), crashing(4)},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonPodFailing,
		},
		{
			name: "a pod cannot be created",
			from: ststest.Web(3),
			changes: []change{func(inv *sts.Inventory) {
				inv.Pods = inv.Pods[:2]
				inv.Events = []*corev1.Event{{InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: ststest.Namespace, Name: "web", UID: inv.Sets[0].UID},
					Reason: "FailedCreate", Message: "create Pod web-2 failed: quota", Count: 2, LastTimestamp: metav1.NewTime(ststest.Now)}}
			}},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonPodFailing,
		},
		{
			name:    "the update's pod cannot be created: back",
			from:    rolling(1),
			changes: []change{uncreated(4, 11, 10*time.Second)},
			intent:  unstick,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "a canary's pod cannot be created: back",
			from:    standing(1),
			changes: []change{uncreated(4, 11, 10*time.Second)},
			intent:  unstick,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "the update's pod cannot be created, and something else was agreed to",
			from:    rolling(1),
			changes: []change{uncreated(4, 11, 10*time.Second)},
			intent:  agreed(),
			verdict: operate.Refused, reason: operate.ReasonNotObserved,
		},
		{
			name:    "the update's pod could not be created a moment ago",
			from:    rolling(1),
			changes: []change{uncreated(4, 8, 2*time.Second)},
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "a pod below the partition cannot be created",
			from:    rolling(1),
			changes: []change{partition(4), uncreated(0, 11, 10*time.Second)},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonPodFailing,
		},
		{
			name:    "an old pod cannot be deleted",
			from:    rolling(1),
			changes: []change{undeletable(3)},
			intent:  unstick,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "another pod has the name",
			from:    ststest.Web(3),
			changes: []change{taking(1)},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonPodFailing,
		},
		{
			name:    "it has not moved: a pod is missing",
			from:    rolling(1),
			changes: []change{motionless, func(inv *sts.Inventory) { inv.Pods = inv.Pods[:4] }},
			intent:  unstick,
			verdict: operate.Stuck, reason: operate.ReasonNotMoving,
		},
		{
			name:    "it has not moved: no pod is replaced",
			from:    rolling(1),
			changes: []change{motionless},
			intent:  unstick,
			verdict: operate.Stuck, reason: operate.ReasonNotMoving,
		},
		{
			name:    "it has not moved: a pod is not scaled away",
			from:    ststest.Web(3),
			changes: []change{motionless, onSet(func(s *appsv1.StatefulSet) { *s.Spec.Replicas = 2 })},
			intent:  unstick,
			verdict: operate.Stuck, reason: operate.ReasonNotMoving,
		},
		{
			name:    "it has not moved, and need not",
			from:    ststest.Web(3),
			changes: []change{motionless},
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "only an interrupted restart remains",
			from:    ststest.Web(3),
			changes: []change{restarting("restart --ordinals 0-1", []sts.Ordinal{0}, 0, 1)},
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "it has not moved: the partition holds",
			from:    rolling(2),
			changes: []change{motionless, partition(3)},
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name: "it has not moved: gated",
			from: ststest.Web(3),
			changes: []change{motionless, onPod(2, func(p *corev1.Pod) {
				p.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "kueue.x-k8s.io/admission"}}
				p.Spec.NodeName = ""
				p.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
					Reason: corev1.PodReasonSchedulingGated, LastTransitionTime: metav1.NewTime(ststest.Now.Add(-time.Hour))}}}
			})},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonNotMoving,
		},
		{
			name:    "a pod waits for its claim",
			from:    ststest.Web(3),
			changes: []change{unbound(2)},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonPodFailing,
		},
		{
			name:    "OnDelete",
			from:    rolling(0),
			changes: []change{crashing(2), onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "OnDelete" })},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonStrategy,
		},
		{
			name:    "Recreate: the update fails",
			from:    recreating(5),
			changes: []change{crashing(0)},
			intent:  unstick,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "Recreate: the first new pod fails, and the others are not there yet",
			from:    recreating(5),
			changes: []change{justPod(0), crashing(0)},
			intent:  unstick,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "Recreate: another fix than the one that was shown",
			from:    recreating(5),
			changes: []change{crashing(0)},
			intent:  agreed(),
			verdict: operate.Refused, reason: operate.ReasonNotObserved,
		},
		{
			name:    "Recreate: an operator would undo it",
			from:    recreating(5),
			changes: []change{crashing(0), annotated("argocd.argoproj.io/tracking-id", "shop")},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonManaged,
		},
		{
			name:    "Recreate: the stable revision is gone",
			from:    recreating(5),
			changes: []change{crashing(0), func(inv *sts.Inventory) { inv.Revisions = inv.Revisions[1:] }},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonRevisionGone,
		},
		{
			name:    "Recreate: a new pod only starts",
			from:    recreating(5),
			changes: []change{starting(0)},
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "Recreate: old pods are ending",
			from:    recreating(0),
			changes: []change{onPod(1, func(p *corev1.Pod) { ststest.Terminating(p, ststest.Now) })},
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "Recreate: an old pod does not end",
			from:    recreating(0),
			changes: []change{onPod(1, func(p *corev1.Pod) { ststest.Terminating(p, ststest.Now.Add(-time.Hour)) })},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonPodFailing,
		},
		{
			name:    "Recreate: no update fails",
			from:    recreating(5),
			changes: []change{crashing(0), onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision })},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonPodFailing,
		},
		{
			name: "Recreate: under way, the pods of the update end",
			from: recreating(5, undone),
			changes: []change{ours, func(inv *sts.Inventory) {
				for _, p := range inv.Pods {
					ststest.Terminating(p, ststest.Now)
				}
			}},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "Recreate: under way, stable pods come",
			from:    recreating(5, undone),
			changes: []change{ours, on(ststest.StableRevision, 0), justPod(0), starting(0)},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "Recreate: under way, all are there",
			from:    recreating(5, undone),
			changes: []change{ours, on(ststest.StableRevision, 0, 1, 2, 3, 4)},
			intent:  unstick,
			facts:   wrote,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "Recreate: a killed one comes to its end",
			from:    recreating(5, undone),
			changes: []change{on(ststest.StableRevision, 0, 1, 2, 3, 4), taken("alice@laptop", "0")},
			intent:  unstick,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "Recreate: in the middle of a canary",
			from:    standing(5),
			changes: []change{recreate, crashing(0)},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonStrategy,
		},
		{
			name: "Recreate: the gate is off",
			from: recreating(5),
			changes: []change{crashing(0), func(inv *sts.Inventory) {
				inv.Events = append(inv.Events, &corev1.Event{Reason: "UnknownStrategy", Type: corev1.EventTypeWarning, LastTimestamp: metav1.NewTime(ststest.Now),
					InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: ststest.Namespace, Name: "web", UID: inv.Sets[0].UID}})
			}},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonStrategy,
		},
		{
			name:    "locked by another owner",
			from:    rolling(1),
			changes: []change{crashing(4), taken("bob@desk", "7")},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonOwned,
		},
		{
			name:    "deleting",
			from:    rolling(1),
			changes: []change{crashing(4), onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonDeleting,
		},
		{
			name:    "not observed",
			from:    rolling(1),
			changes: []change{crashing(4), onSet(func(s *appsv1.StatefulSet) { s.Generation = 9 })},
			intent:  unstick,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "a record that can't be read",
			from:    standing(1),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations[record.CanaryAnnotation] = "" })},
			intent:  unstick,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},

		{
			name:    "all is well",
			from:    ststest.Web(3),
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "a canary stands",
			from:    standing(2),
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "a partition holds",
			from:    rolling(2),
			changes: []change{partition(3)},
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "an update gets on",
			from:    rolling(2),
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "an update is slow",
			from:    rolling(2),
			changes: []change{starting(3)},
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "a pod restarts",
			from:    ststest.Web(3),
			changes: []change{starting(1)},
			intent:  unstick,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
	}
}
