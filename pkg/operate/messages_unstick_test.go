package operate

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestMessagesOfUnstick(t *testing.T) {
	low, high := []sts.Ordinal{0}, []sts.Ordinal{1, 2}
	const update, pending = "ordinals 0-1 at revision web-6f66, not at web-7549", "runs but is not ready (12s)"
	messagetest.Golden(t, "unstick",
		messagetest.Call(stepUnstickForward, "web", "web-7549"),
		messagetest.Call(stepRestoreUnderRecreate, "web-6f66"),
		messagetest.Call(stepUnstuck),
		messagetest.Call(msgUnstuck, high, "web-7549", nil),
		messagetest.Call(msgUnstuck, high, "web-7549", low),
		messagetest.Call(msgOtherFix, "web"),
		messagetest.Call(msgFailsToo, "web-2", crashes, "web-7549"),
		messagetest.Call(hintFailsToo, unstickWeb, "web-6f66"),
		messagetest.Call(hintFailsToo, unstickWeb, ""),
		messagetest.Call(msgPodOnRevision, "web-2", "web-7549", crashes),
		messagetest.Call(msgNoRevisionWorks, []string{msgPodOnRevision("web-1", "web-6f66", crashes), msgPodOnRevision("web-2", "web-7549", crashes)}),
		messagetest.Call(hintNoRevisionWorks, unstickWeb, abortWeb),
		messagetest.Call(msgFailsWhereItShould, "web-2", crashes, "web-7549"),
		messagetest.Call(hintInspect, describeWeb2),
		messagetest.Call(hintInspectRecreate, describeWeb2),
		messagetest.Call(hintInspectUnstick, describeWeb2, unstickWeb),
		messagetest.Call(msgDeletingDoesNotFix, "pod web-2 cannot be created: exceeded quota: pods"),
		messagetest.Call(msgNotMoving, "web", 15*time.Minute, msgNotDeleted("web-3")),
		messagetest.Call(msgNotDeleted, "web-3"),
		messagetest.Call(msgNotReplaced, "web-2"),
		messagetest.Call(hintControllerDown, "kubectl describe statefulset web -n shop"),
		messagetest.Call(msgNeverStuckOnDelete, "web"),
		messagetest.Call(msgOnDeletePod, msgNeverStuckOnDelete("web"), "web-2", crashes),
		messagetest.Call(msgNothingStuck, msgNoUpdate()),
		messagetest.Call(msgMayRecover, "web-2", pending, update),
		messagetest.Call(hintMayRecover, abortWeb),
		messagetest.Call(msgNoUpdateButTrouble, "web-2", pending),
		messagetest.Call(msgCanaryInProgress),
		messagetest.Call(hintPromoteOrAbort, promoteWeb, abortWeb),
		messagetest.Call(msgUpdateMoves, update),
		messagetest.Call(msgBelowPartition, low),
		messagetest.Call(msgRestartRemains), messagetest.Call(msgNoUpdate),
	)
}
