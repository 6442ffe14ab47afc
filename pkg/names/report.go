package names

import (
	"slices"
	"time"

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
	ClusterDomainSource DomainSource `json:"clusterDomainSource"`
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
	// ServicePort is the Service's port; only a Service with a cluster IP translates it.
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
	// ShortNames are its shorter forms, which the search list of a pod completes; the first one works only in
	// the set's own namespace.
	ShortNames []string `json:"shortNames,omitempty"`
	// IPs are the addresses of the pod.
	IPs []string `json:"ips"`
	// Ready is true if the pod is ready.
	Ready bool `json:"ready"`
	// Expected is true if the name should resolve: it is desired, and the pod is ready or the Service
	// publishes pods that are not.
	Expected bool `json:"expected"`
	// Published is true if EndpointSlices have the name with an address of the pod; absent if they
	// could not be read, or there is no cluster.
	Published *bool `json:"published,omitempty"`
	// PublishedSince is the time since which it has certainly been published: since then, the pod has been
	// ready or has had its address, and the EndpointSlice has not changed.
	PublishedSince *metav1.Time `json:"publishedSince,omitempty"`
	// Reason is why it is not published.
	Reason Reason `json:"reason,omitempty"`
	// Message is the same, in words.
	Message string `json:"message,omitempty"`
	// With `--resolve`: the queries for the name, one per address type.
	Lookups []DNSLookup `json:"lookups,omitempty"`
}

// DNSLookup is one query and the evaluation of its result.
type DNSLookup struct {
	Question
	// Expected is true if there should be a record.
	Expected bool `json:"expected"`
	// Want is the correct result: what is published and still valid, empty while nothing is. SRV
	// records are written `target:port`.
	Want []string `json:"want"`
	// Got is the result.
	Got []string `json:"got,omitempty"`
	// Code is the response code: `NOERROR`, `NXDOMAIN`, `SERVFAIL` …; absent if there was no response.
	Code string `json:"code,omitempty"`
	// Verdict is the evaluation of the result; absent if no server was queried.
	Verdict Verdict `json:"verdict,omitempty"`
	// Message is what is incorrect, in words.
	Message string `json:"message,omitempty"`
	// KeptFor is for how long resolvers may cache this result.
	KeptFor *metav1.Duration `json:"keptFor,omitempty"`
	// Took is the duration of the query.
	Took *metav1.Duration `json:"took,omitempty"`

	absence string // why nothing is published
	since   *metav1.Time
	pod     string
	ips     []string // of the pod
	foreign []string // published for the name, but not an address of the pod
}

// Options say what to report.
type Options struct {
	Domain Domain
	// Ordinals are those to report, all if there are none.
	Ordinals sts.Ordinals
	// Offline: the sets are from a manifest, without a cluster; nothing is known about pods.
	Offline bool
	// Resolve: the report has room for the answers of a DNS server.
	Resolve bool
}

// NewReport reports on every set of the inventory.
func NewReport(inv *sts.Inventory, o Options) *DNSReport {
	r := &DNSReport{
		TypeMeta:      metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "DNSReport"},
		ClusterDomain: o.Domain.Name, ClusterDomainSource: o.Domain.Source, OtherDomains: o.Domain.Others,
		Items: []DNSStatus{}, Missing: inv.Missing, TakenAt: inv.TakenAt, owners: map[string]string{},
	}
	for _, pod := range inv.Pods {
		if !pod.Spec.HostNetwork {
			for _, ip := range podIPs(pod) {
				r.owners[ip] = pod.Namespace + "/" + pod.Name
			}
		}
	}
	texts := ReadTexts(inv.Texts)
	for _, s := range inv.Snapshots() {
		r.Items = append(r.Items, newSetNames(s, texts, o).status())
	}
	return r
}

// Questions are the queries of the report, each once.
func (r *DNSReport) Questions() []Question {
	var out []Question
	seen := map[Question]bool{}
	r.Lookups(func(l *DNSLookup) {
		if !seen[l.Question] {
			seen[l.Question] = true
			out = append(out, l.Question)
		}
	})
	return out
}

// Lookups calls f for each lookup: those of pods, of Services, of ports.
func (r *DNSReport) Lookups(f func(*DNSLookup)) {
	all := func(lookups []DNSLookup) {
		for i := range lookups {
			f(&lookups[i])
		}
	}
	for i := range r.Items {
		item := &r.Items[i]
		for k := range item.Replicas {
			all(item.Replicas[k].Lookups)
		}
		all(item.Service.Lookups)
		for k := range item.Service.Ports {
			all(item.Service.Ports[k].Lookups)
		}
	}
}

// Unresolved are the names that should resolve and do not, or not correctly.
func (r *DNSReport) Unresolved() []string {
	return r.incorrect(func(_ *DNSReplica, expected bool) bool { return expected })
}

// Pending are the names of ordinals in range that do not resolve correctly, whether they should
// already or not: those that --wait waits for.
func (r *DNSReport) Pending() []string {
	return r.incorrect(func(replica *DNSReplica, expected bool) bool { return expected || replica != nil && replica.Desired })
}

// incorrect are the names whose lookups matter and are not correct. A replica without a DNS name is
// named by its pod.
func (r *DNSReport) incorrect(matters func(replica *DNSReplica, expected bool) bool) []string {
	var out []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	lookups := func(list []DNSLookup) {
		for i := range list {
			if l := &list[i]; l.Verdict != Correct && matters(nil, l.Expected) {
				add(l.Name)
			}
		}
	}
	for i := range r.Items {
		item := &r.Items[i]
		for k := range item.Replicas {
			replica := &item.Replicas[k]
			right := slices.ContainsFunc(replica.Lookups, func(l DNSLookup) bool { return l.Verdict == Correct })
			lookups(replica.Lookups)
			switch {
			case right || !matters(replica, replica.Expected):
			case replica.FQDN == "":
				add(replica.Pod)
			default:
				add(replica.FQDN)
			}
		}
		lookups(item.Service.Lookups)
		for k := range item.Service.Ports {
			lookups(item.Service.Ports[k].Lookups)
		}
	}
	return out
}
