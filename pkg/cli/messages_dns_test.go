package cli

import (
	"os"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
)

func TestDNSMessages(t *testing.T) {
	const name = "web-1.web.shop.svc.cluster.local"
	call := messagetest.Call
	messagetest.Golden(t, "dns",
		call(msgDNSNoSet), call(msgDNSDomainAssumed, "cluster.local"),
		call(msgDNSFound, []string{"ServiceMissing (statefulset/web)", "HostDNS (statefulset/db)"}),
		call(msgDNSUnchecked, "endpointslices", `endpointslices.discovery.k8s.io is forbidden: User "viewer" cannot list resource "endpointslices"`),
		call(msgDNSUnresolved, 1, []string{name}), call(msgDNSUnresolved, 4, []string{name, "web-2.web.shop.svc.cluster.local", "web-3.web.shop.svc.cluster.local"}),
		call(errDNSResolvConf, &os.PathError{Op: "open", Path: resolvConfFile, Err: os.ErrNotExist}), call(msgDNSNoNameserver, resolvConfFile),
		call(msgDNSRetrying, "cannot query DNS server 10.96.0.10: dial tcp 10.96.0.10:53: connect: connection refused"), call(msgDNSServerBack),
	)
}
