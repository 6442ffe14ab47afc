package diagnose_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// checkReason fails for a reason that is not in the list, and for one whose Failing contradicts
// its grace period.
func checkReason(t *testing.T, trouble *diagnose.Trouble) {
	t.Helper()
	if trouble == nil {
		return
	}
	r, listed := diagnose.ReasonOf(trouble.Reason)
	switch {
	case !listed:
		t.Errorf("Reasons() lacks %s", trouble.Reason)
	case trouble.Failing && r.Grace == diagnose.Passes:
		t.Errorf("%s is stuck, but Passes in the list", trouble.Reason)
	case !trouble.Failing && r.Grace == 0:
		t.Errorf("%s is not stuck, but has no grace period in the list", trouble.Reason)
	}
}

func TestReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range diagnose.Reasons() {
		if seen[r.Code] {
			t.Errorf("%s is listed twice", r.Code)
		}
		seen[r.Code] = true
		for what, text := range map[string]string{"State": r.State, "Evidence": r.Evidence, "Do": r.Do} {
			if text == "" || strings.HasSuffix(text, ".") {
				t.Errorf("%s of %s: %q", what, r.Code, text)
			}
		}
		if r.Option != "" && r.Grace <= 0 {
			t.Errorf("%s has an option for its grace and no default", r.Code)
		}
	}
	if _, found := diagnose.ReasonOf("NoSuchReason"); found {
		t.Error("a reason that does not exist was found")
	}
}

// For every reason of a waiting container, and every phase and conditions of a pod, the Trouble's
// reason is in the list.
func TestEveryTroubleHasAReason(t *testing.T) {
	words := []string{"", "ContainerCreating", "PodInitializing", "CrashLoopBackOff", "SomethingNew"}
	for _, r := range diagnose.Reasons() {
		words = append(words, r.Code)
	}
	for _, phase := range []corev1.PodPhase{"", corev1.PodPending, corev1.PodRunning, corev1.PodFailed, corev1.PodSucceeded, corev1.PodUnknown} {
		for _, word := range words {
			for _, scheduled := range []corev1.ConditionStatus{"", corev1.ConditionTrue, corev1.ConditionFalse} {
				for _, age := range []time.Duration{0, 24 * time.Hour} {
					inv := ststest.Web(1)
					pod := inv.Pods[0]
					ststest.NotReady(pod, ststest.Now.Add(-age))
					pod.CreationTimestamp = metav1.NewTime(ststest.Now.Add(-age))
					pod.Status.Phase = phase
					pod.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: word}
					if scheduled != "" {
						pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.PodScheduled, Status: scheduled, LastTransitionTime: metav1.NewTime(ststest.Now.Add(-age))})
					}
					s := inv.Snapshots()[0]
					got := diagnose.Replica(s, s.Replicas()[0])
					checkReason(t, got)
					passes := phase == corev1.PodFailed || phase == corev1.PodSucceeded
					if age > 0 && !got.Failing && !passes {
						t.Errorf("phase %q, waiting %q, scheduled %q: %s for a day is not stuck", phase, word, scheduled, got.Reason)
					}
				}
			}
		}
	}
}

// podCase is a pod web-1 of three, and why it is not available.
type podCase struct {
	name   string
	change func(*sts.Inventory, *corev1.Pod)
	want   *diagnose.Trouble
}

func runPodCases(t *testing.T, cases []podCase) {
	t.Helper()
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			test.change(inv, inv.Pods[1])
			s := inv.Snapshots()[0]
			got := diagnose.Replica(s, s.Replicas()[1])
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			checkReason(t, got)
		})
	}
}

func before(d time.Duration) metav1.Time { return metav1.NewTime(ststest.Now.Add(-d)) }

// warn adds an event about the pod, with this count, last seen this long ago.
func warn(inv *sts.Inventory, pod *corev1.Pod, kind, reason, message string, count int32, last time.Duration) {
	e := ststest.Event("Pod", pod.Name, message)
	e.InvolvedObject.UID, e.Type, e.Reason, e.Count = pod.UID, kind, reason, count
	e.FirstTimestamp, e.LastTimestamp = before(last), before(last)
	inv.Events = append(inv.Events, e)
}

