package names

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Label is the verdict for a person.
func (v Verdict) Label() string {
	return strings.ReplaceAll(sts.Words(v), "-", " ")
}

// What a report and a forecast say about a Service.

// NotHeadless says which DNS names there are for the pods of a Service with a cluster IP.
func NotHeadless(service string) string {
	return "service " + service + " is not headless: its name and SRV records resolve to its cluster IP, and whether its pods have DNS names depends on the DNS server (with CoreDNS they do)"
}

// LabelsLater says which pods have DNS names if a Service selects labels that are not in the pod
// template.
func LabelsLater(service string, lacking map[string]string) string {
	return "service " + service + " selects " + labels.Set(lacking).String() + ", which is not in the pod template: only pods that are labeled later have DNS names"
}

// Why a name is not published.

func msgNoGoverningService() string { return "the StatefulSet has no governing Service" }

func msgNoService(service string) string { return "service " + service + " does not exist" }

func msgExternalService(service string) string {
	return "service " + service + " is of type ExternalName"
}

func msgNoPod() string { return "the pod does not exist" }

func msgPodFinished() string { return "the pod has finished" }

func msgPodWithoutIP() string { return "the pod has no IP yet" }

func msgPodWithoutFamily() string { return "the pod has no IP of the Service's IP family" }

func msgPodTerminating() string { return "the pod is terminating" }

func msgPodNotReady() string { return "the pod is not ready" }

func msgPodNotSelected(service string) string {
	return "service " + service + " does not select the pod"
}

func msgOtherAddresses(ips []string) string { return "EndpointSlices have " + few(ips) + " instead" }

func msgNoHostname() string { return "its endpoint lacks the pod's hostname" }

func msgNoEndpoint() string { return "not in any EndpointSlice yet" }

// What is wrong with a name, and what to do.

func msgMisspelled(refusal string) string {
	return refusal + ": kubectl apply rejects it; without strict field validation the field is dropped"
}

func hintMisspelled(field string) sts.Hint { return sts.Hintf("rename the field to %s", field) }

func msgNoServiceName() string { return "spec.serviceName is not set: the pods have no DNS names" }

// hintServiceName: service is a headless Service that selects the pods, if there is one.
func hintServiceName(service string) sts.Hint {
	if service == "" {
		return sts.Hintf("set spec.serviceName to the name of a headless Service")
	}
	return sts.Hintf("set spec.serviceName to %s, a headless Service that selects the pods", service)
}

func hintImmutableServiceName() sts.Hint {
	return sts.Hintf("the field is immutable: delete the StatefulSet with --cascade=orphan, create it again, then restart the pods")
}

// msgNameUsed is where a DNS name is written; it follows another message.
func msgNameUsed(name, object string) string { return "; " + name + " is used in " + object }

func msgServiceNotInManifest(service string) string {
	return "service " + service + " is not in the manifest: without it the pods have no DNS names"
}

func msgServiceInOtherNamespace(service string, namespaces []string, set, namespace string) string {
	return fmt.Sprintf("in the manifest, service %s is in namespace %s, but statefulset/%s is in namespace %s: without the Service, the pods have no DNS names",
		service, strings.Join(namespaces, ", "), set, namespace)
}

func msgServiceMissing(service string) string {
	return msgNoService(service) + ": the pods have no DNS names"
}

func hintCreateService(service string, selector map[string]string) sts.Hint {
	return sts.Hintf("create service %s with clusterIP: None and selector %s", service, labels.Set(selector))
}

func hintOtherHeadless(other, service string) sts.Hint {
	return sts.Hintf("headless service %s selects the pods, but only service %s can give them DNS names", other, service)
}

func msgServiceExternal(service, name string) string {
	return fmt.Sprintf("service %s is of type ExternalName (%s): the pods have no DNS names", service, name)
}

func hintServiceExternal() sts.Hint {
	return sts.Hintf("make it a headless Service: set clusterIP: None and a selector")
}

func hintServiceNotHeadless() sts.Hint {
	return sts.Hintf("for other DNS servers, create a headless Service (clusterIP: None) with another name, and set spec.serviceName to it")
}

func msgSelectorMismatch(service string, lacking map[string]string) string {
	return fmt.Sprintf("service %s selects %s, which the pod template does not have: the pods have no DNS names", service, labels.Set(lacking))
}

