package render

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/access"
)

func TestAuthMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "auth",
		call(msgAuthResult, "canary start", "db", access.No), call(msgAuthResult, "restart", "", access.Partly), call(msgAuthResult, "status", "db", access.Yes),
		call(msgAuthClusterWide), call(msgAuthIn, "kube-system"),
		call(msgAuthNeeded, access.PermissionAccess{Needed: access.Required}), call(msgAuthNeeded, access.PermissionAccess{Needed: access.Optional}),
		call(msgAuthNeeded, access.PermissionAccess{Needed: access.WithOption, Option: "check-exec"}),
		call(msgAuthOptional, "create events", []string{"--check-exec", "--filename"}), call(msgAuthOptional, "create events", nil), call(msgAuthOptional, "", []string{"--check-exec"}))
}
