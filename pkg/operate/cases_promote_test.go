package operate_test

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// promoting is a promotion that starts in the very snapshot that it looks at.
type promoting operate.PromoteOptions

func promoteCases() []decisionCase {
	by := func(f func(*promoting)) promoting {
		i := promoting{Lock: holder("1")}
		f(&i)
		return i
	}
	one := by(func(*promoting) {})
	full := by(func(i *promoting) { i.Full = true })
	to := func(o sts.Ordinal) promoting { return by(func(i *promoting) { i.To = &o }) }
	took := by(func(i *promoting) { i.TakeOver = true })
	complete := onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision })
	before := edit(func(c *record.Canary) { c.PartitionBefore = 4 })
	derived := onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })
	// adopted is an update of another client's that was promoted to the last ordinal.
	adopted := func(partition int32, replicas *int32) change {
		return edit(func(c *record.Canary) { c.Adopted, c.PartitionBefore, c.Replicas = true, partition, replicas })
	}
	scaledDown := func(inv *sts.Inventory) {
		*inv.Sets[0].Spec.Replicas = 3
		inv.Sets[0].Generation, inv.Sets[0].Status.ObservedGeneration = 3, 3
		inv.Pods = inv.Pods[:3]
	}
	resolved := func(i promoting, at *sts.Inventory) operate.Intent { return i.from(at.Snapshots()[0]) }
	return []decisionCase{
		{
			name:    "one more",
			from:    standing(1),
			intent:  one,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "to the ordinal",
			from:    standing(1),
			intent:  to(1),
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "all, one at a time",
			from:    standing(1),
			intent:  full,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "a killed command of ours is resumed",
			from:    standing(2),
			changes: []change{edit(func(c *record.Canary) { c.Goal, c.GoalOf = new(sts.Ordinal(3)), "canary" })},
			intent:  one,
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "the goal of another command is not ours",
			from:    standing(2),
			changes: []change{edit(func(c *record.Canary) { c.Goal, c.GoalOf = new(sts.Ordinal(3)), "canary start" })},
			intent:  one,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "one more is one, however often it looks",
			from:    standing(2),
			intent:  resolved(one, standing(1)),
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "further than asked already",
			from:    standing(3),
			intent:  to(4),
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "a failing pod blocks nothing but itself",
			from:    standing(1),
			changes: []change{crashing(3), budget(4, 4, 5)},
			intent:  one,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "partition beyond the end",
			from:    standing(1),
			changes: []change{scaledDown},
			intent:  one,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "scaled down below the goal meanwhile",
			from:    standing(2),
			changes: []change{scaledDown, edit(func(c *record.Canary) { c.Goal, c.GoalOf = new(sts.Ordinal(3)), "canary" })},
			intent:  to(3),
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "scaled down below what is asked for before",
			from:    standing(2),
			changes: []change{scaledDown},
			intent:  to(3),
			verdict: operate.Refused, reason: operate.ReasonBadRequest,
		},
		{
			name:    "by hand, after it had promoted itself",
			from:    standing(2),
			changes: []change{edit(func(c *record.Canary) { c.Auto = &record.Auto{Soak: "5m0s"} })},
			intent:  one,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "by hand, without a record",
			from:    standing(2),
			changes: []change{derived},
			intent:  one,
			verdict: operate.Do, reason: "Step",
		},
		{
			name: "without a record, begun by a field manager",
			from: standing(2),
			changes: []change{derived, onSet(func(s *appsv1.StatefulSet) {
				s.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl-set", Time: &metav1.Time{Time: ststest.Now.Add(-time.Hour)},
					FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{"f:image":{}}}}}}}`)}}
			})},
			intent:  one,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "frozen with 999 before an update of another client's",
			from:    standing(5),
			changes: []change{complete, adopted(999, new(int32(5)))},
			intent:  full,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "frozen with as many as there are replicas",
			from:    standing(5),
			changes: []change{complete, adopted(5, new(int32(5)))},
			intent:  full,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "frozen when it had fewer replicas",
			from:    standing(5),
			changes: []change{complete, adopted(3, new(int32(3)))},
			intent:  full,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "frozen, by an older record",
			from:    standing(5),
			changes: []change{complete, adopted(999, nil)},
			intent:  full,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "a canary made by hand ends",
			from:    standing(5),
			changes: []change{complete, adopted(3, new(int32(5)))},
			intent:  full,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "a canary of ours on a frozen set",
			from:    standing(5),
			changes: []change{complete, edit(func(c *record.Canary) { c.PartitionBefore = 999 })},
			intent:  full,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "moved by another client, taken over",
			from:    standing(2),
			changes: []change{movedPartition(4)},
			intent:  took,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "another template, taken over",
			from:    standing(1),
			changes: []change{onSet(changedTemplate), onPod(4, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = "web-third" })},
			intent:  took,
			verdict: operate.Do, reason: "Step",
		},
		{
			name:    "another client scaled, which is allowed",
			from:    standing(1),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Generation, s.Status.ObservedGeneration = 7, 7 })},
			intent:  one,
			verdict: operate.Do, reason: "Step",
		},

		{
			name:    "all are on it",
			from:    standing(5),
			intent:  full,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "all are on it, the controller has seen it",
			from:    standing(5),
			changes: []change{complete},
			intent:  full,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "the partition goes back",
			from:    standing(5),
			changes: []change{complete, before},
			intent:  full,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "without a record there is nothing to forget",
			from:    standing(5),
			changes: []change{derived},
			intent:  full,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},

		{
			name:    "no canary",
			from:    ststest.Web(3),
			intent:  one,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "no such ordinal",
			from:    standing(1),
			intent:  to(9),
			verdict: operate.Refused, reason: operate.ReasonBadRequest,
		},
		{
			name:    "waiting for the last step",
			from:    standing(2),
			changes: []change{starting(3)},
			intent:  full,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "the last step failed",
			from:    standing(2),
			changes: []change{crashing(3)},
			intent:  full,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "a lower pod is starting",
			from:    standing(2),
			changes: []change{starting(0)},
			intent:  full,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a lower pod is failing",
			from:    standing(2),
			changes: []change{crashing(0)},
			intent:  full,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name: "minReadySeconds",
			from: standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.MinReadySeconds = 30 }),
				onPod(3, func(p *corev1.Pod) { ststest.Ready(p, ststest.Now.Add(-29*time.Second)) })},
			intent:  full,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a budget that is short",
			from:    standing(2),
			changes: []change{budget(4, 4, 5)},
			intent:  full,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "a budget that never allows it",
			from:    standing(2),
			changes: []change{budget(5, 5, 5)},
			intent:  full,
			verdict: operate.Refused, reason: operate.ReasonBudgetAlwaysBlocks,
		},
		{
			name: "a second budget that is short",
			from: standing(2),
			changes: []change{func(inv *sts.Inventory) {
				second := inv.Budgets[0].DeepCopy()
				second.Name, second.Status.DisruptionsAllowed, second.Status.CurrentHealthy = "z-second", 0, 3
				inv.Budgets = append(inv.Budgets, second)
			}},
			intent:  full,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "not observed",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Status.ObservedGeneration = 1 })},
			intent:  full,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "being aborted",
			from:    aborted(2),
			intent:  full,
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "deleting",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })},
			intent:  full,
			verdict: operate.Refused, reason: operate.ReasonDeleting,
		},
		{
			name:    "OnDelete",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "OnDelete" })},
			intent:  full,
			verdict: operate.Refused, reason: operate.ReasonStrategy,
		},
		{
			name:    "locked by another owner",
			from:    standing(2),
			changes: []change{owned("bob@desk", "7")},
			intent:  full,
			verdict: operate.Refused, reason: operate.ReasonOwned,
		},
		{
			name:    "taken over from us",
			from:    standing(2),
			changes: []change{owned("bob@desk", "7")},
			intent:  full,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "another client moved the partition",
			from:    standing(2),
			changes: []change{movedPartition(1)},
			intent:  full,
			verdict: operate.Refused, reason: operate.ReasonMoved,
		},
		{
			name:    "another client changed the template",
			from:    standing(2),
			changes: []change{onSet(changedTemplate)},
			intent:  full,
			verdict: operate.Refused, reason: operate.ReasonTemplateChanged,
		},
		{
			name:    "by hand, and the old revision is gone",
			from:    standing(2),
			changes: []change{derived, func(inv *sts.Inventory) { inv.Revisions = inv.Revisions[1:] }},
			intent:  full,
			verdict: operate.Refused, reason: operate.ReasonRevisionGone,
		},
		{
			name:    "a record that can't be read",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations[record.CanaryAnnotation] = "[]" })},
			intent:  full,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},
	}
}
