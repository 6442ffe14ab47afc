package operate_test

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// pauseCases are about updates that another client started, and their records.
func pauseCases() []decisionCase {
	pause, resume := operate.PauseUpdate{Lock: holder("1")}, operate.ResumeUpdate{Lock: holder("1")}
	byHand := onSet(func(s *appsv1.StatefulSet) {
		s.Annotations = nil
		*s.Spec.UpdateStrategy.RollingUpdate.Partition = 0
	})
	held := onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })
	before := edit(func(c *record.Canary) { c.PartitionBefore = 4 })
	return []decisionCase{
		{
			name:    "pause an update that has reached ordinal 3",
			from:    standing(2),
			changes: []change{byHand},
			intent:  pause,
			verdict: operate.Do, reason: "Pause",
		},
		{
			name:    "pause while ordinal 2 is being replaced",
			from:    standing(2),
			changes: []change{byHand, onPod(2, func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })},
			intent:  pause,
			verdict: operate.Do, reason: "Pause",
		},
		{
			name:    "pause before anything is touched",
			from:    standing(0),
			changes: []change{byHand},
			intent:  pause,
			verdict: operate.Do, reason: "Pause",
		},
		{
			name:    "pause what a partition holds back already",
			from:    standing(2),
			changes: []change{held},
			intent:  pause,
			verdict: operate.Do, reason: "Pause",
		},
		{
			name:    "paused",
			from:    standing(2),
			intent:  pause,
			verdict: operate.Done, reason: operate.ReasonPaused,
		},
		{
			name:    "nothing to pause",
			from:    ststest.Web(3),
			intent:  pause,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "pause an abort",
			from:    aborted(2),
			intent:  pause,
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "pause while locked by another owner",
			from:    standing(2),
			changes: []change{owned("bob@desk", "7")},
			intent:  pause,
			verdict: operate.Refused, reason: operate.ReasonOwned,
		},
		{
			name:    "resume",
			from:    standing(2),
			intent:  resume,
			verdict: operate.Do, reason: "Resume",
		},
		{
			name:    "resume to a partition before that holds back the rest",
			from:    standing(2),
			changes: []change{before},
			intent:  resume,
			verdict: operate.Refused, reason: operate.ReasonPartition,
		},
		{
			name:    "resume a canary on a frozen set",
			from:    standing(2),
			changes: []change{edit(func(c *record.Canary) { c.PartitionBefore = 999 })},
			intent:  resume,
			verdict: operate.Refused, reason: operate.ReasonPartition,
		},
		{
			name:    "resume an adopted update of a frozen set",
			from:    standing(2),
			changes: []change{edit(func(c *record.Canary) { c.PartitionBefore, c.Adopted = 999, true })},
			intent:  resume,
			verdict: operate.Refused, reason: operate.ReasonPartition,
		},
		{
			name:    "resume an adopted update of a canary made by hand",
			from:    standing(2),
			changes: []change{edit(func(c *record.Canary) { c.PartitionBefore, c.Adopted = 3, true })},
			intent:  resume,
			verdict: operate.Do, reason: "Resume",
		},
		{
			name: "resume what was paused on a frozen set",
			from: standing(0),
			changes: []change{onSet(func(s *appsv1.StatefulSet) { *s.Spec.UpdateStrategy.RollingUpdate.Partition = 999 }),
				edit(func(c *record.Canary) { c.PartitionBefore, c.Partition, c.Paused = 999, 999, true })},
			intent:  resume,
			verdict: operate.Do, reason: "Resume",
		},
		{
			name:    "resume when every ordinal has the update",
			from:    standing(5),
			changes: []change{before},
			intent:  resume,
			verdict: operate.Do, reason: "Resume",
		},
		{
			name:    "resume with a pod that is starting",
			from:    standing(2),
			changes: []change{starting(4)},
			intent:  resume,
			verdict: operate.Wait, reason: operate.ReasonPodNotAvailable,
		},
		{
			name:    "resume with a failing pod",
			from:    standing(2),
			changes: []change{crashing(4)},
			intent:  resume,
			verdict: operate.Stuck, reason: operate.ReasonPodFailing,
		},
		{
			name:    "resume with a budget that is short",
			from:    standing(2),
			changes: []change{budget(4, 4, 5)},
			intent:  resume,
			verdict: operate.Wait, reason: operate.ReasonBudgetShort,
		},
		{
			name:    "nothing to resume",
			from:    ststest.Web(3),
			intent:  resume,
			verdict: operate.Done, reason: operate.ReasonNothingToDo,
		},
		{
			name:    "resume an abort",
			from:    aborted(2),
			intent:  resume,
			verdict: operate.Refused, reason: operate.ReasonCanaryInProgress,
		},
		{
			name:    "resume after the partition was moved",
			from:    standing(2),
			changes: []change{movedPartition(0)},
			intent:  resume,
			verdict: operate.Refused, reason: operate.ReasonMoved,
		},
	}
}
