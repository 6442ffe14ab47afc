package sts

import "time"

// missingReasons are read from events about the StatefulSet and from what is there instead of
// the pod that should exist.
var (
	reasonMissing = ReasonInfo{
		Code: "Missing", State: "The pod does not exist yet", Evidence: "no pod with the ordinal's name, and no event that says why",
		Grace: Passes, Do: "wait for the StatefulSet controller to create it", Look: LookSet,
	}
	reasonFailedCreate = ReasonInfo{
		Code: "FailedCreate", State: "The pod cannot be created",
		Evidence: "an event FailedCreate about this StatefulSet (its UID) that names the pod, without a later success, at most 20 minutes old: the controller retries after at most 1000 s",
		Grace:    createGrace, Except: "sooner after at least two attempts within 10 s or more",
		Do: "remove what refuses the pod (quota, admission, ServiceAccount …); during an update also `kubectl sts canary abort NAME`", Look: LookSet,
	}
	reasonNameTaken = ReasonInfo{
		Code: "NameTaken", State: "A pod that does not belong to the StatefulSet has the name", Evidence: "a pod with the ordinal's name whose labels do not match the selector, or that has another controller",
		Do: "add the missing labels, so that the StatefulSet adopts the pod again, or delete the pod", Look: LookPod,
	}
	reasonTerminating = ReasonInfo{
		Code: "Terminating", State: "The pod is being deleted", Evidence: "the pod's deletionTimestamp, which includes its grace period, and its finalizers",
		Grace: terminatingGrace, Except: "later after a finalizer was removed", Do: "remove the finalizer, or find out whether the node is alive", Look: LookPod,
	}
	reasonFailedDelete = ReasonInfo{
		Code: "FailedDelete", State: "The pod cannot be deleted", Evidence: "an event FailedDelete about this StatefulSet (its UID) that names a pod which the controller has to delete, without a later success",
		Grace: createGrace, Except: "sooner after at least two attempts within 10 s or more",
		Do: "let the policy or webhook that the message names allow the deletion; during an update also `kubectl sts canary abort NAME`", Look: LookSet,
	}
	reasonRecreated = ReasonInfo{
		Code: "Recreated", State: "The pod is deleted and recreated again and again", Evidence: "the count of the set's SuccessfulDelete events, warnings of the kubelet about earlier pods of the name (OutOfcpu, Evicted …), or a watch that saw three such pods go",
		Except: "at once, since it was seen several times", Do: "fix what the kubelet rejects, or what rewrites the pod's labels", Look: LookSet,
	}
	reasonFailed = ReasonInfo{
		Code: "Failed", State: "The pod was rejected or evicted by the kubelet, or has ended", Evidence: "the pod's phase Failed, with its status.reason and status.message",
		Grace: Passes, Do: "wait for the StatefulSet controller to replace it", Look: LookPod,
	}
	missingReasons = []ReasonInfo{reasonMissing, reasonFailedCreate, reasonNameTaken, reasonTerminating, reasonFailedDelete, reasonRecreated, reasonFailed}
)

// Within the grace an attempt of the controller that failed may be repeated with success: it
// retries after 5 ms, then twice as late each time, up to 1000 s.
const (
	createGrace = 30 * time.Second
	// provenSpan is how far apart two failed attempts are that prove it sooner.
	provenSpan = 10 * time.Second
)