func TestTroubleOfScheduling(t *testing.T) {
	const (
		full  = "0/3 nodes are available: 3 Insufficient cpu."
		wrong = "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
	)
	pendingSince := func(since time.Duration, message string, more ...func(*sts.Inventory, *corev1.Pod)) func(*sts.Inventory, *corev1.Pod) {
		return func(inv *sts.Inventory, pod *corev1.Pod) {
			pod.Spec.NodeName = ""
			pod.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
				Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: message, LastTransitionTime: before(since)}}}
			warn(inv, pod, corev1.EventTypeWarning, "FailedScheduling", message, 1, since)
			for _, m := range more {
				m(inv, pod)
			}
		}
	}
	seen := func(kind, reason, message string, last time.Duration) func(*sts.Inventory, *corev1.Pod) {
		return func(inv *sts.Inventory, pod *corev1.Pod) { warn(inv, pod, kind, reason, message, 1, last) }
	}
	scaleUp := func(last time.Duration) func(*sts.Inventory, *corev1.Pod) {
		return seen(corev1.EventTypeNormal, "TriggeredScaleUp", "pod triggered scale-up: [{workers 3->4 (max: 9)}]", last)
	}
	noScaleUp := func(message string, last time.Duration) func(*sts.Inventory, *corev1.Pod) {
		return seen(corev1.EventTypeNormal, "NotTriggerScaleUp", "pod didn't trigger scale-up: "+message, last)
	}
	failedAgain := func(last time.Duration) func(*sts.Inventory, *corev1.Pod) {
		return seen(corev1.EventTypeWarning, "FailedScheduling", full, last)
	}
	grace := func(d time.Duration) func(*sts.Inventory, *corev1.Pod) {
		return func(inv *sts.Inventory, _ *corev1.Pod) { inv.SchedulingGrace = &d }
	}
	earlier := func(f func(*sts.Inventory, *corev1.Pod)) func(*sts.Inventory, *corev1.Pod) {
		return func(inv *sts.Inventory, pod *corev1.Pod) {
			f(inv, pod)
			inv.Events[len(inv.Events)-1].InvolvedObject.UID = "earlier"
		}
	}
	unschedulable := func(failing bool, message string) *diagnose.Trouble {
		return &diagnose.Trouble{Reason: "Unschedulable", Failing: failing, Message: message, Detail: full}
	}
	const cpu = "0/3 nodes are available: 3 Insufficient cpu"
	runPodCases(t, []podCase{
		{"a gate", func(_ *sts.Inventory, pod *corev1.Pod) {
			pendingSince(time.Hour, "Scheduling is blocked due to non-empty scheduling gates")(&sts.Inventory{}, pod)
			pod.Status.Conditions[0].Reason = "SchedulingGated"
			pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "kueue.x-k8s.io/admission"}}
		}, &diagnose.Trouble{Reason: "SchedulingGated", Message: diagnose.MsgGated([]string{"kueue.x-k8s.io/admission"}, time.Hour)}},
		{"gates, and a claim that is not bound", func(inv *sts.Inventory, pod *corev1.Pod) {
			pod.Spec.NodeName, pod.Status = "", corev1.PodStatus{Phase: corev1.PodPending}
			pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "a"}, {Name: "b.example/c"}}
			inv.Claims[1].Status.Phase = corev1.ClaimPending
		}, &diagnose.Trouble{Reason: "SchedulingGated", Message: diagnose.MsgGated([]string{"a", "b.example/c"}, time.Hour)}},

		{"no room", pendingSince(4*time.Minute, full), unschedulable(true, diagnose.MsgUnschedulable(4*time.Minute, cpu, ""))},
		{"no room, within a longer grace", pendingSince(4*time.Minute, full, grace(5*time.Minute)), unschedulable(false, diagnose.MsgUnschedulable(4*time.Minute, cpu, ""))},
		{"no room, without grace", pendingSince(0, full, grace(0)), unschedulable(true, diagnose.MsgUnschedulable(0, cpu, ""))},
		{"a node group grows", pendingSince(4*time.Minute, full, scaleUp(3*time.Minute+30*time.Second)),
			unschedulable(false, diagnose.MsgUnschedulable(4*time.Minute, cpu, diagnose.MsgNodeRequested(210*time.Second, "TriggeredScaleUp")))},
		{"a node group grows in the second of the last failure", pendingSince(4*time.Minute, full, scaleUp(4*time.Minute), failedAgain(4*time.Minute-900*time.Millisecond)),
			unschedulable(false, diagnose.MsgUnschedulable(4*time.Minute, cpu, diagnose.MsgNodeRequested(4*time.Minute, "TriggeredScaleUp")))},
		{"the node did not help, the grace begins with it", pendingSince(4*time.Minute, full, scaleUp(2*time.Minute), failedAgain(time.Minute)),
			unschedulable(false, diagnose.MsgUnschedulable(4*time.Minute, cpu, diagnose.MsgNodeDidNotHelp(2*time.Minute, "TriggeredScaleUp")))},
		{"the node did not help", pendingSince(9*time.Minute, full, scaleUp(4*time.Minute), failedAgain(time.Minute)),
			unschedulable(true, diagnose.MsgUnschedulable(9*time.Minute, cpu, diagnose.MsgNodeDidNotHelp(4*time.Minute, "TriggeredScaleUp")))},
		{"the node was never added", pendingSince(20*time.Minute, full, scaleUp(15*time.Minute)),
			unschedulable(true, diagnose.MsgUnschedulable(20*time.Minute, cpu, diagnose.MsgNodeRequested(15*time.Minute, "TriggeredScaleUp")))},
		{"a scale-up for an earlier pod of the name", pendingSince(4*time.Minute, full, earlier(scaleUp(time.Minute))), unschedulable(true, diagnose.MsgUnschedulable(4*time.Minute, cpu, ""))},
		{"a scale-up whose event has no UID", pendingSince(4*time.Minute, full, func(inv *sts.Inventory, pod *corev1.Pod) {
			scaleUp(time.Minute)(inv, pod)
			inv.Events[len(inv.Events)-1].InvolvedObject.UID = ""
		}), unschedulable(false, diagnose.MsgUnschedulable(4*time.Minute, cpu, diagnose.MsgNodeRequested(time.Minute, "TriggeredScaleUp")))},
		{"a scale-up for an earlier try", pendingSince(4*time.Minute, full, scaleUp(30*time.Minute)), unschedulable(true, diagnose.MsgUnschedulable(4*time.Minute, cpu, ""))},
		{"Karpenter", pendingSince(4*time.Minute, full, seen(corev1.EventTypeNormal, "Nominated", "Pod should schedule on: nodeclaim/a", time.Minute)),
			unschedulable(false, diagnose.MsgUnschedulable(4*time.Minute, cpu, diagnose.MsgNodeRequested(time.Minute, "Nominated")))},
		{"preemption", pendingSince(4*time.Minute, full, func(_ *sts.Inventory, pod *corev1.Pod) { pod.Status.NominatedNodeName = "node-2" }),
			unschedulable(false, diagnose.MsgUnschedulable(4*time.Minute, cpu, diagnose.MsgNominated("node-2")))},
		{"preemption that leads nowhere", pendingSince(16*time.Minute, full, func(_ *sts.Inventory, pod *corev1.Pod) { pod.Status.NominatedNodeName = "node-2" }),
			unschedulable(true, diagnose.MsgUnschedulable(16*time.Minute, cpu, diagnose.MsgNominated("node-2")))},
		{"no node group helps now", pendingSince(time.Minute, full, noScaleUp("2 max node group size reached", 10*time.Second)),
			unschedulable(false, diagnose.MsgUnschedulable(time.Minute, cpu, diagnose.MsgNoScaleUp("2 max node group size reached")))},
		{"no node group helps any more", pendingSince(4*time.Minute, full, scaleUp(2*time.Minute), noScaleUp("2 max node group size reached", 10*time.Second)),
			unschedulable(true, diagnose.MsgUnschedulable(4*time.Minute, cpu, diagnose.MsgNoScaleUp("2 max node group size reached")))},
		{"a node group helps after all", pendingSince(4*time.Minute, full, noScaleUp("2 max node group size reached", 2*time.Minute), scaleUp(time.Minute)),
			unschedulable(false, diagnose.MsgUnschedulable(4*time.Minute, cpu, diagnose.MsgNodeRequested(time.Minute, "TriggeredScaleUp")))},
		{"neither a node nor a node group matches", pendingSince(10*time.Second, wrong, noScaleUp("1 node(s) didn't match Pod's node affinity/selector", time.Second)),
			&diagnose.Trouble{Reason: "Unschedulable", Failing: true, Detail: wrong, Message: diagnose.MsgUnschedulable(10*time.Second, "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't match Pod's node affinity/selector", diagnose.MsgNoScaleUp("1 node(s) didn't match Pod's node affinity/selector"))}},
		{"no node matches, a node group may", pendingSince(10*time.Second, wrong),
			&diagnose.Trouble{Reason: "Unschedulable", Detail: wrong, Message: diagnose.MsgUnschedulable(10*time.Second, "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't match Pod's node affinity/selector", "")}},
	})
}

