package operate_test

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// A plan of a large set is shown before anything is asked: it must not be waited for.
func BenchmarkPreview(b *testing.B) {
	for _, n := range []int32{300} {
		canary := ststest.Web(n)
		set := canary.Sets[0]
		small := standing(1)
		set.Annotations, set.Spec.Template = small.Sets[0].Annotations, small.Sets[0].Spec.Template
		*set.Spec.UpdateStrategy.RollingUpdate.Partition = n - 1
		edit(func(c *record.Canary) { c.Partition, c.Generation = n-1, set.Generation })(canary)
		set.Status.UpdateRevision = canaryRevision
		canary.Pods[n-1] = ststest.Pod(set, sts.Ordinal(n-1), canaryRevision)
		canary.Revisions = small.Revisions
		parked := ststest.Web(n)
		parked.Pods = nil
		onSet(func(s *appsv1.StatefulSet) {
			s.Annotations = map[string]string{record.ParkedAnnotation: fmt.Sprint(n)}
			s.Spec.Replicas = new(int32)
		})(parked)
		start := sts.Ordinal(0)
		for _, c := range []struct {
			name   string
			of     *sts.Inventory
			intent operate.Intent
		}{
			{"promote", canary, operate.NewPromoteCanary(operate.PromoteOptions{Lock: holder("1"), Full: true}, canary.Snapshots()[0])},
			{"start", ststest.Web(n), operate.StartCanary{Lock: holder("1"), Images: []operate.ImageRequest{{Image: "web:2"}}, From: &start}},
			{"restart", ststest.Web(n), restarter("1")},
			{"drain", ststest.Web(n), drain(1, nil)},
			{"grow", ststest.Web(5), drain(n, nil)},
			{"unpark", parked, operate.Unpark{Lock: holder("1")}},
		} {
			s := c.of.Snapshots()[0]
			b.Run(fmt.Sprintf("%s %d", c.name, n), func(b *testing.B) {
				steps := 0
				for b.Loop() {
					steps = len(operate.Preview(c.intent, s))
				}
				b.ReportMetric(float64(steps), "steps")
			})
		}
	}
}
