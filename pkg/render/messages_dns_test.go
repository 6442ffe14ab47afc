package render

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestDNSMessages(t *testing.T) {
	const (
		srv      = "_peer._tcp.web.shop.svc.cluster.local"
		name     = "web-1.web.shop.svc.cluster.local"
		notReady = "the pod is not ready"
	)
	call := messagetest.Call
	messagetest.Golden(t, "dns",
		call(msgDNSDomain, "cluster.local", msgDNSDomainCorefile(), nil), call(msgDNSDomain, "cluster.local", msgDNSDomainCorefile(), []string{"corp.example"}),
		call(msgDNSDomainGiven), call(msgDNSDomainCorefile), call(msgDNSDomainKubelet), call(msgDNSDomainAssumed),
		call(msgDNSSuffix, ".shop.svc.cluster.local"), call(msgDNSNoServiceSet), call(msgDNSServiceUnknown, "web"), call(msgDNSServiceNotFound, "web"),
		call(msgDNSService, "web", true, false), call(msgDNSService, "web", true, true), call(msgDNSService, "web", false, false),
		call(msgDNSPortUnnamed, 7000), call(msgDNSServicePort, srv, 80), call(msgDNSPort, srv, 7000),
		call(msgDNSPublished, "2/3"), call(msgDNSCorrect, "1/3"), call(msgDNSPodWithoutName, "web-0"),
		call(errDNSNoSuchPort, "web", "", "sql", nil), call(errDNSNoSuchPort, "web", "web", "sql", nil), call(errDNSNoSuchPort, "web", "web", "sql", []string{"peer", "client"}),
		call(errDNSSeveralPorts, "web", "web", []string{"peer", "client"}), call(errDNSPortUnknown, "web", "peer"),
		call(msgDNSWithoutIP, "web", []sts.Ordinal{0, 1}), call(msgDNSWithoutService, "web"), call(msgDNSWithoutOrdinals, "web"),
		call(msgDNSChange, name, "A", msgDNSUnpublished(notReady)), call(msgDNSUnpublished, ""), call(msgDNSUnpublished, notReady),
		call(msgDNSState, "wrong", "resolves to 10.0.0.9 instead of 10.0.0.3; may be cached for another 2s"), call(msgDNSState, "correct", msgDNSAfter("10.0.0.3", 2900*time.Millisecond)),
		call(msgDNSRecords, 5), call(msgDNSAfter, msgDNSRecords(5), 2900*time.Millisecond),
	)
}
