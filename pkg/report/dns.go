package report

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DNSReport lists the DNS names of pods, whether they are published and, with `--resolve`, whether
// they resolve.
type DNSReport struct {
	metav1.TypeMeta `json:",inline"`
	// ClusterDomain is the suffix of all names.
	ClusterDomain string `json:"clusterDomain"`
	// ClusterDomainSource is where the cluster domain was read from.
	ClusterDomainSource sts.DomainSource `json:"clusterDomainSource"`
	// OtherDomains are other domains in which CoreDNS serves the same names.
	OtherDomains []string `json:"otherDomains,omitempty"`
	// Server is the DNS server that was queried; absent if none was.
	Server string `json:"server,omitempty"`
	// Items are the requested StatefulSets.
	Items []DNSStatus `json:"items"`
	// Missing is what could not be read, usually because a permission is missing; the report is
	// incomplete to that extent.
	Missing []sts.Missing `json:"missing,omitempty"`
	// TakenAt is when the cluster was read; ages are relative to it.
	TakenAt time.Time `json:"-"`

	owners map[string]string // of addresses: NAMESPACE/NAME of the pod
}

// DNSStatus are the DNS names of one StatefulSet.
type DNSStatus struct {
	// Namespace is the namespace of the StatefulSet.
	Namespace string `json:"namespace"`
	// Name is the name of the StatefulSet.
	Name string `json:"name"`
	// Service is its governing Service, `spec.serviceName`.
	Service DNSServiceStatus `json:"service"`
	// Replicas are its ordinals: those in range, and those that still have a pod.
	Replicas []DNSReplica `json:"replicas"`
	// Findings is what the checks found, most severe first.
	Findings []sts.Finding `json:"findings"`
}

// DNSServiceStatus is the governing Service.
type DNSServiceStatus struct {
	// Name is the name of the Service; empty if the set names none.
	Name string `json:"name"`
	// FQDN is the Service's own name: it resolves to all published pods, or to its cluster IP.
	FQDN string `json:"fqdn,omitempty"`
	// Found is true if it exists; absent if Services could not be read.
	Found *bool `json:"found,omitempty"`
	// Headless is true if it has no cluster IP.
	Headless bool `json:"headless"`
	// PublishNotReadyAddresses is true if pods are published before they are ready, and while they
	// terminate.
	PublishNotReadyAddresses bool `json:"publishNotReadyAddresses"`
	// IPFamilies are the address families that are published: `IPv4`, `IPv6`.
	IPFamilies []string `json:"ipFamilies,omitempty"`
	// Ports are its ports.
	Ports []DNSPort `json:"ports"`
	// With `--resolve`: the queries for its own name.
	Lookups []DNSLookup `json:"lookups,omitempty"`
}

// DNSPort is a port of the governing Service.
type DNSPort struct {
	// Name is absent for a port without a name, which has no SRV records.
	Name string `json:"name,omitempty"`
	// Protocol is `TCP`, `UDP` or `SCTP`.
	Protocol string `json:"protocol"`
	// Port is the port on which the pods listen, and which is reached by their names; 0 if no
	// container has a port of that name.
	Port int32 `json:"port"`
	// ServicePort is the Service's port, which only a cluster IP translates.
	ServicePort int32 `json:"servicePort"`
	// SRV is the name of its SRV records.
	SRV string `json:"srv,omitempty"`
	// With `--resolve`: the queries for that name.
	Lookups []DNSLookup `json:"lookups,omitempty"`
}

// DNSReplica is the DNS name of one ordinal.
type DNSReplica struct {
	// Ordinal is the ordinal of the pod.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Pod is the name of the pod, whether it exists or not.
	Pod string `json:"pod"`
	// Desired is true if the ordinal is in the set's range.
	Desired bool `json:"desired"`
	// FQDN is the fully qualified name of the pod; absent if the set names no Service.
	FQDN string `json:"fqdn,omitempty"`
	// ShortNames are its shorter forms, which pods complete by their search list; the first one only
	// in the set's own namespace.
	ShortNames []string `json:"shortNames,omitempty"`
	// IPs are the addresses of the pod.
	IPs []string `json:"ips"`
	// Ready is true if the pod is ready.
	Ready bool `json:"ready"`
	// Expected is true if the name should resolve: it is wanted, and the pod is ready or the Service
	// publishes pods that are not.
	Expected bool `json:"expected"`
	// Published is true if EndpointSlices have the name with an address of the pod; absent if they
	// could not be read, or there is no cluster.
	Published *bool `json:"published,omitempty"`
	// PublishedSince is since when at least it has been published: the pod has been ready or has had
	// its address, and the EndpointSlice has not changed since.
	PublishedSince *metav1.Time `json:"publishedSince,omitempty"`
	// Reason is why it is not published.
	Reason DNSReason `json:"reason,omitempty"`
	// Message is the same, in words.
	Message string `json:"message,omitempty"`
	// With `--resolve`: the queries for the name, one per address type.
	Lookups []DNSLookup `json:"lookups,omitempty"`
}

// DNSReason is why a name is not published: the first match in this order.
type DNSReason string

