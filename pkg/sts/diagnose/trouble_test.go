package diagnose_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// A pod waits for a claim that its template names in volumes as for one of a volumeClaimTemplate.
func TestTroubleOfAMountedClaim(t *testing.T) {
	inv := ststest.Web(2)
	existing := inv.Claims[1].DeepCopy()
	existing.Name, existing.Status.Phase, existing.Spec.StorageClassName = "existing", corev1.ClaimPending, new("")
	inv.Claims = append(inv.Claims, existing)
	inv.Pods[1].Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(ststest.Now.Add(-time.Minute))}}}
	inv.Pods[1].Spec.Volumes = []corev1.Volume{{Name: "old", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "existing"}}}}
	s := inv.Snapshots()[0]
	if got := diagnose.Replica(s, s.Replicas()[1]); got == nil || got.Reason != "UnboundClaim" || got.Claim != "existing" {
		t.Errorf("%+v", got)
	}
}

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
			inv.Claims[1].Spec.StorageClassName = new("fast")
			inv.Claims[1].UID = "data-web-1-uid"
		}
	}
	// warned adds a warning about the unbound claim, with this UID, last seen this long ago.
	warned := func(uid types.UID, reason, message string, seen time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			e := ststest.Event("PersistentVolumeClaim", "data-web-1", message)
			e.InvolvedObject.UID, e.Reason, e.Type, e.LastTimestamp = uid, reason, corev1.EventTypeWarning, metav1.NewTime(ago(seen))
			inv.Events = append(inv.Events, e)
		}
	}
	all := func(changes ...func(*sts.Inventory)) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			for _, change := range changes {
				change(inv)
			}
		}
	}
	const immediate = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims"
	const noVolume = "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind"
	scheduler := func(message string) func(*sts.Inventory) {
		return func(inv *sts.Inventory) { inv.Pods[1].Status.Conditions[0].Message = message }
	}
	claim := func(f func(*corev1.PersistentVolumeClaim)) func(*sts.Inventory) {
		return func(inv *sts.Inventory) { f(inv.Claims[1]) }
	}
	// names makes the unbound claim name a volume; taken is such a volume with its claim.
	names := func(volumes ...sts.Volume) func(*sts.Inventory) {
		return all(unbound(31*time.Second), claim(func(c *corev1.PersistentVolumeClaim) { c.Spec.VolumeName = "pv-1" }),
			func(inv *sts.Inventory) { inv.Volumes = append([]sts.Volume{}, volumes...) })
	}
	taken := func(namespace, name string, uid types.UID) sts.Volume {
		v := sts.Volume{Name: "pv-1"}
		v.Claim.Namespace, v.Claim.Name, v.Claim.UID = namespace, name, uid
		return v
	}
	unboundFor := func(why string) *diagnose.Trouble {
		return &diagnose.Trouble{Reason: "UnboundClaim", Failing: true, Claim: "data-web-1", Message: diagnose.MsgUnboundClaim("data-web-1", "Pending", why)}
	}
	// initializing makes the pod's init containers run for this long.
	initializing := func(started *bool, ran time.Duration, sidecar bool) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			p := inv.Pods[1]
			p.Status = corev1.PodStatus{Phase: corev1.PodPending, InitContainerStatuses: []corev1.ContainerStatus{
				{Name: "proxy", Started: new(true), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(ago(ran))}}},
				{Name: "wait", Started: started, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(ago(ran))}}},
			}, ContainerStatuses: []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}}}}
			p.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}, {Name: "wait"}}
			if sidecar {
				p.Spec.InitContainers[1].RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
			}
		}
	}
	terminating := func(overdue time.Duration, finalizers ...string) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			ststest.Terminating(inv.Pods[1], ago(overdue))
			inv.Pods[1].Finalizers = finalizers
		}
	}
	const elsewhere = "volume data is in use elsewhere"
	volume := func(reason string, count int32, seen, first time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Pods[1].Status = corev1.PodStatus{Phase: corev1.PodPending}
			e := ststest.Event("Pod", "web-1", elsewhere)
			e.InvolvedObject.UID = inv.Pods[1].UID
			e.Reason, e.Count, e.LastTimestamp, e.FirstTimestamp = reason, count, metav1.NewTime(ago(seen)), metav1.NewTime(ago(first))
			inv.Events = append(inv.Events, e)
		}
	}
	// started makes the kubelet create the containers for this long.
	started := func(since time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			st := &inv.Pods[1].Status
			st.Conditions = append(st.Conditions, corev1.PodCondition{Type: corev1.PodInitialized, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(ago(since))})
			st.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}}}
		}
	}
	sandbox := func(is corev1.ConditionStatus) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			st := &inv.Pods[1].Status
			st.Conditions = append(st.Conditions, corev1.PodCondition{Type: corev1.PodReadyToStartContainers, Status: is, LastTransitionTime: metav1.NewTime(ago(time.Minute))})
		}
	}
	pendingFor := func(age time.Duration) *diagnose.Trouble {
		return &diagnose.Trouble{Reason: "Pending", Message: diagnose.MsgPhase("Pending", age)}
	}
	missing := func(message string, seen time.Duration) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			inv.Pods = append(inv.Pods[:1], inv.Pods[2:]...)
			e := ststest.Event("StatefulSet", "web", message)
			e.InvolvedObject.UID = inv.Sets[0].UID
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
	none := (*diagnose.Trouble)(nil)
	tests := []struct {
		name   string
		change func(*sts.Inventory)
		want   *diagnose.Trouble
	}{
		{"none", func(*sts.Inventory) {}, none},
		{"pods beyond the range have no trouble", func(inv *sts.Inventory) {
			ststest.Crashing(inv.Pods[1])
			*inv.Sets[0].Spec.Replicas = 1
		}, none},

		{"missing", func(inv *sts.Inventory) { inv.Pods = append(inv.Pods[:1], inv.Pods[2:]...) },
			&diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgMissing()}},
		{"cannot be created", missing("create Pod web-1 in StatefulSet web failed: quota", time.Minute),
			&diagnose.Trouble{Reason: "FailedCreate", Failing: true, Message: diagnose.MsgCannotCreate("create Pod web-1 in StatefulSet web failed: quota")}},
		{"its old claim is being deleted", missing("create Pod web-1 in StatefulSet web failed error: pvc data-web-1 is being deleted", 59*time.Second),
			&diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgMissingClaimDeleted("data-web-1")}},
		{"its claim is being deleted, and the warning is about an earlier one", all(
			missing("create Pod web-1 in StatefulSet web failed error: pvc data-web-1 is being deleted", 2*time.Minute),
			claim(func(c *corev1.PersistentVolumeClaim) {
				c.CreationTimestamp = metav1.NewTime(ago(2 * time.Minute)) // times have whole seconds
				c.DeletionTimestamp = new(metav1.NewTime(ago(time.Second)))
			})), &diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgMissingClaimDeleted("data-web-1")}},
		{"its old claim is gone", missing("create Pod web-1 in StatefulSet web failed error: pvc data-web-1 is being deleted", 4*time.Minute),
			&diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgMissingClaimDeleted("data-web-1")}},
		{"its old claim is not deleted", func(inv *sts.Inventory) {
			missing("create Pod web-1 in StatefulSet web failed error: pvc data-web-1 is being deleted", time.Minute)(inv)
			for _, c := range inv.Claims {
				if c.Name == "data-web-1" {
					c.DeletionTimestamp = &metav1.Time{Time: ago(2 * time.Minute)}
				}
			}
		}, &diagnose.Trouble{Reason: "FailedCreate", Failing: true, Message: diagnose.MsgCannotCreate("pvc data-web-1 is being deleted"),
			Detail: "create Pod web-1 in StatefulSet web failed error: pvc data-web-1 is being deleted"}},
		{"another could not be created", missing("create Pod web-10 in StatefulSet web failed: quota", 19*time.Minute),
			&diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgMissingAfterError("create Pod web-10 in StatefulSet web failed: quota")}},
		{"another could not be created, and exists by now", missing("create Pod web-2 in StatefulSet web failed: quota", time.Minute),
			&diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgMissing()}},
		{"a pod of an earlier set of the name could not be created", all(missing("create Pod web-1 in StatefulSet web failed: quota", time.Minute),
			func(inv *sts.Inventory) { inv.Events[0].InvolvedObject.UID = "earlier" }), &diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgMissing()}},
		{"the newest error counts", all(missing("create Pod web-1 in StatefulSet web failed: quota", 2*time.Minute), func(inv *sts.Inventory) {
			e := inv.Events[0].DeepCopy()
			e.Message, e.LastTimestamp = "create Pod web-1 in StatefulSet web failed: denied", metav1.NewTime(ago(time.Minute))
			inv.Events = append(inv.Events, e)
		}), &diagnose.Trouble{Reason: "FailedCreate", Failing: true, Message: diagnose.MsgCannotCreate("create Pod web-1 in StatefulSet web failed: denied")}},
		{"it could not be created an hour ago", missing("create Pod web-1 in StatefulSet web failed: quota", time.Hour),
			&diagnose.Trouble{Reason: "Missing", Message: diagnose.MsgMissing()}},

		{"terminating, not due", terminating(-20 * time.Second), &diagnose.Trouble{Reason: "Terminating", Message: diagnose.MsgTerminating(nil), Until: ststest.Now.Add(81 * time.Second)}},
		{"terminating, just due", terminating(time.Minute), &diagnose.Trouble{Reason: "Terminating", Message: diagnose.MsgTerminating(nil), Until: ststest.Now.Add(time.Second)}},
		{"terminating, overdue", terminating(time.Minute + time.Second),
			&diagnose.Trouble{Reason: "Terminating", Failing: true, Message: diagnose.MsgTerminatingOverdue(61*time.Second, nil, diagnose.MsgNodeMayBeDown("node-0")), Fix: diagnose.HintNodeMayBeLost(sts.Kubectl("", "describe node", "node-0"), sts.Kubectl("test", "sts recover", "web", "--ordinal", "1"))}},
		{"terminating, blocked by finalizers", terminating(5*time.Minute, "a.example/x", "b.example/y"),
			&diagnose.Trouble{Reason: "Terminating", Failing: true, Message: diagnose.MsgTerminatingOverdue(5*time.Minute, []string{"a.example/x", "b.example/y"}, "")}},

		{"unschedulable, for a moment", unschedulable(3 * time.Minute),
			&diagnose.Trouble{Reason: "Unschedulable", Message: diagnose.MsgUnschedulable(3*time.Minute, "0/3 nodes are available", "")}},
		{"unschedulable", unschedulable(3*time.Minute + time.Second),
			&diagnose.Trouble{Reason: "Unschedulable", Failing: true, Message: diagnose.MsgUnschedulable(181*time.Second, "0/3 nodes are available", "")}},
		{"a claim that waits for its pod is not the cause", unbound(31 * time.Second),
			&diagnose.Trouble{Reason: "Unschedulable", Message: diagnose.MsgUnschedulable(31*time.Second, "0/3 nodes are available", "")}},
		{"its volume is being provisioned", all(unbound(30*time.Second), scheduler(immediate)),
			&diagnose.Trouble{Reason: "UnboundClaim", Claim: "data-web-1", Message: diagnose.MsgUnboundClaim("data-web-1", "Pending", diagnose.MsgUnboundByScheduler(immediate))}},
		{"its claim is not bound, by the scheduler's message", all(unbound(31*time.Second), scheduler(immediate)),
			unboundFor(diagnose.MsgUnboundByScheduler(immediate))},
		{"no node has a volume for its claim", all(unbound(3*time.Minute), scheduler(noVolume)),
			&diagnose.Trouble{Reason: "UnboundClaim", Claim: "data-web-1", Message: diagnose.MsgUnboundClaim("data-web-1", "Pending", diagnose.MsgUnboundByScheduler(noVolume))}},
		{"no node has a volume for its claim, for a long time", all(unbound(4*time.Minute), scheduler(noVolume)), unboundFor(diagnose.MsgUnboundByScheduler(noVolume))},
		{"its claim's StorageClass does not exist", all(unbound(31*time.Second), warned("data-web-1-uid", "ProvisioningFailed", "storageclass \"fast\" not found\n", time.Hour)),
			unboundFor(`ProvisioningFailed: storageclass "fast" not found`)},
		{"the newest warning about its claim counts", all(unbound(31*time.Second),
			warned("data-web-1-uid", "ProvisioningFailed", "quota exceeded", time.Minute), warned("data-web-1-uid", "ProvisioningFailed", "not found", time.Hour)),
			unboundFor("ProvisioningFailed: quota exceeded")},
		{"a warning about an earlier claim of the name", all(unbound(31*time.Second), warned("earlier", "ProvisioningFailed", "not found", time.Minute)),
			&diagnose.Trouble{Reason: "Unschedulable", Message: diagnose.MsgUnschedulable(31*time.Second, "0/3 nodes are available", "")}},
		{"its claim names no class", all(unbound(31*time.Second), claim(func(c *corev1.PersistentVolumeClaim) { c.Spec.StorageClassName = nil })),
			unboundFor(diagnose.MsgUnboundNoClass())},
		{"its claim has an empty class", all(unbound(31*time.Second), claim(func(c *corev1.PersistentVolumeClaim) { c.Spec.StorageClassName = new("") })),
			unboundFor(diagnose.MsgUnboundEmptyClass())},
		{"its claim's volume does not exist", names(), unboundFor(diagnose.MsgUnboundVolumeMissing("pv-1"))},
		{"its claim's volume is bound to an earlier claim", names(taken(ststest.Namespace, "data-web-1", "earlier")),
			unboundFor(diagnose.MsgUnboundVolumeStale("pv-1", "earlier", "data-web-1-uid"))},
		{"its claim's volume is bound to another claim", names(taken("db", "data-web-1", "other")),
			unboundFor(diagnose.MsgUnboundVolumeTaken("pv-1", "db", "data-web-1"))},
		{"its claim's volume waits for it", names(taken(ststest.Namespace, "data-web-1", "")),
			&diagnose.Trouble{Reason: "Unschedulable", Message: diagnose.MsgUnschedulable(31*time.Second, "0/3 nodes are available", "")}},
		{"volumes were not read", all(names(), func(inv *sts.Inventory) { inv.Volumes = nil }),
			&diagnose.Trouble{Reason: "Unschedulable", Message: diagnose.MsgUnschedulable(31*time.Second, "0/3 nodes are available", "")}},

		{"crash loop", func(inv *sts.Inventory) { ststest.Crashing(inv.Pods[1]) },
			&diagnose.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: diagnose.MsgContainerWaiting("CrashLoopBackOff", diagnose.MsgContainerDetail("app", "", "", new(int32(1)), 4))}},
		{"OOMKilled", func(inv *sts.Inventory) {
			ststest.Crashing(inv.Pods[1])
			inv.Pods[1].Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137}
		}, &diagnose.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: diagnose.MsgContainerWaiting("CrashLoopBackOff", diagnose.MsgContainerDetail("app", "", "OOMKilled", new(int32(137)), 4))}},
		{"ImagePullBackOff", waiting("ImagePullBackOff", " Back-off pulling image \"x\"\n"),
			&diagnose.Trouble{Reason: "ImagePullBackOff", Failing: true, Message: diagnose.MsgContainerWaiting("ImagePullBackOff", diagnose.MsgContainerDetail("app", `Back-off pulling image "x"`, "", nil, 0))}},
		{"ErrImagePull may be temporary", waiting("ErrImagePull", ""), &diagnose.Trouble{Reason: "ErrImagePull", Message: diagnose.MsgContainerWaiting("ErrImagePull", diagnose.MsgContainerDetail("app", "", "", nil, 0))}},
		{"InvalidImageName", waiting("InvalidImageName", ""), &diagnose.Trouble{Reason: "InvalidImageName", Failing: true, Message: diagnose.MsgContainerWaiting("InvalidImageName", diagnose.MsgContainerDetail("app", "", "", nil, 0))}},
		{"ErrImageNeverPull", waiting("ErrImageNeverPull", ""), &diagnose.Trouble{Reason: "ErrImageNeverPull", Failing: true, Message: diagnose.MsgContainerWaiting("ErrImageNeverPull", diagnose.MsgContainerDetail("app", "", "", nil, 0))}},
		{"CreateContainerConfigError", waiting("CreateContainerConfigError", `secret "db" not found`),
			&diagnose.Trouble{Reason: "CreateContainerConfigError", Failing: true, Message: diagnose.MsgContainerWaiting("CreateContainerConfigError", diagnose.MsgContainerDetail("app", `secret "db" not found`, "", nil, 0))}},
		{"CreateContainerError", waiting("CreateContainerError", ""), &diagnose.Trouble{Reason: "CreateContainerError", Failing: true, Message: diagnose.MsgContainerWaiting("CreateContainerError", diagnose.MsgContainerDetail("app", "", "", nil, 0))}},
		{"RunContainerError", waiting("RunContainerError", ""), &diagnose.Trouble{Reason: "RunContainerError", Failing: true, Message: diagnose.MsgContainerWaiting("RunContainerError", diagnose.MsgContainerDetail("app", "", "", nil, 0))}},
		{"PostStartHookError", waiting("PostStartHookError", ""), &diagnose.Trouble{Reason: "PostStartHookError", Failing: true, Message: diagnose.MsgContainerWaiting("PostStartHookError", diagnose.MsgContainerDetail("app", "", "", nil, 0))}},
		{"ContainerCreating is usual", waiting("ContainerCreating", ""), &diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(time.Minute, nil)}},
		{"an init container in a crash loop", func(inv *sts.Inventory) {
			waiting("PodInitializing", "")(inv)
			inv.Pods[1].Status.Phase = corev1.PodPending
			inv.Pods[1].Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "restore", RestartCount: 2,
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}}}
		}, &diagnose.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: diagnose.MsgContainerWaiting("CrashLoopBackOff", diagnose.MsgContainerDetail("restore", "", "", nil, 2))}},
		{"a completed init container", func(inv *sts.Inventory) {
			ststest.NotReady(inv.Pods[1], ago(time.Minute))
			inv.Pods[1].Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "restore",
				State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 0}}}}
		}, &diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(time.Minute, nil)}},
		{"an init container is running", initializing(new(true), 10*time.Minute, false),
			&diagnose.Trouble{Reason: "InitContainerRunning", InitContainer: "wait", Message: diagnose.MsgInitContainer("wait", 10*time.Minute)}},
		{"an init container is running, on an old kubelet", initializing(new(false), time.Minute, false),
			&diagnose.Trouble{Reason: "InitContainerRunning", InitContainer: "wait", Message: diagnose.MsgInitContainer("wait", time.Minute)}},
		{"an init container hangs", initializing(new(true), 3*time.Hour, false),
			&diagnose.Trouble{Reason: "InitContainerRunning", Failing: true, InitContainer: "wait", Message: diagnose.MsgInitContainer("wait", 3*time.Hour)}},
		{"a sidecar does not start", initializing(nil, 3*time.Hour, true),
			&diagnose.Trouble{Reason: "SidecarNotStarted", Failing: true, InitContainer: "wait", Message: diagnose.MsgSidecar("wait", 3*time.Hour)}},
		{"all sidecars have started", initializing(new(true), time.Minute, true), &diagnose.Trouble{Reason: "Pending", Message: diagnose.MsgPhase("Pending", time.Minute)}},
		{"terminated once", func(inv *sts.Inventory) {
			ststest.NotReady(inv.Pods[1], ago(time.Minute))
			inv.Pods[1].Status.ContainerStatuses[0].RestartCount = 1
			inv.Pods[1].Status.ContainerStatuses[0].State.Terminated = &corev1.ContainerStateTerminated{ExitCode: 2}
		}, &diagnose.Trouble{Reason: "Terminated", Message: diagnose.MsgTerminatedContainer("app", 2)}},
		{"terminated repeatedly", crashed(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 2, FinishedAt: metav1.NewTime(ago(time.Second))}}, 2, ago(time.Hour)),
			&diagnose.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: diagnose.MsgCrashes(diagnose.MsgContainerDetail("app", "", "", new(int32(2)), 2))}},
		{"running again after two crashes", crashed(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, 2, ago(5*time.Minute)),
			&diagnose.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: diagnose.MsgCrashes(diagnose.MsgContainerDetail("app", "", "", new(int32(1)), 2))}},
		{"running after a single crash", crashed(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, 1, ago(time.Minute)),
			&diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(time.Minute, nil)}},
		{"restarted with its node", func(inv *sts.Inventory) {
			crashed(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, 2, ago(time.Minute))(inv)
			inv.Pods[1].Status.ContainerStatuses[0].LastTerminationState.Terminated.StartedAt = metav1.NewTime(ago(24 * time.Hour))
		}, &diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(time.Minute, nil)}},
		{"has run for longer than any back-off", crashed(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, 9, ago(7*time.Minute)),
			&diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(time.Minute, nil)}},

		{"FailedMount once", volume("FailedMount", 1, time.Minute, time.Minute),
			&diagnose.Trouble{Reason: "FailedMount", Message: diagnose.MsgCannotMount(elsewhere)}},
		{"FailedMount repeatedly", volume("FailedMount", 3, time.Minute, 2*time.Minute+time.Second),
			&diagnose.Trouble{Reason: "FailedMount", Failing: true, Message: diagnose.MsgCannotMount(elsewhere + diagnose.MsgRepeated(3, 121*time.Second))}},
		{"FailedMount twice, for a moment", volume("FailedMount", 2, 0, time.Minute),
			&diagnose.Trouble{Reason: "FailedMount", Message: diagnose.MsgCannotMount(elsewhere + diagnose.MsgRepeated(2, time.Minute))}},
		{"FailedAttachVolume", volume("FailedAttachVolume", 2, 0, 3*time.Minute),
			&diagnose.Trouble{Reason: "FailedAttachVolume", Failing: true, Message: diagnose.MsgCannotAttach(elsewhere + diagnose.MsgRepeated(2, 3*time.Minute))}},
		{"FailedMount, rate limited to one in 5 minutes", volume("FailedMount", 30, 11*time.Minute, time.Hour),
			&diagnose.Trouble{Reason: "FailedMount", Failing: true, Message: diagnose.MsgCannotMount(elsewhere + diagnose.MsgRepeated(30, time.Hour))}},
		{"FailedMount long ago", all(volume("FailedMount", 9, 13*time.Minute, 20*time.Minute), started(time.Minute)), pendingFor(time.Minute)},
		{"FailedMount before the sandbox existed", all(volume("FailedMount", 9, 3*time.Minute, 8*time.Minute), started(time.Minute), sandbox(corev1.ConditionTrue)), pendingFor(time.Minute)},
		{"FailedMount before the sandbox was lost", all(volume("FailedMount", 9, 3*time.Minute, 8*time.Minute), started(time.Minute), sandbox(corev1.ConditionFalse)), pendingFor(time.Minute)},
		{"FailedMount of an earlier pod of the name", all(volume("FailedMount", 9, time.Minute, time.Hour), started(time.Minute), func(inv *sts.Inventory) {
			inv.Events[0].InvolvedObject.UID = "earlier"
		}), pendingFor(time.Minute)},
		{"no sandbox", volume("FailedCreatePodSandBox", 40, 10*time.Second, time.Hour),
			&diagnose.Trouble{Reason: "FailedCreatePodSandBox", Failing: true, Message: diagnose.MsgNoSandbox(elsewhere + diagnose.MsgRepeated(40, time.Hour))}},
		{"no sandbox, by the count", volume("FailedCreatePodSandBox", 40, 0, 0),
			&diagnose.Trouble{Reason: "FailedCreatePodSandBox", Failing: true, Message: diagnose.MsgNoSandbox(elsewhere + diagnose.MsgRepeated(40, 390*time.Second))}},
		{"no sandbox at first", volume("FailedCreatePodSandBox", 3, 0, 30*time.Second),
			&diagnose.Trouble{Reason: "FailedCreatePodSandBox", Message: diagnose.MsgNoSandbox(elsewhere + diagnose.MsgRepeated(3, 30*time.Second))}},
		{"no sandbox, after a mount that was repeated", func(inv *sts.Inventory) {
			volume("FailedMount", 1, 20*time.Second, 0)(inv)
			volume("FailedCreatePodSandBox", 3, 0, 30*time.Second)(inv)
		}, &diagnose.Trouble{Reason: "FailedCreatePodSandBox", Message: diagnose.MsgNoSandbox(elsewhere + diagnose.MsgRepeated(3, 30*time.Second))}},
		{"a mount that fails, after a sandbox that failed", func(inv *sts.Inventory) {
			volume("FailedCreatePodSandBox", 3, 20*time.Second, 30*time.Second)(inv)
			volume("FailedMount", 1, 10*time.Second, 0)(inv)
		}, &diagnose.Trouble{Reason: "FailedMount", Message: diagnose.MsgCannotMount(elsewhere)}},
		{"a kubelet that reports nothing", volume("None", 0, 0, 0),
			&diagnose.Trouble{Reason: "NotStarted", Failing: true, Message: diagnose.MsgNotStarted("node-0", time.Hour)}},
		{"a pod that was just assigned to its node", all(volume("None", 0, 0, 0), func(inv *sts.Inventory) {
			inv.Pods[1].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(ago(5 * time.Minute))}}
		}), pendingFor(5 * time.Minute)},
		{"no scheduler", func(inv *sts.Inventory) {
			inv.Pods[1].Spec.NodeName, inv.Pods[1].Status = "", corev1.PodStatus{Phase: corev1.PodPending}
			inv.Pods[1].CreationTimestamp = metav1.NewTime(ago(4 * time.Minute))
		}, &diagnose.Trouble{Reason: "NotScheduled", Failing: true, Message: diagnose.MsgNotScheduled(4 * time.Minute)}},
		{"no scheduler yet, without grace for scheduling", func(inv *sts.Inventory) {
			inv.Pods[1].Spec.NodeName, inv.Pods[1].Status = "", corev1.PodStatus{Phase: corev1.PodPending}
			inv.Pods[1].CreationTimestamp = metav1.NewTime(ststest.Now)
			inv.SchedulingGrace = new(time.Duration)
		}, pendingFor(0)},
		{"containers are being created", all(volume("None", 0, 0, 0), started(10*time.Minute)), pendingFor(10 * time.Minute)},
		{"containers are being created forever", all(volume("None", 0, 0, 0), started(11*time.Minute)),
			&diagnose.Trouble{Reason: "Pending", Failing: true, Message: diagnose.MsgPhase("Pending", 11*time.Minute)}},

		{"not ready for a while", func(inv *sts.Inventory) { ststest.NotReady(inv.Pods[1], ago(10*time.Minute)) },
			&diagnose.Trouble{Reason: "NotReady", Message: diagnose.MsgNotReady(10*time.Minute, nil)}},
		{"not ready for too long", func(inv *sts.Inventory) { ststest.NotReady(inv.Pods[1], ago(10*time.Minute+time.Second)) },
			&diagnose.Trouble{Reason: "NotReady", Failing: true, Message: diagnose.MsgNotReady(10*time.Minute, nil)}},
		{"ready for less than minReadySeconds", func(inv *sts.Inventory) {
			inv.Sets[0].Spec.MinReadySeconds = 60
			ststest.Ready(inv.Pods[1], ago(10*time.Second))
		}, &diagnose.Trouble{Reason: "MinReadySeconds", Message: diagnose.MsgMinReadySeconds(60)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			test.change(inv)
			s := inv.Snapshots()[0]
			var got *diagnose.Trouble
			for _, r := range s.Replicas() {
				trouble := diagnose.Replica(s, r)
				if r.Ordinal == 1 {
					got = trouble
				} else if trouble != nil {
					t.Errorf("ordinal %d also has the trouble %v", r.Ordinal, trouble)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			checkReason(t, got)
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
