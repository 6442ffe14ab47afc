package nameloop

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestLoopMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "loop", call(msgNothingToWaitFor, "web"), call(hintNoServiceName))
}