func TestTroubleOfPulls(t *testing.T) {
	pulls := func(reason, message string, since time.Duration, more ...func(*sts.Inventory, *corev1.Pod)) func(*sts.Inventory, *corev1.Pod) {
		return func(inv *sts.Inventory, pod *corev1.Pod) {
			pod.Status = corev1.PodStatus{Phase: corev1.PodPending,
				Conditions: []corev1.PodCondition{{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue, LastTransitionTime: before(since)}},
				ContainerStatuses: []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{
					Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}}}
			for _, m := range more {
				m(inv, pod)
			}
		}
	}
	seen := func(reason, message string, count int32, last time.Duration) func(*sts.Inventory, *corev1.Pod) {
		return func(inv *sts.Inventory, pod *corev1.Pod) {
			warn(inv, pod, corev1.EventTypeWarning, reason, message, count, last)
		}
	}
	inApp := func(reason, why string) string {
		return diagnose.MsgContainerWaiting(reason, diagnose.MsgContainerDetail("app", why, "", nil, 0))
	}
	var cases []podCase
	for _, reason := range []string{"ErrImagePull", "RegistryUnavailable", "ImageInspectError"} {
		said := func(failing bool) *diagnose.Trouble {
			return &diagnose.Trouble{Reason: reason, Failing: failing, Message: inApp(reason, "i/o timeout")}
		}
		cases = append(cases,
			podCase{reason + " for the first time", pulls(reason, "i/o timeout", 5*time.Second), said(false)},
			podCase{reason + " for a minute", pulls(reason, "i/o timeout", time.Minute+time.Second), said(true)},
			podCase{reason + " once, in events", pulls(reason, "i/o timeout", 5*time.Second, seen("Failed", `Failed to pull image "web:1": i/o timeout`, 1, time.Second), seen("Failed", "Error: ErrImagePull", 1, time.Second)), said(false)},
			podCase{reason + " twice", pulls(reason, "i/o timeout", 20*time.Second, seen("Failed", `Failed to pull image "web:1": i/o timeout`, 2, time.Second)), said(true)},
			podCase{reason + " after a back-off", pulls(reason, "i/o timeout", 20*time.Second, seen("Failed", "Error: ImagePullBackOff", 1, 9*time.Second)), said(true)},
			podCase{reason + ", twice, long ago", pulls(reason, "i/o timeout", 20*time.Second, seen("Failed", `Failed to pull image "web:1": i/o timeout`, 2, time.Hour)), said(false)},
			podCase{reason + ", another failure twice", pulls(reason, "i/o timeout", 20*time.Second, seen("Failed", "Error: secret not found", 2, time.Second)), said(false)},
		)
	}
	for _, message := range []string{"app:2: not found", "manifest unknown", "unauthorized: authentication required", "pull access denied"} {
		cases = append(cases, podCase{"a definite answer: " + message, pulls("ErrImagePull", message, time.Second),
			&diagnose.Trouble{Reason: "ErrImagePull", Failing: true, Message: inApp("ErrImagePull", message)}})
	}
	for _, reason := range []string{"ImagePullBackOff", "SignatureValidationFailed", "InvalidImageName", "ErrImageNeverPull"} {
		cases = append(cases, podCase{reason, pulls(reason, "", time.Second), &diagnose.Trouble{Reason: reason, Failing: true, Message: inApp(reason, "")}})
	}
	const whole = `Back-off pulling image "app:2": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/app:2": failed to resolve reference "docker.io/library/app:2": docker.io/library/app:2: not found`
	cases = append(cases,
		podCase{"the whole message", pulls("ImagePullBackOff", whole, time.Second),
			&diagnose.Trouble{Reason: "ImagePullBackOff", Failing: true, Message: inApp("ImagePullBackOff", "docker.io/library/app:2: not found"), Detail: whole}},
		podCase{"a word that is not in the list", pulls("Unheard", "of", time.Minute),
			&diagnose.Trouble{Reason: "ContainerWaiting", Message: inApp("Unheard", "of")}},
		podCase{"a word that is not in the list, for long", pulls("Unheard", "of", 11*time.Minute),
			&diagnose.Trouble{Reason: "ContainerWaiting", Failing: true, Message: inApp("Unheard", "of")}},
		podCase{"a stuck container comes before one that may recover", pulls("ErrImagePull", "i/o timeout", time.Second, func(_ *sts.Inventory, pod *corev1.Pod) {
			pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{Name: "proxy", RestartCount: 5,
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}})
		}), &diagnose.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: diagnose.MsgContainerWaiting("CrashLoopBackOff", diagnose.MsgContainerDetail("proxy", "", "", nil, 5))}},
	)
	runPodCases(t, cases)
}

