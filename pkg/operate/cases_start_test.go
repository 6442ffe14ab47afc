package operate_test

import (
	"encoding/json"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func startCases() []decisionCase {
	one, dryRun := start("1", "web:2", 1), stores("web:2")
	with := func(f func(*operate.StartCanary)) operate.StartCanary {
		i := one
		f(&i)
		return i
	}
	took := with(func(i *operate.StartCanary) { i.TakeOver = true })
	goal := func(o sts.Ordinal, of string) change {
		return edit(func(c *record.Canary) { c.Goal, c.GoalOf = &o, of })
	}
	twoContainers := onSet(func(set *appsv1.StatefulSet) {
		set.Spec.Template.Spec.Containers = append(set.Spec.Template.Spec.Containers, corev1.Container{Name: "sidecar", Image: "log:1"})
		set.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "restore", Image: "web:1"}}
	})
	images := func(requests ...operate.ImageRequest) operate.StartCanary {
		return with(func(i *operate.StartCanary) { i.Images = requests })
	}
	return []decisionCase{
		{
			name:    "the highest ordinal",
			from:    ststest.Web(5),
			intent:  one,
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "two fifths",
			from:    ststest.Web(5),
			intent:  with(func(i *operate.StartCanary) { i.Canaries = intstr.FromString("21%") }),
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "every ordinal",
			from:    ststest.Web(5),
			intent:  start("1", "web:2", 5),
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "from an ordinal",
			from:    ststest.Web(5),
			intent:  with(func(i *operate.StartCanary) { i.From = new(sts.Ordinal(2)) }),
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name: "ordinals from 3",
			from: ststest.Web(0),
			changes: []change{func(inv *sts.Inventory) {
				*inv = *ststest.Web(5)
				inv.Sets[0].Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3}
				inv.Pods = nil
				for o := sts.Ordinal(3); o < 8; o++ {
					inv.Pods = append(inv.Pods, ststest.Pod(inv.Sets[0], o, ststest.StableRevision))
				}
			}},
			intent:  one,
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "annotations of others stay",
			from:    ststest.Web(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{"a/b~c": "d"} })},
			intent:  one,
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "empty annotations",
			from:    ststest.Web(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{} })},
			intent:  one,
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "no rollingUpdate",
			from:    ststest.Web(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.RollingUpdate = nil })},
			intent:  one,
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "no partition",
			from:    ststest.Web(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.RollingUpdate.Partition = nil })},
			intent:  one,
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "the partition stands there already",
			from:    ststest.Web(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.RollingUpdate.Partition = new(int32(1)) })},
			intent:  one,
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "a token of a killed command of ours",
			from:    ststest.Web(2),
			changes: []change{owned("alice@laptop", "0")},
			intent:  one,
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "a token taken over",
			from:    ststest.Web(2),
			changes: []change{owned("bob@desk", "0")},
			intent:  took,
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "containers by name",
			from:    ststest.Web(2),
			changes: []change{twoContainers},
			intent:  images(operate.ImageRequest{Container: "sidecar", Image: "log:2"}, operate.ImageRequest{Container: "restore", Image: "web:2"}),
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name: "the default container",
			from: ststest.Web(2),
			changes: []change{twoContainers, onSet(func(s *appsv1.StatefulSet) {
				s.Spec.Template.Annotations = map[string]string{"kubectl.kubernetes.io/default-container": "sidecar"}
			})},
			intent:  images(operate.ImageRequest{Image: "log:2"}),
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "only what differs",
			from:    ststest.Web(2),
			changes: []change{twoContainers},
			intent:  images(operate.ImageRequest{Container: "app", Image: "web:1"}, operate.ImageRequest{Container: "sidecar", Image: "log:2"}),
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "a restart",
			from:    ststest.Web(2),
			intent:  operate.StartCanary{Lock: holder("1"), RestartAt: "2026-03-01T12:00:00Z", Canaries: intstr.FromInt32(1)},
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "a patch",
			from:    ststest.Web(2),
			intent:  operate.StartCanary{Lock: holder("1"), Patch: json.RawMessage(`{"spec":{"containers":[{"name":"app","env":[{"name":"A","value":"b"}]}]}}`), Canaries: intstr.FromInt32(1)},
			verdict: operate.Do, reason: "Start",
		},

		{
			name:    "nothing to change",
			from:    ststest.Web(5),
			intent:  start("1", ststest.StableImage, 1),
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "which container?",
			from:    ststest.Web(2),
			changes: []change{twoContainers},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonBadRequest,
		},
		{
			name:    "no such container",
			from:    ststest.Web(2),
			intent:  images(operate.ImageRequest{Container: "db", Image: "x"}),
			verdict: operate.Refused, reason: operate.ReasonBadRequest,
		},
		{
			name:    "two images for one",
			from:    ststest.Web(2),
			intent:  images(operate.ImageRequest{Image: "x"}, operate.ImageRequest{Container: "app", Image: "y"}),
			verdict: operate.Refused, reason: operate.ReasonBadRequest,
		},
		{
			name:    "more canaries than ordinals",
			from:    ststest.Web(2),
			intent:  start("1", "web:2", 3),
			verdict: operate.Refused, reason: operate.ReasonBadRequest,
		},
		{
			name:    "from an ordinal that it has not",
			from:    ststest.Web(2),
			intent:  with(func(i *operate.StartCanary) { i.From = new(sts.Ordinal(7)) }),
			verdict: operate.Refused, reason: operate.ReasonBadRequest,
		},
		{
			name:    "parked",
			from:    ststest.Web(0),
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonParked,
		},
		{
			name:    "OnDelete",
			from:    ststest.Web(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "OnDelete" })},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonStrategy,
		},
		{
			name:    "Recreate",
			from:    ststest.Web(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = "Recreate" })},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonStrategy,
		},
		{
			name:    "deleting",
			from:    ststest.Web(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonDeleting,
		},
		{
			name:    "not observed",
			from:    ststest.Web(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Generation++ })},
			intent:  one,
			verdict: operate.Wait, reason: operate.ReasonNotObserved,
		},
		{
			name:    "an update in progress",
			from:    standing(2),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })},
			intent:  start("1", "web:3", 1),
			verdict: operate.Refused, reason: operate.ReasonUpdateInProgress,
		},
		{
			name:    "pods on an old revision though status says done",
			from:    ststest.Web(3),
			changes: []change{onPod(1, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = "old" })},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonUpdateInProgress,
		},
		{
			name:    "another pod is failing",
			from:    ststest.Web(3),
			changes: []change{crashing(0)},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonPodFailing,
		},
		{
			name:    "the target itself is failing",
			from:    ststest.Web(3),
			changes: []change{crashing(2), budget(2, 2, 3)},
			intent:  one,
			facts:   dryRun,
			verdict: operate.Do, reason: "Start",
		},
		{
			name:    "another pod is starting",
			from:    ststest.Web(3),
			changes: []change{starting(0)},
			intent:  one,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "a scale-down in progress",
			from:    ststest.Web(3),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { *s.Spec.Replicas = 2 })},
			intent:  one,
			verdict: operate.Wait, reason: operate.ReasonScalingDown,
		},
		{
			name:    "a budget that never allows it",
			from:    ststest.Web(3),
			changes: []change{budget(3, 3, 3)},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonBudgetAlwaysBlocks,
		},
		{
			name:    "a budget that is short",
			from:    ststest.Web(3),
			changes: []change{budget(2, 2, 3)},
			intent:  one,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "a record that can't be read",
			from:    ststest.Web(3),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{record.CanaryAnnotation: "{"} })},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},
		{
			name:    "a token that can't be read",
			from:    ststest.Web(3),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{record.OwnerAnnotation: "{"} })},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonBadRecord,
		},
		{
			name:    "locked by another owner",
			from:    ststest.Web(3),
			changes: []change{owned("bob@desk", "0")},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonOwned,
		},
		{
			name:    "taken over from us",
			from:    standing(1),
			changes: []change{owned("bob@desk", "0")},
			intent:  took,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "our token is gone",
			from:    standing(1),
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},
		{
			name:    "another command of ours took over",
			from:    standing(1),
			changes: []change{owned("alice@laptop", "2")},
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Refused, reason: operate.ReasonTakenOver,
		},

		{
			name:    "waiting for the canary",
			from:    standing(1),
			changes: []change{owned("alice@laptop", "1"), starting(4)},
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "waiting for the old pod to go",
			from:    standing(1),
			changes: []change{owned("alice@laptop", "1"), onPod(4, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = ststest.StableRevision })},
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "not waiting",
			from:    standing(1),
			changes: []change{owned("alice@laptop", "1"), starting(4)},
			intent:  with(func(i *operate.StartCanary) { i.NoWait = true }),
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "the canary fails",
			from:    standing(1),
			changes: []change{owned("alice@laptop", "1"), crashing(4)},
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "a lower pod fails meanwhile",
			from:    standing(1),
			changes: []change{owned("alice@laptop", "1"), crashing(0), starting(4)},
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "the canary stands",
			from:    standing(1),
			changes: []change{owned("alice@laptop", "1")},
			intent:  one,
			facts:   operate.Facts{Wrote: true},
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "run again",
			from:    standing(1),
			intent:  one,
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "run again with another image",
			from:    standing(1),
			intent:  start("1", "web:3", 1),
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "run again with another count",
			from:    standing(1),
			intent:  start("1", "web:2", 2),
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "killed, then scaled",
			from:    standing(1),
			changes: []change{goal(4, "canary"), onSet(func(s *appsv1.StatefulSet) { *s.Spec.Replicas = 4 }), func(inv *sts.Inventory) { inv.Pods = inv.Pods[:4] }},
			intent:  one,
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "the goal of another command",
			from:    standing(1),
			changes: []change{goal(2, "canary promote")},
			intent:  start("1", "web:2", 2),
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "being aborted",
			from:    aborted(1),
			intent:  start("1", ststest.StableImage, 1),
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "another client moved the partition",
			from:    standing(1),
			changes: []change{movedPartition(3)},
			intent:  one,
			verdict: operate.Refused, reason: operate.ReasonMoved,
		},
		{
			name:    "another client changed the template",
			from:    standing(1),
			changes: []change{onSet(changedTemplate)},
			intent:  start("1", "web:3", 1),
			verdict: operate.Refused, reason: operate.ReasonTemplateChanged,
		},
	}
}
