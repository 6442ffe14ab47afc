package names

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DNSReport has the DNS names of pods, whether they are published and, with queries, whether they
// resolve.
type DNSReport struct {
	metav1.TypeMeta     `json:",inline"`
	ClusterDomain       string       `json:"clusterDomain"`
	ClusterDomainSource DomainSource `json:"clusterDomainSource"`
	// OtherDomains are further domains in which the DNS server has the same names.
	OtherDomains []string `json:"otherDomains,omitempty"`
	// Server is the DNS server that was queried, absent if none was.
	Server string      `json:"server,omitempty"`
	Items  []DNSStatus `json:"items"`
	// Missing is what could not be read; the report is incomplete without it.
	Missing []sts.Missing `json:"missing,omitempty"`
	// TakenAt is when the cluster was read; ages are relative to it.
	TakenAt time.Time `json:"-"`

	owners map[string]string // of addresses: NAMESPACE/NAME of the pod
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
	// Name is empty if spec.serviceName is not set.
	Name string `json:"name"`
	FQDN string `json:"fqdn,omitempty"`
	// Found is absent if Services could not be read.
	Found    *bool `json:"found,omitempty"`
	Headless bool  `json:"headless"`
	// PublishNotReadyAddresses: pods have DNS names before they are ready.
	PublishNotReadyAddresses bool        `json:"publishNotReadyAddresses"`
	IPFamilies               []string    `json:"ipFamilies,omitempty"`
	Ports                    []DNSPort   `json:"ports"`
	Lookups                  []DNSLookup `json:"lookups,omitempty"`
}

// DNSPort is a port of the governing Service.
type DNSPort struct {
	Name     string `json:"name,omitempty"`
	Protocol string `json:"protocol"`
	// Port is where the pods listen: the port to use with their names. It is 0 if no container
	// defines the port's name. ServicePort is the Service's own number.
	Port        int32       `json:"port"`
	ServicePort int32       `json:"servicePort"`
	SRV         string      `json:"srv,omitempty"`
	Lookups     []DNSLookup `json:"lookups,omitempty"`
}

// DNSReplica is one ordinal's name.
type DNSReplica struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	Pod     string      `json:"pod"`
	// Desired: the ordinal is in the set's range.
	Desired bool `json:"desired"`
	// FQDN is empty if the set has no governing Service.
	FQDN       string   `json:"fqdn,omitempty"`
	ShortNames []string `json:"shortNames,omitempty"`
	IPs        []string `json:"ips"`
	Ready      bool     `json:"ready"`
	// Expected: the name should resolve, because the ordinal is in range and its pod is
	// ready, or the Service publishes pods that are not ready.
	Expected bool `json:"expected"`
	// Published: EndpointSlices have the name with an address of the pod. Absent if they could not be read.
	Published *bool `json:"published,omitempty"`
	// PublishedSince: the name has been published at least since then.
	PublishedSince *metav1.Time `json:"publishedSince,omitempty"`
	// Reason is why the name is not published, Message is the same as a sentence.
	Reason  Reason      `json:"reason,omitempty"`
	Message string      `json:"message,omitempty"`
	Lookups []DNSLookup `json:"lookups,omitempty"`
}

// DNSLookup is one query and the verdict on its answer.
type DNSLookup struct {
	Question
	// Expected: there should be a record.
	Expected bool `json:"expected"`
	// Want is the correct answer: addresses, or "target:port" of SRV records. It is empty
	// while nothing is published.
	Want []string `json:"want"`
	// Got is the answer, Code its response code; both are empty if there was none.
	Got     []string `json:"got,omitempty"`
	Code    string   `json:"code,omitempty"`
	Verdict Verdict  `json:"verdict,omitempty"`
	// Message says what is wrong, empty if nothing is.
	Message string `json:"message,omitempty"`
	// KeptFor is how long resolvers may cache the answer.
	KeptFor *metav1.Duration `json:"keptFor,omitempty"`
	Took    *metav1.Duration `json:"took,omitempty"`

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
	inTexts := usesInTexts(inv.Texts)
	for _, s := range inv.Snapshots() {
		r.Items = append(r.Items, newSetNames(s, inTexts, o).status())
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
