package kube

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestPermissionMessages(t *testing.T) {
	messagetest.Golden(t, "permissions", messagetest.Call(msgCannotReview), messagetest.Call(hintReview))
}
