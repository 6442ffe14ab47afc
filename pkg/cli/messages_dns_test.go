package cli

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
)

func TestDNSMessages(t *testing.T) {
	const (
		name     = "web-1.web.shop.svc.cluster.local"
		notReady = "the pod is not ready"
	)
	refused := errors.New("dial tcp 10.96.0.10:53: connect: connection refused")
	call := messagetest.Call
	messagetest.Golden(t, "dns",
		call(msgDNSNoSet), call(msgDNSNegativeReplicas, "web", -1), call(msgDNSTooManyReplicas, "web", 200_000, mostNames), call(msgDNSInvalidOrdinals, "web", 3, 2147483647),
		call(msgDNSDomainAssumed, "cluster.local"),
		call(msgDNSFound, []string{msgDNSFinding("ServiceMissing", "web"), msgDNSFinding("HostDNS", "db")}), call(msgDNSFinding, "ServiceMissing", "web"),
		call(msgDNSUnchecked, "endpointslices", `endpointslices.discovery.k8s.io is forbidden: User "viewer" cannot list resource "endpointslices"`),
		call(msgDNSUnresolved, 1, []string{name}), call(msgDNSUnresolved, 4, []string{name, "web-2.web.shop.svc.cluster.local", "web-3.web.shop.svc.cluster.local"}),
		call(hintDNSServerLog), call(hintDNSClusterDomain, "cluster.local"),
		call(errDNSServer, "10.96.0.10", refused), call(msgDNSClusterServer, errors.New("pod kube-system/coredns-7d8-x2k: no answer within 5s")), call(hintDNSOtherServers),
		call(errDNSPod, "web-0", kube.ErrNoShell), call(hintDNSOtherPods), call(msgDNSForwardServer, "kube-system", "coredns-7d8-x2k"),
		call(msgDNSPodServer, "web-0", "", ""), call(msgDNSPodServer, "web-0", "getent", ""), call(msgDNSPodServer, "web-0", "nslookup", "10.96.0.10"),
		call(errDNSResolvConf, &os.PathError{Op: "open", Path: resolvConfFile, Err: os.ErrNotExist}), call(msgDNSNoNameserver, resolvConfFile),
		call(msgDNSRetrying, errDNSServer("10.96.0.10", refused).Error()), call(msgDNSServerBack), call(msgDNSNothingToWaitFor, "web"), call(hintDNSNoServiceName),
		call(msgDNSForCluster), call(msgDNSForSet), call(msgDNSForOrdinals), call(msgDNSForServer, errDNSServer("10.96.0.10", refused).Error()), call(msgDNSForFirstAnswers), call(msgDNSForLastAnswers),
		call(msgDNSForNames, 1, name, ""), call(msgDNSForNames, 1, name, notReady), call(msgDNSForNames, 3, name, notReady), call(msgDNSPodNotReady), call(msgDNSPodLeaving),
		call(msgDNSChange, name, "A", msgDNSUnpublished(notReady)), call(msgDNSUnpublished, ""), call(msgDNSUnpublished, notReady),
		call(msgDNSState, "incorrect", "resolves to 10.0.0.9 instead of 10.0.0.3; may be cached for another 2s"), call(msgDNSState, "correct", msgDNSAfter("10.0.0.3", 2900*time.Millisecond)),
		call(msgDNSRecords, 5), call(msgDNSAfter, msgDNSRecords(5), 2900*time.Millisecond),
	)
}
