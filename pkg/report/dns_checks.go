package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// dnsChecks are the checks of a set's DNS names. Each looks at one thing and reports nothing if
// another one reports the cause.
var dnsChecks = []func(*dnsCheck) []sts.Finding{
	checkMisspelled, checkServiceName, checkServiceExists, checkServiceKind, checkSelector, checkOwnSelector, checkNames, checkHostnameAsFQDN,
	checkPodIdentity, checkDeadlock, checkEndpoints, checkEndpointHostnames, checkStaleAddresses, checkForeignEndpoints,
	checkIPFamilies, checkHostDNS, checkPorts, checkOtherServices,
}

// dnsCheck is what the checks look at.
type dnsCheck struct {
	*names
	replicas []sts.Replica // with their pods, none when offline
	status   []DNSReplica  // of the same ordinals, even those that are not shown
}

func (n *names) findings() []sts.Finding {
	c := &dnsCheck{names: n, replicas: n.Replicas()}
	for _, r := range c.replicas {
		c.status = append(c.status, n.replica(r))
	}
	out := []sts.Finding{}
	for _, check := range dnsChecks {
		out = append(out, check(c)...)
	}
	slices.SortStableFunc(out, func(a, b sts.Finding) int { return cmp.Compare(a.Severity.Rank(), b.Severity.Rank()) })
	return out
}

func (c *dnsCheck) finding(code sts.FindingCode, severity sts.Severity, object, message string, hint sts.Hint) []sts.Finding {
	return []sts.Finding{{Code: code, Severity: severity, Object: object, Message: message, Hint: hint}}
}

func (c *dnsCheck) set() string     { return "statefulset/" + c.Set.Name }
func (c *dnsCheck) svc() string     { return "service/" + c.Set.Spec.ServiceName }
func (c *dnsCheck) service() string { return c.Set.Spec.ServiceName }

func (c *dnsCheck) kubectl(verb string, args ...string) sts.Hint {
	return sts.Kubectl(c.Set.Namespace, verb, args...)
}

// serves reports whether the governing Service can give the pods names at all.
func (c *dnsCheck) serves() bool {
	return c.Service != nil && c.Service.Spec.Type != corev1.ServiceTypeExternalName
}

// ordinals are those with a pod for which the condition holds.
func (c *dnsCheck) ordinals(holds func(r sts.Replica, status *DNSReplica) bool) []sts.Ordinal {
	var out []sts.Ordinal
	for i, r := range c.replicas {
		if r.Pod != nil && holds(r, &c.status[i]) {
			out = append(out, r.Ordinal)
		}
	}
	return out
}

// used says where the DNS name of a pod below a Service is written, for the end of a message. It
// is empty if no such place is known.
func (c *dnsCheck) used(service string) string {
	u, used := c.NameUsed(service)
	if !used {
		return ""
	}
	return msgDNSNameUsed(u.Name, u.Object)
}

// members: there are several pods, so clients may need their names. For a single pod the
// Service's own name is enough.
func (c *dnsCheck) members() bool { return sts.DesiredReplicas(c.Set) >= 2 }

// wanted: the pods' names are used, or there is a headless Service for them.
func (c *dnsCheck) wanted() bool {
	return c.Service != nil && c.Service.Spec.ClusterIP == corev1.ClusterIPNone || c.used(c.service()) != ""
}

// severe is the severity of a finding that keeps names from resolving: SeverityInfo unless it matters.
func severe(severity sts.Severity, matters bool) sts.Severity {
	if matters {
		return severity
	}
	return sts.SeverityInfo
}

// checkMisspelled: kubectl apply and the API server's strict field validation reject such an
// object. Only for manifests.
func checkMisspelled(c *dnsCheck) []sts.Finding {
	var out []sts.Finding
	for _, p := range c.Misspelled() {
		object := c.set()
		if service, ok := p.Object.(*corev1.Service); ok {
			object = "service/" + service.Name
		}
		out = append(out, c.finding(sts.UnknownField, sts.SeverityError, object,
			msgDNSMisspelled(p.Refusal()), hintDNSMisspelled(p.Nearest))...)
	}
	return out
}

