package operate

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestMessagesOfRestart(t *testing.T) {
	const again, forget = "kubectl sts restart web --order=asc -n shop", "kubectl sts restart web --forget -n shop"
	all, one := []sts.Ordinal{0, 1, 2}, []sts.Ordinal{1}
	messagetest.Golden(t, "restart",
		messagetest.Call(stepBeginRestart, all, false),
		messagetest.Call(stepBeginRestart, all, true),
		messagetest.Call(stepBeginRestart, one, true),
		messagetest.Call(stepResumeRestart, "kim@laptop", all, true),
		messagetest.Call(stepResumeRestart, "", one, false),
		messagetest.Call(restartOrder, all, false),
		messagetest.Call(stepCheckLeader, "web-2"),
		messagetest.Call(stepFinishRestart, all),
		messagetest.Call(msgRestarted, all),
		messagetest.Call(msgRestarted, one),
		messagetest.Call(msgNothingToRestart),
		messagetest.Call(msgWaitForLeaderCheck, "web-2"),
		messagetest.Call(msgWaitForUpdate, all, "web-7549"),
		messagetest.Call(msgNoSuchRevision, "web-2", "web-other"),
		messagetest.Call(msgBudgetHoldsUnready, "web"),
		messagetest.Call(msgRestartRecordRemoved, "web"),
		messagetest.Call(msgOtherRestart, "web", "kim@laptop", all),
		messagetest.Call(msgOtherRestart, "web", "", nil),
		messagetest.Call(hintOtherRestart, again, forget),
		messagetest.Call(msgLeaderUnknown, "web-2", "--leader-exec in web-2", "terminated with exit code 127"),
		messagetest.Call(hintLeaderUnknown, "app"),
		messagetest.Call(msgTwoLeaders, "web-1", "web-2"),
		messagetest.Call(hintTwoLeaders),
		messagetest.Call(msgRevisionsMove, []string{msgRevisionMove([]string{"web-1", "web-2"}, "web-6f66", "web-7549")}),
		messagetest.Call(msgRevisionMove, []string{"web-0"}, "web-6f66", "web-7549"),
		messagetest.Call(hintUpdateByDeleting, "kubectl delete pod web-2 -n shop"),
		messagetest.Call(hintFinishCanary, promoteWeb, abortWeb),
		messagetest.Call(msgTwoBudgets, []string{"web", "db"}, "web-2"),
		messagetest.Call(hintTwoBudgets),
		messagetest.Call(msgBudgetHoldsFailing, "web", "web-2"),
		messagetest.Call(hintBudgetHoldsFailing, hintEvictUnready("shop", "web"), "kubectl delete pod web-2 -n shop"),
		messagetest.Call(msgNoRestart),
		messagetest.Call(stepForgetRestart),
		messagetest.Call(msgRestartForgotten),
	)
}