func TestTroubleOfReadiness(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	runPodCases(t, []podCase{
		{"a readiness gate without a condition", func(_ *sts.Inventory, pod *corev1.Pod) {
			ststest.NotReady(pod, ststest.Now.Add(-time.Minute))
			pod.Status.ContainerStatuses[0].Ready = true
			pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "lb.example/web"}}
		}, &diagnose.Trouble{Reason: "ReadinessGatesNotReady", Message: diagnose.MsgReadinessGates(time.Minute, []string{diagnose.MsgGateWithoutCondition("lb.example/web")})}},
		{"readiness gates that are not met", func(_ *sts.Inventory, pod *corev1.Pod) {
			ststest.NotReady(pod, ststest.Now.Add(-11*time.Minute))
			pod.Status.ContainerStatuses[0].Ready = true
			pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "met"}, {ConditionType: "lb.example/web"}, {ConditionType: "other"}}
			pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: "met", Status: corev1.ConditionTrue},
				corev1.PodCondition{Type: "lb.example/web", Status: corev1.ConditionFalse, Reason: "Initial", Message: "Target registration is in progress."},
				corev1.PodCondition{Type: "other", Status: corev1.ConditionUnknown})
		}, &diagnose.Trouble{Reason: "ReadinessGatesNotReady", Failing: true,
			Message: diagnose.MsgReadinessGates(11*time.Minute, []string{diagnose.MsgGateNotTrue("lb.example/web", "False", "Initial", "Target registration is in progress"), diagnose.MsgGateNotTrue("other", "Unknown", "", "")})}},
		{"containers come before gates", func(_ *sts.Inventory, pod *corev1.Pod) {
			ststest.NotReady(pod, ststest.Now.Add(-time.Minute))
			pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "lb.example/web"}}
		}, &diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(time.Minute, nil)}},
		{"one of several containers", func(_ *sts.Inventory, pod *corev1.Pod) {
			ststest.NotReady(pod, ststest.Now.Add(-time.Minute))
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "metrics"})
			pod.Status.ContainerStatuses[0].Ready = true
			pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{Name: "metrics"})
		}, &diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(time.Minute, []string{diagnose.MsgUnreadyContainer("metrics")})}},
		{"a sidecar", func(_ *sts.Inventory, pod *corev1.Pod) {
			ststest.NotReady(pod, ststest.Now.Add(-time.Minute))
			pod.Spec.InitContainers = []corev1.Container{{Name: "migrate"}, {Name: "proxy", RestartPolicy: &always}}
			pod.Status.ContainerStatuses[0].Ready = true
			pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "migrate"}, {Name: "proxy", Started: new(true)}}
		}, &diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(time.Minute, []string{diagnose.MsgUnreadySidecar("proxy")})}},
		{"a container that has waited for long before it ran", func(_ *sts.Inventory, pod *corev1.Pod) {
			ststest.NotReady(pod, ststest.Now.Add(-3*time.Hour))
			pod.Status.ContainerStatuses[0].State.Running = &corev1.ContainerStateRunning{StartedAt: before(time.Minute)}
		}, &diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(time.Minute, nil)}},
		{"a container that was restarted meanwhile", func(_ *sts.Inventory, pod *corev1.Pod) {
			ststest.NotReady(pod, ststest.Now.Add(-3*time.Hour))
			pod.Status.ContainerStatuses[0].RestartCount = 1
			pod.Status.ContainerStatuses[0].State.Running = &corev1.ContainerStateRunning{StartedAt: before(time.Minute)}
		}, &diagnose.Trouble{Reason: "NotReady", Failing: true, Message: diagnose.MsgNotReady(time.Hour, nil)}},
		{"init containers that took long", func(_ *sts.Inventory, pod *corev1.Pod) {
			ststest.NotReady(pod, ststest.Now.Add(-3*time.Hour))
			pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.PodInitialized, Status: corev1.ConditionTrue, LastTransitionTime: before(time.Minute)})
		}, &diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(time.Minute, nil)}},
		{"the next init container after one that took long", func(_ *sts.Inventory, pod *corev1.Pod) {
			pod.CreationTimestamp = before(3 * time.Hour)
			pod.Status = corev1.PodStatus{Phase: corev1.PodPending, InitContainerStatuses: []corev1.ContainerStatus{
				{Name: "restore", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: before(time.Minute)}}},
				{Name: "migrate", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}},
			}}
		}, &diagnose.Trouble{Reason: "Pending", Message: diagnose.MsgPhase("Pending", time.Minute)}},
		{"ended and not restarted", func(_ *sts.Inventory, pod *corev1.Pod) {
			ststest.NotReady(pod, ststest.Now.Add(-time.Hour))
			pod.Status.ContainerStatuses[0].State.Terminated = &corev1.ContainerStateTerminated{ExitCode: 2, FinishedAt: before(11 * time.Minute)}
		}, &diagnose.Trouble{Reason: "Terminated", Failing: true, Message: diagnose.MsgTerminatedContainer("app", 2)}},
		{"phase Failed", func(_ *sts.Inventory, pod *corev1.Pod) { pod.Status = corev1.PodStatus{Phase: corev1.PodFailed} },
			&diagnose.Trouble{Reason: "Failed", Message: diagnose.MsgPhase("Failed", time.Hour)}},
	})
}