func checkServiceName(c *dnsCheck) []sts.Finding {
	if c.service() != "" {
		return nil
	}
	other := ""
	if len(c.Headless) > 0 {
		other = c.Headless[0].Name
	}
	hint := hintDNSServiceName(other)
	if !c.query.Offline {
		hint = sts.Hintf("%s; %s", hint, hintDNSImmutableServiceName())
	}
	return c.finding(sts.NoServiceName, severe(sts.SeverityError, other != ""), c.set(), msgDNSNoServiceName(), hint)
}

func checkServiceExists(c *dnsCheck) []sts.Finding {
	if c.service() == "" || c.Service != nil || !c.Knows("services") {
		return nil
	}
	used := c.used(c.service())
	if c.query.Offline {
		message := msgDNSServiceNotInManifest(c.service())
		if len(c.ServiceElsewhere) > 0 {
			message = msgDNSServiceInOtherNamespace(c.service(), c.ServiceElsewhere, c.Set.Name, c.Set.Namespace)
		}
		return c.finding(sts.ServiceMissing, severe(sts.SeverityWarning, used != ""), c.svc(), message+used, nil)
	}
	var hints []sts.Hint
	if len(c.Headless) > 0 {
		hints = append(hints, hintDNSOtherHeadless(c.Headless[0].Name, c.service()))
	}
	matters := used != "" || c.members()
	if matters {
		hints = append(hints, hintDNSCreateService(c.service(), c.Set.Spec.Template.Labels))
	}
	return c.finding(sts.ServiceMissing, severe(sts.SeverityError, matters), c.svc(), msgDNSServiceMissing(c.service())+used, sts.JoinHints(hints, ": "))
}

// checkServiceKind: by the specification of Kubernetes DNS, only headless Services give pods names.
// With CoreDNS other Services do, too (findServices in its kubernetes plugin).
func checkServiceKind(c *dnsCheck) []sts.Finding {
	switch {
	case c.Service == nil:
		return nil
	case c.Service.Spec.Type == corev1.ServiceTypeExternalName:
		return c.finding(sts.ServiceExternal, sts.SeverityError, c.svc(),
			msgDNSServiceExternal(c.service(), c.Service.Spec.ExternalName), hintDNSServiceExternal())
	case c.Service.Spec.ClusterIP == corev1.ClusterIPNone:
		return nil
	}
	message, hint := sts.NotHeadless(c.service()), sts.Hint(nil)
	if used := c.used(c.service()); used != "" && c.domain.Source != sts.DomainCorefile && c.endpointsManager() == "" {
		message += used
		hint = hintDNSServiceNotHeadless()
		if !c.query.Offline {
			hint = sts.Hintf("%s; %s", hint, hintDNSImmutableServiceName())
		}
	}
	return c.finding(sts.ServiceNotHeadless, sts.SeverityInfo, c.svc(), message, hint)
}

func checkSelector(c *dnsCheck) []sts.Finding {
	if !c.serves() {
		return nil
	}
	if len(c.Service.Spec.Selector) == 0 {
		return c.checkNoSelector()
	}
	off := c.ordinals(func(r sts.Replica, _ *DNSReplica) bool { return r.Desired && !selects(c.Service, r.Pod.Labels) })
	lacking, later := c.LabelsLacking()
	switch {
	case later:
		return c.finding(sts.SelectorMismatch, sts.SeverityInfo, c.svc(), sts.LabelsLater(c.service(), lacking), nil)
	case len(lacking) > 0:
		return c.finding(sts.SelectorMismatch, sts.SeverityError, c.svc(),
			msgDNSSelectorMismatch(c.service(), lacking), c.selectorHint())
	case len(off) == 0:
		return nil
	}
	return c.finding(sts.SelectorMismatch, sts.SeverityError, c.svc(),
		msgDNSPodsNotSelected(c.service(), c.Service.Spec.Selector, off), hintDNSRestart(c.kubectl("sts restart", c.Set.Name, "--ordinal", ordinalsArg(off))))
}

