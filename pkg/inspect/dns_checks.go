package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// dnsChecks are what can be wrong with a set's names. Each looks at one thing, and keeps
// quiet where another one has told the cause already.
var dnsChecks = []func(*dnsCheck) []sts.Finding{
	checkMisspelled, checkServiceName, checkServiceExists, checkServiceKind, checkSelector, checkOwnSelector, checkNames, checkHostnameAsFQDN,
	checkPodIdentity, checkDeadlock, checkEndpoints, checkEndpointHostnames, checkStaleAddresses, checkForeignEndpoints,
	checkIPFamilies, checkHostDNS, checkPorts, checkOtherServices,
}

// dnsCheck is what the checks look at.
type dnsCheck struct {
	*names
	replicas []sts.Replica // with their pods, none when offline
	status   []DNSReplica  // of the same ordinals, whether they are to be shown or not
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

func (c *dnsCheck) finding(code sts.FindingCode, severity sts.Severity, object, message, hint string) []sts.Finding {
	return []sts.Finding{{Code: code, Severity: severity, Object: object, Message: message, Hint: hint}}
}

func (c *dnsCheck) set() string     { return "statefulset/" + c.Set.Name }
func (c *dnsCheck) svc() string     { return "service/" + c.Set.Spec.ServiceName }
func (c *dnsCheck) service() string { return c.Set.Spec.ServiceName }

func (c *dnsCheck) kubectl(args ...string) string { return sts.Kubectl(c.Set.Namespace, args...) }

// serves says whether the governing Service can give the pods names at all.
func (c *dnsCheck) serves() bool {
	return c.Service != nil && c.Service.Spec.Type != corev1.ServiceTypeExternalName
}

// ordinals are those that have a pod for which the condition holds.
func (c *dnsCheck) ordinals(holds func(r sts.Replica, status *DNSReplica) bool) []sts.Ordinal {
	var out []sts.Ordinal
	for i, r := range c.replicas {
		if r.Pod != nil && holds(r, &c.status[i]) {
			out = append(out, r.Ordinal)
		}
	}
	return out
}

// immutable is how a field is changed that the API server does not let anybody change.
const immutable = "the field cannot be changed: delete the set with --cascade=orphan and create it anew, then restart the pods"

// use is where the name of one of the pods below a Service is written, for a sentence, and
// empty where no such place is known.
func (c *dnsCheck) use(service string) string {
	u, used := c.NameUsed(service)
	if !used {
		return ""
	}
	return fmt.Sprintf("%s in %s", u.Name, u.Object)
}

// members: there are several pods, so programs may need to tell them apart by name. Of a
// single pod the Service's own name says it all.
func (c *dnsCheck) members() bool { return sts.WantedReplicas(c.Set) >= 2 }

// wanted: somebody uses the pods' names, or has made a headless Service for them.
func (c *dnsCheck) wanted() bool {
	return c.Service != nil && c.Service.Spec.ClusterIP == corev1.ClusterIPNone || c.use(c.service()) != ""
}

// severe is the severity of what keeps names from resolving: it matters where they are wanted.
func severe(severity sts.Severity, matters bool) sts.Severity {
	if matters {
		return severity
	}
	return sts.SeverityInfo
}

// checkMisspelled: kubectl apply and the API server's strict field validation refuse such an
// object. Only of a manifest.
func checkMisspelled(c *dnsCheck) []sts.Finding {
	var out []sts.Finding
	for _, p := range c.Misspelled() {
		object := c.set()
		if service, ok := p.Object.(*corev1.Service); ok {
			object = "service/" + service.Name
		}
		out = append(out, c.finding(sts.UnknownField, sts.SeverityError, object,
			p.Refusal()+": kubectl apply refuses it, and without strict field validation the field is dropped",
			"write "+p.Nearest)...)
	}
	return out
}

func checkServiceName(c *dnsCheck) []sts.Finding {
	if c.service() != "" {
		return nil
	}
	hint := "set it to the name of a headless Service"
	if len(c.Headless) > 0 {
		hint = "set it to " + c.Headless[0].Name + ", a headless Service that selects the pods"
	}
	if !c.query.Offline {
		hint += "; " + immutable
	}
	return c.finding(sts.NoServiceName, severe(sts.SeverityError, len(c.Headless) > 0), c.set(), "spec.serviceName is not set, so the pods have no DNS names", hint)
}

func checkServiceExists(c *dnsCheck) []sts.Finding {
	if c.service() == "" || c.Service != nil || !c.Knows("services") {
		return nil
	}
	use, hint := c.use(c.service()), ""
	if c.query.Offline {
		message := "service " + c.service() + " is not in the manifest: without it the pods have no DNS names"
		if len(c.ServiceElsewhere) > 0 {
			message = fmt.Sprintf("service %s is in namespace %s of the manifest, not in %s, where statefulset %s is: without it the pods have no DNS names",
				c.service(), strings.Join(c.ServiceElsewhere, ", "), c.Set.Namespace, c.Set.Name)
		}
		severity := sts.SeverityInfo
		if use != "" {
			severity, message = sts.SeverityWarning, message+"; used: "+use
		}
		return c.finding(sts.ServiceMissing, severity, c.svc(), message, hint)
	}
	message := "service " + c.service() + " does not exist, so the pods have no DNS names"
	if use != "" {
		message += "; used: " + use
	}
	if use != "" || c.members() {
		hint = fmt.Sprintf("create a Service %s with clusterIP: None and the selector %s", c.service(), labels.Set(c.Set.Spec.Template.Labels))
	}
	if len(c.Headless) > 0 {
		hint = fmt.Sprintf("headless Service %s selects the pods, but only Service %s can give them names: %s", c.Headless[0].Name, c.service(), hint)
	}
	return c.finding(sts.ServiceMissing, severe(sts.SeverityError, use != "" || c.members()), c.svc(), message, hint)
}

// checkServiceKind: the specification of Kubernetes' DNS gives pods names below headless
// Services only. CoreDNS answers below others, too (findServices in its kubernetes plugin).
func checkServiceKind(c *dnsCheck) []sts.Finding {
	switch {
	case c.Service == nil:
		return nil
	case c.Service.Spec.Type == corev1.ServiceTypeExternalName:
		return c.finding(sts.ServiceExternal, sts.SeverityError, c.svc(),
			"service "+c.service()+" stands for the external name "+c.Service.Spec.ExternalName+", so the pods have no DNS names",
			"make it a headless Service: clusterIP: None and a selector")
	case c.Service.Spec.ClusterIP == corev1.ClusterIPNone:
		return nil
	}
	message, hint := sts.NotHeadless(c.service()), ""
	if use := c.use(c.service()); use != "" && c.domain.Source != sts.DomainCorefile && c.endpointsMaker() == "" {
		message += "; used: " + use
		hint = "for other DNS servers create a headless Service (clusterIP: None) of another name, and set spec.serviceName to it"
		if !c.query.Offline {
			hint += "; " + immutable
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
	selector := c.Service.Spec.Selector
	off := c.ordinals(func(r sts.Replica, _ *DNSReplica) bool { return r.Desired && !selects(c.Service, r.Pod.Labels) })
	lacking, later := c.LabelsLacking()
	switch {
	case later:
		return c.finding(sts.SelectorMismatch, sts.SeverityInfo, c.svc(), sts.LabelsLater(c.service(), lacking), "")
	case len(lacking) > 0:
		return c.finding(sts.SelectorMismatch, sts.SeverityError, c.svc(),
			fmt.Sprintf("service %s selects %s, which the pod template does not have: no pod of the set has a DNS name", c.service(), labels.Set(lacking)), c.selectorHint())
	case len(off) == 0:
		return nil
	}
	return c.finding(sts.SelectorMismatch, sts.SeverityError, c.svc(),
		fmt.Sprintf("service %s selects %s, which the template has and the pods of %s have not", c.service(), labels.Set(selector), sts.SayOrdinals(off)),
		"restart them: "+c.kubectl("sts", "restart", c.Set.Name, "--ordinal", ordinalsArg(off)))
}

// checkNoSelector: a Service without a selector leads where its endpoints say. Where another
// client writes them, as Patroni does for the leader of its cluster, a selector would send
// its traffic to all pods.
func (c *dnsCheck) checkNoSelector() []sts.Finding {
	message := "service " + c.service() + " has no selector: "
	if maker := c.endpointsMaker(); maker != "" {
		severity := sts.SeverityInfo
		if use := c.use(c.service()); use != "" && c.unpublished() {
			severity, message = sts.SeverityWarning, message+use+" does not resolve; "
		}
		return c.finding(sts.SelectorMissing, severity, c.svc(), message+"its endpoints are managed by "+maker, "")
	}
	hint := c.selectorHint()
	if !c.wanted() || !c.query.Offline && (!c.Knows("endpointslices") || !c.Knows("endpoints")) {
		hint = "" // a selector may do harm: the endpoints may be written later, or by an unknown client
	}
	return c.finding(sts.SelectorMissing, severe(sts.SeverityWarning, c.wanted() && c.unpublished()), c.svc(),
		message+"its EndpointSlices must be created by another client, with the pods' hostnames", hint)
}

// unpublished: some pod should have its name, and has not.
func (c *dnsCheck) unpublished() bool {
	return len(c.ordinals(func(_ sts.Replica, s *DNSReplica) bool { return s.Expected && s.Published != nil && !*s.Published })) > 0
}

// mirrorController copies Endpoints to EndpointSlices, for Services without a selector.
const mirrorController = "endpointslicemirroring-controller.k8s.io"

// endpointsMaker is who writes the endpoints of the governing Service in the place of
// Kubernetes, empty where nobody is known to. What Kubernetes wrote while the Service had
// a selector stays when the selector goes.
func (c *dnsCheck) endpointsMaker() string {
	if c.Service == nil || len(c.Service.Spec.Selector) > 0 {
		return ""
	}
	if e := c.Endpoints; e != nil {
		if managers := foreignManagers(e); len(managers) > 0 {
			return fmt.Sprintf("field manager %s (endpoints %s)", strings.Join(managers, ", "), e.Name)
		}
		if c.query.Offline || len(e.ManagedFields) == 0 {
			return "the client that creates endpoints " + e.Name
		}
	}
	for _, slice := range c.Slices {
		switch by := slice.Labels[discoveryv1.LabelManagedBy]; {
		case by == sliceController || by == mirrorController && c.Endpoints != nil:
		case by == mirrorController:
			return "the client that creates endpoints " + c.service()
		case by != "":
			return fmt.Sprintf("%s (endpointslice %s)", by, slice.Name)
		default:
			return "the client that creates endpointslice " + slice.Name
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

// patroni names Patroni where the pods run it: it writes the endpoints once there is a leader.
func patroni(pod *corev1.PodSpec) string {
	for i := range pod.Containers {
		for _, e := range pod.Containers[i].Env {
			if strings.HasPrefix(e.Name, "PATRONI_") {
				return "Patroni (environment variable " + e.Name + ")"
			}
		}
		if name := imageName(pod.Containers[i].Image); strings.Contains(name, "patroni") || strings.Contains(name, "spilo") {
			return "Patroni (image " + name + ")"
		}
	}
	return ""
}

// checkOtherServices: pods have names below one Service only, whatever others select them.
func checkOtherServices(c *dnsCheck) []sts.Finding {
	if c.service() == "" {
		return nil
	}
	var out []sts.Finding
	for _, service := range c.Headless {
		message := fmt.Sprintf("headless service %s selects the pods, too, but gives them no names: they have names only below the governing Service, %s (kubernetes#124207)", service.Name, c.service())
		severity, hint := sts.SeverityInfo, ""
		if u, used := c.NameUsed(service.Name); used {
			severity, message = sts.SeverityWarning, fmt.Sprintf("%s; used: %s in %s", message, u.Name, u.Object)
			hint = "write " + strings.TrimSuffix(u.Name, service.Name) + c.service()
		}
		out = append(out, c.finding(sts.ServiceNotGoverning, severity, "service/"+service.Name, message, hint)...)
	}
	return out
}

// selectorHint is how the Service gets to select the set's pods.
func (c *dnsCheck) selectorHint() string {
	if c.Set.Spec.Selector == nil || len(c.Set.Spec.Selector.MatchLabels) == 0 {
		return "give it a selector of labels that the pod template has"
	}
	selector := labels.Set(c.Set.Spec.Selector.MatchLabels).String()
	if c.query.Offline {
		return "to have it lead to the set's pods, let it select " + selector
	}
	return "to have it lead to the set's pods: " + c.kubectl("set", "selector", "service", c.service(), selector)
}

// checkOwnSelector: the API server takes no set whose selector does not fit its template.
func checkOwnSelector(c *dnsCheck) []sts.Finding {
	selector, err := metav1.LabelSelectorAsSelector(c.Set.Spec.Selector)
	var message string
	switch {
	case err != nil:
		message = "spec.selector cannot be read: " + err.Error()
	case selector.Empty() || c.Set.Spec.Selector == nil:
		message = "spec.selector is missing: such a set cannot be created"
	case !selector.Matches(labels.Set(c.Set.Spec.Template.Labels)):
		message = fmt.Sprintf("spec.selector is %s, and the pod template has the labels %s: such a set cannot be created", selector, cmp.Or(labels.Set(c.Set.Spec.Template.Labels).String(), "none"))
	default:
		return nil
	}
	return c.finding(sts.InvalidSelector, sts.SeverityError, c.set(), message, "let spec.selector.matchLabels be labels that spec.template.metadata.labels has")
}

func ordinalsArg(ordinals []sts.Ordinal) string {
	return strings.ReplaceAll(sts.FormatOrdinals(ordinals), " ", "")
}

// checkNames: a label of a DNS name has 63 characters at most, a name 253, and pods get
// their names as hostnames, which are single labels.
func checkNames(c *dnsCheck) []sts.Finding {
	last := c.Name(max(sts.End(c.Set)-1, sts.Start(c.Set)))
	var out []sts.Finding
	add := func(message string) {
		out = append(out, c.finding(sts.InvalidName, sts.SeverityError, c.set(), message, "")...)
	}
	switch name := c.Set.Name; {
	case len(name) > sts.LongestSetName:
		out = c.finding(sts.InvalidName, sts.SeverityError, c.set(),
			fmt.Sprintf("the name %s has %d characters, and no pod can be created of a StatefulSet with more than %d: the label %s would be too long",
				name, len(name), sts.LongestSetName, appsv1.ControllerRevisionHashLabelKey),
			fmt.Sprintf("give the set a name of at most %d characters", sts.LongestSetName))
	case len(validation.IsDNS1123Label(last)) > 0:
		add("the pod name " + last + " is no label of a DNS name: such a pod cannot be created")
	}
	if c.service() == "" {
		return out
	}
	if problems := validation.IsDNS1123Label(c.service()); len(problems) > 0 {
		add("spec.serviceName " + c.service() + " is no label of a DNS name: it is the bare name of a Service, without a namespace")
	}
	if name := sts.PodDNSName(c.Set, max(sts.End(c.Set)-1, sts.Start(c.Set)), c.domain.Name); len(out) == 0 && len(name) > validation.DNS1123SubdomainMaxLength {
		add(fmt.Sprintf("the DNS name %s has %d characters, and may have %d", name, len(name), validation.DNS1123SubdomainMaxLength))
	}
	return out
}

// fqdnHostname is the longest hostname that Linux takes.
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
		fmt.Sprintf("with setHostnameAsFQDN the hostname is %s: %d characters, and a kernel takes %d, so the pod does not start", name, len(name), fqdnHostname),
		"take setHostnameAsFQDN out of the pod template, or shorten the names")
}

// checkPodIdentity: hostname and subdomain are set when a pod is created and never after,
// so pods that a set has adopted may have those of an earlier set.
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
		fmt.Sprintf("pod %s has hostname %q and subdomain %q instead of %q and %q%s, so the name of the set's Service does not lead to it",
			pod.Name, pod.Spec.Hostname, pod.Spec.Subdomain, pod.Name, c.service(), others(wrong)),
		"these are set when a pod is created: "+c.kubectl("sts", "restart", c.Set.Name, "--ordinal", ordinalsArg(wrong)))
}

func others(ordinals []sts.Ordinal) string {
	if len(ordinals) < 2 {
		return ""
	}
	return ", and so have " + sts.SayOrdinals(ordinals[1:])
}

// findPeers are images of which it is known that members find each other by these names
// before they get ready.
var findPeers = []string{"cassandra", "cockroach", "consul", "elasticsearch", "etcd", "kafka", "mongo", "nats", "opensearch", "qdrant", "rabbitmq", "scylla", "zookeeper"}

// deadlockPatience is how long it takes until pods that do not get ready look stuck.
const deadlockPatience = time.Minute

// checkDeadlock: without publishNotReadyAddresses a pod has no name until it is ready. A
// member that needs names to get ready then waits for ever.
func checkDeadlock(c *dnsCheck) []sts.Finding {
	if !c.serves() || c.Service.Spec.PublishNotReadyAddresses || sts.WantedReplicas(c.Set) < 2 {
		return nil
	}
	hint := "publish them before: " + c.kubectl("patch", "service", c.service(), "--type=merge", "-p", `'{"spec":{"publishNotReadyAddresses":true}}'`)
	if c.query.Offline {
		hint = "publish them before, with publishNotReadyAddresses: true in the Service"
	}
	pods, waiting, init := 0, []sts.Ordinal{}, ""
	for _, r := range c.replicas {
		if !r.Desired || r.Pod == nil {
			continue
		}
		pods++
		started, container := started(r.Pod)
		if !r.Ready && !r.Terminating && started && runsFor(r.Pod, c.TakenAt) >= deadlockPatience {
			waiting = append(waiting, r.Ordinal)
			if container != "" && init == "" {
				init = fmt.Sprintf("init container %s of pod %s has not completed, ", container, r.Pod.Name)
			}
		}
	}
	if pods > 0 && len(waiting) == pods {
		return c.finding(sts.BootstrapDeadlock, sts.SeverityWarning, c.svc(),
			"no pod is ready, "+init+"and service "+c.service()+" publishes only pods that are: if they need a DNS name to get ready, their own or each other's, none ever will",
			hint)
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
	return c.finding(sts.BootstrapDeadlock, sts.SeverityInfo, c.svc(),
		"service "+c.service()+" publishes only pods that are ready, and members of "+imageName(image)+" often need each other's names to get ready", hint)
}

// started: a program of the pod runs, or has run, that may look for names. It is an init
// container in phase Pending, which is then named; sidecars among them do not count, because
// the pod goes on beside them.
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

// runsFor is how long the pod has its address, or has been started.
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
		fmt.Sprintf("no EndpointSlice of service %s has the pods of %s, which should have their DNS names", c.service(), sts.SayOrdinals(late)),
		"does the kube-controller-manager run? "+c.kubectl("get", "endpointslices", "-l", discoveryv1.LabelServiceName+"="+c.service()))
}

func checkEndpointHostnames(c *dnsCheck) []sts.Finding {
	nameless := c.ordinals(func(r sts.Replica, s *DNSReplica) bool {
		return s.Reason == DNSNoHostname && r.Pod.Spec.Hostname == s.Pod && r.Pod.Spec.Subdomain == c.service()
	})
	if len(nameless) == 0 {
		return nil
	}
	return c.finding(sts.EndpointWithoutHostname, severe(sts.SeverityError, c.wanted()), c.svc(),
		fmt.Sprintf("the endpoints of %s have no hostname, or another one, in the EndpointSlices of service %s: DNS servers name such a pod by its address (10-0-0-7.%s…)",
			sts.SayOrdinals(nameless), c.service(), c.service()),
		"who writes them? "+c.kubectl("get", "endpointslices", "-l", discoveryv1.LabelServiceName+"="+c.service(), "-L", discoveryv1.LabelManagedBy))
}

// checkStaleAddresses: what is published and is no pod's any more.
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
			text := fmt.Sprintf("EndpointSlice %s gives %s for %s, ", slice.Name, strings.Join(e.Addresses, ", "), name)
			switch pod := pods[name]; {
			case pod == nil:
				text += "which does not exist"
			case e.TargetRef != nil && e.TargetRef.UID != "" && e.TargetRef.UID != pod.UID:
				text += "which is an earlier pod of this name"
			case len(minus(e.Addresses, podIPs(pod))) > 0:
				text += "which has " + cmp.Or(strings.Join(podIPs(pod), ", "), "no address")
			default:
				continue
			}
			out = append(out, c.finding(sts.StaleAddress, sts.SeverityWarning, "endpointslice/"+slice.Name, text, "")...)
		}
	}
	return out
}

