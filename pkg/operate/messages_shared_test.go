package operate

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

const (
	crashes        = "is in CrashLoopBackOff (container app, exit code 1, 4 restarts)"
	hintAbortWeb   = "kubectl sts canary abort web -n shop"
	hintPromoteWeb = "kubectl sts canary promote web -n shop"
	unstickWeb     = "kubectl sts unstick web -n shop"
	describeWeb2   = "kubectl describe pod web-2 -n shop"
)

func TestSharedMessages(t *testing.T) {
	low := []sts.Ordinal{0, 1}
	messagetest.Golden(t, "shared",
		messagetest.Call(msgLockRemoved, "web"),
		messagetest.Call(msgLockTaken, "web", "kim@laptop", "canary start"),
		messagetest.Call(msgLockTakenAndReleased, "web", "kim@laptop", "pause"),
		messagetest.Call(msgStartedMeanwhile, "web", "kim@laptop", "restart --ordinal 4"),
		messagetest.Call(stepTakeLock, "kim@laptop", "canary start"),
		messagetest.Call(hintCheckStatus, "shop", "web"),
		messagetest.Call(msgLocked, "web", "kim@laptop", "canary start", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)),
		messagetest.Call(hintLocked),
		messagetest.Call(stepReleaseLock),
		messagetest.Call(stepRemoveManagedFields),
		messagetest.Call(msgDeleting, "web"),
		messagetest.Call(msgStrategyRefused, "web"),
		messagetest.Call(msgNotObserved),
		messagetest.Call(msgRevisionNotSeen, "web-7549"),
		messagetest.Call(msgNoPartition, "web", "Other"),
		messagetest.Call(msgNoPartitionOnDelete, "web"),
		messagetest.Call(msgNoPartitionRecreate, "web"),
		messagetest.Call(hintRollingUpdate),
		messagetest.Call(stepEvict, "web-2"),
		messagetest.Call(msgScalingDown, "web-3"),
		messagetest.Call(msgWaitForPod, "web-2", "runs but is not ready (12s)"),
		messagetest.Call(msgPodTrouble, "web-2", crashes),
		messagetest.Call(msgPlanChanged, "web", []string{"web-1", "web-2", "web-3"}),
		messagetest.Call(hintPlanAgain),
		messagetest.Call(msgBudgetNever, "web", "web-2", "3 of 3 pods healthy, 3 required, 0 disruptions allowed"),
		messagetest.Call(hintBudgetNever),
		messagetest.Call(msgBudgetShort, "web", "2 of 3 pods healthy, 2 required, 0 disruptions allowed"),
		messagetest.Call(hintEvictUnready, "shop", "web"),
		messagetest.Call(hintRejectedUpdate, hintAbortWeb, describeWeb2),
		messagetest.Call(hintPodRejected, describeWeb2, hintAbortWeb),
		messagetest.Call(hintRollBack, hintAbortWeb, describeWeb2),
		messagetest.Call(msgOrdinalsOnOther, low, []string{"web-6f66"}, "web-7549"),
		messagetest.Call(msgUpdateInProgress, "web", "ordinals 0-2 at revision web-6986cb69d8, not at web-79d8f4bd7c"),
		messagetest.Call(msgUpdateIncomplete, "web-6f66", "web-7549"),
		messagetest.Call(hintStuckRollBack, "web-2", crashes, unstickWeb),
		messagetest.Call(hintStuckDeletePods, "web-2", crashes, unstickWeb),
		messagetest.Call(hintStuckNoRemedy, "web-2", crashes, unstickWeb),
		messagetest.Call(hintFinishUpdate, "kubectl sts status web --for=complete -n shop", hintAbortWeb),
		messagetest.Call(hintUpdateFails, "web-2", crashes, describeWeb2, hintAbortWeb),
		messagetest.Call(orRollBack, ""),
		messagetest.Call(orRollBack, hintAbortWeb),
		messagetest.Call(msgWaitReplaced, "web-2", "web-7549"),
		messagetest.Call(msgMemberLeaving, "web-2"),
		messagetest.Call(hintFinishDrain, "kubectl sts drain-scale web --replicas=2 -n shop"),
		messagetest.Call(msgWaitOnRevision, "web-2", "web-6f66", crashes),
		messagetest.Call(msgWaitBeforeDelete, "for pod web-2 on web-6f66: it "+crashes, 30*time.Second),
		messagetest.Call(stepDeleteBlocker, "web-2", crashes, "web-7549"),
		messagetest.Call(msgMaxDeletes, "web-2", 2, 2),
		messagetest.Call(msgMaxDeletes, "web-2", 0, 0),
		messagetest.Call(msgDeletedTwice, "web-2", "web-7549"),
		messagetest.Call(hintMaxDeletes, describeWeb2),
	)
}
