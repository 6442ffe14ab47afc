package nameloop

import "github.com/kubectl-sts/kubectl-sts/pkg/sts"

func msgNothingToWaitFor(set string) string {
	return "statefulset/" + set + " has no governing Service: its pods have no DNS names to wait for"
}

func hintNoServiceName() sts.Hint {
	return sts.Hintf("spec.serviceName is immutable: delete the StatefulSet with --cascade=orphan and create it again with spec.serviceName set")
}
