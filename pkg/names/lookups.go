package names

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// lookups adds all queries about the set to its status.
func (n *setNames) lookups(out *DNSStatus) {
	if out.Service.Name == "" {
		return
	}
	records := n.addressRecords(out)
	service := &out.Service
	for _, record := range records {
		l := newLookup(service.FQDN, record, addresses(n.serviceAddresses(), record))
		l.Expected = slices.ContainsFunc(out.Replicas, func(r DNSReplica) bool { return r.Expected && hasAddress(r.IPs, record) })
		service.Lookups = append(service.Lookups, l)
	}
	for i := range service.Ports {
		p := &service.Ports[i]
		if p.SRV == "" {
			continue
		}
		l := newLookup(p.SRV, recordSRV, n.serviceRecords(p, service))
		l.Expected = len(l.Want) > 0
		p.Lookups = append(p.Lookups, l)
	}
	for i := range out.Replicas {
		r := &out.Replicas[i]
		want := r.IPs
		if r.Published != nil {
			// A published address that is not the pod's is incorrect, also in an answer.
			published := n.published[r.Pod]
			want = slices.DeleteFunc(slices.Clone(r.IPs), func(ip string) bool { return !slices.Contains(published, ip) })
		} else if !r.Expected {
			want = nil
		}
		for _, record := range records {
			l := newLookup(r.FQDN, record, addresses(want, record))
			l.Expected = r.Expected && hasAddress(r.IPs, record)
			l.absence, l.since, l.pod = r.Message, r.PublishedSince, r.Pod
			l.ips, l.foreign = addresses(r.IPs, record), minus(n.published[r.Pod], r.IPs)
			r.Lookups = append(r.Lookups, l)
		}
	}
}

func newLookup(name, record string, want []string) DNSLookup {
	if want == nil {
		want = []string{}
	}
	return DNSLookup{Question: Question{Name: name, Type: record}, Want: want}
}

// addressRecords are the types of address records to query: those of the Service's IP families
// or, if these are not known, of the pods' addresses, and those of EndpointSlices.
func (n *setNames) addressRecords(out *DNSStatus) []string {
	v4 := slices.Contains(out.Service.IPFamilies, string(corev1.IPv4Protocol))
	v6 := slices.Contains(out.Service.IPFamilies, string(corev1.IPv6Protocol))
	if !v4 && !v6 {
		for i := range out.Replicas {
			v4 = v4 || hasAddress(out.Replicas[i].IPs, recordA)
			v6 = v6 || hasAddress(out.Replicas[i].IPs, recordAAAA)
		}
	}
	for _, slice := range n.Slices { // those of other clients may have the other family
		v4 = v4 || slice.AddressType == discoveryv1.AddressTypeIPv4 && len(slice.Endpoints) > 0
		v6 = v6 || slice.AddressType == discoveryv1.AddressTypeIPv6 && len(slice.Endpoints) > 0
	}
	var records []string
	if v4 || !v6 {
		records = append(records, recordA)
	}
	if v6 {
		records = append(records, recordAAAA)
	}
	return records
}

func addresses(ips []string, record string) []string {
	return slices.DeleteFunc(slices.Clone(ips), func(ip string) bool { return recordOf(ip) != record })
}

func hasAddress(ips []string, record string) bool { return len(addresses(ips, record)) > 0 }

// serviceAddresses are the addresses of the Service's own name: those of all published pods, or
// its cluster IPs.
func (n *setNames) serviceAddresses() []string {
	if n.Service != nil && n.Service.Spec.ClusterIP != corev1.ClusterIPNone {
		return slices.DeleteFunc(slices.Clone(n.Service.Spec.ClusterIPs), func(ip string) bool { return ip == "" })
	}
	var out []string
	for _, slice := range n.Slices {
		for i := range slice.Endpoints {
			if endpointReady(&slice.Endpoints[i]) {
				out = append(out, slice.Endpoints[i].Addresses...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// serviceRecords are the SRV records of a port: one for each endpoint that has it, or one for the
// Service itself if it has a cluster IP.
func (n *setNames) serviceRecords(port *DNSPort, service *DNSServiceStatus) []string {
	if !service.Headless {
		return []string{srvRecord(service.FQDN, port.ServicePort)}
	}
	var out []string
	for _, slice := range n.Slices {
		for _, p := range slice.Ports {
			if p.Name == nil || *p.Name != port.Name || p.Port == nil || p.Protocol != nil && string(*p.Protocol) != port.Protocol {
				continue
			}
			for i := range slice.Endpoints {
				e := &slice.Endpoints[i]
				if !endpointReady(e) {
					continue
				}
				for _, ip := range e.Addresses {
					host := dashed(ip)
					if e.Hostname != nil && *e.Hostname != "" {
						host = *e.Hostname
					}
					out = append(out, srvRecord(host+"."+service.FQDN, *p.Port))
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func srvRecord(target string, port int32) string { return fmt.Sprintf("%s:%d", target, port) }

// dashed is CoreDNS's name for an endpoint without a hostname.
func dashed(ip string) string {
	name := strings.NewReplacer(".", "-", ":", "-").Replace(ip)
	if strings.HasSuffix(name, "-") {
		name += "0"
	}
	return name
}
