package report

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestStatusMessages(t *testing.T) {
	one, more := []sts.Ordinal{2}, []sts.Ordinal{2, 3, 4}
	const revision = "web-76744449df"
	messagetest.Golden(t, "status",
		messagetest.Call(msgDeleting, 1),
		messagetest.Call(msgNotObserved),
		messagetest.Call(msgScalingDown, more),
		messagetest.Call(msgScalingUp, one),
		messagetest.Call(msgParked, 3),
		messagetest.Call(hintUndoWithoutPods, 1, sts.Kubectl("shop", "sts pvc-gc undo", "data-web-1")),
		messagetest.Call(hintUndoWithoutPods, 2, sts.Kubectl("shop", "sts pvc-gc undo", "data-web-1", "data-web-2")),
		messagetest.Call(msgScaledToZero),
		messagetest.Call(msgAvailable, 2, 3),
		messagetest.Call(msgComplete, 3, revision),
		messagetest.Call(msgComplete, 1, revision),
		messagetest.Call(msgUpdating, 1, 3),
		messagetest.Call(msgFinishing),
		messagetest.Call(msgBelowPartition, more),
		messagetest.Call(msgUpdatedOnDelete, "OnDelete", more),
		messagetest.Call(msgCanaryInProgress, one),
		messagetest.Call(msgCanaryHealthy, one),
		messagetest.Call(msgCanaryPaused, more),
		messagetest.Call(msgCanaryPromoting, one, "soaking, 3m left"),
		messagetest.Call(msgCanaryEverywhere),
		messagetest.Call(msgCanaryRecordRemains),
		messagetest.Call(msgScaledDuringCanary, 3, 5, more),
		messagetest.Call(msgScaledDuringCanary, 2, 3, one),
		messagetest.Call(msgScaledDuringCanary, 5, 3, []sts.Ordinal{}),
		messagetest.Call(msgRollingBack, revision, ""),
		messagetest.Call(msgRollingBack, revision, "web-2 restarted 2 times"),
		messagetest.Call(msgRestartRemaining, more),
		messagetest.Call(msgRestartRecordRemains),
		messagetest.Call(msgRecovering, "web-2", "node-1"),
		messagetest.Call(msgNodesOutOfService, []string{"node-1", "node-2"}),
		messagetest.Call(msgClaimsRescued, []string{"data-web-0"}),
		messagetest.Call(msgClaimsRescued, []string{"data-web-0", "data-web-1", "data-web-2", "data-web-3"}),
		messagetest.Call(msgDoNotRestart, one, "persistentvolumeclaim data-web-2 is being deleted", 1),
		messagetest.Call(msgDoNotRestart, more, "persistentvolumeclaim data-web-2 is being deleted", 3),
		messagetest.Call(msgPod, "web-2", "is Pending (3s)"),
		messagetest.Call(msgBlocksUpdate),
		messagetest.Call(msgNotReplaced),
		messagetest.Call(msgRecreateWaits),
		messagetest.Call(msgUpdateIncomplete),
		messagetest.Call(msgOnDeleteWaits),
		messagetest.Call(msgPodsUnreadable, 3, 3, 2),
		messagetest.Call(hintEither, "kubectl sts canary promote web -n shop", "kubectl sts canary abort web -n shop"),
	)
}