// The reasons. The first that applies, in this order, is reported.
const (
	// DNSNoService: the set names no governing Service, or the Service does not exist or is of type
	// ExternalName.
	DNSNoService DNSReason = "NoService"
	// DNSNoPod: the ordinal has no pod.
	DNSNoPod DNSReason = "NoPod"
	// DNSFinished: the pod has terminated and will not start again.
	DNSFinished DNSReason = "Finished"
	// DNSNoAddress: the pod has no address yet, or none of the Service's IP families.
	DNSNoAddress DNSReason = "NoAddress"
	// DNSTerminating: the pod is terminating, and the Service publishes only pods that are ready.
	DNSTerminating DNSReason = "Terminating"
	// DNSNotReady: the pod is not ready, and the Service publishes only pods that are.
	DNSNotReady DNSReason = "NotReady"
	// DNSNotSelected: the Service's selector does not match the pod.
	DNSNotSelected DNSReason = "NotSelected"
	// DNSWrongAddress: EndpointSlices have the name, but with addresses that are not the pod's.
	DNSWrongAddress DNSReason = "WrongAddress"
	// DNSNoHostname: EndpointSlices have the pod without its hostname.
	DNSNoHostname DNSReason = "NoHostname"
	// DNSNoEndpoint: EndpointSlices do not have the pod yet.
	DNSNoEndpoint DNSReason = "NoEndpoint"
)

// DNSQuery says what to report.
type DNSQuery struct {
	Ordinals sts.Ordinals
	// Offline: the sets are from a manifest, without a cluster; nothing is known about pods.
	Offline bool
	// Resolve: the report has room for the answers of a DNS server.
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

// names has what is needed to report and check the DNS names of one set.
type names struct {
	*sts.Snapshot
	domain sts.ClusterDomain
	query  DNSQuery

	// published are the addresses of each hostname in the EndpointSlices, endpoints are the
	// endpoints of pods, by the pod's name, or by address if they do not name a pod.
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
			case e.TargetRef == nil && e.Hostname == nil: // created by hand: known only by its address
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
		Ordinal: r.Ordinal, Pod: n.Name(r.Ordinal), Desired: r.Desired, Ready: r.Ready, IPs: []string{},
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

// podIPs are the pod's addresses; some old kubelets set only status.podIP.
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

// endpointReady: as the API requires, DNS servers treat an endpoint without this condition as
// ready.
func endpointReady(e *discoveryv1.Endpoint) bool {
	return e.Conditions.Ready == nil || *e.Conditions.Ready
}

// unpublished says why EndpointSlices do not have the pod's name, by the rules of
// Kubernetes' endpointslice controller.
func (n *names) unpublished(r sts.Replica, publishes bool) (DNSReason, string) {
	service := n.Set.Spec.ServiceName
	switch {
	case service == "":
		return DNSNoService, msgDNSNoGoverningService()
	case n.Service == nil && n.Knows("services"):
		return DNSNoService, msgDNSNoService(service)
	case n.Service != nil && n.Service.Spec.Type == corev1.ServiceTypeExternalName:
		return DNSNoService, msgDNSExternalService(service)
	case r.Pod == nil:
		return DNSNoPod, msgDNSNoPod()
	case finished(r.Pod):
		return DNSFinished, msgDNSPodFinished()
	case len(podIPs(r.Pod)) == 0:
		return DNSNoAddress, msgDNSPodWithoutIP()
	case !n.hasFamily(podIPs(r.Pod)):
		return DNSNoAddress, msgDNSPodWithoutFamily()
	case r.Terminating && !publishes:
		return DNSTerminating, msgDNSPodTerminating()
	case !r.Ready && !publishes:
		return DNSNotReady, msgDNSPodNotReady()
	case n.Service != nil && len(n.Service.Spec.Selector) > 0 && !selects(n.Service, r.Pod.Labels):
		return DNSNotSelected, msgDNSPodNotSelected(service)
	}
	if others := n.published[r.Pod.Name]; len(others) > 0 {
		return DNSWrongAddress, msgDNSOtherAddresses(others)
	}
	for _, key := range append(podIPs(r.Pod), r.Pod.Name) {
		if e := n.endpoints[key]; e != nil && endpointReady(e) {
			return DNSNoHostname, msgDNSNoHostname()
		}
	}
	return DNSNoEndpoint, msgDNSNoEndpoint()
}

func selects(service *corev1.Service, labels map[string]string) bool {
	for k, v := range service.Spec.Selector {
		if labels[k] != v {
			return false
		}
	}
	return true
}

// hasFamily reports whether one of the addresses is of an IP family of the Service.
func (n *names) hasFamily(ips []string) bool {
	if n.Service == nil || len(n.Service.Spec.IPFamilies) == 0 {
		return len(ips) > 0
	}
	return slices.ContainsFunc(ips, func(ip string) bool { return slices.Contains(n.Service.Spec.IPFamilies, familyOf(ip)) })
}

// later is the later of the two times, nil if neither is known.
func later(a *metav1.Time, b time.Time) *metav1.Time {
	if b.IsZero() || a != nil && a.After(b) {
		return a
	}
	return &metav1.Time{Time: b}
}

// startOfName is when the pod's address could be published: when the pod became ready or, if the
// Service publishes pods that are not ready, when it got its address.
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
