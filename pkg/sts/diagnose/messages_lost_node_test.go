package diagnose

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestLostNodeMessages(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	messagetest.Golden(t, "lost_node",
		messagetest.Call(msgNodeMayBeDown, "node-1"),
		messagetest.Call(msgNodeReady, "node-1"),
		messagetest.Call(msgNodeDeleted, "node-1"),
		messagetest.Call(msgNodeNotReady, "node-1", "Unknown", 12*time.Minute, now.Add(-13*time.Minute), now),
		messagetest.Call(msgNodeNotReady, "node-1", "Unknown", 12*time.Minute, time.Time{}, now),
		messagetest.Call(hintNodeMayBeLost, "kubectl describe node node-1", "kubectl sts recover web --ordinal 1 -n shop"))
}
