// Package names is about the DNS names of a StatefulSet's pods: what they are (names.go), whether they are
// published and why not (published.go), what is wrong with them (checks*.go), what a DNS server should
// answer (lookups.go) and whether it does (judge.go). It writes queries and reads answers (message.go,
// tools.go); pkg/kube sends them.
//
// The types of its report keep the prefix DNS: the JSON Schema has their names.
package names

import (
	"cmp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DefaultDomain is the default suffix of a cluster's DNS names.
const DefaultDomain = "cluster.local"

// Domain is the suffix of the DNS names of a cluster's Services and pods.
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
	// DomainGiven: `--cluster-domain`.
	DomainGiven DomainSource = "Flag"
	// DomainCorefile: CoreDNS's configuration: the first zone of its kubernetes plugin.
	DomainCorefile DomainSource = "Corefile"
	// DomainKubelet: the configuration of a kubelet that runs one of the pods.
	DomainKubelet DomainSource = "Kubelet"
	// DomainAssumed: none of these could be read: the default of most clusters.
	DomainAssumed DomainSource = "Assumed"
)

// serviceFQDN is a Service's own name: "web.shop.svc.cluster.local".
func serviceFQDN(namespace, service, domain string) string {
	return service + "." + namespace + ".svc." + domain
}

// PodFQDN is the DNS name of an ordinal's pod. It is empty without a governing Service: such
// pods have no names.
func PodFQDN(set *appsv1.StatefulSet, o sts.Ordinal, domain string) string {
	if set.Spec.ServiceName == "" {
		return ""
	}
	return sts.PodName(set.Name, o) + "." + serviceFQDN(set.Namespace, set.Spec.ServiceName, domain)
}

// ShortPodNames are the shorter forms of a pod's name that a resolver in a pod completes by its
// search list, the shortest first; the first works only in the set's own namespace.
func ShortPodNames(set *appsv1.StatefulSet, o sts.Ordinal) []string {
	if set.Spec.ServiceName == "" {
		return nil
	}
	short := sts.PodName(set.Name, o) + "." + set.Spec.ServiceName
	return []string{short, short + "." + set.Namespace, short + "." + set.Namespace + ".svc"}
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
	return "_" + port + "._" + strings.ToLower(string(protocol)) + "." + serviceFQDN(namespace, service, domain)
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
		if c := pod.InitContainers[i]; sts.RestartsAlways(c) {
			containers = append(containers, c)
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
