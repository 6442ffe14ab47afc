package diagnose

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// These are the messages of a [Trouble]. Each follows the pod's name or "it": "web-2 is terminating".

func msgMissing() string { return "does not exist yet" }

func msgMissingAfterError(why string) string {
	return "does not exist yet; last error of the StatefulSet controller: " + why
}

func msgMissingClaimDeleted(claim string) string {
	return "does not exist yet: its previous claim " + claim + " was still being deleted"
}

func msgCannotCreate(why string) string { return "cannot be created: " + why }

func msgNotCreatedYet(why string) string { return "could not be created yet: " + why }

func msgNotCreatedAccepted(why string) string {
	return msgNotCreatedYet(why) + "; the API server accepts the pod now, and the StatefulSet controller will retry within 17m"
}

func msgCannotDelete(why string) string { return "cannot be deleted: " + why }

func msgNotDeletedYet(why string) string { return "could not be deleted yet: " + why }

func msgNameTerminating() string {
	return "does not exist yet: a pod with this name that does not belong to the StatefulSet is still terminating"
}

func msgNameOfEarlierSet(set, uid string) string {
	return fmt.Sprintf("cannot be created: a pod with this name belongs to an earlier StatefulSet %s (UID %s)", set, uid)
}

func msgNameTaken(ownerKind, owner string) string {
	return fmt.Sprintf("cannot be created: a pod with this name belongs to %s %s", ownerKind, owner)
}

func msgNotAdopted() string { return "has not been adopted by the StatefulSet controller yet" }

func msgNotSelected(missingLabels []string) string {
	what := "its labels do not match the selector"
	switch len(missingLabels) {
	case 0:
	case 1:
		what = "the selector requires label " + missingLabels[0]
	default:
		what = "the selector requires labels " + strings.Join(missingLabels, ", ")
	}
	return "exists but does not belong to the StatefulSet: " + what
}

func msgTerminating(finalizers []string) string { return "is terminating" + blockedBy(finalizers) }

// node is what is known about the pod's node, if anything.
func msgTerminatingOverdue(overdue time.Duration, finalizers []string, node string) string {
	text := fmt.Sprintf("is still terminating %s after its grace period", sts.Age(overdue))
	if node != "" {
		text += ": " + node
	}
	return text + blockedBy(finalizers)
}

func msgNodeSaysNotReady(age time.Duration, node string) string {
	return fmt.Sprintf("is not ready (%s): %s", sts.Age(age), node)
}

func msgFailed(reason, message string) string {
	return "failed and will be replaced: " + strings.TrimSuffix(reason+": "+message, ": ")
}

func msgRecreated(times int, why string) string {
	return fmt.Sprintf("keeps being recreated (%d times): %s", times, why)
}

func msgDeletedEachTime() string { return "the StatefulSet controller deletes it each time" }

func msgRejected(reason, message string) string {
	return "the kubelet reports " + strings.TrimSuffix(reason+": "+message, ": ")
}

func msgLabelChanged(revision string) string {
	return fmt.Sprintf("its label %s is %q, which is not a revision of the StatefulSet; an admission webhook or policy may have changed it",
		appsv1.StatefulSetRevisionLabel, revision)
}

func msgGated(gates []string, age time.Duration) string {
	noun := "gate"
	if len(gates) > 1 {
		noun = "gates"
	}
	return fmt.Sprintf("is waiting for scheduling %s %s to be removed (%s)", noun, strings.Join(gates, ", "), sts.Age(age))
}

func msgUnschedulable(age time.Duration, scheduler, outlook string) string {
	text := fmt.Sprintf("cannot be scheduled (%s)", sts.Age(age))
	if scheduler != "" {
		text += ": " + scheduler
	}
	if outlook != "" {
		text += "; " + outlook
	}
	return text
}

func msgNoScaleUp(why string) string { return "the cluster autoscaler did not add a node: " + why }

func msgNodeRequested(age time.Duration, event string) string {
	return fmt.Sprintf("a node was requested %s ago (%s)", sts.Age(age), event)
}

func msgNodeDidNotHelp(age time.Duration, event string) string {
	return msgNodeRequested(age, event) + ", but the pod still does not fit"
}

func msgNominated(node string) string {
	return "nominated to node " + node + ", waiting for preempted pods to terminate"
}

func msgUnboundClaim(claim string, phase corev1.PersistentVolumeClaimPhase, why string) string {
	return fmt.Sprintf("is waiting for claim %s, which is %s (%s)", claim, phase, why)
}

