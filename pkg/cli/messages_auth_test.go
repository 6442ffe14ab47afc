package cli

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestAuthMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "auth",
		call(msgAuthMissing, "canary start"), call(hintAuthCommand, "kubectl sts auth COMMAND"),
		call(hintAuthRole, "kubectl sts auth canary start -o role"), call(hintDenied, "kubectl sts auth canary start"))
}
