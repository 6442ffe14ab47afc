package inspect

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DNSReport answers "by which names are the pods found, can these resolve, and do they?".
type DNSReport struct {
	metav1.TypeMeta     `json:",inline"`
	ClusterDomain       string           `json:"clusterDomain"`
	ClusterDomainSource sts.DomainSource `json:"clusterDomainSource"`
	// OtherDomains are further domains in which the DNS server has the same names.
	OtherDomains []string `json:"otherDomains,omitempty"`
	// Server is the DNS server that was asked, absent when none was.
	Server string      `json:"server,omitempty"`
	Items  []DNSStatus `json:"items"`
	// Missing is what could not be read; the report is less sure by that much.
	Missing []sts.Missing `json:"missing,omitempty"`
	// TakenAt is when the cluster was looked at, for those who print ages.
	TakenAt time.Time `json:"-"`

	owners map[string]string // of addresses: the pods that have them
}

// DNSStatus is one StatefulSet's names.
type DNSStatus struct {
	Namespace string           `json:"namespace"`
	Name      string           `json:"name"`
	Service   DNSServiceStatus `json:"service"`
	Replicas  []DNSReplica     `json:"replicas"`
	Findings  []sts.Finding    `json:"findings"`
}

// DNSServiceStatus is the governing Service as DNS sees it.
type DNSServiceStatus struct {
	// Name is empty when the set names none.
	Name string `json:"name"`
	FQDN string `json:"fqdn,omitempty"`
	// Found is absent when Services could not be read.
	Found    *bool `json:"found,omitempty"`
	Headless bool  `json:"headless"`
	// PublishNotReadyAddresses: pods have their names before they are ready, too.
	PublishNotReadyAddresses bool        `json:"publishNotReadyAddresses"`
	IPFamilies               []string    `json:"ipFamilies,omitempty"`
	Ports                    []DNSPort   `json:"ports"`
	Lookups                  []DNSLookup `json:"lookups,omitempty"`
}

// DNSPort is a port of the governing Service.
type DNSPort struct {
	Name     string `json:"name,omitempty"`
	Protocol string `json:"protocol"`
	// Port is where the pods listen, and so where their names lead; 0 where no container
	// has the port's name. ServicePort is the Service's own number.
	Port        int32       `json:"port"`
	ServicePort int32       `json:"servicePort"`
	SRV         string      `json:"srv,omitempty"`
	Lookups     []DNSLookup `json:"lookups,omitempty"`
}

// DNSReplica is one ordinal's name.
type DNSReplica struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	Pod     string      `json:"pod"`
	// Wanted: the ordinal is in the set's range.
	Wanted bool `json:"wanted"`
	// FQDN is empty where the set has no governing Service.
	FQDN       string   `json:"fqdn,omitempty"`
	ShortNames []string `json:"shortNames,omitempty"`
	IPs        []string `json:"ips"`
	Ready      bool     `json:"ready"`
	// Expected: the name should resolve, because the ordinal is wanted and its pod is
	// ready, or the Service publishes pods that are not.
	Expected bool `json:"expected"`
	// Published: EndpointSlices have the name with an address of the pod's. Absent when they could not be read.
	Published *bool `json:"published,omitempty"`
	// PublishedSince: for so long it has been so at least.
	PublishedSince *metav1.Time `json:"publishedSince,omitempty"`
	// Reason is why the name is not published, Message the same for a person.
	Reason  DNSReason   `json:"reason,omitempty"`
	Message string      `json:"message,omitempty"`
	Lookups []DNSLookup `json:"lookups,omitempty"`
}

// DNSReason is why a name is not published.
type DNSReason string

// The reasons. The first that fits in this order is it.
const (
	DNSNoService    DNSReason = "NoService"
	DNSNoPod        DNSReason = "NoPod"
	DNSFinished     DNSReason = "Finished"
	DNSNoAddress    DNSReason = "NoAddress"
	DNSTerminating  DNSReason = "Terminating"
	DNSNotReady     DNSReason = "NotReady"
	DNSNotSelected  DNSReason = "NotSelected"
	DNSWrongAddress DNSReason = "WrongAddress"
	DNSNoHostname   DNSReason = "NoHostname"
	DNSNoEndpoint   DNSReason = "NoEndpoint"
)

// DNSQuery says what to report.
type DNSQuery struct {
	Ordinals sts.Ordinals
	// Offline: there is a manifest and no cluster, so nothing is known of pods.
	Offline bool
	// Resolve: names are to be asked for, so the report has room for the answers.
	Resolve bool
}

