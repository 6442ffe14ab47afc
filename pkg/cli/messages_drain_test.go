package cli

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestDrainMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "drain",
		call(msgDrainProfile, "etcd", "matched image quay.io/coreos/etcd:v3.6.8 of container etcd"),
		call(msgDrainAmbiguous, "db", []string{"etcd", "my-etcd"}),
		call(msgDrainInline),
		call(msgDrainIgnoresBudgets, []string{"db", "all"}),
		call(msgDrainConfirmClaims),
		call(msgDrainRescued, "db", []string{"data-db-3", "data-db-4"}, "kubectl sts pvc-gc undo data-db-3 data-db-4 -n shop"),
		call(msgOrphan, "db-4", "db"), call(hintOrphan, "kubectl sts drain-scale db --cancel -n shop"),
		call(msgOrphanConfirm, 1), call(msgOrphanConfirm, 2), call(msgOrphanReleased, "db-4"),
	)
}

func TestProfileMessages(t *testing.T) {
	messagetest.Golden(t, "profile",
		messagetest.Call(msgLintValid, "my-etcd.yaml", "etcd"),
		messagetest.Call(msgLintFailed, 3, 2), messagetest.Call(msgLintFailed, 1, 1),
	)
}
