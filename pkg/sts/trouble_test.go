package sts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestTrouble(t *testing.T) {
	ago := func(d time.Duration) time.Time { return ststest.Now.Add(-d) }
	waiting := func(reason, message string) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			ststest.NotReady(inv.Pods[1], ago(time.Minute))
			inv.Pods[1].Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
		}
	}
	unschedulable := func(since time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Pods[1].Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
				Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable",
				Message: "0/3 nodes are available", LastTransitionTime: metav1.NewTime(ago(since))}}}
		}
	}
	unbound := func(since time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			unschedulable(since)(inv)
			inv.Claims[1].Status.Phase = corev1.ClaimPending
		}
	}
	terminating := func(overdue time.Duration, finalizers ...string) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			ststest.Terminating(inv.Pods[1], ago(overdue))
			inv.Pods[1].Finalizers = finalizers
		}
	}
	volume := func(reason string, count int32, seen time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Pods[1].Status = corev1.PodStatus{Phase: corev1.PodPending}
			e := event("Pod", "web-1", "volume data is in use elsewhere")
			e.InvolvedObject.UID = inv.Pods[1].UID
			e.Reason, e.Count, e.LastTimestamp = reason, count, metav1.NewTime(ago(seen))
			inv.Events = append(inv.Events, e)
		}
	}
	missing := func(message string, seen time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Pods = append(inv.Pods[:1], inv.Pods[2:]...)
			e := event("StatefulSet", "web", message)
			e.Reason, e.LastTimestamp = "FailedCreate", metav1.NewTime(ago(seen))
			inv.Events = append(inv.Events, e)
		}
	}
	crashed := func(state corev1.ContainerState, restarts int32, last time.Time) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			ststest.NotReady(inv.Pods[1], ago(time.Minute))
			c := &inv.Pods[1].Status.ContainerStatuses[0]
			c.Ready, c.State, c.RestartCount = false, state, restarts
			c.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1, FinishedAt: metav1.NewTime(last)}
		}
	}
	none := (*sts.Trouble)(nil)
	tests := []struct {
		name   string
		change func(*sts.Inventory)
		want   *sts.Trouble
	}{
		{"none", func(*sts.Inventory) {}, none},
		{"leaving pods are nobody's trouble", func(inv *sts.Inventory) {
			ststest.Crashing(inv.Pods[1])
			*inv.Sets[0].Spec.Replicas = 1
		}, none},

		{"missing", func(inv *sts.Inventory) { inv.Pods = append(inv.Pods[:1], inv.Pods[2:]...) },
			&sts.Trouble{Reason: "Missing", Message: "is not there yet"}},
		{"cannot be created", missing("create Pod web-1 in StatefulSet web failed: quota", time.Minute),
			&sts.Trouble{Reason: "FailedCreate", Failing: true, Message: "cannot be created: create Pod web-1 in StatefulSet web failed: quota"}},
		{"another could not be created", missing("create Pod web-10 in StatefulSet web failed: quota", time.Minute),
			&sts.Trouble{Reason: "Missing", Message: "is not there yet"}},
		{"it could not be created an hour ago", missing("create Pod web-1 in StatefulSet web failed: quota", time.Hour),
			&sts.Trouble{Reason: "Missing", Message: "is not there yet"}},

		{"terminating, not due", terminating(-20 * time.Second), &sts.Trouble{Reason: "Terminating", Message: "is terminating"}},
		{"terminating, just due", terminating(time.Minute), &sts.Trouble{Reason: "Terminating", Message: "is terminating"}},
		{"terminating, overdue", terminating(time.Minute + time.Second),
			&sts.Trouble{Reason: "Terminating", Failing: true, Message: "should have been gone 61s ago: is node node-0 alive?"}},
		{"terminating, held by a finalizer", terminating(5*time.Minute, "a.example/x", "b.example/y"),
			&sts.Trouble{Reason: "Terminating", Failing: true, Message: "should have been gone 5m ago and is held by finalizers a.example/x, b.example/y"}},

		{"unschedulable, a scheduler's retry", unschedulable(30 * time.Second),
			&sts.Trouble{Reason: "Unschedulable", Message: "cannot be scheduled (30s): 0/3 nodes are available"}},
		{"unschedulable", unschedulable(31 * time.Second),
			&sts.Trouble{Reason: "Unschedulable", Failing: true, Message: "cannot be scheduled (31s): 0/3 nodes are available"}},
		{"its volume is being provisioned", unbound(10 * time.Second),
			&sts.Trouble{Reason: "UnboundClaim", Message: "waits for its claim data-web-1, which is Pending"}},
		{"its claim is not bound", unbound(31 * time.Second),
			&sts.Trouble{Reason: "UnboundClaim", Failing: true, Message: "waits for its claim data-web-1, which is Pending"}},

		{"crash loop", func(inv *sts.Inventory) { ststest.Crashing(inv.Pods[1]) },
			&sts.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: "is in CrashLoopBackOff (container app, exit code 1, 4 restarts)"}},
		{"killed for memory", func(inv *sts.Inventory) {
			ststest.Crashing(inv.Pods[1])
			inv.Pods[1].Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137}
		}, &sts.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: "is in CrashLoopBackOff (container app, OOMKilled, exit code 137, 4 restarts)"}},
		{"ImagePullBackOff", waiting("ImagePullBackOff", " Back-off pulling image \"x\"\n"),
			&sts.Trouble{Reason: "ImagePullBackOff", Failing: true, Message: `is in ImagePullBackOff (container app, Back-off pulling image "x")`}},
		{"ErrImagePull may be a hiccup", waiting("ErrImagePull", ""), &sts.Trouble{Reason: "ErrImagePull", Message: "is in ErrImagePull (container app)"}},
		{"InvalidImageName", waiting("InvalidImageName", ""), &sts.Trouble{Reason: "InvalidImageName", Failing: true, Message: "is in InvalidImageName (container app)"}},
		{"ErrImageNeverPull", waiting("ErrImageNeverPull", ""), &sts.Trouble{Reason: "ErrImageNeverPull", Failing: true, Message: "is in ErrImageNeverPull (container app)"}},
		{"CreateContainerConfigError", waiting("CreateContainerConfigError", `secret "db" not found`),
			&sts.Trouble{Reason: "CreateContainerConfigError", Failing: true, Message: `is in CreateContainerConfigError (container app, secret "db" not found)`}},
		{"CreateContainerError", waiting("CreateContainerError", ""), &sts.Trouble{Reason: "CreateContainerError", Failing: true, Message: "is in CreateContainerError (container app)"}},
		{"RunContainerError", waiting("RunContainerError", ""), &sts.Trouble{Reason: "RunContainerError", Failing: true, Message: "is in RunContainerError (container app)"}},
		{"PostStartHookError", waiting("PostStartHookError", ""), &sts.Trouble{Reason: "PostStartHookError", Failing: true, Message: "is in PostStartHookError (container app)"}},
		{"ContainerCreating is the usual way", waiting("ContainerCreating", ""), &sts.Trouble{Reason: "NotReady", Message: "runs but is not ready (60s)"}},
		{"an init container in a crash loop", func(inv *sts.Inventory) {
			waiting("PodInitializing", "")(inv)
			inv.Pods[1].Status.Phase = corev1.PodPending
			inv.Pods[1].Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "restore", RestartCount: 2,
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}}}
		}, &sts.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: "is in CrashLoopBackOff (container restore, 2 restarts)"}},
		{"an init container that has done its work", func(inv *sts.Inventory) {
			ststest.NotReady(inv.Pods[1], ago(time.Minute))
			inv.Pods[1].Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "restore",
				State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 0}}}}
		}, &sts.Trouble{Reason: "NotReady", Message: "runs but is not ready (60s)"}},
		{"ended once", func(inv *sts.Inventory) {
			ststest.NotReady(inv.Pods[1], ago(time.Minute))
			inv.Pods[1].Status.ContainerStatuses[0].RestartCount = 1
			inv.Pods[1].Status.ContainerStatuses[0].State.Terminated = &corev1.ContainerStateTerminated{ExitCode: 2}
		}, &sts.Trouble{Reason: "Terminated", Message: "has container app ended with exit code 2"}},
		{"ended again and again", crashed(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 2, FinishedAt: metav1.NewTime(ago(time.Second))}}, 2, ago(time.Hour)),
			&sts.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: "keeps crashing (container app, exit code 2, 2 restarts)"}},
		{"runs once more after two crashes", crashed(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, 2, ago(5*time.Minute)),
			&sts.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: "keeps crashing (container app, exit code 1, 2 restarts)"}},
		{"runs after a single crash", crashed(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, 1, ago(time.Minute)),
			&sts.Trouble{Reason: "NotReady", Message: "runs but is not ready (60s)"}},
		{"restarted with its node", func(inv *sts.Inventory) {
			crashed(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, 2, ago(time.Minute))(inv)
			inv.Pods[1].Status.ContainerStatuses[0].LastTerminationState.Terminated.StartedAt = metav1.NewTime(ago(24 * time.Hour))
		}, &sts.Trouble{Reason: "NotReady", Message: "runs but is not ready (60s)"}},
		{"has run for longer than any back-off", crashed(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, 9, ago(7*time.Minute)),
			&sts.Trouble{Reason: "NotReady", Message: "runs but is not ready (60s)"}},

		{"FailedMount once", volume("FailedMount", 1, time.Minute),
			&sts.Trouble{Reason: "FailedMount", Message: "cannot get its volume: volume data is in use elsewhere"}},
		{"FailedMount again and again", volume("FailedMount", 3, time.Minute),
			&sts.Trouble{Reason: "FailedMount", Failing: true, Message: "cannot get its volume: volume data is in use elsewhere"}},
		{"FailedAttachVolume", volume("FailedAttachVolume", 2, 0),
			&sts.Trouble{Reason: "FailedAttachVolume", Failing: true, Message: "cannot get its volume: volume data is in use elsewhere"}},
		{"FailedMount of long ago", volume("FailedMount", 9, 6*time.Minute), &sts.Trouble{Reason: "Pending", Message: "is Pending (60m)"}},
		{"FailedMount of an earlier pod of the name", func(inv *sts.Inventory) {
			volume("FailedMount", 9, time.Minute)(inv)
			inv.Events[0].InvolvedObject.UID = "earlier"
		}, &sts.Trouble{Reason: "Pending", Message: "is Pending (60m)"}},

		{"not ready for a while", func(inv *sts.Inventory) { ststest.NotReady(inv.Pods[1], ago(10*time.Minute)) },
			&sts.Trouble{Reason: "NotReady", Message: "runs but is not ready (10m)"}},
		{"not ready for too long", func(inv *sts.Inventory) { ststest.NotReady(inv.Pods[1], ago(10*time.Minute+time.Second)) },
			&sts.Trouble{Reason: "NotReady", Failing: true, Message: "runs but is not ready (10m)"}},
		{"ready, minReadySeconds not over", func(inv *sts.Inventory) {
			inv.Sets[0].Spec.MinReadySeconds = 60
			ststest.Ready(inv.Pods[1], ago(10*time.Second))
		}, &sts.Trouble{Reason: "MinReadySeconds", Message: "is ready, available after 60s without interruption"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			test.change(inv)
			s := inv.Snapshots()[0]
			var got *sts.Trouble
			for _, r := range s.Replicas() {
				trouble := s.Trouble(r)
				if r.Ordinal == 1 {
					got = trouble
				} else if trouble != nil {
					t.Errorf("ordinal %d has the trouble %v, too", r.Ordinal, trouble)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestEventTime(t *testing.T) {
	at := func(n int) time.Time { return ststest.Now.Add(time.Duration(n) * time.Minute) }
	e := &corev1.Event{}
	e.CreationTimestamp = metav1.NewTime(at(1))
	steps := []struct {
		set  func()
		want time.Time
	}{
		{func() {}, at(1)},
		{func() { e.EventTime = metav1.NewMicroTime(at(2)) }, at(2)},
		{func() { e.LastTimestamp = metav1.NewTime(at(3)) }, at(3)},
		{func() { e.Series = &corev1.EventSeries{Count: 2} }, at(3)},
		{func() { e.Series.LastObservedTime = metav1.NewMicroTime(at(4)) }, at(4)},
	}
	for _, step := range steps {
		step.set()
		if got := sts.EventTime(e); !got.Equal(step.want) {
			t.Errorf("EventTime = %s, want %s", got, step.want)
		}
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0s", 0: "0s", 45 * time.Second: "45s", 200 * time.Second: "3m20s", 5 * 24 * time.Hour: "5d",
	} {
		if got := sts.Age(d); got != want {
			t.Errorf("Age(%s) = %q, want %q", d, got, want)
		}
	}
}
