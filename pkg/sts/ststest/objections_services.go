package ststest

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// validService is headless and has two ports.
func validService() *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone, Selector: map[string]string{"app": "web"},
			Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}, {Name: "peers", Port: 7000}},
		},
	}
}

func theService(s *corev1.Service) *corev1.ServiceSpec { return &s.Spec }

// ofType gives a Service a type, without its clusterIP None.
func ofType(kind corev1.ServiceType, change func(*corev1.ServiceSpec)) func(*corev1.ServiceSpec) {
	return func(s *corev1.ServiceSpec) {
		s.Type, s.ClusterIP = kind, ""
		if change != nil {
			change(s)
		}
	}
}

func toName(name string, change func(*corev1.ServiceSpec)) func(*corev1.ServiceSpec) {
	return func(s *corev1.ServiceSpec) {
		*s = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: name}
		if change != nil {
			change(s)
		}
	}
}

func refusedServices() []Variant {
	type service = corev1.Service
	type spec = corev1.ServiceSpec
	const loadBalancer, nodePort = corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort
	all := variantsOf("", validService, self, []variant[service]{
		{"service without name", "metadata.name", func(s *service) { s.Name = "" }},
		{"service name in capitals", "metadata.name", func(s *service) { s.Name = "Web" }},
		{"service name with a dot", "metadata.name", func(s *service) { s.Name = "web.db" }},
		{"service name too long", "metadata.name", func(s *service) { s.Name = long }},
		{"service annotation key", "metadata.annotations", func(s *service) { s.Annotations = map[string]string{"a b": "c"} }},
	}...)
	return append(all, variantsOf("spec.", validService, theService, []variant[spec]{
		{"service two ports without names", "ports[0].name", func(s *spec) { s.Ports[0].Name = "" }},
		{"service port name twice", "ports[1].name", func(s *spec) { s.Ports[1].Name = "http" }},
		{"service port name", "ports[0].name", func(s *spec) { s.Ports[0].Name = "HTTP" }},
		{"service port name with an underscore", "ports[0].name", func(s *spec) { s.Ports[0].Name = "http_web" }},
		{"service port 0", "ports[0].port", func(s *spec) { s.Ports[0].Port = 0 }},
		{"service port too large", "ports[0].port", func(s *spec) { s.Ports[0].Port = 70000 }},
		{"service port twice", "ports[1].port", func(s *spec) { s.Ports[1].Port = 80 }},
		{"service protocol", "ports[0].protocol", func(s *spec) { s.Ports[0].Protocol = "tcp" }},
		{"service targetPort in quotes", "ports[0].targetPort", func(s *spec) { s.Ports[0].TargetPort = intstr.FromString("8080") }},
		{"service targetPort name too long", "ports[0].targetPort", func(s *spec) { s.Ports[0].TargetPort = intstr.FromString("a-name-of-16-bytes") }},
		{"service targetPort negative", "ports[0].targetPort", func(s *spec) { s.Ports[0].TargetPort = intstr.FromInt32(-1) }},
		{"service appProtocol", "ports[0].appProtocol", func(s *spec) { s.Ports[0].AppProtocol = new("a b") }},
		{"service nodePort of a ClusterIP", "ports[0].nodePort", ofType("", func(s *spec) { s.Ports[0].NodePort = 30080 })},
		{"service nodePort twice", "ports[1].nodePort", ofType(nodePort, func(s *spec) { s.Ports[0].NodePort, s.Ports[1].NodePort = 30080, 30080 })},
		{"service without ports", "ports", ofType("", func(s *spec) { s.Ports = nil })},
		{"service selector value", "selector", func(s *spec) { s.Selector["app"] = "a b" }},
		{"service sessionAffinity", "sessionAffinity", func(s *spec) { s.SessionAffinity = "Cookie" }},
		{"service type", "type", ofType("Loadbalancer", func(s *spec) { s.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal })},
		{"service type Headless", "type", func(s *spec) { s.Type = "Headless" }},
		{"service clusterIP none", "clusterIP", func(s *spec) { s.ClusterIP = "none" }},
		{"service clusterIPs alone", "clusterIPs", func(s *spec) { s.ClusterIP, s.ClusterIPs = "", []string{corev1.ClusterIPNone} }},
		{"service clusterIPs unlike clusterIP", "clusterIPs[0]", func(s *spec) { s.ClusterIPs = []string{"10.0.0.1"} }},
		{"service clusterIPs None and another", "clusterIPs", func(s *spec) { s.ClusterIPs = []string{corev1.ClusterIPNone, "10.0.0.1"} }},
		{"service headless LoadBalancer", "clusterIP", func(s *spec) { s.Type = loadBalancer }},
		{"service headless NodePort", "clusterIP", func(s *spec) { s.Type = nodePort }},
		{"service IP family", "ipFamilies[0]", func(s *spec) { s.IPFamilies = []corev1.IPFamily{"ipv4"} }},
		{"service IP family twice", "ipFamilies[1]", func(s *spec) { s.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv4Protocol} }},
		{"service ipFamilyPolicy", "ipFamilyPolicy", func(s *spec) { s.IPFamilyPolicy = new(corev1.IPFamilyPolicy("DualStack")) }},
		{"service without external name", "externalName", toName("", nil)},
		{"service external name with a port", "externalName", toName("db.example.com:5432", nil)},
		{"service external name and clusterIP", "clusterIP", toName("db.example.com", func(s *spec) { s.ClusterIP = corev1.ClusterIPNone })},
		{"service external name and families", "ipFamilies", toName("db.example.com", func(s *spec) { s.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol} })},
		{"service externalIP", "externalIPs[0]", func(s *spec) { s.ExternalIPs = []string{"db.example.com"} }},
		{"service externalTrafficPolicy of a ClusterIP", "externalTrafficPolicy", ofType("", func(s *spec) { s.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal })},
		{"service externalTrafficPolicy", "externalTrafficPolicy", ofType(nodePort, func(s *spec) { s.ExternalTrafficPolicy = "local" })},
		{"service internalTrafficPolicy", "internalTrafficPolicy", func(s *spec) { s.InternalTrafficPolicy = new(corev1.ServiceInternalTrafficPolicy("Node")) }},
		{"service trafficDistribution", "trafficDistribution", func(s *spec) { s.TrafficDistribution = new("Local") }},
		{"service healthCheckNodePort", "healthCheckNodePort", ofType(loadBalancer, func(s *spec) { s.HealthCheckNodePort = 30080 })},
		{"service source ranges of a NodePort", "loadBalancerSourceRanges", ofType(nodePort, func(s *spec) { s.LoadBalancerSourceRanges = []string{"10.0.0.0/8"} })},
		{"service source range", "loadBalancerSourceRanges[0]", ofType(loadBalancer, func(s *spec) { s.LoadBalancerSourceRanges = []string{"10.0.0.1"} })},
		{"service loadBalancerClass of a ClusterIP", "loadBalancerClass", func(s *spec) { s.LoadBalancerClass = new("example.com/internal") }},
		{"service loadBalancerClass", "loadBalancerClass", ofType(loadBalancer, func(s *spec) { s.LoadBalancerClass = new("a b") })},
		{"service node ports of a NodePort", "allocateLoadBalancerNodePorts", ofType(nodePort, func(s *spec) { s.AllocateLoadBalancerNodePorts = new(true) })},
	}...)...)
}

