package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// grow scales the set and waits until it has exactly these pods, all ready.
func grow(b *testing.B, c *cluster.Cluster, ns string, replicas int32) {
	b.Helper()
	run(b, c, c.Bin("kubectl"), "scale", "statefulset/web", "-n", ns, fmt.Sprintf("--replicas=%d", replicas))
	standsAt(b, c, ns, replicas)
}

// standsAt waits until the set has exactly these pods.
func standsAt(b *testing.B, c *cluster.Cluster, ns string, replicas int32) {
	b.Helper()
	err := wait.PollUntilContextTimeout(context.Background(), 10*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		set, err := c.Client().AppsV1().StatefulSets(ns).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && set.Status.ObservedGeneration == set.Generation && set.Status.Replicas == replicas && set.Status.ReadyReplicas == replicas, err
	})
	if err != nil {
		b.Fatalf("the set has not %d pods: %v", replicas, err)
	}
}

// BenchmarkDrainScale compares scaling from 10 to 5 members without hooks with kubectl, which does
// the same one by one and ignores budgets. Each pod takes a second to terminate.
func BenchmarkDrainScale(b *testing.B) {
	const from, to = 10, 5
	c := cluster.Shared(b, nil)
	ns := c.Namespace(b)
	create(b, c, ns, "web", from, appsv1.OrderedReadyPodManagement, map[string]string{cluster.TerminateAfterAnnotation: "1s"})
	var drain, kubectl time.Duration
	for b.Loop() {
		drain += timed(func() {
			run(b, c, binary, "drain-scale", "web", "-n", ns, "--replicas", fmt.Sprint(to), "--yes")
		})
		standsAt(b, c, ns, to)
		grow(b, c, ns, from)
		kubectl += timed(func() {
			for n := int32(from - 1); n >= to; n-- {
				grow(b, c, ns, n)
			}
		})
		grow(b, c, ns, from)
	}
	b.ReportMetric(drain.Seconds()/float64(b.N)/(from-to), "drain-s/ordinal")
	b.ReportMetric(kubectl.Seconds()/float64(b.N)/(from-to), "kubectl-s/ordinal")
	b.ReportMetric(drain.Seconds()/kubectl.Seconds(), "ratio")
}
