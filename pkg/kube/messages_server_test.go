package kube

import (
	"errors"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestServerMessages(t *testing.T) {
	refused := errors.New("dial tcp 10.96.0.10:53: connect: connection refused")
	call := messagetest.Call
	messagetest.Golden(t, "server",
		call(errDNSServer, "10.96.0.10", refused), call(msgDNSClusterServer, errors.New("pod kube-system/coredns-7d8-x2k: no answer within 5s")), call(hintDNSOtherServers),
		call(errDNSPod, "web-0", ErrNoShell), call(hintDNSOtherPods), call(msgDNSForwardServer, "kube-system", "coredns-7d8-x2k"),
		call(msgDNSPodServer, "web-0", "", ""), call(msgDNSPodServer, "web-0", "getent", ""), call(msgDNSPodServer, "web-0", "nslookup", "10.96.0.10"),
	)
}
