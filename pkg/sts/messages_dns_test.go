package sts

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestSharedMessages(t *testing.T) {
	messagetest.Golden(t, "dns",
		messagetest.Call(NotHeadless, "web"),
		messagetest.Call(LabelsLater, "web", map[string]string{"cluster-role": "leader"}),
	)
}
