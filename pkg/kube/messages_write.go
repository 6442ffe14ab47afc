package kube

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What a write was, before ": " and the error.

func msgReread(set string) string { return "read the pods of statefulset/" + set + " again" }

func msgScale(set string) string { return "scale statefulset/" + set }

func msgPatchSet(set string) string { return "patch statefulset/" + set }

func msgPatchPod(pod string) string { return "patch pod " + pod }

func msgEvictPod(pod string) string { return "evict pod " + pod }

// verb is patch or delete.
func msgWriteNode(verb, node string) string { return verb + " node " + node }

func msgReadVolumes() string { return "read the PersistentVolumes" }

func msgReadNodes() string { return "read the node of the pod" }

func msgRetrying(what string, err error) string { return what + " failed, retrying: " + err.Error() }

// What the API server answers.

func msgEvictionBlocked(pod, cause string) string {
	return "for the eviction of pod " + pod + " to be allowed: " + cause
}

func msgEvictionRefused(pod, answer string) string {
	return "cannot evict pod " + pod + ": " + answer
}

func hintOneBudget() sts.Hint {
	return sts.Hintf("delete or change all but one of the PodDisruptionBudgets that select it")
}

func msgAnnotationsTooLarge(set string) (message string, hint sts.Hint) {
	return "the annotations of statefulset/" + set + " would exceed 256 KiB, because the stable pod template is stored in one of them",
		sts.Hintf("move large parts of the template to a ConfigMap")
}

func msgMayNot(verb, resource, namespace string) string {
	return fmt.Sprintf("no permission to %s %s in namespace %s: request it, or rerun the command as a user who has it", verb, resource, namespace)
}

func msgNoEvent(set string) string { return "cannot create an event for statefulset/" + set }