// NewDNSReport reports on every set of the inventory.
func NewDNSReport(inv *sts.Inventory, q DNSQuery) *DNSReport {
	r := &DNSReport{
		TypeMeta:      metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "DNSReport"},
		ClusterDomain: inv.Domain.Name, ClusterDomainSource: inv.Domain.Source, OtherDomains: inv.Domain.Others,
		Items: []DNSStatus{}, Missing: inv.Missing, TakenAt: inv.TakenAt, owners: map[string]string{},
	}
	for _, pod := range inv.Pods {
		if !pod.Spec.HostNetwork {
			for _, ip := range podIPs(pod) {
				r.owners[ip] = pod.Namespace + "/" + pod.Name
			}
		}
	}
	for _, s := range inv.Snapshots() {
		r.Items = append(r.Items, newNames(s, inv.Domain, q).status())
	}
	return r
}

// names is one set while its names are told and checked.
type names struct {
	*sts.Snapshot
	domain sts.ClusterDomain
	query  DNSQuery

	// published are the addresses that the EndpointSlices give to each hostname, endpoints
	// what they have of each pod, by its name, or its address where they name none.
	published map[string][]string
	endpoints map[string]*discoveryv1.Endpoint
	// written is when the EndpointSlices with each hostname were last changed.
	written map[string]time.Time
}

func newNames(s *sts.Snapshot, domain sts.ClusterDomain, q DNSQuery) *names {
	n := &names{Snapshot: s, domain: domain, query: q, published: map[string][]string{}, endpoints: map[string]*discoveryv1.Endpoint{}, written: map[string]time.Time{}}
	for _, slice := range s.Slices {
		written := sts.LastWritten(slice)
		for i := range slice.Endpoints {
			e := &slice.Endpoints[i]
			if e.Hostname != nil && endpointReady(e) {
				if written.After(n.written[*e.Hostname]) {
					n.written[*e.Hostname] = written
				}
				n.published[*e.Hostname] = append(n.published[*e.Hostname], e.Addresses...)
			}
			switch {
			case e.TargetRef != nil && e.TargetRef.Kind == "Pod":
				n.endpoints[e.TargetRef.Name] = e
			case e.TargetRef == nil && e.Hostname == nil: // by hand: only its address tells
				for _, ip := range e.Addresses {
					n.endpoints[ip] = e
				}
			}
		}
	}
	return n
}

func (n *names) status() DNSStatus {
	out := DNSStatus{Namespace: n.Set.Namespace, Name: n.Set.Name, Service: n.service(), Replicas: []DNSReplica{}, Findings: n.findings()}
	for _, r := range n.Replicas() {
		if n.query.Ordinals.Has(r.Ordinal) {
			out.Replicas = append(out.Replicas, n.replica(r))
		}
	}
	if n.query.Resolve {
		n.lookups(&out)
	}
	return out
}

func (n *names) service() DNSServiceStatus {
	out := DNSServiceStatus{Name: n.Set.Spec.ServiceName, Ports: []DNSPort{}}
	if out.Name == "" {
		return out
	}
	out.FQDN = sts.ServiceDNSName(n.Set.Namespace, out.Name, n.domain.Name)
	if n.Knows("services") {
		found := n.Service != nil
		out.Found = &found
	}
	if n.Service == nil {
		return out
	}
	spec := &n.Service.Spec
	out.Headless = spec.ClusterIP == corev1.ClusterIPNone
	out.PublishNotReadyAddresses = spec.PublishNotReadyAddresses
	for _, f := range spec.IPFamilies {
		out.IPFamilies = append(out.IPFamilies, string(f))
	}
	for i := range spec.Ports {
		p := &spec.Ports[i]
		port := DNSPort{Name: p.Name, Protocol: string(cmp.Or(p.Protocol, corev1.ProtocolTCP)), ServicePort: p.Port}
		port.Port, _ = sts.TargetPort(p, &n.Set.Spec.Template.Spec)
		port.SRV = sts.SRVName(n.Set.Namespace, out.Name, n.domain.Name, p.Name, p.Protocol)
		out.Ports = append(out.Ports, port)
	}
	return out
}

