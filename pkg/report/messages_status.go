package report

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// These are the messages of [Status]. Those that explain a stuck pod follow its name and its
// [diagnose.Trouble]: "web-2 is in CrashLoopBackOff (…); it blocks the update".

func msgDeleting(pods int) string {
	return "being deleted, " + sts.Count(pods, "pod") + " remaining"
}

func msgNotObserved() string {
	return "waiting for the StatefulSet controller to observe the last change"
}

func msgScalingDown(ordinals []sts.Ordinal) string {
	return "scaling down: removing " + sts.SayOrdinals(ordinals)
}

func msgScalingUp(ordinals []sts.Ordinal) string {
	return "scaling up: waiting for " + sts.SayOrdinals(ordinals)
}

func msgParked(replicasBefore int32) string {
	return fmt.Sprintf("parked at 0 replicas, previously %d", replicasBefore)
}

func msgScaledToZero() string { return "scaled to 0 replicas" }

func msgAvailable(available, replicas int32) string {
	return fmt.Sprintf("%d of %s available", available, sts.Count(replicas, "pod"))
}

func msgComplete(replicas int32, revision string) string {
	all := "all " + sts.Count(replicas, "pod")
	if replicas == 1 {
		all = "1 pod"
	}
	return all + " available at revision " + revision
}

func msgUpdating(updated, replicas int32) string {
	return fmt.Sprintf("updating: %d of %s updated", updated, sts.Count(replicas, "pod"))
}

func msgFinishing() string {
	return "all pods updated, waiting for the StatefulSet controller to complete the update"
}

func msgBelowPartition(ordinals []sts.Ordinal) string {
	return sts.SayOrdinals(ordinals) + " not updated (below the partition)"
}

func msgUpdatedOnDelete(strategy string, ordinals []sts.Ordinal) string {
	return fmt.Sprintf("%s: %s will be updated when the pods are deleted", strategy, sts.SayOrdinals(ordinals))
}

func msgCanaryInProgress(ordinals []sts.Ordinal) string {
	return "canary on " + sts.SayOrdinals(ordinals) + " in progress"
}

func msgCanaryHealthy(ordinals []sts.Ordinal) string {
	return "canary on " + sts.SayOrdinals(ordinals) + " is healthy, waiting to be promoted"
}

func msgCanaryPaused(ordinals []sts.Ordinal) string {
	return "canary on " + sts.SayOrdinals(ordinals) + " is healthy, the update is paused"
}

func msgCanaryPromoting(ordinals []sts.Ordinal, waiting string) string {
	return "canary on " + sts.SayOrdinals(ordinals) + " is healthy, promoting automatically: " + waiting
}

func msgCanaryEverywhere() string {
	return "all pods run the canary revision, but the canary is not complete"
}

func msgCanaryRecordRemains() string {
	return "all pods run the stable revision, but the canary record still exists"
}

func msgScaledDuringCanary(from, to int32, onCanary []sts.Ordinal) string {
	text := fmt.Sprintf("scaled from %d to %s during the canary", from, sts.Count(to, "replica"))
	if len(onCanary) > 0 {
		verb := "run"
		if len(onCanary) == 1 {
			verb = "runs"
		}
		text += fmt.Sprintf(": %s %s the canary revision", sts.SayOrdinals(onCanary), verb)
	}
	return text
}

func msgRollingBack(revision, failedGate string) string {
	text := "rolling back to the stable revision " + revision
	if failedGate != "" {
		text += " (gate failed: " + failedGate + ")"
	}
	return text
}

func msgRestartRemaining(ordinals []sts.Ordinal) string {
	return "restart in progress: " + sts.SayOrdinals(ordinals) + " remaining"
}

func msgRestartRecordRemains() string {
	return "all pods restarted, but the restart record still exists"
}

func hintUndoWithoutPods(claims int, undo sts.Hint) sts.Hint {
	if claims == 1 {
		return sts.Hintf("restore the claim when its pods are gone: %s", undo)
	}
	return sts.Hintf("restore the claims when their pods are gone: %s", undo)
}

func msgClaimsRescued(claims []string) string {
	if len(claims) == 1 {
		return "claim " + claims[0] + " is being deleted, but its volume retains the data"
	}
	return "claims " + sayFew(claims) + " are being deleted, but their volumes retain the data"
}

func msgRecovering(pod, node string) string {
	return fmt.Sprintf("recovery of pod %s from node %s in progress", pod, node)
}

func msgNodesOutOfService(nodes []string) string {
	return fmt.Sprintf("the taint node.kubernetes.io/out-of-service of a recovery is on %s: remove it once the node is ready", strings.Join(nodes, ", "))
}

func msgDoNotRestart(ordinals []sts.Ordinal, risk string, claims int) string {
	text := fmt.Sprintf("do not restart %s: %s", sts.SayOrdinals(ordinals), risk)
	if claims > 1 {
		text += fmt.Sprintf(" (%d claims at risk)", claims)
	}
	return text
}

func msgPod(pod, trouble string) string { return pod + " " + trouble }

func msgBlocksUpdate() string { return "it blocks the update" }

func msgNotReplaced() string {
	return "the template has changed since, but the StatefulSet controller does not replace a pod that has never become ready (kubernetes#67250)"
}

func msgRecreateWaits() string {
	return "the update strategy is Recreate: no new pods are created until it has terminated"
}

func msgUpdateIncomplete() string { return "the update cannot complete until it is ready" }

func msgOnDeleteWaits() string {
	return "the update strategy is OnDelete: it keeps its revision until it is deleted"
}

func msgPodsUnreadable(ready, replicas, updated int32) string {
	return fmt.Sprintf("cannot read pods; status of the StatefulSet: %d of %d ready, %d updated", ready, replicas, updated)
}

func hintEither(commands ...sts.Hint) sts.Hint { return sts.JoinHints(commands, ", or ") }
