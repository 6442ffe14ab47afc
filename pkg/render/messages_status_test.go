package render

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestStatusMessages(t *testing.T) {
	at := metav1.NewTime(ststest.Now.Add(-time.Minute))
	messagetest.Golden(t, "status",
		messagetest.Call(msgBudget, report.BudgetStatus{Name: "web", DisruptionsAllowed: 1, CurrentHealthy: 3, ExpectedPods: 3, DesiredHealthy: 2}),
		messagetest.Call(msgScaledBy, sts.Autoscaler{By: "HPA web", MinReplicas: 3, MaxReplicas: 10, Active: true}),
		messagetest.Call(msgScaledBy, sts.Autoscaler{By: "KEDA ScaledObject web", MinReplicas: 1, MaxReplicas: 5}),
		messagetest.Call(msgManagedBy, "Argo CD application shop"),
		messagetest.Call(msgCondition, report.ConditionStatus{Type: "Progressing", Status: "True", Reason: "RecreateInProgress",
			Message: "Deleting old revision pods", LastTransitionTime: &at}, ststest.Now),
		messagetest.Call(msgStarted, time.Minute, "kim@laptop"),
		messagetest.Call(msgStarted, time.Minute, ""),
		messagetest.Call(msgRecovery, "web-1", "node-1", "out-of-service"), messagetest.Call(msgTaintedNodes, []string{"node-1", "node-2"}),
		messagetest.Call(msgRestarted, 1, []sts.Ordinal{0, 1}),
		messagetest.Call(msgRestarted, 3, []sts.Ordinal{}),
		messagetest.Call(msgLockedBy, "kim@laptop", "canary start", 3*time.Second),
		messagetest.Call(msgPartition, 2, 5, false),
		messagetest.Call(msgPartition, 3, 3, true),
		messagetest.Call(msgOrdinalsStart, 3),
		messagetest.Call(msgRevisions, "web-76744449df", "web-7fcb97f46d", 1, 3),
		messagetest.Call(msgServiceHeadless, "web"),
		messagetest.Call(msgServiceUnreadable, "web"),
		messagetest.Call(msgServiceNotFound, "web"),
		messagetest.Call(msgServiceNotHeadless, "web"),
		messagetest.Call(msgSoakLeft, 90*time.Second),
		messagetest.Call(msgReady, 3*time.Hour),
		messagetest.Call(msgStatusLine, "web", report.Progressing, 2, 3, "updating: 1 of 3 pods updated; web-1 is Pending (3s)"),
		messagetest.Call(msgUnreadable, "pods", `pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "shop"`),
	)
}
