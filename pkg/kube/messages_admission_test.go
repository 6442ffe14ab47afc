package kube

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestAdmissionMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "admission",
		call(msgRecordsThroughStatus, "web", []sts.Change{{Path: "spec.template.spec.containers[app].image", From: "app:v2", To: "registry.example/app:v2"}}),
		call(msgNoTemplate, "web"),
	)
}
