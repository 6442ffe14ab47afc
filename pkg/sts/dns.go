package sts

import (
	"cmp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// DefaultClusterDomain is what a cluster's names end with unless somebody chose otherwise.
const DefaultClusterDomain = "cluster.local"

// ClusterDomain is what the names of a cluster's Services and pods end with.
type ClusterDomain struct {
	Name   string
	Source DomainSource
	// Others are further domains that the DNS server has the same names in.
	Others []string
}

// DomainSource is from where a cluster's domain is known.
type DomainSource string

// The sources, the surest first.
const (
	DomainGiven    DomainSource = "flag"
	DomainCorefile DomainSource = "corefile"
	DomainKubelet  DomainSource = "kubelet"
	DomainAssumed  DomainSource = "assumed"
)

// ServiceDNSName is a Service's own name: "web.shop.svc.cluster.local".
func ServiceDNSName(namespace, service, domain string) string {
	return service + "." + namespace + ".svc." + domain
}

// PodDNSName is the name of an ordinal's pod below the set's governing Service. It is
// empty without one: such pods have no names.
func PodDNSName(set *appsv1.StatefulSet, o Ordinal, domain string) string {
	if set.Spec.ServiceName == "" {
		return ""
	}
	return PodName(set.Name, o) + "." + ServiceDNSName(set.Namespace, set.Spec.ServiceName, domain)
}

// ShortDNSNames are the shorter forms of a pod's name that a pod's resolver completes by
// its search list, the shortest first; that one holds in the set's own namespace only.
func ShortDNSNames(set *appsv1.StatefulSet, o Ordinal) []string {
	if set.Spec.ServiceName == "" {
		return nil
	}
	short := PodName(set.Name, o) + "." + set.Spec.ServiceName
	return []string{short, short + "." + set.Namespace, short + "." + set.Namespace + ".svc"}
}

// NotHeadless says what becomes of pods' names below a Service with a cluster IP.
func NotHeadless(service string) string {
	return "service " + service + " is not headless: its name and its SRV records lead to its cluster IP, and whether the pods have names is up to the DNS server (CoreDNS gives them)"
}

// LabelsLacking are the labels that the governing Service selects and the set's pod template
// does not have. Pods may get them later: from the StatefulSet controller, or from programs
// with access to the API, which mark the leader; or one of the pods has them already.
func (s *Snapshot) LabelsLacking() (lacking map[string]string, later bool) {
	if s.Service == nil {
		return nil, false
	}
	lacking, later = map[string]string{}, true
	for key, value := range s.Service.Spec.Selector {
		if s.Set.Spec.Template.Labels[key] == value {
			continue
		}
		lacking[key] = value
		later = later && s.setLater(key)
	}
	selector := labels.SelectorFromSet(s.Service.Spec.Selector)
	later = later || slices.ContainsFunc(s.Pods, func(pod *corev1.Pod) bool { return selector.Matches(labels.Set(pod.Labels)) })
	return lacking, later && len(lacking) > 0
}

// setLater: a label of this kind is set after a pod is created.
func (s *Snapshot) setLater(key string) bool {
	switch key {
	case appsv1.StatefulSetPodNameLabel, appsv1.PodIndexLabel, appsv1.ControllerRevisionHashLabelKey:
		return true
	}
	name := key[strings.LastIndexByte(key, '/')+1:]
	return s.Set.Spec.Template.Spec.ServiceAccountName != "" && (name == "role" || strings.HasSuffix(name, "-role") || strings.HasPrefix(name, "vault-"))
}

// LabelsLater says what becomes of names below a Service that selects labels which pods get later.
func LabelsLater(service string, lacking map[string]string) string {
	return "service " + service + " selects " + labels.Set(lacking).String() + ", which pods get later, if at all: only those that have it have DNS names"
}

// SRVName is the name of the SRV records for a named port of a Service (RFC 2782); empty
// for a port without a name, which has none.
func SRVName(namespace, service, domain, port string, protocol corev1.Protocol) string {
	if port == "" {
		return ""
	}
	if protocol == "" {
		protocol = corev1.ProtocolTCP
	}
	return "_" + port + "._" + strings.ToLower(string(protocol)) + "." + ServiceDNSName(namespace, service, domain)
}

// LastWritten is when an object was last changed, by its managed fields, or created. That
// its status changed counts, too.
func LastWritten(o metav1.Object) time.Time {
	last := o.GetCreationTimestamp().Time
	for _, entry := range o.GetManagedFields() {
		if entry.Time != nil && entry.Time.After(last) {
			last = entry.Time.Time
		}
	}
	return last
}

// The types of DNS records that a set's names have.
const (
	RecordA    = "A"
	RecordAAAA = "AAAA"
	RecordSRV  = "SRV"
)

// AddressRecord is the type of the record that an address stands in.
func AddressRecord(ip string) string {
	if strings.Contains(ip, ":") {
		return RecordAAAA
	}
	return RecordA
}

// DNSQuestion asks a DNS server for the records of one type under one name.
type DNSQuestion struct {
	// Name is fully qualified, without the dot at its end: "web-0.web.shop.svc.cluster.local".
	Name string `json:"name"`
	// Type is A, AAAA or SRV.
	Type string `json:"type"`
}

// DNSNotFound: there is no such record, or the question failed; who has asked does not tell.
const DNSNotFound = "NOTFOUND"

// DNSAnswer is what a DNS server said to one question.
type DNSAnswer struct {
	DNSQuestion
	// Code is the response code by its name in the IANA registry: NOERROR, NXDOMAIN, SERVFAIL,
	// REFUSED. It is DNSNotFound where a tool has asked that does not tell the code, and
	// empty when no answer came; Problem then says why.
	Code string `json:"code,omitempty"`
	// Addresses are those of the A or AAAA records, in the order of the answer.
	Addresses []string `json:"addresses,omitempty"`
	// Services are the SRV records.
	Services []DNSService `json:"services,omitempty"`
	// TTL is how long resolvers may keep the answer. For an answer without a record it is how
	// long they may keep that there is none: the smaller of the SOA's own TTL and its minimum
	// field (RFC 2308, section 5).
	TTL time.Duration `json:"-"`
	// Took is the time from the question to the answer.
	Took time.Duration `json:"-"`
	// Problem says why no answer came.
	Problem string `json:"problem,omitempty"`
	// TimedOut: nothing came within the time for one question.
	TimedOut bool `json:"timedOut,omitempty"`
}

// DNSService is one SRV record (RFC 2782).
type DNSService struct {
	Target string `json:"target"`
	Port   int32  `json:"port"`
}

// TargetPort is where a pod of the template listens for the Service's port: 0 and false
// where it goes by a name that no container has. Sidecars count, as for Kubernetes.
func TargetPort(p *corev1.ServicePort, pod *corev1.PodSpec) (int32, bool) {
	target := p.TargetPort
	if target.Type == intstr.Int {
		if target.IntVal == 0 {
			return p.Port, true // the API server's default
		}
		return target.IntVal, true
	}
	containers := slices.Clone(pod.Containers)
	for i := range pod.InitContainers {
		if policy := pod.InitContainers[i].RestartPolicy; policy != nil && *policy == corev1.ContainerRestartPolicyAlways {
			containers = append(containers, pod.InitContainers[i])
		}
	}
	protocol := cmp.Or(p.Protocol, corev1.ProtocolTCP)
	for i := range containers {
		for _, port := range containers[i].Ports {
			if port.Name == target.StrVal && cmp.Or(port.Protocol, corev1.ProtocolTCP) == protocol {
				return port.ContainerPort, true
			}
		}
	}
	return 0, false
}
