package names

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Reason is why a name is not published: the first match in this order.
type Reason string

// The reasons.
const (
	// NoService: the set names no governing Service, or the Service does not exist or is of type
	// ExternalName.
	NoService Reason = "NoService"
	// NoPod: the ordinal has no pod.
	NoPod Reason = "NoPod"
	// Finished: the pod has terminated and will not start again.
	Finished Reason = "Finished"
	// NoAddress: the pod has no address yet, or none of the Service's IP families.
	NoAddress Reason = "NoAddress"
	// Terminating: the pod is terminating, and the Service publishes only pods that are ready.
	Terminating Reason = "Terminating"
	// NotReady: the pod is not ready, and the Service publishes only pods that are.
	NotReady Reason = "NotReady"
	// NotSelected: the Service's selector does not match the pod.
	NotSelected Reason = "NotSelected"
	// WrongAddress: EndpointSlices have the name, but with addresses that are not the pod's.
	WrongAddress Reason = "WrongAddress"
	// NoHostname: EndpointSlices have the pod without its hostname.
	NoHostname Reason = "NoHostname"
	// NoEndpoint: EndpointSlices do not have the pod yet.
	NoEndpoint Reason = "NoEndpoint"
)

// setNames has what is needed to report and check the DNS names of one set.
type setNames struct {
	*sts.Snapshot
	options Options
	texts   *Texts // in the objects of a manifest

	// published are the addresses of each hostname in the EndpointSlices, endpoints are the
	// endpoints of pods, by the pod's name, or by address if they do not name a pod.
	published map[string][]string
	endpoints map[string]*discoveryv1.Endpoint
	// written is when the EndpointSlices with each hostname were last changed.
	written map[string]time.Time
}

func newSetNames(s *sts.Snapshot, texts *Texts, o Options) *setNames {
	n := &setNames{
		Snapshot: s, options: o, texts: texts,
		published: map[string][]string{}, endpoints: map[string]*discoveryv1.Endpoint{}, written: map[string]time.Time{},
	}
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

func (n *setNames) status() DNSStatus {
	out := DNSStatus{Namespace: n.Set.Namespace, Name: n.Set.Name, Service: n.service(), Replicas: []DNSReplica{}, Findings: n.findings()}
	for _, r := range n.Replicas() {
		if n.options.Ordinals.Has(r.Ordinal) {
			out.Replicas = append(out.Replicas, n.replica(r))
		}
	}
	if n.options.Resolve {
		n.lookups(&out)
	}
	return out
}

func (n *setNames) service() DNSServiceStatus {
	out := DNSServiceStatus{Name: n.Set.Spec.ServiceName, Ports: []DNSPort{}}
	if out.Name == "" {
		return out
	}
	out.FQDN = serviceFQDN(n.Set.Namespace, out.Name, n.options.Domain.Name)
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
		port.Port, _ = TargetPort(p, &n.Set.Spec.Template.Spec)
		port.SRV = SRVName(n.Set.Namespace, out.Name, n.options.Domain.Name, p.Name, p.Protocol)
		out.Ports = append(out.Ports, port)
	}
	return out
}

func (n *setNames) replica(r sts.Replica) DNSReplica {
	out := DNSReplica{
		Ordinal: r.Ordinal, Pod: n.Name(r.Ordinal), Desired: r.Desired, Ready: r.Ready, IPs: []string{},
		FQDN: PodFQDN(n.Set, r.Ordinal, n.options.Domain.Name), ShortNames: ShortPodNames(n.Set, r.Ordinal),
	}
	if n.options.Offline || !n.Knows("pods") {
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
func (n *setNames) unpublished(r sts.Replica, publishes bool) (Reason, string) {
	service := n.Set.Spec.ServiceName
	switch {
	case service == "":
		return NoService, msgNoGoverningService()
	case n.Service == nil && n.Knows("services"):
		return NoService, msgNoService(service)
	case n.Service != nil && n.Service.Spec.Type == corev1.ServiceTypeExternalName:
		return NoService, msgExternalService(service)
	case r.Pod == nil:
		return NoPod, msgNoPod()
	case finished(r.Pod):
		return Finished, msgPodFinished()
	case len(podIPs(r.Pod)) == 0:
		return NoAddress, msgPodWithoutIP()
	case !n.hasFamily(podIPs(r.Pod)):
		return NoAddress, msgPodWithoutFamily()
	case r.Terminating && !publishes:
		return Terminating, msgPodTerminating()
	case !r.Ready && !publishes:
		return NotReady, msgPodNotReady()
	case n.Service != nil && len(n.Service.Spec.Selector) > 0 && !selects(n.Service, r.Pod.Labels):
		return NotSelected, msgPodNotSelected(service)
	}
	if others := n.published[r.Pod.Name]; len(others) > 0 {
		return WrongAddress, msgOtherAddresses(others)
	}
	for _, key := range append(podIPs(r.Pod), r.Pod.Name) {
		if e := n.endpoints[key]; e != nil && endpointReady(e) {
			return NoHostname, msgNoHostname()
		}
	}
	return NoEndpoint, msgNoEndpoint()
}

// hasFamily reports whether one of the addresses is of an IP family of the Service.
func (n *setNames) hasFamily(ips []string) bool {
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
