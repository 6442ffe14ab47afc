package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// stuck is a rolling update from ordinal 2 down whose first pod fails.
func stuck(change func(*corev1.Pod)) *sts.Inventory {
	inv := ststest.Web(3)
	set := inv.Sets[0]
	set.Spec.Template = ststest.Template("web:2")
	set.Status.UpdateRevision = "web-broken"
	inv.Revisions = append(inv.Revisions, ststest.Revision(set, "web-broken", 2, set.Spec.Template))
	inv.Pods[2] = ststest.Pod(set, 2, "web-broken")
	ststest.Crashing(inv.Pods[2])
	change(inv.Pods[2])
	return inv
}

func TestProof(t *testing.T) {
	if p := report.NewProof(ststest.Web(3).Snapshots()[0]); p != nil {
		t.Errorf("of a healthy set: %+v", p)
	}
	p := report.NewProof(stuck(func(*corev1.Pod) {}).Snapshots()[0])
	if p == nil || p.Pod != "web-2" || p.Revision != "web-broken" || p.TargetRevision != ststest.StableRevision || p.Remedy != diagnose.RollBack ||
		p.Container == nil || *p.Container.ExitCode != 1 || p.Container.Reason != "CrashLoopBackOff" {
		t.Fatalf("%+v", p)
	}
	if diff := cmp.Diff([]sts.Ordinal{0, 1}, p.Blocks); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]sts.Change{{Path: "spec.containers[app].image", From: "web:1", To: "web:2"}}, p.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}

	gone := stuck(func(*corev1.Pod) {})
	gone.Revisions = gone.Revisions[1:]
	if p := report.NewProof(gone.Snapshots()[0]); p.Diff != nil || p.ChangesError == "" {
		t.Errorf("without the stable revision: %+v", p)
	}
}

// In a crash loop the last output is in the log of the present run or of the previous one.
func TestProofLogs(t *testing.T) {
	ended := &corev1.ContainerStateTerminated{ExitCode: 1, FinishedAt: metav1.NewTime(ststest.Now)}
	for name, test := range map[string]struct {
		change func(*corev1.ContainerStatus)
		want   []bool
	}{
		"waiting for the next run": {func(*corev1.ContainerStatus) {}, []bool{false, true}},
		"running once more": {func(c *corev1.ContainerStatus) {
			c.State, c.LastTerminationState.Terminated = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, ended
		}, []bool{true, false}},
		"just ended": {func(c *corev1.ContainerStatus) {
			c.State = corev1.ContainerState{Terminated: ended}
		}, []bool{false, true}},
		"never started": {func(c *corev1.ContainerStatus) {
			c.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}
			c.LastTerminationState, c.RestartCount = corev1.ContainerState{}, 0
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := report.NewProof(stuck(func(pod *corev1.Pod) { test.change(&pod.Status.ContainerStatuses[0]) }).Snapshots()[0])
			if p == nil {
				t.Fatal("no proof")
			}
			if diff := cmp.Diff(test.want, p.Logs()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
