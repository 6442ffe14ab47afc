package operate

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// What every verb refuses because of the claims of a pod.

func hintAcceptDataLoss() sts.Hint {
	return sts.Hintf("add --accept-data-loss to continue without the data")
}

func msgDataAtRisk(pods string, risks []string, rescue sts.Hint) (message string, hint sts.Hint) {
	hint = hintAcceptDataLoss()
	if len(rescue) > 0 {
		hint = sts.Hintf("save the data first: %s; or %s", rescue, hint)
	}
	return fmt.Sprintf("cannot replace or remove %s: %s", pods, strings.Join(risks, "; ")), hint
}

func msgCannotStartAgain(pod, risk, namespace, set, claim string) (message string, hint sts.Hint) {
	return fmt.Sprintf("pod %s could not start again: %s", pod, risk),
		sts.Hintf("stop all pods: %s; then restore the claim: %s; or %s",
			sts.Kubectl(namespace, "sts drain-scale", set, "--replicas", "0", "--park"),
			sts.Kubectl(namespace, "sts pvc-gc undo", claim), hintAcceptDataLoss())
}

func msgDataUnknown(pods string) (message string, hint sts.Hint) {
	return fmt.Sprintf("cannot determine whether the data of %s will be kept: persistentvolumeclaims could not be listed", pods),
		sts.Hintf("request permission to list and watch persistentvolumeclaims, or %s", hintAcceptDataLoss())
}
