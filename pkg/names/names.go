package names

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// DefaultClusterDomain is the default suffix of a cluster's DNS names.
const DefaultDomain = "cluster.local"

// ClusterDomain is the suffix of the DNS names of a cluster's Services and pods.
type Domain struct {
	Name   string
	Source DomainSource
	// Others are further domains in which the DNS server has the same names.
	Others []string
}

// DomainSource is where a cluster's domain was read from.
type DomainSource string

// The sources, the most reliable first.
const (
	DomainGiven    DomainSource = "Flag"
	DomainCorefile DomainSource = "Corefile"
	DomainKubelet  DomainSource = "Kubelet"
	DomainAssumed  DomainSource = "Assumed"
)

// ServiceDNSName is a Service's own name: "web.shop.svc.cluster.local".
func ServiceFQDN(namespace, service, domain string) string {
	return service + "." + namespace + ".svc." + domain
}

// PodDNSName is the DNS name of an ordinal's pod. It is empty without a governing Service: such
// pods have no names.
func PodFQDN(set *appsv1.StatefulSet, o sts.Ordinal, domain string) string {
	if set.Spec.ServiceName == "" {
		return ""
	}
	return sts.PodName(set.Name, o) + "." + ServiceFQDN(set.Namespace, set.Spec.ServiceName, domain)
}

// ShortDNSNames are the shorter forms of a pod's name that a resolver in a pod completes by its
// search list, the shortest first; the first works only in the set's own namespace.
func ShortPodNames(set *appsv1.StatefulSet, o sts.Ordinal) []string {
	if set.Spec.ServiceName == "" {
		return nil
	}
	short := sts.PodName(set.Name, o) + "." + set.Spec.ServiceName
	return []string{short, short + "." + set.Namespace, short + "." + set.Namespace + ".svc"}
}

// LabelsLacking are the labels that the governing Service selects and the pod template does not
// have. later: pods may be labeled later, by the StatefulSet controller or by a program that marks
// the leader, or one of the pods already has these labels.
func LabelsLacking(s *sts.Snapshot) (lacking map[string]string, later bool) {
	if s.Service == nil {
		return nil, false
	}
	lacking, later = map[string]string{}, true
	for key, value := range s.Service.Spec.Selector {
		if s.Set.Spec.Template.Labels[key] == value {
			continue
		}
		lacking[key] = value
		later = later && setLater(s, key)
	}
	selector := labels.SelectorFromSet(s.Service.Spec.Selector)
	later = later || slices.ContainsFunc(s.Pods, func(pod *corev1.Pod) bool { return selector.Matches(labels.Set(pod.Labels)) })
	return lacking, later && len(lacking) > 0
}

// setLater reports whether a label of this kind is set after a pod is created.
func setLater(s *sts.Snapshot, key string) bool {
	switch key {
	case appsv1.StatefulSetPodNameLabel, appsv1.PodIndexLabel, appsv1.ControllerRevisionHashLabelKey:
		return true
	}
	name := key[strings.LastIndexByte(key, '/')+1:]
	return s.Set.Spec.Template.Spec.ServiceAccountName != "" && (name == "role" || strings.HasSuffix(name, "-role") || strings.HasPrefix(name, "vault-"))
}

// SRVName is the name of the SRV records for a named port of a Service (RFC 2782). It is empty for
// a port without a name, which has none.
func SRVName(namespace, service, domain, port string, protocol corev1.Protocol) string {
	if port == "" {
		return ""
	}
	if protocol == "" {
		protocol = corev1.ProtocolTCP
	}
	return "_" + port + "._" + strings.ToLower(string(protocol)) + "." + ServiceFQDN(namespace, service, domain)
}

// The types of DNS records that a set's names have.
const (
	RecordA    = "A"
	RecordAAAA = "AAAA"
	RecordSRV  = "SRV"
)

// AddressRecord is the type of the DNS record for an IP address.
func AddressRecord(ip string) string {
	if strings.Contains(ip, ":") {
		return RecordAAAA
	}
	return RecordA
}

// DNSQuestion is a query for the records of one type and name.
type Question struct {
	// Name is fully qualified, without the trailing dot: "web-0.web.shop.svc.cluster.local".
	Name string `json:"name"`
	// Type is A, AAAA or SRV.
	Type string `json:"type"`
}

// DNSNotFound: there is no such record, or the query failed; the tool does not report which.
const NotFound = "NOTFOUND"

// DNSAnswer is the answer of a DNS server to one query.
type Answer struct {
	Question
	// Code is the response code by its name in the IANA registry: NOERROR, NXDOMAIN, SERVFAIL,
	// REFUSED. It is DNSNotFound if the tool that made the query does not report the code, and
	// empty if there was no answer; Problem then says why.
	Code string `json:"code,omitempty"`
	// Addresses are those of the A or AAAA records, in the order of the answer.
	Addresses []string `json:"addresses,omitempty"`
	// Services are the SRV records.
	Services []Service `json:"services,omitempty"`
	// TTL is how long resolvers may cache the answer. For a negative answer it is the smaller of
	// the SOA's own TTL and its minimum field (RFC 2308, section 5).
	TTL time.Duration `json:"-"`
	// Took is the time from the query to the answer.
	Took time.Duration `json:"-"`
	// Problem says why there was no answer.
	Problem string `json:"problem,omitempty"`
	// TimedOut: there was no answer within the timeout of one query.
	TimedOut bool `json:"timedOut,omitempty"`
}

// DNSService is one SRV record (RFC 2782).
type Service struct {
	Target string `json:"target"`
	Port   int32  `json:"port"`
}

// TargetPort is the port of the pods that a Service port refers to: 0 and false if it is a name
// that no container defines. Sidecars count, as they do in Kubernetes.
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
