package sts

import "time"

// Recreated is the reason of a pod that is created and goes again and again.
const Recreated = "Recreated"

// The reasons that are read from events about the StatefulSet, from a pod that goes, and from
// what is there instead of a pod that should exist. See [Reasons].
var (
	reasonMissing = ReasonInfo{
		Code: "Missing", Grace: Passes, Look: LookSet,
		State:    "the pod does not exist yet",
		Evidence: "no pod has the ordinal's name, and no event says why",
		Do:       "wait for the StatefulSet controller to create it; where it does not, check that kube-controller-manager is running",
	}
	reasonFailedCreate = ReasonInfo{
		Code: "FailedCreate", Grace: createGrace, Look: LookSet,
		State:    "the StatefulSet controller cannot create the pod",
		Evidence: "event `FailedCreate` of the StatefulSet (by its UID) that names the pod, with no later `SuccessfulCreate`; for up to 20m, since the controller retries after at most 1000s",
		Except:   "sooner: the controller failed at least twice, 10s or more apart. Later: a write to the StatefulSet makes the controller try again at once, and a command that changes the set waits where a dry run shows that the API server accepts the pod now",
		Do:       "remove what refuses the pod (quota, admission, PodSecurity, ServiceAccount); during an update, `kubectl sts canary abort` takes the update back",
	}
	reasonNameTaken = ReasonInfo{
		Code: "NameTaken", Look: LookPod,
		State:    "a pod that does not belong to the StatefulSet has the name",
		Evidence: "a pod of the ordinal's name whose labels do not match the StatefulSet's selector, or that has another controller (kubernetes#46901)",
		Except:   "later: it is terminating, or will be adopted or removed by a controller",
		Do:       "add the missing labels, so that the StatefulSet adopts the pod, or delete the pod",
	}
	reasonTerminating = ReasonInfo{
		Code: "Terminating", Grace: terminatingGrace, Look: LookPod,
		State:    "the pod is being deleted",
		Evidence: "`metadata.deletionTimestamp`, which includes the pod's grace period; its finalizers",
		Except:   "later: a minute after the last finalizer was removed",
		Do:       "remove the finalizer that the message names, or check that the node is alive",
	}
	reasonFailedDelete = ReasonInfo{
		Code: "FailedDelete", Grace: createGrace, Look: LookSet,
		State:    "the StatefulSet controller cannot delete a pod that it has to delete",
		Evidence: "event `FailedDelete` of the StatefulSet (by its UID) that names the pod, with no later `SuccessfulDelete`; for up to 20m, as `FailedCreate`",
		Except:   "sooner: the controller failed at least twice, 10s or more apart",
		Do:       "let the policy or webhook that the message names allow the deletion; during an update, `kubectl sts canary abort` takes the update back",
	}
	reasonRecreated = ReasonInfo{
		Code: Recreated, Look: LookSet,
		State: "the pod is deleted and recreated again and again",
		Evidence: "event `SuccessfulDelete` of the StatefulSet that names the pod, counted at least 5 times within 20s each since the template, partition or replicas were last written; or the kubelet's warnings (`OutOfcpu`, `UnexpectedAdmissionError`, `Evicted` …) " +
			"about at least 3 pods of the name; or a watch saw 3 of them go since then that were never ready",
		Do: "fix what the kubelet rejects or evicts, or the webhook or policy that rewrites the pod's labels",
	}
	missingReasons = []ReasonInfo{reasonMissing, reasonFailedCreate, reasonNameTaken, reasonTerminating, reasonFailedDelete, reasonRecreated}
)

// Within the grace an attempt of the controller that failed may be repeated with success: it
// retries after 5 ms, then twice as late each time, up to 1000 s.
const (
	createGrace = 30 * time.Second
	// provenSpan is how far apart two failed attempts are that prove it sooner.
	provenSpan = 10 * time.Second
)
