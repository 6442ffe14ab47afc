package operate

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestMessagesOfRecover(t *testing.T) {
	const again, release = "kubectl sts recover web --ordinal 1 -n shop", "kubectl sts recover web --release -n shop"
	const forced = "kubectl sts recover web --ordinal 1 --action force-delete-pod -n shop"
	const lost = "node node-1 has not been ready for 12m (Ready=Unknown, its kubelet last reported 13m ago)"
	pods := []string{"db/pg-0", "shop/web-1"}
	call := messagetest.Call
	messagetest.Golden(t, "recover",
		call(stepBeginRecover, "web-1", lost),
		call(stepResumeRecover, "web-1", "node-1", "kim@laptop"),
		call(stepResumeRecover, "web-1", "node-1", ""),
		call(stepTaintNode, "node-1", msgPodsOfNode(12, pods)),
		call(stepTaintNode, "node-1", msgPodsOfNode(1, nil)),
		call(stepDeleteNode, "node-1", msgPodsOfNodeHidden()),
		call(stepForceDelete, "web-1"),
		call(msgPodsOfNodeHidden),
		call(msgPodsOfNode, 12, pods),
		call(firstNames, []string{"a/1", "a/2", "a/3", "a/4", "a/5", "a/6", "a/7", "a/8", "a/9", "a/10", "a/11", "a/12"}),
		call(stepUntaintNode, "node-1"),
		call(stepStopRecoverReady, "node-1"),
		call(stepStopRecover, msgKubeletAlive(lost)),
		call(stepFinishRecover, "web-1", true),
		call(stepFinishRecover, "web-1", false),
		call(stepRelease),
		call(msgNodeNotRead, "node-1"),
		call(msgWaitForRemoval, "web-1", "node-1", nil),
		call(msgWaitForRemoval, "web-1", "node-1", []string{"example.com/backup"}),
		call(msgWaitForNodeDeletion, "node-1", []string{"karpenter.sh/termination"}),
		call(msgWaitForNodeDeletion, "node-1", nil),
		call(keptBy, []string{"example.com/backup", "example.com/audit"}),
		call(msgWaitForDetach, "web-1", []string{"pvc-0f3a"}, "node-1"),
		call(msgRecovered, "web-1", "node-1", "node-2"),
		call(msgRecovered, "web-1", "node-1", ""),
		call(msgRecoveredTaintStays, msgRecovered("web-1", "node-1", "node-2"), "node-1"),
		call(hintRelease, release),
		call(msgNothingToRecover, "web-1", "node-1"),
		call(msgNothingToRelease),
		call(msgReleased),
		call(msgTaintsStay, []string{lost}),
		call(hintTaintsStay, "node-1"),
		call(msgRecoverRecordRemoved, "web"),
		call(hintTaintWithoutRecord, "node-1"),
		call(msgNodeUnseen, "leases"),
		call(hintNodeUnseen),
		call(msgOtherRecovery, "web-1", "node-1"),
		call(hintOtherRecovery, again, release),
		call(msgNoPodToRecover, "web-1"),
		call(msgNoNode, "web-1"),
		call(msgNodeIsReady, "node-1", "web-1"),
		call(msgNodeReadyAgain, "node-1", "web-1"),
		call(msgNotLost, lost, "web-1", 15*time.Minute),
		call(hintRerunIn, 3*time.Minute),
		call(msgKubeletAlive, lost),
		call(hintKubeletAlive, "node-1"),
		call(msgNodeGone, "node-1", "web-1"),
		call(hintNodeGone, forced),
		call(msgTaintTolerated, "web-1"),
		call(hintOtherAction, "kubectl sts recover web --ordinal 1 --action delete-node -n shop", forced),
		call(msgNotConfirmed, "web-1", "node-1", ""),
		call(msgNotConfirmed, "web-1", "node-1", "node-2"),
		call(msgNodeRecreated, "node-1"),
		call(hintConfirm, "node-1"),
		call(msgNotRemoved, "web-1", "node-1", 3*time.Minute, []string{"example.com/backup"}),
		call(msgNotRemoved, "web-1", "node-1", 3*time.Minute, nil),
		call(msgNextNodeLost, "web-1", lost),
		call(hintRecoverAgain, again),
		call(msgNodeNotDeleted, "node-1", 3*time.Minute, []string{"karpenter.sh/termination"}),
		call(hintNodeNotDeleted, "kubectl describe node node-1", again),
		call(hintNotRemoved, forced, "kubectl describe pod web-1 -n shop"),
	)
}
