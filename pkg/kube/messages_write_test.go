package kube

import (
	"errors"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestMessagesOfWrites(t *testing.T) {
	messagetest.Golden(t, "write",
		messagetest.Call(msgReread, "web"),
		messagetest.Call(msgScale, "web"),
		messagetest.Call(msgPatchSet, "web"),
		messagetest.Call(msgPatchPod, "web-2"),
		messagetest.Call(msgWriteNode, "patch", "node-1"),
		messagetest.Call(msgReadVolumes),
		messagetest.Call(msgReadNodes),
		messagetest.Call(msgEvictPod, "web-2"),
		messagetest.Call(msgRetrying, "evict pod web-2", errors.New("unexpected EOF")),
		messagetest.Call(msgEvictionBlocked, "web-2", "The disruption budget web needs 2 healthy pods and has 2 currently"),
		messagetest.Call(msgEvictionRefused, "web-2", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."),
		messagetest.Call(hintOneBudget),
		messagetest.Call(msgAnnotationsTooLarge, "web"),
		messagetest.Call(msgMayNot, "create", "pods/exec", "shop"),
		messagetest.Call(msgNoEvent, "web"),
	)
}