// checkNoSelector: a Service without a selector has the endpoints that another client writes, such
// as Patroni for the leader of its cluster. With a selector its traffic would go to all pods.
func (c *dnsCheck) checkNoSelector() []sts.Finding {
	if manager := c.endpointsManager(); manager != "" {
		if u, used := c.NameUsed(c.service()); used && c.unpublished() {
			return c.finding(sts.SelectorMissing, sts.SeverityWarning, c.svc(), msgDNSNoSelectorUnresolved(c.service(), manager, u.Name, u.Object), nil)
		}
		return c.finding(sts.SelectorMissing, sts.SeverityInfo, c.svc(), msgDNSNoSelectorManaged(c.service(), manager), nil)
	}
	hint := c.selectorHint()
	if !c.wanted() || !c.query.Offline && (!c.Knows("endpointslices") || !c.Knows("endpoints")) {
		hint = nil // a selector may do harm: an unknown client may write the endpoints, maybe later
	}
	return c.finding(sts.SelectorMissing, severe(sts.SeverityWarning, c.wanted() && c.unpublished()), c.svc(),
		msgDNSNoSelector(c.service()), hint)
}

// unpublished: some pod should have its name but does not.
func (c *dnsCheck) unpublished() bool {
	return len(c.ordinals(func(_ sts.Replica, s *DNSReplica) bool { return s.Expected && s.Published != nil && !*s.Published })) > 0
}

// mirrorController copies Endpoints to EndpointSlices, for Services without a selector.
const mirrorController = "endpointslicemirroring-controller.k8s.io"

// endpointsManager is the client other than Kubernetes that writes the endpoints of the governing
// Service, empty if none is known. Endpoints that Kubernetes wrote remain when the selector of
// the Service is removed.
func (c *dnsCheck) endpointsManager() string {
	if c.Service == nil || len(c.Service.Spec.Selector) > 0 {
		return ""
	}
	if e := c.Endpoints; e != nil {
		if managers := foreignManagers(e); len(managers) > 0 {
			return msgDNSFieldManagers(managers, e.Name)
		}
		if c.query.Offline || len(e.ManagedFields) == 0 {
			return msgDNSClientOfEndpoints(e.Name)
		}
	}
	for _, slice := range c.Slices {
		switch by := slice.Labels[discoveryv1.LabelManagedBy]; {
		case by == sliceController || by == mirrorController && c.Endpoints != nil:
		case by == mirrorController:
			return msgDNSClientOfEndpoints(c.service())
		case by != "":
			return msgDNSSliceManager(by, slice.Name)
		default:
			return msgDNSClientOfSlice(slice.Name)
		}
	}
	return patroni(&c.Set.Spec.Template.Spec)
}

// foreignManagers are the field managers other than Kubernetes' own controllers.
func foreignManagers(o metav1.Object) []string {
	var out []string
	for _, m := range o.GetManagedFields() {
		if m.Manager != "kube-controller-manager" && !slices.Contains(out, m.Manager) {
			out = append(out, m.Manager)
		}
	}
	return out
}

// patroni names Patroni if the pods run it: it writes the endpoints once there is a leader.
func patroni(pod *corev1.PodSpec) string {
	for i := range pod.Containers {
		for _, e := range pod.Containers[i].Env {
			if strings.HasPrefix(e.Name, "PATRONI_") {
				return msgDNSPatroniVariable(e.Name)
			}
		}
		if name := imageName(pod.Containers[i].Image); strings.Contains(name, "patroni") || strings.Contains(name, "spilo") {
			return msgDNSPatroniImage(name)
		}
	}
	return ""
}

// checkOtherServices: only the governing Service gives pods names, even if others select them.
func checkOtherServices(c *dnsCheck) []sts.Finding {
	if c.service() == "" {
		return nil
	}
	var out []sts.Finding
	for _, service := range c.Headless {
		severity, hint := sts.SeverityInfo, sts.Hint(nil)
		if u, used := c.NameUsed(service.Name); used {
			severity, hint = sts.SeverityWarning, hintDNSUseName(strings.TrimSuffix(u.Name, service.Name)+c.service())
		}
		out = append(out, c.finding(sts.ServiceNotGoverning, severity, "service/"+service.Name, msgDNSNotGoverning(service.Name, c.service())+c.used(service.Name), hint)...)
	}
	return out
}

