package doctor

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestBudgetMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "budget",
		call(msgBudgetMissing, true), call(msgBudgetMissing, false), call(msgBudgetMissesPods, "zk-pdb"),
		call(msgBudgetNever, "minAvailable: 67%", 3, 3, true, false), call(msgBudgetNever, "minAvailable: 1", 1, 1, false, false),
		call(msgBudgetNever, "minAvailable: 3", 3, 3, false, true), call(msgBudgetBreaksQuorum, "maxUnavailable: 2", "etcd", 2, 3, 1),
		call(msgBudgetsOverlap, []string{"web", "release"}), call(hintBudgetsOverlap),
		call(msgBudgetMatchesNothing, "zk", []string{"app=zk"}, true), call(msgBudgetMatchesNothing, "zk", []string{"app=zk"}, false),
		call(msgBudgetMatchesNothing, "zk", nil, true),
		call(msgMustLeave, "etcd", "etcd"), call(msgCannotLeave, "removing servers loses data"),
		call(msgAutoscalerOnData, "cassandra", "Apache Cassandra", 3), call(msgAutoscalerOnData, "reader", "", 1),
		call(msgAutoscalerFights, "ScaledObject", "web", ""), call(msgAutoscalerFights, "HorizontalPodAutoscaler", "web", "the last applied configuration"),
	)
}
