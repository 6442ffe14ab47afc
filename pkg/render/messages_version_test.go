package render

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestVersionMessages(t *testing.T) {
	const source = "https://github.com/kubernetes/kubernetes/issues/67250"
	messagetest.Golden(t, "version",
		messagetest.Call(msgTested),
		messagetest.Call(msgTestedMinor),
		messagetest.Call(msgUntested),
		messagetest.Call(msgTestedWith, []string{"v1.37.2", "v1.36.3"}),
		messagetest.Call(msgKnownIssues),
		messagetest.Call(msgKnownWhen, "podManagementPolicy is Parallel"),
		messagetest.Call(msgKnownSource, source, true),
		messagetest.Call(msgKnownSource, source, false),
	)
}