// selectorHint is how to make the Service select the set's pods.
func (c *dnsCheck) selectorHint() sts.Hint {
	if c.Set.Spec.Selector == nil || len(c.Set.Spec.Selector.MatchLabels) == 0 {
		return hintDNSSelector()
	}
	selector := c.Set.Spec.Selector.MatchLabels
	if c.query.Offline {
		return hintDNSSelectorInManifest(selector)
	}
	return hintDNSSetSelector(c.kubectl("set selector", "service", c.service(), labels.Set(selector).String()))
}

// checkOwnSelector: the API server rejects a set whose selector does not match its template.
func checkOwnSelector(c *dnsCheck) []sts.Finding {
	selector, err := metav1.LabelSelectorAsSelector(c.Set.Spec.Selector)
	var message string
	switch {
	case err != nil:
		message = msgDNSInvalidSelector(err)
	case selector.Empty() || c.Set.Spec.Selector == nil:
		message = msgDNSNoOwnSelector()
	case !selector.Matches(labels.Set(c.Set.Spec.Template.Labels)):
		message = msgDNSOwnSelectorMismatch(selector.String(), c.Set.Spec.Template.Labels)
	default:
		return nil
	}
	return c.finding(sts.InvalidSelector, sts.SeverityError, c.set(), message, hintDNSOwnSelector())
}

func ordinalsArg(ordinals []sts.Ordinal) string {
	return strings.ReplaceAll(sts.FormatOrdinals(ordinals), " ", "")
}

// checkNames: a label of a DNS name has at most 63 characters, a name 253. A pod's name is its
// hostname, which is a single label.
func checkNames(c *dnsCheck) []sts.Finding {
	last := c.Name(max(sts.End(c.Set)-1, sts.Start(c.Set)))
	var out []sts.Finding
	add := func(message string) {
		out = append(out, c.finding(sts.InvalidName, sts.SeverityError, c.set(), message, nil)...)
	}
	switch name := c.Set.Name; {
	case len(name) > sts.LongestSetName:
		out = c.finding(sts.InvalidName, sts.SeverityError, c.set(),
			msgDNSSetNameTooLong(name), hintDNSSetNameTooLong())
	case len(validation.IsDNS1123Label(last)) > 0:
		add(msgDNSInvalidPodName(last))
	}
	if c.service() == "" {
		return out
	}
	if problems := validation.IsDNS1123Label(c.service()); len(problems) > 0 {
		add(msgDNSInvalidServiceName(c.service()))
	}
	if name := sts.PodDNSName(c.Set, max(sts.End(c.Set)-1, sts.Start(c.Set)), c.domain.Name); len(out) == 0 && len(name) > validation.DNS1123SubdomainMaxLength {
		add(msgDNSNameTooLong(name))
	}
	return out
}

// fqdnHostname is the length of the longest hostname on Linux.
const fqdnHostname = 64

func checkHostnameAsFQDN(c *dnsCheck) []sts.Finding {
	if whole := c.Set.Spec.Template.Spec.SetHostnameAsFQDN; whole == nil || !*whole {
		return nil
	}
	name := sts.PodDNSName(c.Set, max(sts.End(c.Set)-1, sts.Start(c.Set)), c.domain.Name)
	if len(name) <= fqdnHostname {
		return nil
	}
	return c.finding(sts.HostnameTooLong, sts.SeverityError, c.set(),
		msgDNSHostnameTooLong(name, fqdnHostname), hintDNSHostnameTooLong())
}

// checkPodIdentity: hostname and subdomain are set only when a pod is created, so adopted pods may
// have those of an earlier set.
func checkPodIdentity(c *dnsCheck) []sts.Finding {
	if c.service() == "" {
		return nil
	}
	wrong := c.ordinals(func(r sts.Replica, s *DNSReplica) bool {
		return r.Desired && (r.Pod.Spec.Hostname != s.Pod || r.Pod.Spec.Subdomain != c.service())
	})
	if len(wrong) == 0 {
		return nil
	}
	i := slices.IndexFunc(c.replicas, func(r sts.Replica) bool { return r.Ordinal == wrong[0] })
	pod := c.replicas[i].Pod
	return c.finding(sts.WrongHostname, sts.SeverityError, c.set(),
		msgDNSPodIdentity(pod.Name, pod.Spec.Hostname, pod.Spec.Subdomain, c.service(), wrong[1:]),
		hintDNSPodIdentity(c.kubectl("sts restart", c.Set.Name, "--ordinal", ordinalsArg(wrong))))
}

