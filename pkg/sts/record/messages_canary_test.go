package record

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestCanaryMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "canary",
		call(msgPartitionMoved, "field manager helm", "web", 3, 0, 6, 3),
		call(msgTemplateChanged, "field manager helm", "web"),
		call(msgTemplateReapplied, "another client", "web", "web-6986cb69d8"),
		call(msgAuto, []string{"1", "3", "100%"}, 5*time.Minute, 2, 0),
		call(msgAuto, nil, nil, 0, 3),
	)
}
