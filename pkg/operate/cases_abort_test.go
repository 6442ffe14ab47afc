package operate_test

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func abortCases() []decisionCase {
	abort := operate.AbortCanary{Lock: holder("1")}
	took := operate.AbortCanary{Lock: operate.Lock{Owner: holder("1").Owner, TakeOver: true}}
	still := func(d time.Duration) operate.Facts { return operate.Facts{Still: d} }
	parallel := onSet(func(s *appsv1.StatefulSet) { s.Spec.PodManagementPolicy = "Parallel" })
	back := func(ordinals ...int) change {
		return func(inv *sts.Inventory) {
			for _, o := range ordinals {
				inv.Pods[o] = ststest.Pod(inv.Sets[0], sts.Ordinal(o), inv.Sets[0].Status.UpdateRevision)
			}
		}
	}
	atMost := func(n int32) operate.AbortCanary {
		return operate.AbortCanary{Lock: holder("1"), Deletions: operate.Deletions{Max: &n}}
	}
	applied := func(inv *sts.Inventory) {
		changedTemplate(inv.Sets[0])
		inv.Revisions = append(inv.Revisions, ststest.Revision(inv.Sets[0], "web-third", 3, ststest.Template("web:3")))
		inv.Sets[0].ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "helm", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:template":{}}}`)}}
	}
	reencoded := func(inv *sts.Inventory) {
		set := inv.Sets[0]
		set.Status.UpdateRevision = "web-reencoded"
		inv.Revisions = append(inv.Revisions, ststest.Revision(set, "web-reencoded", 3, ststest.Template(ststest.StableImage)))
	}
	return []decisionCase{
		{
			name:    "a healthy canary",
			from:    standing(2),
			intent:  abort,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "a failing canary",
			from:    standing(2),
			changes: []change{crashing(4)},
			intent:  abort,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "resumed, and its pod has been starting for longer than any command waited",
			from:    aborted(2),
			changes: []change{motionless, starting(4)},
			intent:  abort,
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "resumed, and its pod has been starting for a moment",
			from:    aborted(2),
			changes: []change{motionless, onPod(4, func(p *corev1.Pod) { ststest.NotReady(p, ststest.Now.Add(-20*time.Second)) })},
			intent:  abort,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "before the canary's pod is made",
			from:    standing(1),
			changes: []change{func(inv *sts.Inventory) { inv.Pods = inv.Pods[:4] }},
			intent:  abort,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "the controller has not seen the start",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Status.ObservedGeneration = 1 })},
			intent:  abort,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name: "after a scale to zero every ordinal is off stable",
			from: standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision }), func(inv *sts.Inventory) {
				inv.Revisions = inv.Revisions[1:]
				for o := range inv.Pods {
					inv.Pods[o].Labels[appsv1.StatefulSetRevisionLabel] = canaryRevision
				}
			}},
			intent:  abort,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "parked meanwhile",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { *s.Spec.Replicas = 0 }), func(inv *sts.Inventory) { inv.Pods = nil }},
			intent:  abort,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "by hand, without a record",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })},
			intent:  abort,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "the partition was moved",
			from:    standing(2),
			changes: []change{movedPartition(0)},
			intent:  abort,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "another template was applied",
			from:    standing(2),
			changes: []change{onSet(changedTemplate)},
			intent:  abort,
			verdict: operate.Do, reason: "Restore",
		},

		{
			name:    "they follow by themselves",
			from:    aborted(2),
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "one is terminating",
			from:    aborted(2),
			changes: []change{onPod(4, func(p *corev1.Pod) { ststest.Terminating(p, ststest.Now) })},
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "its own deletion was refused a pod a moment ago",
			from:    aborted(2),
			changes: []change{back(3), uncreated(4, 3, time.Second)},
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "the stable pod cannot be created, either",
			from:    aborted(2),
			changes: []change{back(3), uncreated(4, 11, 10*time.Second)},
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "an updated pod cannot be deleted",
			from:    aborted(2),
			changes: []change{back(3), undeletable(4)},
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "a failing pod, not for long enough",
			from:    aborted(2),
			changes: []change{crashing(4)},
			intent:  abort,
			facts:   still(2 * time.Second),
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a failing pod is in the way",
			from:    aborted(2),
			changes: []change{crashing(4)},
			intent:  abort,
			facts:   still(3 * time.Second),
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "a starting pod, not for long enough",
			from:    aborted(2),
			changes: []change{starting(4)},
			intent:  abort,
			facts:   still(29 * time.Second),
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a starting pod is in the way",
			from:    aborted(2),
			changes: []change{starting(4)},
			intent:  abort,
			facts:   still(30 * time.Second),
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "OrderedReady: the lowest first",
			from:    aborted(3),
			changes: []change{crashing(2), crashing(4)},
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "Parallel: one after the other",
			from:    aborted(3),
			changes: []change{parallel, crashing(2), crashing(4)},
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "a pod on stable is never deleted",
			from:    aborted(2),
			changes: []change{back(4), crashing(4)},
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "a pod on stable below is never deleted",
			from:    aborted(2),
			changes: []change{crashing(0), crashing(4)},
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "a pod on stable is starting",
			from:    aborted(2),
			changes: []change{back(4), starting(4)},
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "more pods came up on the canary",
			from:    aborted(1),
			changes: []change{onPod(1, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = canaryRevision })},
			intent:  abort,
			facts:   still(time.Hour),
			verdict: operate.Do, reason: "Lower",
		},
		{
			name:    "the controller is finishing",
			from:    aborted(2),
			changes: []change{back(3, 4), onSet(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = canaryRevision })},
			intent:  abort,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "all are back",
			from:    aborted(2),
			changes: []change{back(3, 4)},
			intent:  abort,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "all are back, others' annotations stay",
			from:    aborted(2),
			changes: []change{back(3, 4), owned("alice@laptop", "1"), onSet(func(s *appsv1.StatefulSet) { s.Annotations["x"] = "y" })},
			intent:  abort,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "the partition goes back",
			from:    aborted(2),
			changes: []change{back(3, 4), edit(func(c *record.Canary) { c.PartitionBefore = 1 })},
			intent:  abort,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name:    "encoded again: they follow",
			from:    aborted(2),
			changes: []change{reencoded},
			intent:  abort,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "encoded again: the partition stays",
			from:    aborted(2),
			changes: []change{reencoded, back(3, 4)},
			intent:  abort,
			verdict: operate.Do, reason: "Finish",
		},
		{
			name: "encoded again, with fields that a newer server adds",
			from: aborted(2),
			changes: []change{reencoded, back(3, 4), func(inv *sts.Inventory) {
				inv.Sets[0].Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyAlways
				edit(func(c *record.Canary) { c.TemplateDigest = record.TemplateDigest(&inv.Sets[0].Spec.Template) })(inv)
			}},
			intent:  abort,
			verdict: operate.Do, reason: "Finish",
		},

		{
			name:    "no canary",
			from:    ststest.Web(3),
			intent:  abort,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "not observed",
			from:    aborted(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Status.ObservedGeneration = 2 })},
			intent:  abort,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "deleting",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })},
			intent:  abort,
			verdict: operate.Refused, reason: operate.ReasonDeleting,
		},
		{
			name:    "OnDelete",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "OnDelete" })},
			intent:  abort,
			verdict: operate.Refused, reason: operate.ReasonStrategy,
		},
		{
			name:    "locked by another owner",
			from:    standing(2),
			changes: []change{owned("bob@desk", "7")},
			intent:  abort,
			verdict: operate.Refused, reason: operate.ReasonOwned,
		},
		{
			name:    "locked by another owner, taken over",
			from:    standing(2),
			changes: []change{owned("bob@desk", "7")},
			intent:  took,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "taken over from us",
			from:    aborted(2),
			changes: []change{owned("bob@desk", "7")},
			intent:  took,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "the partition was moved on the way",
			from:    aborted(2),
			changes: []change{movedPartition(0)},
			intent:  abort,
			verdict: operate.Refused, reason: operate.ReasonMoved,
		},
		{
			name:    "another template was applied on the way",
			from:    aborted(2),
			changes: []change{applied},
			intent:  abort,
			verdict: operate.Refused, reason: operate.ReasonTemplateChanged,
		},
		{
			name:    "another template was applied on the way, taken over",
			from:    aborted(2),
			changes: []change{applied},
			intent:  took,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "another template was applied on the way, once too often",
			from:    aborted(2),
			changes: []change{applied, owned("alice@laptop", "1")},
			intent:  took,
			facts:   operate.Facts{Wrote: true, Restored: 1},
			verdict: operate.Refused, reason: operate.ReasonTemplateChanged,
		},
		{
			name:    "all are back, and another client had applied the template",
			from:    aborted(2),
			changes: []change{back(3, 4), edit(func(c *record.Canary) { c.AppliedBy = "field manager helm" })},
			intent:  abort,
			verdict: operate.Do, reason: "Finish",
		},

		{
			name:    "as many pods deleted as are allowed",
			from:    aborted(2),
			changes: []change{crashing(4)},
			intent:  atMost(1),
			facts:   operate.Facts{Still: time.Hour, Deleted: map[types.UID]string{"u": "web-3"}},
			verdict: operate.Stuck, reason: operate.ReasonMaxDeletes,
		},
		{
			name:    "no pod may be deleted",
			from:    aborted(2),
			changes: []change{crashing(4)},
			intent:  atMost(0),
			facts:   still(time.Hour),
			verdict: operate.Stuck, reason: operate.ReasonMaxDeletes,
		},
		{
			name:    "a pod fewer than are allowed",
			from:    aborted(2),
			changes: []change{crashing(4)},
			intent:  atMost(2),
			facts:   operate.Facts{Still: time.Hour, Deleted: map[types.UID]string{"u": "web-4"}},
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "a deletion whose answer was lost",
			from:    aborted(2),
			changes: []change{crashing(4)},
			intent:  atMost(1),
			facts:   operate.Facts{Still: time.Hour, Deleted: map[types.UID]string{"web-4-uid": "web-4"}},
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "another ordinal",
			from:    aborted(2),
			changes: []change{crashing(4)},
			intent:  abort,
			facts:   operate.Facts{Still: time.Hour, Deleted: map[types.UID]string{"u": "web-3"}},
			verdict: operate.Do, reason: "DeleteBlocker",
		},
		{
			name:    "no pod twice",
			from:    aborted(2),
			changes: []change{crashing(4)},
			intent:  abort,
			facts:   operate.Facts{Still: time.Hour, Deleted: map[types.UID]string{"u": "web-4"}},
			verdict: operate.Stuck, reason: operate.ReasonMaxDeletes,
		},

		{
			name:    "by hand, and the old revision is gone",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil }), func(inv *sts.Inventory) { inv.Revisions = inv.Revisions[1:] }},
			intent:  abort,
			verdict: operate.Refused, reason: operate.ReasonRevisionGone,
		},
		{
			name: "by hand, and the controller has forgotten the old revision",
			from: standing(2),
			changes: []change{func(inv *sts.Inventory) {
				inv.Revisions = inv.Revisions[1:]
				inv.Sets[0].Annotations, inv.Sets[0].Status.CurrentRevision = nil, canaryRevision
			}},
			intent:  abort,
			verdict: operate.Refused, reason: operate.ReasonRevisionGone,
		},
		{
			name: "by hand, and undone by hand",
			from: standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) {
				s.Annotations, s.Spec.Template, s.Status.UpdateRevision = nil, ststest.Template(ststest.StableImage), ststest.StableRevision
			})},
			intent:  abort,
			verdict: operate.Do, reason: "Restore",
		},
		{
			name:    "a record that can't be read",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations[record.CanaryAnnotation] = "" })},
			intent:  abort,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},
	}
}
