package report

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestCanaryMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "canary",
		call(msgAutoPods),
		call(msgAutoSoak, 3*time.Minute),
		call(msgAutoChecks, 2),
		call(msgAutoNextStep),
		call(msgRevisionNotFound, "web", "7"),
		call(msgRevisionNotFound, "web", "web-6986cb69d8"),
	)
}
