package render

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestCanaryMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "canary",
		call(msgOldestRevision),
		call(msgChangedValue, "containers[app].image", "app:v1", "app:v2"),
		call(msgChangedValue, "containers[app].env[A].value", "", "1"),
		call(msgChangedValue, "containers[app].env[A].value", "1", ""),
		call(msgNoChange),
		call(msgNotStarted),
		call(msgSummary, "shop", "", 3*time.Minute),
		call(msgSummary, "shop", "server", 2*time.Second),
	)
}