func msgUnboundByScheduler(scheduler string) string { return "scheduler: " + scheduler }

func msgCannotAttach(why string) string { return "cannot attach its volume: " + why }

func msgCannotMount(why string) string { return "cannot mount its volume: " + why }

func msgNoSandbox(why string) string { return "cannot create its sandbox: " + why }

func msgRepeated(times int32, over time.Duration) string {
	return fmt.Sprintf(" (x%d over %s)", times, sts.Age(over))
}

func msgContainerWaiting(reason, detail string) string {
	return fmt.Sprintf("is in %s (%s)", reason, detail)
}

func msgCrashes(detail string) string { return "keeps crashing (" + detail + ")" }

func msgTerminatedContainer(container string, exitCode int32) string {
	return fmt.Sprintf("has a terminated container (%s, exit code %d)", container, exitCode)
}

func msgContainerDetail(container, message, exitReason string, exitCode *int32, restarts int32) string {
	parts := []string{"container " + container}
	switch {
	case exitCode != nil && exitReason != "":
		parts = append(parts, fmt.Sprintf("%s, exit code %d", exitReason, *exitCode))
	case exitCode != nil:
		parts = append(parts, fmt.Sprintf("exit code %d", *exitCode))
	case message != "":
		parts = append(parts, message)
	}
	if restarts > 0 {
		parts = append(parts, sts.Count(restarts, "restart"))
	}
	return strings.Join(parts, ", ")
}

func msgNotScheduled(age time.Duration) string {
	return fmt.Sprintf("is Pending: no scheduler has processed it (%s)", sts.Age(age))
}

func msgNotStarted(node string, age time.Duration) string {
	return fmt.Sprintf("is Pending: the kubelet of node %s has not reported a container status (%s)", node, sts.Age(age))
}

func msgInitContainer(container string, ran time.Duration) string {
	return fmt.Sprintf("is Pending: init container %s is still running (%s)", container, sts.Age(ran))
}

func msgSidecar(container string, ran time.Duration) string {
	return fmt.Sprintf("is Pending: sidecar container %s is running but has not started up (%s)", container, sts.Age(ran))
}

func msgNotReady(age time.Duration, containers []string) string {
	text := fmt.Sprintf("is running but not ready (%s)", sts.Age(age))
	if len(containers) > 0 {
		text += ": " + strings.Join(containers, ", ")
	}
	return text
}

func msgUnreadyContainer(container string) string { return "container " + container }

func msgUnreadySidecar(container string) string { return "sidecar container " + container }

func msgReadinessGates(age time.Duration, gates []string) string {
	return fmt.Sprintf("is running but not ready (%s): %s", sts.Age(age), strings.Join(gates, ", "))
}

func msgGateWithoutCondition(gate string) string {
	return "readiness gate " + gate + " has no condition"
}

func msgGateNotTrue(gate string, status corev1.ConditionStatus, reason, message string) string {
	text := fmt.Sprintf("readiness gate %s is %s", gate, status)
	for _, more := range []string{reason, message} {
		if more != "" {
			text += ": " + more
		}
	}
	return text
}

func msgMinReadySeconds(seconds int32) string {
	return fmt.Sprintf("is ready but not available yet (minReadySeconds: %d)", seconds)
}

func msgPhase(phase corev1.PodPhase, age time.Duration) string {
	return fmt.Sprintf("is %s (%s)", phase, sts.Age(age))
}

func msgUnboundVolumeMissing(volume string) string {
	return fmt.Sprintf("it requests persistentvolume/%s, which does not exist", volume)
}

func msgUnboundVolumeTaken(volume, namespace, claim string) string {
	return fmt.Sprintf("it requests persistentvolume/%s, which is bound to another claim, %s/%s", volume, namespace, claim)
}

func msgUnboundVolumeStale(volume, refUID, uid string) string {
	return fmt.Sprintf("it requests persistentvolume/%s, which is still bound to an earlier claim of this name (spec.claimRef.uid is %s, this claim's is %s)", volume, refUID, uid)
}

func msgUnboundEmptyClass() string {
	return "its storageClassName is empty, so only an existing PersistentVolume without a class can be bound to it"
}

func msgUnboundNoClass() string {
	return "it has no storageClassName and the cluster has no default StorageClass, so only an existing PersistentVolume without a class can be bound to it"
}