func msgPodsNotSelected(service string, selector map[string]string, pods []sts.Ordinal) string {
	return fmt.Sprintf("service %s (selector %s) selects the pod template, but not these pods: %s", service, labels.Set(selector), sts.SayOrdinals(pods))
}

func hintRestart(command sts.Hint) sts.Hint { return sts.Hintf("restart the pods: %s", command) }

func msgNoSelectorManaged(service, manager string) string {
	return "service " + service + " has no selector: its endpoints are managed by " + manager
}

func msgNoSelectorUnresolved(service, manager, name, object string) string {
	return fmt.Sprintf("service %s has no selector: its endpoints are managed by %s, and %s in %s does not resolve", service, manager, name, object)
}

func msgNoSelector(service string) string {
	return "service " + service + " has no selector: another client must create its EndpointSlices, with the hostnames of the pods"
}

// The clients that manage the endpoints of a Service without a selector.

func msgFieldManagers(managers []string, endpoints string) string {
	return fmt.Sprintf("field manager %s (endpoints %s)", strings.Join(managers, ", "), endpoints)
}

func msgClientOfEndpoints(endpoints string) string {
	return "the client that creates endpoints " + endpoints
}

func msgClientOfSlice(slice string) string {
	return "the client that creates endpointslice " + slice
}

func msgSliceManager(manager, slice string) string {
	return fmt.Sprintf("%s (endpointslice %s)", manager, slice)
}

func msgPatroniVariable(name string) string { return "Patroni (environment variable " + name + ")" }

func msgPatroniImage(name string) string { return "Patroni (image " + name + ")" }

func hintSelector() sts.Hint { return sts.Hintf("set a selector with labels of the pod template") }

func hintSelectorInManifest(selector map[string]string) sts.Hint {
	return sts.Hintf("to select the pods, set the selector %s", labels.Set(selector).String())
}

func hintSetSelector(command sts.Hint) sts.Hint {
	return sts.Hintf("to select the pods: %s", command)
}

func msgNotGoverning(other, service string) string {
	return fmt.Sprintf("headless service %s also selects the pods, but only the governing Service, %s, gives them DNS names (kubernetes#124207)", other, service)
}

func hintUseName(name string) sts.Hint { return sts.Hintf("use %s", name) }

func msgInvalidSelector(err error) string { return "spec.selector is invalid: " + err.Error() }

func msgNoOwnSelector() string {
	return "spec.selector is required: the API server rejects this StatefulSet"
}

func msgOwnSelectorMismatch(selector string, template map[string]string) string {
	have := "has no labels"
	if len(template) > 0 {
		have = "has labels " + labels.Set(template).String()
	}
	return fmt.Sprintf("spec.selector %s does not match the pod template, which %s: the API server rejects this StatefulSet", selector, have)
}

func hintOwnSelector() sts.Hint {
	return sts.Hintf("set spec.selector.matchLabels to labels of spec.template.metadata.labels")
}

func msgSetNameTooLong(name string) string {
	return fmt.Sprintf("name %s has %d characters, must be no more than %d: pods cannot be created, because the value of label %s would be too long",
		name, len(name), sts.LongestSetName, appsv1.ControllerRevisionHashLabelKey)
}

func hintSetNameTooLong() sts.Hint {
	return sts.Hintf("use a name of at most %d characters", sts.LongestSetName)
}

func msgInvalidPodName(pod string) string {
	return "pod name " + pod + " is not a valid DNS label: the pod cannot be created"
}

func msgInvalidServiceName(service string) string {
	return "spec.serviceName " + service + " is not a valid DNS label: it must be the name of a Service, without its namespace"
}

func msgNameTooLong(name string) string {
	return fmt.Sprintf("DNS name %s has %d characters, must be no more than %d", name, len(name), validation.DNS1123SubdomainMaxLength)
}

func msgHostnameTooLong(name string, most int) string {
	return fmt.Sprintf("with setHostnameAsFQDN the hostname is %s (%d characters), but Linux allows no more than %d: the pods will not start", name, len(name), most)
}

func hintHostnameTooLong() sts.Hint {
	return sts.Hintf("remove setHostnameAsFQDN from the pod template, or shorten the names")
}

