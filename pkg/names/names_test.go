package names_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestNames(t *testing.T) {
	set := ststest.Web(3).Sets[0]
	if got, want := names.PodFQDN(set, 2, "cluster.local"), "web-2.web.test.svc.cluster.local"; got != want {
		t.Errorf("pod: %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"web-2.web", "web-2.web.test", "web-2.web.test.svc"}, names.ShortPodNames(set, 2)); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct {
		port     string
		protocol corev1.Protocol
		want     string
	}{
		{"peer", corev1.ProtocolTCP, "_peer._tcp.web.test.svc.example.org"},
		{"dns", corev1.ProtocolUDP, "_dns._udp.web.test.svc.example.org"},
		{"peer", "", "_peer._tcp.web.test.svc.example.org"},
		{"", corev1.ProtocolTCP, ""},
	} {
		if got := names.SRVName("test", "web", "example.org", test.port, test.protocol); got != test.want {
			t.Errorf("SRV of %q: %s, want %s", test.port, got, test.want)
		}
	}
	set.Spec.ServiceName = ""
	if name, short := names.PodFQDN(set, 2, "cluster.local"), names.ShortPodNames(set, 2); name != "" || short != nil {
		t.Errorf("without a Service: %q %q", name, short)
	}
}

func TestTargetPort(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	pod := &corev1.PodSpec{
		InitContainers: []corev1.Container{
			{Name: "init", Ports: []corev1.ContainerPort{{Name: "setup", ContainerPort: 1}}},
			{Name: "proxy", RestartPolicy: &always, Ports: []corev1.ContainerPort{{Name: "metrics", ContainerPort: 9000}}},
		},
		Containers: []corev1.Container{{Name: "app", Ports: []corev1.ContainerPort{
			{Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}, {Name: "peer", ContainerPort: 2380},
		}}},
	}
	for _, test := range []struct {
		port corev1.ServicePort
		want int32
		ok   bool
	}{
		{corev1.ServicePort{Port: 80}, 80, true},
		{corev1.ServicePort{Port: 80, TargetPort: intstr.FromInt32(8080)}, 8080, true},
		{corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("peer")}, 2380, true},
		{corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("metrics")}, 9000, true},
		{corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("setup")}, 0, false},
		{corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("dns")}, 0, false},
		{corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("dns"), Protocol: corev1.ProtocolUDP}, 53, true},
	} {
		if got, ok := names.TargetPort(&test.port, pod); got != test.want || ok != test.ok {
			t.Errorf("%s %s: %d %t, want %d %t", test.port.TargetPort.String(), test.port.Protocol, got, ok, test.want, test.ok)
		}
	}
}
