package sts

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestFieldMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "fields",
		call(msgFieldAdded, "nodeSelector.disk", "ssd"),
		call(msgFieldRemoved, "nodeSelector.disk", "ssd"),
		call(msgFieldChanged, "containers[app].image", "app:v1", "app:v2"),
		call(msgFieldTooLong, "metadata.annotations.kubectl-sts.dev/canary"),
		call(msgMoreChanges, 3),
	)
}
