package sts

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestMessagesOfSize(t *testing.T) {
	messagetest.Golden(t, "size",
		messagetest.Call(msgSetTooLarge, "shop", "db", 1_000_000),
	)
}
