package diagnose

import (
	"slices"
	"time"
)

// SchedulingGraceFlag is the flag that sets how long a pod may stay unschedulable.
const SchedulingGraceFlag = "--scheduling-grace"

// Reasons that pass, however long they last.
const (
	Gated          = "SchedulingGated"
	AvailableLater = "MinReadySeconds"
)

// The reasons that are read from a pod that exists and is not terminating. See [Reasons].
var (
	schedulingGated = ReasonInfo{
		Code: Gated, Grace: Passes,
		State:    "the pod has scheduling gates",
		Evidence: "`spec.schedulingGates` of the pod is not empty",
		Do:       "wait for the controller that owns the gate, for example a queue, or check why it does not remove the gate",
	}
	unschedulable = ReasonInfo{
		Code: "Unschedulable", Grace: 3 * time.Minute, Option: SchedulingGraceFlag,
		State:    "no node fits the pod",
		Evidence: "condition `PodScheduled` is `False`; the scheduler's message",
		Except: "up to 15m while an event `TriggeredScaleUp` (cluster-autoscaler) or `Nominated` (Karpenter), or `status.nominatedNodeName` (preemption), is newer than the last `FailedScheduling`; " +
			"an event `NotTriggerScaleUp` ends this. Immediately if the scheduler and `NotTriggerScaleUp` agree that no node and no node group matches the pod's node selector, node affinity or volume",
		Do: "compare the pod's requests, node selector, affinity, tolerations and volumes with the nodes, or add a node",
	}
	unboundClaim = ReasonInfo{
		Code: "UnboundClaim", Grace: 30 * time.Second,
		State:    "a PersistentVolumeClaim of the pod is not bound",
		Evidence: "condition `PodScheduled` is `False` and a claim of the pod is not `Bound`; the warning events of the claim; the volume that it requests; its StorageClass",
		Except:   "as for `Unschedulable` if only the scheduler reports the claim and its volume is bound once a node is chosen. A claim that waits for its pod to be scheduled (`WaitForFirstConsumer`) is not the cause: the reason is then `Unschedulable`",
		Do:       "run `kubectl describe pvc`, then fix the StorageClass, its provisioner or the volume",
	}
	notScheduled = ReasonInfo{
		Code: "NotScheduled", Grace: 3 * time.Minute,
		State:    "no scheduler has processed the pod",
		Evidence: "the pod has no node and no condition `PodScheduled`",
		Do:       "check that the scheduler named in `spec.schedulerName` is running",
	}
	notStarted = ReasonInfo{
		Code: "NotStarted", Grace: 5 * time.Minute,
		State:    "the pod is assigned to a node whose kubelet has not reported a container status",
		Evidence: "phase `Pending`, `spec.nodeName` is set and there are no container statuses; since the last change of the pod's conditions",
		Do:       "check that the node is ready and that its kubelet is running",
	}
	failedMount = ReasonInfo{
		Code: "FailedMount", Grace: 2 * time.Minute,
		State:    "a volume cannot be mounted",
		Evidence: "event `FailedMount` of the pod, counted at least twice, while the pod is `Pending` and condition `PodReadyToStartContainers` is not `True`; since the first of these events",
		Do:       "read the event; check that the ConfigMap, Secret or volume exists and that the node can reach the storage",
	}
	failedAttachVolume = ReasonInfo{
		Code: "FailedAttachVolume", Grace: 2 * time.Minute,
		State:    "a volume cannot be attached to the node",
		Evidence: "event `FailedAttachVolume` of the pod, as for `FailedMount`",
		Do:       "read the event; check that the volume is not attached to another node",
	}
	failedCreatePodSandBox = ReasonInfo{
		Code: "FailedCreatePodSandBox", Grace: 2 * time.Minute,
		State:    "the kubelet cannot create the pod's sandbox (network, runtime)",
		Evidence: "event `FailedCreatePodSandBox` of the pod, as for `FailedMount`",
		Do:       "read the event; check the node's network plugin (CNI) and container runtime",
	}
	pending = ReasonInfo{
		Code: "Pending", Grace: 10 * time.Minute,
		State:    "containers are being created (volumes, images)",
		Evidence: "phase `Pending`, with container statuses that show no failure; since the last change of the pod's conditions or init containers",
		Do:       "read the pod's events",
	}
	initContainerRunning = ReasonInfo{
		Code: "InitContainerRunning", Grace: 10 * time.Minute,
		State:    "an init container has not finished",
		Evidence: "phase `Pending` and a running init container; since its `startedAt`",
		Do:       "read the init container's log",
	}
	sidecarNotStarted = ReasonInfo{
		Code: "SidecarNotStarted", Grace: 10 * time.Minute,
		State:    "a sidecar container (an init container with `restartPolicy: Always`) has not started",
		Evidence: "phase `Pending` and a running sidecar whose status `started` is not true; since its `startedAt`",
		Do:       "read the sidecar's log and check its startup probe",
	}
	crashLoop = ReasonInfo{
		Code:     CrashLoop,
		State:    "a container keeps crashing",
		Evidence: "a container is in `CrashLoopBackOff`; or it has restarted at least twice, is not ready, and its last run failed less than 6m ago after at most 10m",
		Do:       "read the log of the container's last run (`kubectl logs --previous`)",
	}
	terminated = ReasonInfo{
		Code: "Terminated", Grace: 10 * time.Minute,
		State:    "a container has terminated and has not been restarted yet",
		Evidence: "a container's state is `terminated` with an exit code other than 0; since its `finishedAt`",
		Do:       "read the container's log",
	}
	containerWaiting = ReasonInfo{
		Code: "ContainerWaiting", Grace: 10 * time.Minute,
		State:    "a container is waiting for a reason that is not in this list",
		Evidence: "a container's state is `waiting`, the message has the reason; since the last change of the pod's conditions or init containers",
		Do:       "read the pod's events",
	}
	readinessGates = ReasonInfo{
		Code: "ReadinessGatesNotReady", Grace: 10 * time.Minute,
		State:    "all containers are ready, but a readiness gate is not",
		Evidence: "phase `Running`, a condition of `spec.readinessGates` is missing or not `True`; since the pod's condition `Ready` changed",
		Do:       "check the controller that sets the condition, for example a load balancer controller",
	}
	notReady = ReasonInfo{
		Code: "NotReady", Grace: 10 * time.Minute,
		State:    "a container is running but not ready",
		Evidence: "phase `Running`, condition `Ready` is not `True`; since it changed, or since the first start of the container that is not ready",
		Do:       "check the readiness probe and the log of the named container",
	}
	minReadySeconds = ReasonInfo{
		Code: AvailableLater, Grace: Passes,
		State:    "the pod is ready but not available yet",
		Evidence: "condition `Ready` has been `True` for less than `spec.minReadySeconds`",
		Do:       "wait",
	}
	podFailed = ReasonInfo{
		Code: "Failed", Grace: Passes,
		State:    "the kubelet rejected or evicted the pod, or its containers failed; the controller will replace it",
		Evidence: "phase `Failed`; `status.reason` and `status.message`. Repeatedly: `Recreated`",
		Do:       "read the pod's status and events",
	}
	podSucceeded = ReasonInfo{
		Code: "Succeeded", Grace: Passes,
		State:    "the pod has completed; the controller will replace it",
		Evidence: "phase `Succeeded`",
		Do:       "check why the containers exit: pods of a StatefulSet should keep running",
	}
	podUnknown = ReasonInfo{
		Code: "Unknown", Grace: 10 * time.Minute,
		State:    "the node does not report the state of the pod",
		Evidence: "phase `Unknown`, or no phase; since condition `Ready` changed",
		Do:       "check the node",
	}
)

