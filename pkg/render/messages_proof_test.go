package render

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestProofMessages(t *testing.T) {
	blocked := []sts.Ordinal{0, 1}
	messagetest.Golden(t, "proof",
		messagetest.Call(msgProofPod, "web-2", "is in CrashLoopBackOff (container app, exit code 1, 4 restarts)"),
		messagetest.Call(msgProofRollout, "web-7549", "web-6f66", blocked),
		messagetest.Call(msgProofRollout, "web-7549", "web-6f66", nil),
		messagetest.Call(msgFixBack, "web-6f66"),
		messagetest.Call(msgFixForward),
		messagetest.Call(msgProofMissing, "web-7549", blocked),
		messagetest.Call(msgProofMissing, "web-7549", nil),
		messagetest.Call(msgFixMissing, "web-6f66"),
		messagetest.Call(msgProofRecreate, "web-7549", blocked),
		messagetest.Call(msgProofRecreate, "web-7549", nil),
		messagetest.Call(msgFixRecreate, "web-6f66"),
		messagetest.Call(msgNoDiff, "revision web-6f66 is not in the history"),
		messagetest.Call(msgSameTemplate),
		messagetest.Call(msgDiffTitle, "web-6f66", "web-7549"),
		messagetest.Call(msgNoLog, "app", "pods \"web-2\" is forbidden"),
		messagetest.Call(msgLogTitle, "app", ""),
		messagetest.Call(msgLogTitle, "app", " (exit code 1, 12s ago)"),
		messagetest.Call(msgContainerEnded, 1, ""),
		messagetest.Call(msgContainerEnded, 1, "12s"),
	)
}
