package names

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestWatchMessages(t *testing.T) {
	const name = "web-1.web.shop.svc.cluster.local"
	call := messagetest.Call
	messagetest.Golden(t, "watch",
		call(msgForCluster), call(msgForSet), call(msgForOrdinals), call(msgForServer, "cannot query DNS server 10.96.0.10: dial tcp 10.96.0.10:53: connect: connection refused"),
		call(msgForFirstAnswers), call(msgForLastAnswers),
		call(msgForNames, 1, name, ""), call(msgForNames, 1, name, msgPodNotReady()), call(msgForNames, 3, name, msgPodNotReady()), call(msgPodLeaving),
	)
}

func TestOutcomeMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "outcome",
		call(msgFound, "ServiceMissing", "web"), call(hintServerLog), call(hintClusterDomain, "cluster.local"),
		call(msgNegativeReplicas, "web", -1), call(msgTooManyReplicas, "web", 200_000, MostNames), call(msgInvalidOrdinals, "web", 3, 2147483647),
	)
}
