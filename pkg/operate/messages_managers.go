package operate

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What the commands report about operators, GitOps controllers and autoscalers that manage the
// same StatefulSet.

func msgManaged(set, manager, evidence string) string {
	return fmt.Sprintf("statefulset/%s is managed by %s (%s), which would revert the change", set, manager, evidence)
}

func hintManagedByOperator(hint sts.Hint) sts.Hint {
	return sts.Hintf("%s; or add --force-ownership to proceed anyway", hint)
}

func hintManagedInGit(hint sts.Hint) sts.Hint {
	return sts.Hintf("%s; add --print-patch to print the change for the manifest, or --force-ownership to proceed anyway", hint)
}

func msgKEDAWouldScaleUp(set, autoscaler string) string {
	return fmt.Sprintf("%s may scale statefulset/%s up again from 0 replicas (KEDA does, an HPA alone does not)", autoscaler, set)
}

func hintPauseKEDA(ns, scaledObject string) sts.Hint {
	return sts.Hintf("pause it while the StatefulSet is parked: %s", sts.Kubectl(ns, "annotate scaledobject", scaledObject, "autoscaling.keda.sh/paused=true"))
}

func msgHPAFromZero(set, autoscaler string) string {
	return fmt.Sprintf("%s has minReplicas 0 and may scale statefulset/%s up again from 0 replicas", autoscaler, set)
}

func hintHPAFromZero(setMinimum sts.Hint) sts.Hint {
	return sts.Hintf("raise its minimum, so that it ignores a StatefulSet with 0 replicas: %s", setMinimum)
}

func msgHPABeforeZero(set, autoscaler, size string, below int32) string {
	return fmt.Sprintf("%s keeps statefulset/%s at %s and would scale it up again at %s, before it reaches 0", autoscaler, set, size, sts.Count(below, "replica"))
}

func hintHPABeforeZero(setMinimum sts.Hint) sts.Hint {
	return sts.Hintf("lower its minimum first (it ignores a StatefulSet with 0 replicas): %s", setMinimum)
}

func msgAutoscaled(set, autoscaler, size, direction string) string {
	return fmt.Sprintf("%s keeps statefulset/%s at %s and would scale it %s again", autoscaler, set, size, direction)
}

func hintAutoscaled(change string) sts.Hint {
	return sts.Hintf("%s first, or pause the autoscaler", change)
}

func msgIgnoresParked(autoscaler, size string) sts.Hint {
	return sts.Hintf("%s (%s) ignores this StatefulSet while it has 0 replicas and scales it again after --unpark", autoscaler, size)
}

func msgMayScale(autoscaler, size string, to int32) sts.Hint {
	return sts.Hintf("%s scales this StatefulSet (%s) and may override replicas: %d", autoscaler, size, to)
}

func msgMayScaleCanary(autoscaler, size string) sts.Hint {
	return sts.Hintf("%s scales this StatefulSet (%s): pods that it adds during the canary will run the canary's revision", autoscaler, size)
}
