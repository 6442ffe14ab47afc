package operate

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func stepRestoreUnderRecreate(revision string) string {
	return "restore the template of revision " + revision + "; the StatefulSet controller will then replace all pods of the update at once"
}

func stepUnstickForward(set, revision string) string {
	return fmt.Sprintf("continue the update of statefulset/%s to revision %s; the template does not change", set, revision)
}

func stepUnstuck() string { return "release the lock: no pod blocks the update" }

// kept are below the partition.
func msgUnstuck(due []sts.Ordinal, revision string, kept []sts.Ordinal) string {
	text := fmt.Sprintf("unstuck: %s available at revision %s", sts.SayOrdinals(due), revision)
	if len(kept) > 0 {
		text += "; not updated, below the partition: " + sts.SayOrdinals(kept)
	}
	return text
}

// What ends it.

func msgOtherFix(set string) string {
	return "statefulset/" + set + " has changed since the plan was shown, and needs a different fix"
}

func msgFailsToo(pod, trouble, revision string) string {
	return fmt.Sprintf("pod %s also fails with the current template (revision %s): it %s", pod, revision, trouble)
}

func hintFailsToo(unstick, stable string) string {
	fix := "apply a working template, then run " + unstick
	if stable == "" {
		return fix
	}
	return "roll back to revision " + stable + ": " + unstick + "; or " + fix
}

func msgPodOnRevision(pod, revision, trouble string) string {
	return fmt.Sprintf("%s (revision %s) %s", pod, revision, trouble)
}

// pods are what msgPodOnRevision says.
func msgNoRevisionWorks(pods []string) string {
	return "pods fail with the stable revision as well as with the update: " + sayAll(pods)
}

func hintNoRevisionWorks(unstick, abort string) string {
	return "apply a working template, then run " + unstick + "; or roll back the update first: " + abort
}

func msgFailsWhereItShould(pod, trouble, revision string) string {
	return fmt.Sprintf("pod %s has its correct revision %s and %s: no update is stuck, and deleting the pod would not help", pod, revision, trouble)
}

func hintInspect(look string) string { return "inspect it: " + look }

func hintInspectRecreate(look string) string {
	return "inspect it: " + look + "; if the template is wrong, apply a working one, which replaces every pod"
}

func hintInspectUnstick(look, unstick string) string {
	return "inspect it: " + look + "; if the template is wrong, apply a working one, then run " + unstick
}

func msgDeletingDoesNotFix(trouble string) string {
	return trouble + "; deleting a pod does not fix that"
}

func msgNotMoving(set string, still time.Duration, what string) string {
	return fmt.Sprintf("statefulset/%s has not changed for %s: %s; unstick cannot fix that", set, sts.Age(still), what)
}

func msgNotDeleted(pod string) string { return "the StatefulSet controller does not delete pod " + pod }

func msgNotReplaced(pod string) string {
	return "the StatefulSet controller does not replace pod " + pod
}

func hintControllerDown(describe string) string {
	return "check that kube-controller-manager is running; for details: " + describe
}

func msgNeverStuckOnDelete(set string) string {
	return "statefulset/" + set + " has update strategy OnDelete: a pod is updated only when it is deleted, so no update is stuck"
}

func msgOnDeletePod(text, pod, trouble string) string { return text + "; pod " + pod + " " + trouble }

// Nothing is stuck.

func msgNothingStuck(why string) string { return "nothing to unstick: " + why }

func msgMayRecover(pod, trouble, update string) string {
	return fmt.Sprintf("pod %s %s, and may still recover (%s)", pod, trouble, update)
}

func hintMayRecover(back string) string { return "wait, or roll back the update anyway: " + back }

func msgNoUpdateButTrouble(pod, trouble string) string {
	return "pod " + pod + " " + trouble + ", and no update is in progress"
}

func msgCanaryInProgress() string { return "all pods are available, and a canary is in progress" }

func hintPromoteOrAbort(promote, abort string) string {
	return "promote it: " + promote + "; or roll it back: " + abort
}

func msgUpdateMoves(update string) string {
	return "all pods are available, and an update is in progress (" + update + ")"
}

func msgBelowPartition(kept []sts.Ordinal) string {
	return "all pods are available; not updated, below the partition: " + sts.SayOrdinals(kept)
}

func msgNoUpdate() string { return "all pods are available, and no update is in progress" }