func TestRestarts(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	init := func(name string, restarts int32, state corev1.ContainerState) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, RestartCount: restarts, State: state}
	}
	done := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
	failed := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}
	runs := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	sidecar := init("proxy", 7, runs)
	sidecar.Started = new(true)
	app := corev1.ContainerStatus{Name: "app", RestartCount: 2}
	tests := []struct {
		name        string
		initialized corev1.ConditionStatus
		init        []corev1.ContainerStatus
		want        int32
	}{
		{"containers", "", nil, 2},
		{"a sidecar counts", corev1.ConditionTrue, []corev1.ContainerStatus{sidecar}, 9},
		{"a sidecar that crashes now counts", corev1.ConditionTrue, []corev1.ContainerStatus{init("proxy", 7, failed)}, 9},
		{"a completed init container does not count", corev1.ConditionTrue, []corev1.ContainerStatus{init("migrate", 3, done), sidecar}, 9},
		{"until then it counts, and containers do not", corev1.ConditionFalse, []corev1.ContainerStatus{sidecar, init("migrate", 3, failed), init("later", 9, runs)}, 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pod := ststest.Web(1).Pods[0]
			pod.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: &always}, {Name: "migrate"}, {Name: "later"}}
			pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses = []corev1.ContainerStatus{app}, test.init
			if test.initialized != "" {
				pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.PodInitialized, Status: test.initialized})
			}
			if got := sts.Restarts(pod); got != test.want {
				t.Errorf("%d restarts, want %d", got, test.want)
			}
		})
	}
}