// findPeers are images whose members are known to find each other by DNS name before they are
// ready.
var findPeers = []string{"cassandra", "cockroach", "consul", "elasticsearch", "etcd", "kafka", "mongo", "nats", "opensearch", "qdrant", "rabbitmq", "scylla", "zookeeper"}

// deadlockPatience is how long pods may take to become ready before they look stuck.
const deadlockPatience = time.Minute

// checkDeadlock: without publishNotReadyAddresses a pod has no name until it is ready. A member
// that needs names to become ready then waits forever.
func checkDeadlock(c *dnsCheck) []sts.Finding {
	if !c.serves() || c.Service.Spec.PublishNotReadyAddresses || sts.DesiredReplicas(c.Set) < 2 {
		return nil
	}
	hint := hintDNSDeadlock(c.kubectl("patch service", c.service(), "--type=merge", "-p", `{"spec":{"publishNotReadyAddresses":true}}`))
	if c.query.Offline {
		hint = hintDNSDeadlockInManifest()
	}
	pods, waiting, init, initPod := 0, []sts.Ordinal{}, "", ""
	for _, r := range c.replicas {
		if !r.Desired || r.Pod == nil {
			continue
		}
		pods++
		started, container := started(r.Pod)
		if !r.Ready && !r.Terminating && started && runsFor(r.Pod, c.TakenAt) >= deadlockPatience {
			waiting = append(waiting, r.Ordinal)
			if container != "" && init == "" {
				init, initPod = container, r.Pod.Name
			}
		}
	}
	if pods > 0 && len(waiting) == pods {
		return c.finding(sts.BootstrapDeadlock, sts.SeverityWarning, c.svc(), msgDNSDeadlock(c.service(), init, initPod), hint)
	}
	image := ""
	for _, container := range c.Set.Spec.Template.Spec.Containers {
		if container.ReadinessProbe != nil && slices.ContainsFunc(findPeers, func(s string) bool { return strings.Contains(imageName(container.Image), s) }) {
			image = container.Image
		}
	}
	if image == "" {
		return nil
	}
	return c.finding(sts.BootstrapDeadlock, sts.SeverityInfo, c.svc(), msgDNSDeadlockPossible(c.service(), imageName(image)), hint)
}

// started reports whether a container that may look up names is running or has run. In phase
// Pending it is an init container, whose name is returned. Sidecars do not count, because the pod
// starts without waiting for them to complete.
func started(pod *corev1.Pod) (ok bool, init string) {
	if pod.Status.Phase == corev1.PodRunning {
		return true, ""
	}
	if pod.Status.Phase != corev1.PodPending {
		return false, ""
	}
	sidecars := map[string]bool{}
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		sidecars[c.Name] = c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	}
	for i := range pod.Status.InitContainerStatuses {
		status := &pod.Status.InitContainerStatuses[i]
		failing := status.RestartCount > 0 && (status.State.Terminated == nil || status.State.Terminated.ExitCode != 0)
		if !sidecars[status.Name] && (status.State.Running != nil || failing) {
			return true, status.Name
		}
	}
	return false, ""
}

// imageName is the last part of an image's path, without its tag: "rabbitmq".
func imageName(image string) string {
	image = image[strings.LastIndex(image, "/")+1:]
	if i := strings.IndexAny(image, ":@"); i >= 0 {
		image = image[:i]
	}
	return image
}

// runsFor is the time since the pod got its address or was started.
func runsFor(pod *corev1.Pod, now time.Time) time.Duration {
	if since := startOfName(pod, true); since != nil {
		return now.Sub(since.Time)
	}
	if pod.Status.StartTime != nil {
		return now.Sub(pod.Status.StartTime.Time)
	}
	return 0
}

// endpointPatience is how long Kubernetes may take to write an EndpointSlice.
const endpointPatience = 10 * time.Second

