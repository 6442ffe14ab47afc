package claimloop

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestClaimMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "loop",
		call(msgClaimWouldStay, "restore the reclaim policy of persistentvolume/pvc-0f3a: persistentvolumeclaim/data-web-3 stays"),
		call(msgClaimStepsExceeded, 40, "set persistentvolume/pvc-0f3a to reclaim policy Retain"),
		call(msgClaimInterrupted), call(msgClaimInterruptedDeleting, "pvc-0f3a"),
	)
}
