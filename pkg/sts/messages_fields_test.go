package sts

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestFieldMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "fields",
		call(msgFieldManagers, []string{"helm"}),
		call(msgFieldManagers, []string{"argocd-controller", "helm"}),
		call(msgFieldAdded, "nodeSelector.disk", "ssd"),
		call(msgFieldRemoved, "nodeSelector.disk", "ssd"),
		call(msgFieldChanged, "containers[app].image", "app:v1", "app:v2"),
		call(msgFieldTooLong, "metadata.annotations.kubectl-sts.dev/canary"),
		call(msgMoreChanges, 3),
		call(msgSetTooLarge, "shop", "db", 1_000_000),
	)
}
