package names

import (
	"errors"
	"strings"
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
		call(Verdict.Label, Correct), call(Verdict.Label, NoAnswer), call(Verdict.Label, Stale),

		call(NotHeadless, service), call(LabelsLater, service, map[string]string{"cluster-role": "leader"}),

		call(msgNoGoverningService), call(msgNoService, service), call(msgExternalService, service), call(msgNoPod), call(msgPodFinished),
		call(msgPodWithoutIP), call(msgPodWithoutFamily), call(msgPodTerminating), call(msgPodNotReady), call(msgPodNotSelected, service),
		call(msgOtherAddresses, []string{"10.9.9.9"}), call(msgNoHostname), call(msgNoEndpoint),

		call(msgMisspelled, `unknown field "spec.servicename"`), call(hintMisspelled, "serviceName"),
		call(msgNoServiceName), call(hintServiceName, ""), call(hintServiceName, service), call(hintImmutableServiceName),
		call(msgNameUsed, "web-0.web", "the pod template"), call(msgServiceNotInManifest, service),
		call(msgServiceInOtherNamespace, service, []string{"other"}, "web", "shop"), call(msgServiceMissing, service),
		call(hintCreateService, service, app), call(hintOtherHeadless, "web-all", service),
		call(msgServiceExternal, service, "web.example.org"), call(hintServiceExternal), call(hintServiceNotHeadless),
		call(msgSelectorMismatch, service, map[string]string{"tier": "front"}), call(msgPodsNotSelected, service, app, two),
		call(hintRestart, "kubectl sts restart web --ordinal 1-2 -n shop"), call(msgNoSelectorManaged, service, "field manager Patroni (endpoints web)"),
		call(msgNoSelectorUnresolved, service, "haproxy.example.org (endpointslice web-x7k2p)", "web-0.web", "the pod template"), call(msgNoSelector, service),
		call(msgFieldManagers, []string{"Patroni", "kubectl-edit"}, service), call(msgClientOfEndpoints, service), call(msgClientOfSlice, "web-x7k2p"),
		call(msgSliceManager, "haproxy.example.org", "web-x7k2p"), call(msgPatroniVariable, "PATRONI_SCOPE"), call(msgPatroniImage, "spilo-16"),
		call(hintSelector), call(hintSelectorInManifest, app), call(hintSetSelector, "kubectl set selector service web app=web -n shop"),
		call(msgNotGoverning, "web-all", service), call(hintUseName, "web-0.web"),
		call(msgInvalidSelector, errors.New(`"Inn" is not a valid label selector operator`)), call(msgNoOwnSelector),
		call(msgOwnSelectorMismatch, "app=web,tier=front", app), call(msgOwnSelectorMismatch, "app=web", nil), call(hintOwnSelector),
		call(msgSetNameTooLong, "a123456789b123456789c123456789d123456789e123456789f12"), call(hintSetNameTooLong),
		call(msgInvalidPodName, "web.front-2"), call(msgInvalidServiceName, "web.shop"), call(msgNameTooLong, "web-10.web.shop.svc.a-very-long-domain.example.org"),
		call(msgHostnameTooLong, "web-10.web.shop.svc.a123456789.b123456789.c123456789.examples.org", 64), call(hintHostnameTooLong),
		call(msgPodIdentity, "web-0", "web-0", "old", service, nil), call(msgPodIdentity, "web-0", "web-0", "old", service, two),
		call(hintPodIdentity, "kubectl sts restart web --ordinal 0-2 -n shop"),
		call(msgDeadlock, service, "", ""), call(msgDeadlock, service, "wait-for-peers", "web-0"), call(msgDeadlockPossible, service, "rabbitmq"),
		call(hintDeadlock, `kubectl patch service web --type=merge -p '{"spec":{"publishNotReadyAddresses":true}}' -n shop`), call(hintDeadlockInManifest),
		call(msgEndpointMissing, service, one), call(msgEndpointMissing, service, two), call(hintEndpointMissing, endpoint),
		call(msgEndpointHostname, service, one), call(hintEndpointHostname, endpoint+" -L endpointslice.kubernetes.io/managed-by"),
		call(msgAddressOfNoPod, "web-x7k2p", []string{ip}, "web-2"), call(msgAddressOfEarlierPod, "web-x7k2p", []string{ip}, "web-2"),
		call(msgAddressChanged, "web-x7k2p", []string{ip}, "web-2", []string{"10.0.0.9"}), call(msgAddressChanged, "web-x7k2p", []string{ip}, "web-2", nil),
		call(msgForeignSlice, "web-x7k2p", service, "mirror.example.org", 3), call(msgForeignSlice, "web-x7k2p", service, "", 1),
		call(msgFamilyMissing, service, "IPv6", two), call(msgOnlyFamilyMissing, service, "IPv6", two), call(hintFamilyMissing),
		call(msgFamilyUnpublished, service, "IPv4"), call(hintFamilyUnpublished, `kubectl patch service web --type=merge -p '{"spec":{"ipFamilyPolicy":"PreferDualStack"}}' -n shop`),
		call(msgHostDNS, "hostNetwork"), call(msgHostDNS, "dnsPolicy: Default"), call(hintHostNetwork),
		call(msgNoPorts, service), call(msgPortUnnamed, service, 7000), call(msgPortUnknown, service, "peer", "pear"), call(msgPortNotTranslated, service, 80, 7000),

		call(msgFailedQuery, "connection refused"), call(msgErrorCode, "SERVFAIL"),
		call(msgAsPublished, []string{"10.9.9.9"}, nil), call(msgAsPublished, []string{"10.9.9.9"}, []string{ip}),
		call(msgStale, []string{ip}, "", cached), call(msgStale, []string{ip}, "the pod is not ready", cached),
		call(msgWrong, []string{"10.0.0.1 (now the IP of pod web-0)"}, []string{ip}, cached), call(msgWrongToo, []string{"10.0.0.77 (not the IP of a StatefulSet's pod)"}, cached),
		call(msgIncomplete, []string{ip, "10.0.0.4", "10.0.0.5", "10.0.0.6"}, cached), call(msgCached, cached), call(msgCached, 0),
		call(msgNoSuchName), call(msgNoSuchRecord, "AAAA"), call(msgNotFound),
		call(msgDenied, msgNoSuchName(), cached), call(msgDeniedFor, msgNoSuchName(), published, cached), call(msgDeniedTooLong, msgNotFound(), time.Hour),
		call(msgNoPodsAddress, "10.0.0.77"), call(msgAddressOfPod, "10.0.0.1", "web-0"),

		call(msgRecordType, "MX"), call(msgInvalidLength, 254, 253), call(msgEmptyLabel), call(msgLabelTooLong, strings.Repeat("x", 64), 63),
		call(msgNoAnswer), call(msgAliasLoop), call(msgMismatch), call(msgMalformed), call(msgGetentSRV), call(msgUnexpectedOutput, "Segmentation fault"),
	)
}