// sliceController is who writes EndpointSlices for Services with a selector.
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
			fmt.Sprintf("EndpointSlice %s of service %s is not Kubernetes' own but %s: DNS answers with its %s, too",
				slice.Name, c.service(), cmp.Or(by, "nobody's"), sts.Count(len(slice.Endpoints), "endpoint")), "")...)
	}
	return out
}

func familyOf(ip string) corev1.IPFamily {
	if sts.AddressRecord(ip) == sts.RecordAAAA {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

// checkIPFamilies: an address is published if the Service has its IP family.
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
		severity, what := sts.SeverityWarning, "the pods of "+sts.SayOrdinals(without)+" have no such address"
		if len(c.Service.Spec.IPFamilies) == 1 {
			severity, what = sts.SeverityError, what+" and so no DNS name"
		}
		out = append(out, c.finding(sts.IPFamilyMissing, severity, c.svc(), fmt.Sprintf("service %s is for %s, and %s", c.service(), family, what),
			"let spec.ipFamilies of the Service be what the pods have; which these get is up to the cluster's network")...)
	}
	unpublished := c.ordinals(func(r sts.Replica, s *DNSReplica) bool {
		return r.Desired && c.hasFamily(s.IPs) && slices.ContainsFunc(s.IPs, func(ip string) bool { return !slices.Contains(c.Service.Spec.IPFamilies, familyOf(ip)) })
	})
	if len(unpublished) > 0 {
		out = append(out, c.finding(sts.IPFamilyMissing, sts.SeverityInfo, c.svc(),
			fmt.Sprintf("service %s is for %s only, so the other addresses of its pods are not in DNS", c.service(), c.Service.Spec.IPFamilies[0]),
			"to have them: "+c.kubectl("patch", "service", c.service(), "--type=merge", "-p", `'{"spec":{"ipFamilyPolicy":"PreferDualStack"}}'`))...)
	}
	return out
}