func checkEndpoints(c *dnsCheck) []sts.Finding {
	if !c.serves() || len(c.Service.Spec.Selector) == 0 {
		return nil
	}
	lacking := c.ordinals(func(_ sts.Replica, s *DNSReplica) bool {
		return s.Expected && s.Reason == DNSNoEndpoint && c.hasFamily(s.IPs)
	})
	late := slices.DeleteFunc(lacking, func(o sts.Ordinal) bool {
		i := slices.IndexFunc(c.replicas, func(r sts.Replica) bool { return r.Ordinal == o })
		since := later(startOfName(c.replicas[i].Pod, c.Service.Spec.PublishNotReadyAddresses), sts.LastWritten(c.Service))
		return since != nil && c.TakenAt.Sub(since.Time) < endpointPatience
	})
	if len(late) == 0 {
		return nil
	}
	return c.finding(sts.EndpointMissing, sts.SeverityError, c.svc(),
		msgDNSEndpointMissing(c.service(), late),
		hintDNSEndpointMissing(c.kubectl("get endpointslices", "-l", discoveryv1.LabelServiceName+"="+c.service())))
}

func checkEndpointHostnames(c *dnsCheck) []sts.Finding {
	nameless := c.ordinals(func(r sts.Replica, s *DNSReplica) bool {
		return s.Reason == DNSNoHostname && r.Pod.Spec.Hostname == s.Pod && r.Pod.Spec.Subdomain == c.service()
	})
	if len(nameless) == 0 {
		return nil
	}
	return c.finding(sts.EndpointWithoutHostname, severe(sts.SeverityError, c.wanted()), c.svc(),
		msgDNSEndpointHostname(c.service(), nameless),
		hintDNSEndpointHostname(c.kubectl("get endpointslices", "-l", discoveryv1.LabelServiceName+"="+c.service(), "-L", discoveryv1.LabelManagedBy)))
}

// checkStaleAddresses: published addresses that the pods do not have.
func checkStaleAddresses(c *dnsCheck) []sts.Finding {
	if !c.Knows("pods") || c.query.Offline {
		return nil
	}
	pods := map[string]*corev1.Pod{}
	for _, r := range c.replicas {
		if r.Pod != nil {
			pods[r.Pod.Name] = r.Pod
		}
	}
	var out []sts.Finding
	for _, slice := range c.Slices {
		for i := range slice.Endpoints {
			e := &slice.Endpoints[i]
			name := ""
			if e.Hostname != nil {
				name = *e.Hostname
			}
			if e.TargetRef != nil && e.TargetRef.Kind == "Pod" {
				name = e.TargetRef.Name
			}
			if _, ours := sts.ParsePodName(c.Set.Name, name); !ours || !endpointReady(e) {
				continue
			}
			var text string
			switch pod := pods[name]; {
			case pod == nil:
				text = msgDNSAddressOfNoPod(slice.Name, e.Addresses, name)
			case e.TargetRef != nil && e.TargetRef.UID != "" && e.TargetRef.UID != pod.UID:
				text = msgDNSAddressOfEarlierPod(slice.Name, e.Addresses, name)
			case len(minus(e.Addresses, podIPs(pod))) > 0:
				text = msgDNSAddressChanged(slice.Name, e.Addresses, name, podIPs(pod))
			default:
				continue
			}
			out = append(out, c.finding(sts.StaleAddress, sts.SeverityWarning, "endpointslice/"+slice.Name, text, nil)...)
		}
	}
	return out
}

// sliceController manages the EndpointSlices of Services with a selector.
const sliceController = "endpointslice-controller.k8s.io"

func checkForeignEndpoints(c *dnsCheck) []sts.Finding {
	if !c.serves() || len(c.Service.Spec.Selector) == 0 {
		return nil
	}
	var out []sts.Finding
	for _, slice := range c.Slices {
		by := slice.Labels[discoveryv1.LabelManagedBy]
		if by == sliceController || len(slice.Endpoints) == 0 {
			continue
		}
		out = append(out, c.finding(sts.ForeignEndpoints, sts.SeverityInfo, "endpointslice/"+slice.Name,
			msgDNSForeignSlice(slice.Name, c.service(), by, len(slice.Endpoints)), nil)...)
	}
	return out
}

