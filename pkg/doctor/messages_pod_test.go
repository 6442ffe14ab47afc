package doctor

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestPodMessages(t *testing.T) {
	call := messagetest.Call
	messagetest.Golden(t, "pod",
		call(msgPreStopLeaves, []string{"etcd"}, "etcdctl … member remove"), call(hintDrainInstead, "etcd", "kubectl sts profile show etcd"),
		call(msgPreStopTooLong, "web", "sleep 30", 30), call(msgGraceZero),
		call(msgNoReadinessProbe), call(msgLivenessEqualsReadiness, []string{"zk"}), call(containerList, []string{"web", "proxy"}),
		call(msgProbePort, []string{"readiness", "liveness"}, "web", "http"),
		call(msgProbePortUnknown, []string{`port "web" of the readiness probe is not a port of container web`}, true),
		call(msgProbePortUnknown, []string{`port "web" of the liveness probe is not a port of container web`}, false),
		call(hintPortNames, []string{"http"}), call(hintPortNames, nil),
		call(msgBestEffort), call(msgMovingTag, []string{"nginx", "busybox:latest"}),
	)
}
