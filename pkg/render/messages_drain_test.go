package render

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestDrainMessages(t *testing.T) {
	messagetest.Golden(t, "drain",
		messagetest.Call(msgDrain, 5, 3, "etcd"), messagetest.Call(msgDrain, 5, 3, ""),
		messagetest.Call(msgDrainFinalizer),
		messagetest.Call(msgDrainDone, 3, "db-3 in 2m8s (draining 2m, removing 8.0s)"),
	)
}
