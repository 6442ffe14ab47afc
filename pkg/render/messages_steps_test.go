package render

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestStepMessages(t *testing.T) {
	messagetest.Golden(t, "steps",
		messagetest.Call(msgWaitStep, "for pod web-2: it is starting"),
		messagetest.Call(msgWaiting, "for pod web-2: it is starting"),
		messagetest.Call(msgSameSteps, 6, 17, "web-3 to web-1, one at a time"),
		messagetest.Call(msgMoreSteps, 24),
		messagetest.Call(msgMembers, "web-3", "web-1"),
		messagetest.Call(msgPlanPartition, 5, 3, "pods 3 and above use the new template"),
		messagetest.Call(msgNewTemplateFrom, 3),
		messagetest.Call(msgTemplateOfRevisionFrom, 3, "web-6986cb69d8"),
		messagetest.Call(msgAsBeforePause),
		messagetest.Call(msgAsBeforeCanary),
		messagetest.Call(msgExitStuck, "pod web-0 is in CrashLoopBackOff"),
	)
}