func acceptedServices() []Variant {
	type service = corev1.Service
	type spec = corev1.ServiceSpec
	const loadBalancer, nodePort = corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort
	all := variantsOf("", validService, self, []variant[service]{
		{"service as it is", "", func(*service) {}},
		{"service name of digits", "", func(s *service) { s.Name = "0" }},
		{"service name of 63 letters", "", func(s *service) { s.Name = long[:63] }},
	}...)
	return append(all, variantsOf("", validService, theService, []variant[spec]{
		{"service one port without name", "", func(s *spec) { s.Ports = []corev1.ServicePort{{Port: 80}} }},
		{"service headless without ports", "", func(s *spec) { s.Ports = nil }},
		{"service without selector", "", func(s *spec) { s.Selector = nil }},
		{"service port name of digits, and long", "", func(s *spec) { s.Ports[0].Name, s.Ports[1].Name = "80", long[:63] }},
		{"service port of two protocols", "", func(s *spec) { s.Ports[1].Port, s.Ports[1].Protocol = 80, corev1.ProtocolUDP }},
		{"service targetPort twice", "", func(s *spec) { s.Ports[1].TargetPort = s.Ports[0].TargetPort }},
		{"service targetPort empty", "", func(s *spec) { s.Ports[0].TargetPort = intstr.FromString("") }},
		{"service targetPort of a headless one", "", func(s *spec) { s.Ports[0].TargetPort = intstr.FromInt32(8080) }},
		{"service nodePort of two protocols", "", ofType(nodePort, func(s *spec) {
			s.Ports[1].Port, s.Ports[1].Protocol = 80, corev1.ProtocolUDP
			s.Ports[0].NodePort, s.Ports[1].NodePort = 30080, 30080
		})},
		{"service ClusterIP", "", ofType("", nil)},
		{"service NodePort", "", ofType(nodePort, func(s *spec) { s.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal })},
		{"service LoadBalancer", "", ofType(loadBalancer, func(s *spec) {
			s.LoadBalancerClass, s.AllocateLoadBalancerNodePorts = new("example.com/internal"), new(false)
			s.LoadBalancerSourceRanges = []string{" 10.0.0.0/8 "}
		})},
		{"service externalTrafficPolicy with externalIPs", "", ofType("", func(s *spec) {
			s.ExternalTrafficPolicy, s.ExternalIPs = corev1.ServiceExternalTrafficPolicyCluster, []string{"192.0.2.1"}
		})},
		{"service loadBalancerIP of a ClusterIP", "", func(s *spec) { s.LoadBalancerIP = "a" }},
		{"service sessionAffinityConfig without affinity", "", func(s *spec) {
			s.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: new(int32(-1))}}
		}},
		{"service ClientIP", "", func(s *spec) { s.SessionAffinity = corev1.ServiceAffinityClientIP }},
		{"service clusterIPs None", "", func(s *spec) { s.ClusterIPs = []string{corev1.ClusterIPNone} }},
		{"service single stack", "", func(s *spec) { s.IPFamilyPolicy = new(corev1.IPFamilyPolicySingleStack) }},
		{"service external name", "", toName("db.example.com.", func(s *spec) { s.Selector = map[string]string{"app": "web"} })},
		{"service external name with ports", "", toName("db.example.com", func(s *spec) { s.Ports = []corev1.ServicePort{{Port: 80, NodePort: 30080}} })},
		{"service externalName of another type", "", func(s *spec) { s.ExternalName = "A b" }},
		{"service publishNotReadyAddresses", "", func(s *spec) { s.PublishNotReadyAddresses = true }},
		{"service trafficDistribution PreferClose", "", func(s *spec) { s.TrafficDistribution = new(corev1.ServiceTrafficDistributionPreferClose) }},
	}...)...)
}
