package kube

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestMessagesOfTheWatch(t *testing.T) {
	messagetest.Golden(t, "watch",
		messagetest.Call(msgCannotWatch, "pods", "shop"),
		messagetest.Call(msgDisconnected, "dial tcp 10.0.0.1:6443: connect: connection refused"),
		messagetest.Call(msgStillDisconnected, 2*time.Minute, "dial tcp 10.0.0.1:6443: connect: connection refused"),
		messagetest.Call(msgReconnected),
		messagetest.Call(msgSetDeleted, "web"),
		messagetest.Call(msgSetRecreated, "web", "7d1f", "30aa"),
	)
}