// pullFailed and startFailed are the reasons of the kubelet (pkg/kubelet/images,
// pkg/kubelet/kuberuntime) and of the runtime (cri-api) for a container that is waiting.
var (
	pullFailed = []ReasonInfo{
		pullReason("ImagePullBackOff", "an image cannot be pulled; the kubelet backs off before it retries", 0, "check the image name, the registry and the pull secret"),
		pullReason("InvalidImageName", "an image name is invalid", 0, "correct the image in the template"),
		pullReason("ErrImageNeverPull", "an image is not on the node, and `imagePullPolicy` is `Never`", 0, "load the image on the node or change the policy"),
		pullReason("SignatureValidationFailed", "the node rejects the signature of an image", 0, "sign the image or correct the node's policy"),
		pullReason("ErrImageReferenceConflict", "an image name refers to more than one image", 0, "use the full image name"),
		pullReason("ErrImagePull", "an image could not be pulled", pullGrace, "check the image name, the registry and the pull secret"),
		pullReason("RegistryUnavailable", "the registry is unavailable", pullGrace, "check the registry and the node's connection to it"),
		pullReason("ImageInspectError", "the node cannot inspect an image that it has", pullGrace, "check the node's container runtime and disk"),
	}
	startFailed = []ReasonInfo{
		startReason("CreateContainerConfigError", "a container cannot be configured, for example because a ConfigMap or Secret is missing", "create the object named in the message"),
		startReason("CreateContainerError", "a container cannot be created", "read the message; check the command, the mounts and the node's container runtime"),
		startReason("RunContainerError", "a container cannot be started", "read the message; check the container's command and securityContext"),
		startReason("PreCreateHookError", "a container cannot be created", "read the message; check the node's devices and resources"),
		startReason("PreStartHookError", "a container cannot be started", "read the message; check the node's devices and resources"),
		startReason("PostStartHookError", "a container's postStart hook fails", "read the message and the hook's log"),
	}
)

// pullGrace is how long a first failed pull may be temporary: the kubelet retries after 10 s, then
// after 20 s.
const pullGrace = time.Minute

func pullReason(code, state string, grace time.Duration, do string) ReasonInfo {
	r := ReasonInfo{Code: code, State: state, Grace: grace, Do: do, Evidence: "a container is waiting with this reason"}
	if grace > 0 {
		r.Evidence += "; since the pod was scheduled, or its last init container ended"
		r.Except = "immediately if the error is definite (not found, unauthorized, denied), or if an event `Failed` about a pull was counted twice or names `ImagePullBackOff`"
	}
	return r
}

func startReason(code, state, do string) ReasonInfo {
	return ReasonInfo{Code: code, State: state, Do: do, Evidence: "a container is waiting with this reason"}
}

// podReasons are in the order of a pod's life.
var podReasons = slices.Concat(
	[]ReasonInfo{schedulingGated, notScheduled, unschedulable, unboundClaim, notStarted, failedAttachVolume, failedMount, failedCreatePodSandBox},
	pullFailed, startFailed,
	[]ReasonInfo{initContainerRunning, sidecarNotStarted, pending, crashLoop, terminated, containerWaiting, notReady, readinessGates, minReadySeconds, podFailed, podSucceeded, podUnknown},
)

// waitReasons are those of a container that is waiting, by the kubelet's reason.
var waitReasons = byCode(slices.Concat(pullFailed, startFailed, []ReasonInfo{crashLoop}))
