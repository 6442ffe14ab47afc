package operate

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestClaimGuardMessages(t *testing.T) {
	call := messagetest.Call
	risk := "persistentvolumeclaim/data-web-1 is being deleted (requested 3m ago): when its pod is gone, persistentvolume/pvc-0f3a will be deleted with its data (reclaim policy Delete)"
	messagetest.Golden(t, "claim_guard",
		call(hintAcceptDataLoss),
		call(msgDataAtRisk, "web-1", []string{risk}, "kubectl sts pvc-gc rescue data-web-1 -n shop"),
		call(msgDataAtRisk, "web-1 and web-2", []string{"persistentvolumeclaim/data-web-1 no longer exists", "persistentvolumeclaim/data-web-2 no longer exists"}, ""),
		call(msgCannotStartAgain, "web-1", "persistentvolumeclaim/shared is being deleted and pod web-2 mounts it too: no new pod can mount it until all its pods are gone", "shop", "web", "shared"),
		call(msgDataUnknown, "web-1"),
	)
}
