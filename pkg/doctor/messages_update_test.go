package doctor

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

func TestUpdateMessages(t *testing.T) {
	call := messagetest.Call
	low := []sts.Ordinal{0, 1}
	const resume, cancel = "kubectl sts drain-scale db --replicas 3 -n shop", "kubectl sts drain-scale db --cancel -n shop"
	messagetest.Golden(t, "update",
		call(msgPartition, low, false), call(msgPartition, low, true), call(msgPartitionLeft, low, false), call(msgPartitionLeft, low, true),
		call(msgPartitionHolds, low, "web-7d9f"), call(hintNoPartition), call(hintCompleteUpdate, "shop", "web"),
		call(msgMaxUnavailableMayBeDropped, "50%"), call(msgMaxUnavailableDropped, "50%"), call(hintMaxUnavailable),
		call(msgRecordInvalid, record.CanaryAnnotation, "unexpected end of JSON input"),
		call(msgLockOld, &record.Owner{Name: "kim@laptop", Command: "canary start"}, time.Time{}.Add(10*time.Hour)), call(hintLockOld),
		call(msgDrainAbandoned, &record.Drain{From: 5, To: 3}, 2*time.Hour),
		call(msgDrainAbandoned, &record.Drain{From: 5, To: 3, Member: &record.Member{Ordinal: 4, Phase: record.Draining}}, 2*time.Hour),
		call(msgRestartAbandoned, low, 2*time.Hour), call(msgRestartAbandoned, []sts.Ordinal(nil), 2*time.Hour),
		call(msgAbortAbandoned, 2*time.Hour), call(msgCanaryOld, 72*time.Hour),
		call(hintForgetRestart, "kubectl sts restart web --forget -n shop"), call(hintResume, resume), call(hintResumeOrCancel, resume, cancel),
		call(hintPromoteOrAbort, "kubectl sts canary promote web -n shop", "kubectl sts canary abort web -n shop"),
		call(msgLeavingFinalizer, []sts.Ordinal{2}, true), call(msgLeavingFinalizer, low, false),
		call(msgRolloutStuck, "web-2", "is in CrashLoopBackOff", low, false), call(msgRolloutStuck, "web-2", "is in CrashLoopBackOff", []sts.Ordinal(nil), true),
	)
}
