package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// readyAfter is how long a -late pod takes to become ready, like a fast member of a real
// cluster. Pods that are ready at once would measure the API server and nothing else.
const readyAfter = 2 * time.Second

// promote updates the set step by step, waiting for each step.
func promote(b *testing.B, c *cluster.Cluster, ns, image string) {
	b.Helper()
	run(b, c, binary, "canary", "start", "web", "-n", ns, "--image", image, "--yes")
	run(b, c, binary, "canary", "promote", "web", "-n", ns, "--auto", "--yes")
}

// rollOut makes the bare controller update the set, with partition 0.
func rollOut(b *testing.B, c *cluster.Cluster, ns, image string) {
	b.Helper()
	patch := fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"app","image":%q}]}}}}`, image)
	api := c.Client().AppsV1().StatefulSets(ns)
	if _, err := api.Patch(context.Background(), "web", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		b.Fatal(err)
	}
	run(b, c, c.Bin("kubectl"), "rollout", "status", "statefulset/web", "-n", ns)
}

// BenchmarkAutoPromotion compares an update of 50 pods that promotes itself one by
// one with the bare controller, which does the same without any checks.
func BenchmarkAutoPromotion(b *testing.B) {
	for _, test := range []struct {
		name, tag string
	}{{"ready-after-" + readyAfter.String(), "-late"}, {"ready-at-once", ""}} {
		b.Run(test.name, func(b *testing.B) {
			const replicas = 50
			c := cluster.Shared(b, nil)
			ns := c.Namespace(b)
			create(b, c, ns, "web", replicas, appsv1.OrderedReadyPodManagement)
			n := 1
			var auto, controller time.Duration
			for b.Loop() {
				auto += timed(func() { n++; promote(b, c, ns, fmt.Sprintf("app:%d%s", n, test.tag)) })
				controller += timed(func() { n++; rollOut(b, c, ns, fmt.Sprintf("app:%d%s", n, test.tag)) })
			}
			b.ReportMetric(auto.Seconds()/float64(b.N), "auto-s")
			b.ReportMetric(controller.Seconds()/float64(b.N), "controller-s")
			b.ReportMetric(auto.Seconds()/controller.Seconds(), "ratio")
		})
	}
}

func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// BenchmarkStepLatency measures, over at least 200 steps, the time from a pod's
// becoming available to the next partition patch, both by the API server's clock:
// from its answer to the status that made the pod Ready to the arrival of the patch.
func BenchmarkStepLatency(b *testing.B) {
	const replicas, rollouts, steps = 53, 4, 200
	c := cluster.Shared(b, nil)
	ns := c.Namespace(b)
	create(b, c, ns, "web", replicas, appsv1.OrderedReadyPodManagement)
	image := 1
	for b.Loop() {
		for range rollouts {
			image++
			promote(b, c, ns, fmt.Sprintf("app:%d", image))
		}
	}
	latencies := stepLatencies(b, c, ns)
	if len(latencies) < steps {
		b.Fatalf("%d steps were found in the audit log", len(latencies))
	}
	slices.Sort(latencies)
	ms := func(q float64) float64 {
		return float64(latencies[int(q*float64(len(latencies)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(ms(0.5), "median-ms")
	b.ReportMetric(ms(0.99), "p99-ms")
	b.ReportMetric(float64(len(latencies)), "steps")
}

// stepLatencies reads the audit log.
func stepLatencies(b *testing.B, c *cluster.Cluster, ns string) []time.Duration {
	b.Helper()
	events, err := c.Audit(ns)
	if err != nil {
		b.Fatal(err)
	}
	var out []time.Duration
	var ready time.Time // when the last pod became ready, zero after the next step
	started := false    // the first step of a canary is made by another command, which must start first
	for _, e := range events {
		switch {
		case e.Resource == "statefulsets" && e.Verb == "patch" && e.Code == 200 && startsCanary(e.Request):
			started = true
		case e.Resource == "pods" && e.Subresource == "status" && e.Code == 200 && isReady(e.Response):
			ready = e.Answered
		case e.Resource == "statefulsets" && e.Subresource == "" && e.Verb == "patch" && e.Code == 200 && movesPartition(e.Request) && !ready.IsZero():
			if !started {
				out = append(out, e.Time.Sub(ready))
			}
			started, ready = false, time.Time{}
		}
	}
	return out
}

func isReady(raw json.RawMessage) bool {
	var pod corev1.Pod
	if json.Unmarshal(raw, &pod) != nil {
		return false
	}
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

const (
	partitionPath = "/spec/updateStrategy/rollingUpdate/partition"
	templatePath  = "/spec/template/"
)

// movesPartition reports whether a JSON patch is a step of a promotion: it changes the
// partition but not the template.
func movesPartition(raw json.RawMessage) bool {
	return writes(raw, partitionPath) && !startsCanary(raw)
}

// startsCanary reports whether a JSON patch changes the pod template.
func startsCanary(raw json.RawMessage) bool { return writes(raw, templatePath) }

func writes(raw json.RawMessage, path string) bool {
	var ops []struct{ Op, Path string }
	if json.Unmarshal(raw, &ops) != nil {
		return false
	}
	for _, op := range ops {
		if op.Op != "test" && strings.HasPrefix(op.Path, path) {
			return true
		}
	}
	return false
}
