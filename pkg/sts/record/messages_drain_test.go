package record

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestDrainMessages(t *testing.T) {
	messagetest.Golden(t, "drain",
		messagetest.Call(hintDrainInline, "kubectl sts drain-scale db --replicas 3 -n shop", "--drain-cmd"),
		messagetest.Call(hintDrainRecordLost, "kubectl sts drain-scale db --replicas 4 --profile none -n shop", "kubectl sts drain-scale db --cancel -n shop"),
	)
}