// msgPodIdentity: others are further pods with an incorrect hostname or subdomain.
func msgPodIdentity(pod, hostname, subdomain, service string, others []sts.Ordinal) string {
	text := fmt.Sprintf("pod %s has hostname %q and subdomain %q instead of %q and %q: its DNS name does not resolve to it", pod, hostname, subdomain, pod, service)
	if len(others) > 0 {
		text += "; also affected: " + sts.SayOrdinals(others)
	}
	return text
}

func hintPodIdentity(command sts.Hint) sts.Hint {
	return sts.Hintf("both fields are set only when a pod is created; restart the pods: %s", command)
}

// msgDeadlock: container and pod are an init container that has not completed, if there is one.
func msgDeadlock(service, container, pod string) string {
	init := ""
	if container != "" {
		init = fmt.Sprintf("init container %s of pod %s has not completed, ", container, pod)
	}
	return fmt.Sprintf("no pod is ready, %sand service %s publishes only ready pods: pods that need their own or each other's DNS names to become ready never will", init, service)
}

func msgDeadlockPossible(service, image string) string {
	return fmt.Sprintf("service %s publishes only ready pods, but members of %s often need each other's DNS names to become ready", service, image)
}

func hintDeadlock(command sts.Hint) sts.Hint {
	return sts.Hintf("publish pods before they are ready: %s", command)
}

func hintDeadlockInManifest() sts.Hint {
	return sts.Hintf("publish pods before they are ready: set publishNotReadyAddresses: true in the Service")
}

func msgEndpointMissing(service string, pods []sts.Ordinal) string {
	return fmt.Sprintf("pods that should have DNS names are missing from the EndpointSlices of service %s: %s", service, sts.SayOrdinals(pods))
}

func hintEndpointMissing(command sts.Hint) sts.Hint {
	return sts.Hintf("check that kube-controller-manager is running, and inspect the EndpointSlices: %s", command)
}

func msgEndpointHostname(service string, pods []sts.Ordinal) string {
	return fmt.Sprintf("in the EndpointSlices of service %s, the endpoints of %s have no hostname or an incorrect one: without a hostname, the DNS name of a pod is derived from its IP (10-0-0-7.%s…)",
		service, sts.SayOrdinals(pods), service)
}

func hintEndpointHostname(command sts.Hint) sts.Hint {
	return sts.Hintf("find out which client writes the EndpointSlices: %s", command)
}

func msgAddressOfNoPod(slice string, ips []string, pod string) string {
	return fmt.Sprintf("endpointslice %s has %s for pod %s, which does not exist", slice, strings.Join(ips, ", "), pod)
}

func msgAddressOfEarlierPod(slice string, ips []string, pod string) string {
	return fmt.Sprintf("endpointslice %s has %s for an earlier pod %s", slice, strings.Join(ips, ", "), pod)
}

func msgAddressChanged(slice string, ips []string, pod string, podIPs []string) string {
	have := "no IP"
	if len(podIPs) > 0 {
		have = strings.Join(podIPs, ", ")
	}
	return fmt.Sprintf("endpointslice %s has %s for pod %s, which has %s", slice, strings.Join(ips, ", "), pod, have)
}

// msgForeignSlice: manager is the value of the label managed-by, if there is one.
func msgForeignSlice(slice, service, manager string, endpoints int) string {
	by := "managed by " + manager + ", not by Kubernetes"
	if manager == "" {
		by = "not managed by Kubernetes (no label " + discoveryv1.LabelManagedBy + ")"
	}
	return fmt.Sprintf("endpointslice %s of service %s is %s: DNS also returns its %s", slice, service, by, sts.Count(endpoints, "endpoint"))
}

func msgFamilyMissing(service string, family corev1.IPFamily, pods []sts.Ordinal) string {
	return fmt.Sprintf("service %s has IP family %s, but these pods have no %s address: %s", service, family, family, sts.SayOrdinals(pods))
}

func msgOnlyFamilyMissing(service string, family corev1.IPFamily, pods []sts.Ordinal) string {
	return fmt.Sprintf("service %s has only IP family %s: pods without an %s address have no DNS names: %s", service, family, family, sts.SayOrdinals(pods))
}

func hintFamilyMissing() sts.Hint {
	return sts.Hintf("set spec.ipFamilies of the Service to the IP families that the pods have (the cluster network assigns them)")
}

func msgFamilyUnpublished(service string, family corev1.IPFamily) string {
	return fmt.Sprintf("service %s has only IP family %s: addresses of the other family are not in DNS", service, family)
}

