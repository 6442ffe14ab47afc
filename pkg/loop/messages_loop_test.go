package loop

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestMessagesOfTheLoop(t *testing.T) {
	messagetest.Golden(t, "loop",
		messagetest.Call(msgTimedOut, 10*time.Minute, "for pod web-2: it is starting"),
		messagetest.Call(msgTimedOut, 90*time.Second, ""),
		messagetest.Call(msgInterrupted, "for pod web-2: it is starting"),
		messagetest.Call(msgInterrupted, ""),
		messagetest.Call(msgRunTwice, "leader-exec"),
		messagetest.Call(msgWatchBehind),
		messagetest.Call(msgKeepsChanging, "web", 21),
		messagetest.Call(msgStepsKept, "cannot evict pod web-1: denied by validatingadmissionpolicy/guard"),
		messagetest.Call(hintRerun, ""),
		messagetest.Call(hintRerun, "ask the owner of the policy"),
	)
}