func (n *names) replica(r sts.Replica) DNSReplica {
	out := DNSReplica{
		Ordinal: r.Ordinal, Pod: n.Name(r.Ordinal), Wanted: r.Desired, Ready: r.Ready, IPs: []string{},
		FQDN: sts.PodDNSName(n.Set, r.Ordinal, n.domain.Name), ShortNames: sts.ShortDNSNames(n.Set, r.Ordinal),
	}
	if n.query.Offline || !n.Knows("pods") {
		return out
	}
	if r.Pod != nil {
		out.IPs = append(out.IPs, podIPs(r.Pod)...)
	}
	publishes := n.Service != nil && n.Service.Spec.PublishNotReadyAddresses
	out.Expected = r.Desired && r.Pod != nil && len(out.IPs) > 0 && !finished(r.Pod) && (publishes || r.Ready && !r.Terminating)
	if !n.Knows("endpointslices") {
		return out
	}
	published := slices.ContainsFunc(n.published[out.Pod], func(ip string) bool { return slices.Contains(out.IPs, ip) })
	out.Published = &published
	if !published {
		out.Reason, out.Message = n.unpublished(r, publishes)
	} else {
		out.PublishedSince = later(startOfName(r.Pod, publishes), n.written[out.Pod])
	}
	return out
}

// podIPs are the pod's addresses; some old kubelets fill only the one field.
func podIPs(pod *corev1.Pod) []string {
	var out []string
	for _, ip := range pod.Status.PodIPs {
		out = append(out, ip.IP)
	}
	if out == nil && pod.Status.PodIP != "" {
		out = append(out, pod.Status.PodIP)
	}
	return out
}

func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// endpointReady: DNS servers take an endpoint of which it is not known for ready, as the
// API asks them to.
func endpointReady(e *discoveryv1.Endpoint) bool {
	return e.Conditions.Ready == nil || *e.Conditions.Ready
}

// unpublished says why EndpointSlices do not have the pod's name, by the rules of
// Kubernetes' endpointslice controller.
func (n *names) unpublished(r sts.Replica, publishes bool) (DNSReason, string) {
	service := n.Set.Spec.ServiceName
	switch {
	case service == "":
		return DNSNoService, "the set names no governing Service"
	case n.Service == nil && n.Knows("services"):
		return DNSNoService, "service " + service + " does not exist"
	case n.Service != nil && n.Service.Spec.Type == corev1.ServiceTypeExternalName:
		return DNSNoService, "service " + service + " stands for an external name"
	case r.Pod == nil:
		return DNSNoPod, "there is no pod"
	case finished(r.Pod):
		return DNSFinished, "the pod has ended"
	case len(podIPs(r.Pod)) == 0:
		return DNSNoAddress, "the pod has no address yet"
	case !n.hasFamily(podIPs(r.Pod)):
		return DNSNoAddress, "the pod has no address of the Service's IP family"
	case r.Terminating && !publishes:
		return DNSTerminating, "the pod is terminating"
	case !r.Ready && !publishes:
		return DNSNotReady, "the pod is not ready"
	case n.Service != nil && len(n.Service.Spec.Selector) > 0 && !selects(n.Service, r.Pod.Labels):
		return DNSNotSelected, "service " + service + " does not select the pod"
	}
	if others := n.published[r.Pod.Name]; len(others) > 0 {
		return DNSWrongAddress, "EndpointSlices have " + few(others) + " for it"
	}
	for _, key := range append(podIPs(r.Pod), r.Pod.Name) {
		if e := n.endpoints[key]; e != nil && endpointReady(e) {
			return DNSNoHostname, "its endpoint lacks the pod's hostname"
		}
	}
	return DNSNoEndpoint, "no EndpointSlice has it yet"
}

func selects(service *corev1.Service, labels map[string]string) bool {
	for k, v := range service.Spec.Selector {
		if labels[k] != v {
			return false
		}
	}
	return true
}

// hasFamily says whether one of the addresses is of an IP family of the Service.
func (n *names) hasFamily(ips []string) bool {
	if n.Service == nil || len(n.Service.Spec.IPFamilies) == 0 {
		return len(ips) > 0
	}
	return slices.ContainsFunc(ips, func(ip string) bool { return slices.Contains(n.Service.Spec.IPFamilies, familyOf(ip)) })
}

// later is the later of the two times, nil when neither is known.
func later(a *metav1.Time, b time.Time) *metav1.Time {
	if b.IsZero() || a != nil && a.After(b) {
		return a
	}
	return &metav1.Time{Time: b}
}

// startOfName is when the pod's address could come into DNS: with its readiness, or where
// that is not waited for, when it got its address.
func startOfName(pod *corev1.Pod, publishes bool) *metav1.Time {
	if pod == nil {
		return nil
	}
	kind := corev1.PodReady
	if publishes {
		kind = corev1.PodReadyToStartContainers
	}
	for i := range pod.Status.Conditions {
		if c := &pod.Status.Conditions[i]; c.Type == kind && c.Status == corev1.ConditionTrue && !c.LastTransitionTime.IsZero() {
			return &c.LastTransitionTime
		}
	}
	return nil
}