func hintFamilyUnpublished(command sts.Hint) sts.Hint {
	return sts.Hintf("to publish them: %s", command)
}

// msgHostDNS: setting is what makes pods use the DNS servers of their node.
func msgHostDNS(setting string) string {
	return "with " + setting + " the pods use the DNS servers of their node, which do not resolve cluster names: the pods cannot find each other by name"
}

func hintHostNetwork() sts.Hint {
	return sts.Hintf("set dnsPolicy: ClusterFirstWithHostNet in the pod template")
}

func msgNoPorts(service string) string {
	return "service " + service + " has no ports: there are no SRV records"
}

func msgPortUnnamed(service string, port int32) string {
	return fmt.Sprintf("port %d of service %s has no name: only named ports have SRV records", port, service)
}

func msgPortUnknown(service, port, target string) string {
	return fmt.Sprintf("port %s of service %s has targetPort %q, which no container defines: there are no SRV records for it", port, service, target)
}

func msgPortNotTranslated(service string, port, target int32) string {
	return fmt.Sprintf("port %d of service %s has targetPort %d, but a headless Service does not translate ports: clients that use the DNS names must connect to port %d", port, service, target, target)
}

// What is wrong with an answer.

func msgFailedQuery(problem string) string { return "no answer: " + problem }

func msgErrorCode(code string) string { return "the DNS server returned " + code }

// msgAsPublished: instead are the pod's own addresses, if they are missing.
func msgAsPublished(got, instead []string) string {
	text := "resolves to " + few(got) + ", as published in an EndpointSlice"
	if len(instead) > 0 {
		text += ", instead of " + few(instead)
	}
	return text
}

// msgStale: why is the reason that the name should not resolve, if it is known.
func msgStale(got []string, why string, cached time.Duration) string {
	text := "still resolves to " + few(got)
	if why != "" {
		text += ", although " + why
	}
	return text + msgCached(cached)
}

func msgWrong(got, instead []string, cached time.Duration) string {
	return "resolves to " + few(got) + " instead of " + few(instead) + msgCached(cached)
}

func msgWrongToo(got []string, cached time.Duration) string {
	return "also resolves to " + few(got) + msgCached(cached)
}

func msgIncomplete(lacking []string, cached time.Duration) string {
	return "the answer lacks " + few(lacking) + msgCached(cached)
}

// msgCached is how long caches may return an answer; it follows another message.
func msgCached(left time.Duration) string {
	if left <= 0 {
		return ""
	}
	return "; may be cached for another " + sts.Age(left)
}

func msgNoSuchName() string { return "the DNS server returned NXDOMAIN" }

func msgNoSuchRecord(record string) string {
	return "the DNS server returned no " + record + " record"
}

func msgNotFound() string { return "not found (cause not reported by the DNS client)" }

// msgDenied: denial is one of the three above.
func msgDenied(denial string, cached time.Duration) string {
	return denial + ", although the name is published" + msgCached(cached)
}

func msgDeniedFor(denial string, published, cached time.Duration) string {
	return denial + ", although the name has been published for at least " + sts.Age(published) + msgCached(cached)
}

func msgDeniedTooLong(denial string, published time.Duration) string {
	return denial + ", although the name has been published for at least " + sts.Age(published) +
		", longer than a negative answer may be cached: check the DNS server's connection to the API server"
}

func msgNoPodsAddress(ip string) string { return ip + " (not the IP of a StatefulSet's pod)" }

func msgAddressOfPod(ip, pod string) string { return ip + " (now the IP of pod " + pod + ")" }

// Why a query has no answer.

func msgRecordType(record string) string { return "unsupported record type " + record }

func msgInvalidLength(length, most int) string {
	return fmt.Sprintf("invalid DNS name: it has %d characters, must be no more than %d", length, most)
}

func msgEmptyLabel() string { return "invalid DNS name: a label is empty" }

func msgLabelTooLong(label string, most int) string {
	return fmt.Sprintf("invalid DNS name: label %q has %d characters, must be no more than %d", label, len(label), most)
}

func msgNoAnswer() string { return "no answer" }

func msgAliasLoop() string { return "CNAME loop" }

func msgMismatch() string { return "the answer does not match the query" }

func msgMalformed() string { return "malformed answer" }

func msgGetentSRV() string { return "getent cannot query SRV records" }

func msgUnexpectedOutput(line string) string { return "unexpected output: " + strconv.Quote(line) }
