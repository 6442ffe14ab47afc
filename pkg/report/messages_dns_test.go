package report

import (
	"errors"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/hack/messages/messagetest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestDNSMessages(t *testing.T) {
	const (
		ip                = "10.0.0.3"
		service           = "web"
		endpoint          = "kubectl get endpointslices -l kubernetes.io/service-name=web -n shop"
		published, cached = 12 * time.Second, 18 * time.Second
	)
	app := map[string]string{"app": "web"}
	one, two := []sts.Ordinal{2}, []sts.Ordinal{1, 2}
	call := messagetest.Call
	messagetest.Golden(t, "dns",
		call(DNSVerdict.Label, DNSCorrect), call(DNSVerdict.Label, DNSNoAnswer), call(DNSVerdict.Label, DNSStale),

		call(msgDNSNoGoverningService), call(msgDNSNoService, service), call(msgDNSExternalService, service), call(msgDNSNoPod), call(msgDNSPodFinished),
		call(msgDNSPodWithoutIP), call(msgDNSPodWithoutFamily), call(msgDNSPodTerminating), call(msgDNSPodNotReady), call(msgDNSPodNotSelected, service),
		call(msgDNSOtherAddresses, []string{"10.9.9.9"}), call(msgDNSNoHostname), call(msgDNSNoEndpoint),

		call(msgDNSMisspelled, `unknown field "spec.servicename"`), call(hintDNSMisspelled, "serviceName"),
		call(msgDNSNoServiceName), call(hintDNSServiceName, ""), call(hintDNSServiceName, service), call(hintDNSImmutableServiceName),
		call(msgDNSNameUsed, "web-0.web", "the pod template"), call(msgDNSServiceNotInManifest, service),
		call(msgDNSServiceInOtherNamespace, service, []string{"other"}, "web", "shop"), call(msgDNSServiceMissing, service),
		call(hintDNSCreateService, service, app), call(hintDNSOtherHeadless, "web-all", service),
		call(msgDNSServiceExternal, service, "web.example.org"), call(hintDNSServiceExternal), call(hintDNSServiceNotHeadless),
		call(msgDNSSelectorMismatch, service, map[string]string{"tier": "front"}), call(msgDNSPodsNotSelected, service, app, two),
		call(hintDNSRestart, "kubectl sts restart web --ordinal 1-2 -n shop"), call(msgDNSNoSelectorManaged, service, "field manager Patroni (endpoints web)"),
		call(msgDNSNoSelectorUnresolved, service, "haproxy.example.org (endpointslice web-x7k2p)", "web-0.web", "the pod template"), call(msgDNSNoSelector, service),
		call(msgDNSFieldManagers, []string{"Patroni", "kubectl-edit"}, service), call(msgDNSClientOfEndpoints, service), call(msgDNSClientOfSlice, "web-x7k2p"),
		call(msgDNSSliceManager, "haproxy.example.org", "web-x7k2p"), call(msgDNSPatroniVariable, "PATRONI_SCOPE"), call(msgDNSPatroniImage, "spilo-16"),
		call(hintDNSSelector), call(hintDNSSelectorInManifest, app), call(hintDNSSetSelector, "kubectl set selector service web app=web -n shop"),
		call(msgDNSNotGoverning, "web-all", service), call(hintDNSUseName, "web-0.web"),
		call(msgDNSInvalidSelector, errors.New(`"Inn" is not a valid label selector operator`)), call(msgDNSNoOwnSelector),
		call(msgDNSOwnSelectorMismatch, "app=web,tier=front", app), call(msgDNSOwnSelectorMismatch, "app=web", nil), call(hintDNSOwnSelector),
		call(msgDNSSetNameTooLong, "a123456789b123456789c123456789d123456789e123456789f12"), call(hintDNSSetNameTooLong),
		call(msgDNSInvalidPodName, "web.front-2"), call(msgDNSInvalidServiceName, "web.shop"), call(msgDNSNameTooLong, "web-10.web.shop.svc.a-very-long-domain.example.org"),
		call(msgDNSHostnameTooLong, "web-10.web.shop.svc.a123456789.b123456789.c123456789.examples.org", 64), call(hintDNSHostnameTooLong),
		call(msgDNSPodIdentity, "web-0", "web-0", "old", service, nil), call(msgDNSPodIdentity, "web-0", "web-0", "old", service, two),
		call(hintDNSPodIdentity, "kubectl sts restart web --ordinal 0-2 -n shop"),
		call(msgDNSDeadlock, service, "", ""), call(msgDNSDeadlock, service, "wait-for-peers", "web-0"), call(msgDNSDeadlockPossible, service, "rabbitmq"),
		call(hintDNSDeadlock, `kubectl patch service web --type=merge -p '{"spec":{"publishNotReadyAddresses":true}}' -n shop`), call(hintDNSDeadlockInManifest),
		call(msgDNSEndpointMissing, service, one), call(msgDNSEndpointMissing, service, two), call(hintDNSEndpointMissing, endpoint),
		call(msgDNSEndpointHostname, service, one), call(hintDNSEndpointHostname, endpoint+" -L endpointslice.kubernetes.io/managed-by"),
		call(msgDNSAddressOfNoPod, "web-x7k2p", []string{ip}, "web-2"), call(msgDNSAddressOfEarlierPod, "web-x7k2p", []string{ip}, "web-2"),
		call(msgDNSAddressChanged, "web-x7k2p", []string{ip}, "web-2", []string{"10.0.0.9"}), call(msgDNSAddressChanged, "web-x7k2p", []string{ip}, "web-2", nil),
		call(msgDNSForeignSlice, "web-x7k2p", service, "mirror.example.org", 3), call(msgDNSForeignSlice, "web-x7k2p", service, "", 1),
		call(msgDNSFamilyMissing, service, "IPv6", two), call(msgDNSOnlyFamilyMissing, service, "IPv6", two), call(hintDNSFamilyMissing),
		call(msgDNSFamilyUnpublished, service, "IPv4"), call(hintDNSFamilyUnpublished, `kubectl patch service web --type=merge -p '{"spec":{"ipFamilyPolicy":"PreferDualStack"}}' -n shop`),
		call(msgDNSHostDNS, "hostNetwork"), call(msgDNSHostDNS, "dnsPolicy: Default"), call(hintDNSHostNetwork),
		call(msgDNSNoPorts, service), call(msgDNSPortUnnamed, service, 7000), call(msgDNSPortUnknown, service, "peer", "pear"), call(msgDNSPortNotTranslated, service, 80, 7000),

		call(msgDNSFailedQuery, "connection refused"), call(msgDNSErrorCode, "SERVFAIL"),
		call(msgDNSAsPublished, []string{"10.9.9.9"}, nil), call(msgDNSAsPublished, []string{"10.9.9.9"}, []string{ip}),
		call(msgDNSStale, []string{ip}, "", cached), call(msgDNSStale, []string{ip}, "the pod is not ready", cached),
		call(msgDNSWrong, []string{"10.0.0.1 (now the IP of pod web-0)"}, []string{ip}, cached), call(msgDNSWrongToo, []string{"10.0.0.77 (not the IP of a StatefulSet's pod)"}, cached),
		call(msgDNSIncomplete, []string{ip, "10.0.0.4", "10.0.0.5", "10.0.0.6"}, cached), call(msgDNSCached, cached), call(msgDNSCached, 0),
		call(msgDNSNoSuchName), call(msgDNSNoSuchRecord, "AAAA"), call(msgDNSNotFound),
		call(msgDNSDenied, msgDNSNoSuchName(), cached), call(msgDNSDeniedFor, msgDNSNoSuchName(), published, cached), call(msgDNSDeniedTooLong, msgDNSNotFound(), time.Hour),
		call(msgDNSNoPodsAddress, "10.0.0.77"), call(msgDNSAddressOfPod, "10.0.0.1", "web-0"),
	)
}
