package cli

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestSharedMessages(t *testing.T) {
	messagetest.Golden(t, "shared",
		messagetest.Call(msgCannotSee, "canary start", "shop", []string{"pods", "poddisruptionbudgets"}, []string{
			`pods is forbidden: User "kim" cannot list resource "pods" in API group "" in the namespace "shop"`,
			`poddisruptionbudgets.policy is forbidden: User "kim" cannot list resource "poddisruptionbudgets" in API group "policy" in the namespace "shop"`}),
		messagetest.Call(msgNotYet, "for pod web-2: it is terminating"),
		messagetest.Call(msgNothingToCommit, "nothing to pause: no update in progress"),
		messagetest.Call(msgPlanTitle, "restart", "shop", "web", "none"),
		messagetest.Call(msgPlanTitle, "restart", "shop", "web", "client"),
		messagetest.Call(msgDryRun, "deleted", "server"), messagetest.Call(msgDryRun, "2 deleted", "none"),
		messagetest.Call(msgAdmissionChanges),
		messagetest.Call(msgContinue),
		messagetest.Call(msgContinueAll, "restart", 3), messagetest.Call(msgContinueAll, "pause", 1),
		messagetest.Call(msgTypeNumber, 3, "delete these claims"),
		messagetest.Call(msgRunsFor, 12*time.Second),
		messagetest.Call(msgTimeLeft, 4*time.Minute),
		messagetest.Call(msgCommandOfOthers, []string{"scale", "web"}),
		messagetest.Call(msgCommandOfOthers, []string{"logs", "web-0"}),
		messagetest.Call(msgCommandOfOthers, []string{"rollout", "status"}),
		messagetest.Call(msgCommandOfOthers, []string{"rollout"}),
		messagetest.Call(msgCommandOfOthers, []string{"status"}),
		messagetest.Call(msgSetOf, "db", 2, 3),
		messagetest.Call(msgWaitedFor, 72*time.Second, "3 of 5 pods updated, 4 available", 8*time.Minute, ""),
		messagetest.Call(msgWaitedFor, 72*time.Second, "4 of 5 pods available", time.Duration(0), "; Unhealthy 20s ago: Readiness probe failed: connection refused"),
		messagetest.Call(msgStillWaiting, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), "for pod web-2: it is starting (3m)", "4 of 5 pods available", ""),
		messagetest.Call(msgWarning, "Unhealthy", 20*time.Second, "Readiness probe failed: connection refused"),
		messagetest.Call(msgPodsOf, &appsv1.StatefulSetStatus{CurrentRevision: "web-1", UpdateRevision: "web-2", UpdatedReplicas: 3, AvailableReplicas: 4}, int32(5)),
		messagetest.Call(msgPodsOf, &appsv1.StatefulSetStatus{AvailableReplicas: 1}, int32(1)),
		messagetest.Call(msgNoLimit),
		messagetest.Call(msgTookOver, "canary promote", "kim@laptop", 7*time.Second),
		messagetest.Call(msgCommandEnded, "--check-exec in web-2", "terminated with exit code 3"),
		messagetest.Call(msgResult, "web", "restarted: 3 pods (ordinals 0-2) available, revisions unchanged"),
		messagetest.Call(msgNoResult, "web", "nothing to pause: no update in progress"),
		messagetest.Call(msgInterrupted, false), messagetest.Call(hintResume), messagetest.Call(hintRollBack, sts.Kubectl("shop", "sts canary abort", "db")),
		messagetest.Call(msgInterrupted, true), messagetest.Call(hintContinue, sts.Kubectl("shop", "sts restart", "db", "queue")),
		messagetest.Call(hintContinueWithout, "db", sts.Kubectl("shop", "sts restart", "queue"), hintContinue(sts.Kubectl("shop", "sts restart", "db", "queue"))),
		messagetest.Call(msgNotStarted, []string{"db", "queue"}),
		messagetest.Call(msgLockStays, "policy guard does not allow it"),
		messagetest.Call(msgWaitServer),
		messagetest.Call(msgLockMayStay, "web"),
		messagetest.Call(msgDeclined),
		messagetest.Call(hintAcceptAdmission, "web"),
		messagetest.Call(hintNotAllowed),
	)
}
