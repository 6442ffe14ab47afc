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
		call(msgNoChange),
		call(msgNotStarted),
		call(msgSummary, "shop", "", 3*time.Minute),
		call(msgSummary, "shop", "server", 2*time.Second),
	)
}
