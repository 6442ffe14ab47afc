package sts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// service checks a Service, without what depends on the cluster: the ranges of its addresses and node
// ports, and its IP families.
func (o *objections) service(service *corev1.Service) {
	o.metadata(service, apivalidation.NameIsDNSLabel) // Kubernetes 1.35 and earlier require a letter first
	at, spec := field.NewPath("spec"), &service.Spec
	o.servicePorts(at.Child("ports"), spec.Ports)
	o.labels(at.Child("selector"), spec.Selector)
	optional(o, at.Child("sessionAffinity"), spec.SessionAffinity, corev1.ServiceAffinityClientIP, corev1.ServiceAffinityNone)
	pointed(o, at.Child("internalTrafficPolicy"), spec.InternalTrafficPolicy, corev1.ServiceInternalTrafficPolicyCluster, corev1.ServiceInternalTrafficPolicyLocal)
	pointed(o, at.Child("trafficDistribution"), spec.TrafficDistribution,
		corev1.ServiceTrafficDistributionPreferClose, corev1.ServiceTrafficDistributionPreferSameZone, corev1.ServiceTrafficDistributionPreferSameNode)
	for i, address := range spec.ExternalIPs {
		o.ip(at.Child("externalIPs").Index(i), address)
	}
	for i, block := range spec.LoadBalancerSourceRanges {
		o.found = append(o.found, validation.IsValidCIDRForLegacyField(at.Child("loadBalancerSourceRanges").Index(i), strings.TrimSpace(block), false, nil)...)
	}

	types := []corev1.ServiceType{corev1.ServiceTypeClusterIP, corev1.ServiceTypeExternalName, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort}
	kind := cmp.Or(spec.Type, corev1.ServiceTypeClusterIP)
	if oneOf(o, at.Child("type"), kind, types...); !slices.Contains(types, kind) {
		return // what fits to the type is not known
	}
	if kind == corev1.ServiceTypeExternalName {
		o.externalName(at, spec)
	} else {
		o.clusterIP(at, spec)
	}
	o.traffic(at, spec)
	o.forLoadBalancers(at, spec)
}

func (o *objections) servicePorts(at *field.Path, ports []corev1.ServicePort) {
	names, numbers, nodePorts := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, p := range ports {
		at := at.Index(i)
		switch {
		case p.Name != "":
			o.label(at.Child("name"), p.Name)
			o.unique(at.Child("name"), p.Name, names)
		case len(ports) > 1:
			o.required(at.Child("name"), msgPortNameRequired())
		}
		o.portNumber(at.Child("port"), p.Port)
		optional(o, at.Child("protocol"), p.Protocol, corev1.ProtocolSCTP, corev1.ProtocolTCP, corev1.ProtocolUDP)
		if p.TargetPort != (intstr.IntOrString{}) && p.TargetPort != intstr.FromString("") { // which mean port
			o.port(at.Child("targetPort"), p.TargetPort)
		}
		if p.AppProtocol != nil {
			o.qualified(at.Child("appProtocol"), *p.AppProtocol)
		}
		protocol := cmp.Or(p.Protocol, corev1.ProtocolTCP)
		o.unique(at.Child("port"), fmt.Sprintf("%s/%d", protocol, p.Port), numbers)
		if p.NodePort != 0 {
			o.unique(at.Child("nodePort"), fmt.Sprintf("%s/%d", protocol, p.NodePort), nodePorts)
		}
	}
}

func (o *objections) externalName(at *field.Path, spec *corev1.ServiceSpec) {
	if name := strings.TrimSuffix(spec.ExternalName, "."); name == "" {
		o.required(at.Child("externalName"), "")
	} else {
		o.subdomain(at.Child("externalName"), name)
	}
	for _, other := range []struct {
		field string
		set   bool
	}{
		{"clusterIP", spec.ClusterIP != ""},
		{"clusterIPs", len(spec.ClusterIPs) > 0},
		{"ipFamilies", len(spec.IPFamilies) > 0},
		{"ipFamilyPolicy", spec.IPFamilyPolicy != nil},
	} {
		if other.set {
			o.forbidden(at.Child(other.field), msgNotWithType(string(corev1.ServiceTypeExternalName)))
		}
	}
}

