package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// BenchmarkDoctorOfManifests checks 100 files with the examples, some of them twice, without a cluster.
func BenchmarkDoctorOfManifests(b *testing.B) {
	examples, err := filepath.Glob(filepath.Join("..", "..", "examples", "*.yaml"))
	if err != nil || len(examples) == 0 {
		b.Fatal(err)
	}
	dir, sets := b.TempDir(), 0
	for i := range 100 {
		var documents []string
		for copies := 0; copies < 1+i%3/2 && sets < 128; copies++ {
			raw, err := os.ReadFile(examples[(i+copies)%len(examples)])
			if err != nil {
				b.Fatal(err)
			}
			text := string(raw)
			sets += strings.Count(text, "kind: StatefulSet")
			documents = append(documents, strings.ReplaceAll(text, "app: ", fmt.Sprintf("app: n%d-%d-", i, copies)))
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.yaml", i)), []byte(strings.Join(documents, "\n---\n")), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("%d sets", sets)
	c := cluster.Shared(b, nil)
	for b.Loop() {
		run(b, c, binary, "doctor", "-f", dir, "--fail-on", "none", "-o", "json")
	}
}

// BenchmarkDoctor checks 500 sets, beside kubectl's lists of the objects that the checks look at.
func BenchmarkDoctor(b *testing.B) {
	c := cluster.Shared(b, nil)
	ns := c.Namespace(b)
	ctx, one := context.Background(), int32(1)
	api := c.Client().AppsV1().StatefulSets(ns)
	for i := range 500 {
		labels := map[string]string{"app": fmt.Sprintf("web%d", i)}
		if _, err := api.Create(ctx, &appsv1.StatefulSet{
			ObjectMeta: metav1.ObjectMeta{Name: labels["app"]},
			Spec: appsv1.StatefulSetSpec{
				Replicas: &one, ServiceName: labels["app"], Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: labels},
					Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
				},
			},
		}, metav1.CreateOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	if err := wait.PollUntilContextTimeout(ctx, time.Second, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := api.List(ctx, metav1.ListOptions{})
		ready := 0
		for i := range list.Items {
			ready += int(list.Items[i].Status.ReadyReplicas)
		}
		return ready == 500, err
	}); err != nil {
		b.Fatal(err)
	}
	for _, program := range []struct {
		name, path string
		args       []string
	}{
		{"doctor", binary, []string{"doctor", "--fail-on", "none"}},
		{"doctor-of-one", binary, []string{"doctor", "web0", "--fail-on", "none"}},
		{"kubectl", c.Bin("kubectl"), []string{"get", "statefulsets,pods,persistentvolumeclaims,persistentvolumes,storageclasses,volumeattachments,nodes,poddisruptionbudgets,services,endpointslices,events,horizontalpodautoscalers,controllerrevisions,configmaps,deployments,daemonsets,replicasets,replicationcontrollers,jobs,cronjobs", "-o", "json"}},
	} {
		b.Run(program.name, func(b *testing.B) {
			for b.Loop() {
				run(b, c, program.path, append(program.args, "-n", ns)...)
			}
		})
	}
}
