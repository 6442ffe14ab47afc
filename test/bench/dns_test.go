package bench

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// BenchmarkDNS shows the names of 300 pods, queries all of them in CoreDNS, and compares both with
// kubectl's lists of the objects that determine them.
func BenchmarkDNS(b *testing.B) {
	c := cluster.SharedDNS(b)
	ns := c.Namespace(b)
	if _, err := c.Client().CoreV1().Services(ns).Create(context.Background(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone, Selector: map[string]string{"app": "web"},
			Ports: []corev1.ServicePort{{Name: "http", Port: 80}},
		},
	}, metav1.CreateOptions{}); err != nil {
		b.Fatal(err)
	}
	create(b, c, ns, "web", 300, appsv1.ParallelPodManagement)
	run(b, c, binary, "dns", "web", "-n", ns, "--wait", "--timeout", "2m")
	for _, program := range []struct {
		name, path string
		args       []string
	}{
		{"names", binary, []string{"dns", "web"}},
		{"all-names", binary, []string{"dns", "-A"}},
		{"resolve", binary, []string{"dns", "web", "--resolve"}},
		{"wait", binary, []string{"dns", "web", "--wait"}},
		{"kubectl", c.Bin("kubectl"), []string{"get", "statefulsets,pods,services,endpointslices"}},
		{"kubectl-all", c.Bin("kubectl"), []string{"get", "statefulsets,pods,services,endpointslices", "-A"}},
	} {
		b.Run(program.name, func(b *testing.B) {
			for b.Loop() {
				run(b, c, program.path, append(program.args, "-n", ns)...)
			}
		})
	}
}
