package claims

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestClaimMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "report",
		call(msgRetainedMissing), call(msgRetainedWaiting), call(msgRetainedReplaced), call(msgRetainedHeld), call(msgRetainedSetAside),
		call(msgRetainedUnfinished), call(msgRetainedRescued, "3m"), call(msgRetainedRescuedVolume), call(msgReasonRescued, "pvc-0f3a"),
	)
}
