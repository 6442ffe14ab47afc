package kube

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestMessagesOfOwners(t *testing.T) {
	messagetest.Golden(t, "owners",
		messagetest.Call(msgOwnerCollected, msgOwnerNotFound()),
		messagetest.Call(msgOwnerVersionInvalid, "a/b/c"),
		messagetest.Call(msgOwnerVersionUnknown, "example.com/v1"),
		messagetest.Call(msgOwnerVersionHidden, "example.com/v1"),
		messagetest.Call(msgOwnerKindUnknown, "example.com/v1"),
		messagetest.Call(msgOwnerNotFound),
		messagetest.Call(msgOwnerHidden),
		messagetest.Call(msgOwnerUnreadable, "the server could not find the requested resource"),
		messagetest.Call(msgOwnerReplaced),
		messagetest.Call(msgOwnerDeleting),
	)
}
