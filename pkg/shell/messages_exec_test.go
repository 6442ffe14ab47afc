package shell

import (
	"errors"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestExecMessages(t *testing.T) {
	messagetest.Golden(t, "exec",
		messagetest.Call(msgTimedOut, 30*time.Second),
		messagetest.Call(msgDisconnected, errors.New("unexpected EOF")),
		messagetest.Call(msgFailed, errors.New("container not found (\"app\")")),
		messagetest.Call(msgPodGone),
		messagetest.Call(msgNoExecutable, "sh", "app", "web-2"),
	)
}
