package operate

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestManagersMessages(t *testing.T) {
	call := messagetest.Call
	const (
		set   = "web"
		hpa   = "HPA web"
		size  = "2 to 6 replicas"
		toOne = `kubectl patch hpa web --type=merge -p '{"spec":{"minReplicas":1}}' -n shop`
	)
	messagetest.Golden(t, "managers",
		call(msgManaged, set, "Argo CD application shop", "argocd.argoproj.io/tracking-id"),
		call(hintManagedByOperator, sts.Hintf("make the change in Database/db: %s", sts.Kubectl("shop", "edit", "Database.example.com", "db"))),
		call(hintManagedInGit, "make the change in Git"),
		call(msgKEDAWouldScaleUp, set, "ScaledObject web"),
		call(hintPauseKEDA, "shop", set),
		call(msgHPAFromZero, set, hpa),
		call(hintHPAFromZero, toOne),
		call(msgHPABeforeZero, set, hpa, size, 1),
		call(hintHPABeforeZero, toOne),
		call(msgAutoscaled, set, hpa, size, "up"),
		call(hintAutoscaled, "lower its minimum"),
		call(msgIgnoresParked, hpa, size),
		call(msgMayScale, hpa, size, 3),
		call(msgMayScaleCanary, hpa, size),
	)
}