// checkHostDNS: pods that ask their node's DNS servers do not know the cluster's names.
func checkHostDNS(c *dnsCheck) []sts.Finding {
	spec := &c.Set.Spec.Template.Spec
	switch {
	case spec.HostNetwork && (spec.DNSPolicy == "" || spec.DNSPolicy == corev1.DNSClusterFirst):
		return c.finding(sts.HostDNS, severe(sts.SeverityWarning, c.use(c.service()) != "" || c.wanted() && c.members()), c.set(),
			"the pods use their node's network and so its DNS servers, which do not know the cluster's names: they do not find each other by them",
			"set dnsPolicy: ClusterFirstWithHostNet in the pod template")
	case spec.DNSPolicy == corev1.DNSDefault:
		return c.finding(sts.HostDNS, sts.SeverityInfo, c.set(),
			"with dnsPolicy: Default the pods ask their node's DNS servers, which do not know the cluster's names: they do not find each other by them", "")
	}
	return nil
}

// checkPorts: SRV records are made for named ports, and say where the pods listen.
func checkPorts(c *dnsCheck) []sts.Finding {
	if !c.serves() {
		return nil
	}
	var out []sts.Finding
	add := func(code sts.FindingCode, severity sts.Severity, format string, args ...any) {
		out = append(out, c.finding(code, severity, c.svc(), fmt.Sprintf(format, args...), "")...)
	}
	headless := c.Service.Spec.ClusterIP == corev1.ClusterIPNone
	if len(c.Service.Spec.Ports) == 0 {
		add(sts.NoPorts, sts.SeverityInfo, "service %s has no ports: there are no SRV records", c.service())
	}
	for i := range c.Service.Spec.Ports {
		p := &c.Service.Spec.Ports[i]
		if p.Name == "" {
			add(sts.PortUnnamed, sts.SeverityInfo, "port %d of service %s has no name: SRV records are made for named ports", p.Port, c.service())
		}
		port, found := sts.TargetPort(p, &c.Set.Spec.Template.Spec)
		switch {
		case !found:
			add(sts.PortUnknown, severe(sts.SeverityWarning, c.SRVUsed(c.service(), p.Name, p.Protocol)), "port %s of service %s goes to the pods' port %q, which no container has: there is no SRV record for it",
				cmp.Or(p.Name, fmt.Sprint(p.Port)), c.service(), p.TargetPort.StrVal)
		case headless && port != p.Port:
			add(sts.PortNotTranslated, sts.SeverityInfo, "port %d of service %s is %d in the pods, and a headless Service does not translate: by name they are reached at %d",
				p.Port, c.service(), port, port)
		}
	}
	return out
}
