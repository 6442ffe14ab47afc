package operate

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestMessagesOfPause(t *testing.T) {
	low, high := []sts.Ordinal{0, 1}, []sts.Ordinal{2}
	messagetest.Golden(t, "pause",
		messagetest.Call(msgNothingToPause),
		messagetest.Call(stepPause, low),
		messagetest.Call(stepPause, nil),
		messagetest.Call(msgPaused, low, high, nil),
		messagetest.Call(msgPaused, low, nil, high),
		messagetest.Call(msgPaused, low, []sts.Ordinal{3}, high),
		messagetest.Call(hintPaused, "kubectl sts resume web -n shop", promoteWeb, abortWeb),
		messagetest.Call(msgNothingToResume),
		messagetest.Call(stepResume),
		messagetest.Call(msgResumed),
		messagetest.Call(stepRemovePause, 2, low),
		messagetest.Call(msgPauseRemoved, 2, low),
		messagetest.Call(msgPartitionBefore, "web", 2, low),
		messagetest.Call(hintPartitionBefore, promoteWeb+" --full", abortWeb),
	)
}
