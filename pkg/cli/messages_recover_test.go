package cli

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestRecoverMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "recover", call(msgTypeNode, "node-1"), call(hintNodeIsOff, "node-1"),
		call(msgNodeNotTried, "webhook nodes.example.com does not support dry runs"))
}
