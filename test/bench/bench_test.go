// Package bench compares the real binary with kubectl, on the same cluster and in the same
// run. Run it with `make bench`.
package bench

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "kubectl-sts-bench-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		defer cluster.StopShared()
		binary = filepath.Join(dir, "kubectl-sts")
		build := exec.Command("go", "build", "-o", binary, "./cmd/kubectl-sts")
		build.Dir = filepath.Join("..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building kubectl-sts: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// run runs a command against the cluster and fails the benchmark if it fails.
func run(b *testing.B, c *cluster.Cluster, program string, args ...string) {
	b.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s %v: %v\n%s", filepath.Base(program), args, err, out)
	}
}

// create creates a StatefulSet and waits until it is ready. Pods with an image tag that
// ends with -late are ready after readyAfter, all others at once.
func create(b *testing.B, c *cluster.Cluster, ns, name string, replicas int32, policy appsv1.PodManagementPolicyType, annotations ...map[string]string) {
	b.Helper()
	annotated := map[string]string{cluster.ReadyAfterAnnotation: readyAfter.String()}
	for _, more := range annotations {
		maps.Copy(annotated, more)
	}
	labels := map[string]string{"app": name}
	ctx := context.Background()
	api := c.Client().AppsV1().StatefulSets(ns)
	_, err := api.Create(ctx, &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, ServiceName: name, PodManagementPolicy: policy,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: annotated},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		b.Fatal(err)
	}
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 3*time.Minute, true, func(ctx context.Context) (bool, error) {
		set, err := api.Get(ctx, name, metav1.GetOptions{})
		return err == nil && set.Status.ReadyReplicas == replicas, err
	})
	if err != nil {
		b.Fatalf("%s is not ready: %v", name, err)
	}
}

// BenchmarkStatusOfOneSet compares one set of 100 pods with kubectl's own view of it.
func BenchmarkStatusOfOneSet(b *testing.B) {
	c := cluster.Shared(b, nil)
	ns := c.Namespace(b)
	create(b, c, ns, "web", 100, appsv1.ParallelPodManagement)
	b.Run("sts", func(b *testing.B) {
		for b.Loop() {
			run(b, c, binary, "status", "web", "-n", ns)
		}
	})
	b.Run("kubectl", func(b *testing.B) {
		for b.Loop() {
			run(b, c, c.Bin("kubectl"), "get", "statefulsets,pods,persistentvolumeclaims,poddisruptionbudgets,services", "-n", ns)
		}
	})
}

// BenchmarkStatusOfAllSets compares the status of 200 sets with kubectl's list of them.
func BenchmarkStatusOfAllSets(b *testing.B) {
	c := cluster.Shared(b, nil)
	ns := c.Namespace(b)
	for i := range 200 {
		create(b, c, ns, fmt.Sprintf("web%d", i), 1, appsv1.ParallelPodManagement)
	}
	b.Run("sts", func(b *testing.B) {
		for b.Loop() {
			run(b, c, binary, "status", "-n", ns)
		}
	})
	b.Run("kubectl", func(b *testing.B) {
		for b.Loop() {
			run(b, c, c.Bin("kubectl"), "get", "statefulsets", "-n", ns)
		}
	})
}
