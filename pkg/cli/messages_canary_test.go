package cli

import (
	"errors"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestCanaryMessages(t *testing.T) {
	call := messagetest.Call
	const (
		noDryRun = `admission webhook "guard.example.com" does not support dry run`
		quota    = "resourcequota/small is exceeded (pods: 3 used of 3, 1 requested)"
	)
	messagetest.Golden(t, "canary",
		call(msgManifestChangesMore, "web", []string{"spec.replicas", "metadata.labels[team]"}),
		call(hintListRevisions, sts.Kubectl("shop", "sts history", "web")),
		call(msgNoHistory, "web", `controllerrevisions.apps is forbidden: User "kim" cannot list resource "controllerrevisions"`),
		call(msgNoDifferences, "web-6986cb69d8", "web-79d8f4bd7c"),
		call(msgPodsNotTried, "shop"),
		call(msgPodNotTried, "web-4", noDryRun),
		call(msgPodFitsLater, "resourcequota/small", []string{"pods: 3 used of 3, 1 requested"}, "web-4"),
		call(msgPodMayNotBeCreated, "web-4", quota),
		call(msgRemovalsNotTried, noDryRun),
		call(msgFinalizersNotTried, noDryRun),
		call(msgEvictionBlocked, "web-4", 0, "The disruption budget web needs 3 healthy pods and has 3 currently"),
		call(msgEvictionBlocked, "web-4", 2, "The disruption budget web needs 3 healthy pods and has 3 currently"),
		call(msgNoSummary, errors.New("open /github/summary: permission denied")),
	)
}