func (o *objections) clusterIP(at *field.Path, spec *corev1.ServiceSpec) {
	headless := spec.ClusterIP == corev1.ClusterIPNone
	list := at.Child("clusterIPs")
	switch {
	case len(spec.ClusterIPs) > 0 && spec.ClusterIP == "":
		o.invalid(list, spec.ClusterIPs, msgClusterIPFirst())
		return
	case len(spec.ClusterIPs) > 0 && spec.ClusterIPs[0] != spec.ClusterIP:
		o.invalid(list.Index(0), spec.ClusterIPs[0], msgSameClusterIP())
		return
	case headless && len(spec.ClusterIPs) > 1:
		o.invalid(list, spec.ClusterIPs, msgNoneAlone())
	}
	if !headless && spec.ClusterIP != "" {
		o.ip(at.Child("clusterIP"), spec.ClusterIP)
	}
	kind := cmp.Or(spec.Type, corev1.ServiceTypeClusterIP)
	if headless && kind != corev1.ServiceTypeClusterIP {
		o.invalid(at.Child("clusterIP"), spec.ClusterIP, msgNotHeadless(kind))
	}
	if len(spec.Ports) == 0 && !headless {
		o.required(at.Child("ports"), msgPortsRequired())
	}
	families := map[string]bool{}
	for i, family := range spec.IPFamilies {
		at := at.Child("ipFamilies").Index(i)
		oneOf(o, at, family, corev1.IPv4Protocol, corev1.IPv6Protocol)
		o.unique(at, string(family), families)
	}
	pointed(o, at.Child("ipFamilyPolicy"), spec.IPFamilyPolicy,
		corev1.IPFamilyPolicySingleStack, corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack)
	for i, p := range spec.Ports {
		if p.NodePort != 0 && kind == corev1.ServiceTypeClusterIP {
			o.forbidden(at.Child("ports").Index(i).Child("nodePort"), msgNotWithType(string(kind)))
		}
	}
}

// traffic checks what is only for Services with clients outside of the cluster.
func (o *objections) traffic(at *field.Path, spec *corev1.ServiceSpec) {
	kind, policy := cmp.Or(spec.Type, corev1.ServiceTypeClusterIP), spec.ExternalTrafficPolicy
	external := kind == corev1.ServiceTypeLoadBalancer || kind == corev1.ServiceTypeNodePort ||
		kind == corev1.ServiceTypeClusterIP && len(spec.ExternalIPs) > 0
	if external {
		optional(o, at.Child("externalTrafficPolicy"), policy, corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal)
	} else if policy != "" {
		o.invalid(at.Child("externalTrafficPolicy"), string(policy), msgExternalOnly())
	}
	if spec.HealthCheckNodePort != 0 && (kind != corev1.ServiceTypeLoadBalancer || policy != corev1.ServiceExternalTrafficPolicyLocal) {
		o.invalid(at.Child("healthCheckNodePort"), spec.HealthCheckNodePort, msgHealthCheckOnly())
	}
}

func (o *objections) forLoadBalancers(at *field.Path, spec *corev1.ServiceSpec) {
	if spec.Type == corev1.ServiceTypeLoadBalancer {
		if class := spec.LoadBalancerClass; class != nil {
			o.qualified(at.Child("loadBalancerClass"), *class)
		}
		return
	}
	for _, other := range []struct {
		field string
		set   bool
	}{
		{"allocateLoadBalancerNodePorts", spec.AllocateLoadBalancerNodePorts != nil},
		{"loadBalancerClass", spec.LoadBalancerClass != nil},
		{"loadBalancerSourceRanges", len(spec.LoadBalancerSourceRanges) > 0},
	} {
		if other.set {
			o.forbidden(at.Child(other.field), msgLoadBalancerOnly())
		}
	}
}
