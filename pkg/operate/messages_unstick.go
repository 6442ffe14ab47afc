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

func hintFailsToo(unstick sts.Hint, stable string) sts.Hint {
	fix := sts.Hintf("apply a working template, then run %s", unstick)
	if stable == "" {
		return fix
	}
	return sts.Hintf("roll back to revision %s: %s; or %s", stable, unstick, fix)
}

func msgPodOnRevision(pod, revision, trouble string) string {
	return fmt.Sprintf("%s (revision %s) %s", pod, revision, trouble)
}

// pods are what msgPodOnRevision says.
func msgNoRevisionWorks(pods []string) string {
	return "pods fail with the stable revision as well as with the update: " + sayAll(pods)
}

func hintNoRevisionWorks(unstick, abort sts.Hint) sts.Hint {
	return sts.Hintf("apply a working template, then run %s; or roll back the update first: %s", unstick, abort)
}

func msgFailsWhereItShould(pod, trouble, revision string) string {
	return fmt.Sprintf("pod %s already has the correct revision %s and %s: no update is stuck, and deleting the pod would not help", pod, revision, trouble)
}

func hintInspect(look sts.Hint) sts.Hint { return sts.Hintf("inspect it: %s", look) }

func hintInspectRecreate(look sts.Hint) sts.Hint {
	return sts.Hintf("inspect it: %s; if the template is wrong, apply a working one, which replaces every pod", look)
}

func hintInspectUnstick(look, unstick sts.Hint) sts.Hint {
	return sts.Hintf("inspect it: %s; if the template is wrong, apply a working one, then run %s", look, unstick)
}

func msgDeletingDoesNotFix(trouble string) string {
	return trouble + "; deleting a pod does not fix that"
}

func msgNotMoving(set string, still time.Duration, what string) string {
	return fmt.Sprintf("statefulset/%s has not changed for %s: %s; unstick cannot fix that", set, sts.Age(still), what)
}

func msgNotDeleted(pod string) string { return "the StatefulSet controller is not deleting pod " + pod }

func msgNotReplaced(pod string) string {
	return "the StatefulSet controller is not replacing pod " + pod
}

func hintControllerDown(describe sts.Hint) sts.Hint {
	return sts.Hintf("check that kube-controller-manager is running; for details: %s", describe)
}

func msgNeverStuckOnDelete(set string) string {
	return "statefulset/" + set + " has update strategy OnDelete: a pod is updated only when it is deleted, so no update is stuck"
}

func msgOnDeletePod(text, pod, trouble string) string { return text + "; pod " + pod + " " + trouble }

// Nothing is stuck.

func msgNothingStuck(why string) string { return "nothing to unstick: " + why }

func msgMayRecover(pod, trouble, update string) string {
	return fmt.Sprintf("the update may still complete (%s); pod %s %s", update, pod, trouble)
}

func hintMayRecover(back sts.Hint) sts.Hint {
	return sts.Hintf("wait, or roll back the update anyway: %s", back)
}

func msgNoUpdateButTrouble(pod, trouble string) string {
	return "no update is in progress; pod " + pod + " " + trouble
}

func msgCanaryInProgress() string { return "all pods are available, and a canary is in progress" }

func hintPromoteOrAbort(promote, abort sts.Hint) sts.Hint {
	return sts.Hintf("promote it: %s; or roll it back: %s", promote, abort)
}

func msgUpdateMoves(update string) string {
	return "all pods are available, and an update is in progress (" + update + ")"
}

func msgBelowPartition(kept []sts.Ordinal) string {
	return "all pods are available; not updated, below the partition: " + sts.SayOrdinals(kept)
}

func msgRestartRemains() string {
	return "all pods are available, and no update is in progress; the restart is not complete"
}

func msgNoUpdate() string { return "all pods are available, and no update is in progress" }
