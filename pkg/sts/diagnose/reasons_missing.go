package diagnose

import "time"

// Recreated is the reason of a pod that keeps being deleted and recreated.
const Recreated = "Recreated"

// The reasons that are read from events about the StatefulSet, from a pod that is being deleted,
// and from a pod that has the name of one that should exist. See [Reasons].
var (
	reasonMissing = ReasonInfo{
		Code: "Missing", Grace: Passes, Look: LookSet,
		State:    "the pod does not exist yet",
		Evidence: "no pod has the ordinal's name, and no event gives a reason",
		Do:       "wait for the StatefulSet controller to create it; if it does not, check that kube-controller-manager is running",
	}
	reasonFailedCreate = ReasonInfo{
		Code: "FailedCreate", Grace: createGrace, Look: LookSet,
		State:    "the StatefulSet controller cannot create the pod",
		Evidence: "event `FailedCreate` of the StatefulSet (matched by UID) that names the pod, with no later `SuccessfulCreate`; for up to 20m, because the controller retries within 1000s",
		Except:   "sooner if the controller has failed at least twice, 10s or more apart. A write to the StatefulSet restarts the 30s, because the controller then retries immediately. Not if a command that changes the StatefulSet finds with a dry run that the API server now accepts the pod",
		Do:       "fix what rejects the pod (quota, admission, PodSecurity, ServiceAccount); during an update, `kubectl sts canary abort` rolls the update back",
	}
	reasonNameTaken = ReasonInfo{
		Code: "NameTaken", Look: LookPod,
		State:    "a pod with this name exists and does not belong to the StatefulSet",
		Evidence: "a pod with the ordinal's name whose labels do not match the StatefulSet's selector, or that has another controller (kubernetes#46901)",
		Except:   "not while the pod is terminating or a controller will adopt or remove it",
		Do:       "add the missing labels so that the StatefulSet adopts the pod, or delete the pod",
	}
	reasonTerminating = ReasonInfo{
		Code: "Terminating", Grace: terminatingGrace, Look: LookPod,
		State:    "the pod is being deleted",
		Evidence: "`metadata.deletionTimestamp`, which includes the pod's grace period; its finalizers",
		Except:   "after the last finalizer is removed, 60s from then",
		Do:       "remove the finalizer named in the message, or check the node; if its machine is off, `kubectl sts recover` has the pod created elsewhere",
	}
	reasonFailedDelete = ReasonInfo{
		Code: "FailedDelete", Grace: createGrace, Look: LookSet,
		State:    "the StatefulSet controller cannot delete a pod that it must delete",
		Evidence: "event `FailedDelete` of the StatefulSet (matched by UID) that names the pod, with no later `SuccessfulDelete`; for up to 20m, as for `FailedCreate`",
		Except:   "sooner if the controller has failed at least twice, 10s or more apart",
		Do:       "make the policy or webhook named in the message allow the deletion; during an update, `kubectl sts canary abort` rolls the update back",
	}
	reasonRecreated = ReasonInfo{
		Code: Recreated, Look: LookSet,
		State: "the pod keeps being deleted and recreated",
		Evidence: "event `SuccessfulDelete` of the StatefulSet that names the pod, counted at least 5 times, on average at most 20s apart, since the template, partition or replicas were last written; or warnings of the kubelet (`OutOfcpu`, `UnexpectedAdmissionError`, `Evicted` …) " +
			"about at least 3 pods with this name; or a watch has observed since then the deletion of 3 of them that were never ready",
		Do: "fix the reason why the kubelet rejects or evicts the pod, or the webhook or policy that changes the pod's labels",
	}
	missingReasons = []ReasonInfo{reasonMissing, reasonFailedCreate, reasonNameTaken, reasonTerminating, reasonFailedDelete, reasonRecreated}
)

// Within the grace period the controller may retry a failed attempt with success: it retries
// after 5 ms, and doubles this delay each time, up to 1000 s.
const (
	createGrace = 30 * time.Second
	// provenSpan is the time between two failed attempts that proves it sooner.
	provenSpan = 10 * time.Second
)
