package sts

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestMessagesOfBudget(t *testing.T) {
	messagetest.Golden(t, "budget",
		messagetest.Call(msgBudgetNumbers, 2, 3, 2, 0),
		messagetest.Call(msgBudgetNumbers, 3, 3, 2, 1),
		messagetest.Call(msgBudgetNotCounted),
	)
}
