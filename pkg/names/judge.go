package names

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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

// DNSVerdict is the assessment of an answer.
type Verdict string

// The verdicts.
const (
	Correct    Verdict = "Correct"
	Absent     Verdict = "Absent"
	Denied     Verdict = "Denied"
	Incomplete Verdict = "Incomplete"
	Incorrect  Verdict = "Incorrect"
	Stale      Verdict = "Stale"
	Failed     Verdict = "Failed"
	NoAnswer   Verdict = "NoAnswer"
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
		l := newLookup(p.SRV, RecordSRV, n.serviceRecords(p, service))
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
			v4 = v4 || hasAddress(out.Replicas[i].IPs, RecordA)
			v6 = v6 || hasAddress(out.Replicas[i].IPs, RecordAAAA)
		}
	}
	for _, slice := range n.Slices { // those of other clients may have the other family
		v4 = v4 || slice.AddressType == discoveryv1.AddressTypeIPv4 && len(slice.Endpoints) > 0
		v6 = v6 || slice.AddressType == discoveryv1.AddressTypeIPv6 && len(slice.Endpoints) > 0
	}
	var records []string
	if v4 || !v6 {
		records = append(records, RecordA)
	}
	if v6 {
		records = append(records, RecordAAAA)
	}
	return records
}

func addresses(ips []string, record string) []string {
	return slices.DeleteFunc(slices.Clone(ips), func(ip string) bool { return AddressRecord(ip) != record })
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
		return []string{record(service.FQDN, port.ServicePort)}
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
					out = append(out, record(host+"."+service.FQDN, *p.Port))
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func record(target string, port int32) string { return fmt.Sprintf("%s:%d", target, port) }

// dashed is CoreDNS's name for an endpoint without a hostname.
func dashed(ip string) string {
	name := strings.NewReplacer(".", "-", ":", "-").Replace(ip)
	if strings.HasSuffix(name, "-") {
		name += "0"
	}
	return name
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

// Judge adds the answers to the lookups, with a verdict on each. Without an answer the verdict
// remains empty.
func (r *DNSReport) Judge(now time.Time, answers []Answer) {
	byQuestion := map[Question]*Answer{}
	for i := range answers {
		byQuestion[answers[i].Question] = &answers[i]
	}
	r.Lookups(func(l *DNSLookup) {
		if a := byQuestion[l.Question]; a != nil {
			l.judge(now, a, r.owners)
		}
	})
}

func (l *DNSLookup) judge(now time.Time, a *Answer, owners map[string]string) {
	l.Code = a.Code
	if a.Took > 0 { // not every tool reports it
		l.Took = &metav1.Duration{Duration: a.Took}
	}
	l.Got = slices.Clone(a.Addresses)
	for _, s := range a.Services {
		l.Got = append(l.Got, record(strings.ToLower(strings.TrimSuffix(s.Target, ".")), s.Port))
	}
	slices.Sort(l.Got)
	l.Got = slices.Compact(l.Got)
	if a.TTL > 0 && (a.Code == rcodeSuccess || a.Code == rcodeNameError) {
		l.KeptFor = &metav1.Duration{Duration: a.TTL}
	}
	extra, lacking := minus(l.Got, l.Want), minus(l.Want, l.Got)
	switch {
	case a.TimedOut:
		l.Verdict, l.Message = NoAnswer, a.Problem
	case a.Code == "":
		l.Verdict, l.Message = NoAnswer, msgFailedQuery(a.Problem)
	case a.Code != rcodeSuccess && a.Code != rcodeNameError && a.Code != NotFound:
		l.Verdict, l.Message = Failed, msgErrorCode(a.Code)
	case len(l.Got) == 0 && len(l.Want) == 0:
		l.Verdict, l.Message = Absent, l.absence
	case len(l.Got) == 0:
		l.Verdict, l.Message = Denied, l.denial(now, a.TTL)
	case len(extra) > 0 && len(minus(extra, l.foreign)) == 0:
		l.Verdict, l.Message = Incorrect, msgAsPublished(l.withOwners(extra, owners), minus(l.ips, l.Got))
	case len(extra) > 0 && len(l.Want) == 0:
		l.Verdict, l.Message = Stale, msgStale(l.withOwners(extra, owners), l.absence, l.cached())
	case len(extra) > 0 && len(lacking) == 0:
		l.Verdict, l.Message = Incorrect, msgWrongToo(l.withOwners(extra, owners), l.cached())
	case len(extra) > 0:
		l.Verdict, l.Message = Incorrect, msgWrong(l.withOwners(extra, owners), lacking, l.cached())
	case len(lacking) > 0:
		l.Verdict, l.Message = Incomplete, msgIncomplete(lacking, l.cached())
	default:
		l.Verdict = Correct
	}
}

// The response codes that are about the name itself (RFC 1035).
const (
	rcodeSuccess   = "NOERROR"
	rcodeNameError = "NXDOMAIN"
)

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func few(list []string) string {
	const most = 3
	if more := len(list) - most; more > 0 {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(list, ", ")
}

// withOwners adds to addresses which other pod has them.
func (l *DNSLookup) withOwners(ips []string, owners map[string]string) []string {
	list := slices.Clone(ips)
	for i, ip := range ips {
		switch _, pod, _ := strings.Cut(owners[ip], "/"); {
		case l.Type == RecordSRV:
		case pod == "" && l.pod != "":
			list[i] = msgNoPodsAddress(ip)
		case pod != "" && pod != l.pod:
			list[i] = msgAddressOfPod(ip, pod)
		}
	}
	return list
}

// cached is how long caches may return this answer.
func (l *DNSLookup) cached() time.Duration {
	if l.KeptFor == nil {
		return 0
	}
	return l.KeptFor.Duration
}

// denial says for how long a published name may be denied. DNS servers count down the TTL of
// answers in their cache, negative ones included, so the TTL of the answer is what is left of it.
func (l *DNSLookup) denial(now time.Time, left time.Duration) string {
	denial := msgNoSuchName()
	if l.Code == rcodeSuccess {
		denial = msgNoSuchRecord(l.Type)
	}
	if l.Code == NotFound {
		denial = msgNotFound()
	}
	if l.since == nil {
		return msgDenied(denial, left)
	}
	// A cache keeps an answer for its full TTL at most, so an age of more than twice what is left of
	// it is unlikely to be due to a cache.
	age := now.Sub(l.since.Time)
	if left > 0 && age > denialPatience && age > 2*left {
		return msgDeniedTooLong(denial, age)
	}
	return msgDeniedFor(denial, age, left)
}

// denialPatience is longer than DNS servers in clusters cache that a name does not exist: 30s with
// CoreDNS as it is installed.
const denialPatience = 2 * time.Minute

// Unresolved are the names that should resolve and do not, or not correctly.
func (r *DNSReport) Unresolved() []string {
	return r.names(func(_ *DNSReplica, expected bool) bool { return expected })
}

// Pending are the names of ordinals in range that do not resolve correctly, whether they should
// already or not: those that --wait waits for.
func (r *DNSReport) Pending() []string {
	return r.names(func(replica *DNSReplica, expected bool) bool { return expected || replica != nil && replica.Desired })
}

// names are those whose lookups matter and are not correct. A replica without a DNS name is named
// by its pod.
func (r *DNSReport) names(matters func(replica *DNSReplica, expected bool) bool) []string {
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