func familyOf(ip string) corev1.IPFamily {
	if sts.AddressRecord(ip) == sts.RecordAAAA {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

// checkIPFamilies: only addresses of the Service's IP families are published.
func checkIPFamilies(c *dnsCheck) []sts.Finding {
	if !c.serves() || len(c.Service.Spec.IPFamilies) == 0 || len(c.Service.Spec.Selector) == 0 {
		return nil // the API server gives a Service without a selector both families
	}
	var out []sts.Finding
	for _, family := range c.Service.Spec.IPFamilies {
		without := c.ordinals(func(r sts.Replica, s *DNSReplica) bool {
			return r.Desired && len(s.IPs) > 0 && !slices.ContainsFunc(s.IPs, func(ip string) bool { return familyOf(ip) == family })
		})
		if len(without) == 0 {
			continue
		}
		severity, message := sts.SeverityWarning, msgDNSFamilyMissing(c.service(), family, without)
		if len(c.Service.Spec.IPFamilies) == 1 {
			severity, message = sts.SeverityError, msgDNSOnlyFamilyMissing(c.service(), family, without)
		}
		out = append(out, c.finding(sts.IPFamilyMissing, severity, c.svc(), message, hintDNSFamilyMissing())...)
	}
	unpublished := c.ordinals(func(r sts.Replica, s *DNSReplica) bool {
		return r.Desired && c.hasFamily(s.IPs) && slices.ContainsFunc(s.IPs, func(ip string) bool { return !slices.Contains(c.Service.Spec.IPFamilies, familyOf(ip)) })
	})
	if len(unpublished) > 0 {
		out = append(out, c.finding(sts.IPFamilyMissing, sts.SeverityInfo, c.svc(),
			msgDNSFamilyUnpublished(c.service(), c.Service.Spec.IPFamilies[0]),
			hintDNSFamilyUnpublished(c.kubectl("patch service", c.service(), "--type=merge", "-p", `{"spec":{"ipFamilyPolicy":"PreferDualStack"}}`)))...)
	}
	return out
}

// checkHostDNS: the DNS servers of nodes do not resolve cluster names.
func checkHostDNS(c *dnsCheck) []sts.Finding {
	spec := &c.Set.Spec.Template.Spec
	switch {
	case spec.HostNetwork && (spec.DNSPolicy == "" || spec.DNSPolicy == corev1.DNSClusterFirst):
		return c.finding(sts.HostDNS, severe(sts.SeverityWarning, c.used(c.service()) != "" || c.wanted() && c.members()), c.set(),
			msgDNSHostDNS("hostNetwork"), hintDNSHostNetwork())
	case spec.DNSPolicy == corev1.DNSDefault:
		return c.finding(sts.HostDNS, sts.SeverityInfo, c.set(),
			msgDNSHostDNS("dnsPolicy: Default"), nil)
	}
	return nil
}

// checkPorts: only named ports have SRV records, which have the port on which the pods listen.
func checkPorts(c *dnsCheck) []sts.Finding {
	if !c.serves() {
		return nil
	}
	var out []sts.Finding
	add := func(code sts.FindingCode, severity sts.Severity, message string) {
		out = append(out, c.finding(code, severity, c.svc(), message, nil)...)
	}
	headless := c.Service.Spec.ClusterIP == corev1.ClusterIPNone
	if len(c.Service.Spec.Ports) == 0 {
		add(sts.NoPorts, sts.SeverityInfo, msgDNSNoPorts(c.service()))
	}
	for i := range c.Service.Spec.Ports {
		p := &c.Service.Spec.Ports[i]
		if p.Name == "" {
			add(sts.PortUnnamed, sts.SeverityInfo, msgDNSPortUnnamed(c.service(), p.Port))
		}
		port, found := sts.TargetPort(p, &c.Set.Spec.Template.Spec)
		switch {
		case !found:
			add(sts.PortUnknown, severe(sts.SeverityWarning, c.SRVUsed(c.service(), p.Name, p.Protocol)),
				msgDNSPortUnknown(c.service(), cmp.Or(p.Name, fmt.Sprint(p.Port)), p.TargetPort.StrVal))
		case headless && port != p.Port:
			add(sts.PortNotTranslated, sts.SeverityInfo, msgDNSPortNotTranslated(c.service(), p.Port, port))
		}
	}
	return out
}
