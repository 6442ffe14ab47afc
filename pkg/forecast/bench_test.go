package forecast_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// The update of a large set is predicted while the user waits.
func BenchmarkThousandReplicas(b *testing.B) {
	s := ststest.Web(1000).Snapshots()[0]
	for name, change := range map[string]func(*appsv1.StatefulSet){
		"update": func(set *appsv1.StatefulSet) { set.Spec.Template.Spec.Containers[0].Image = "web:2" },
		"down":   func(set *appsv1.StatefulSet) { *set.Spec.Replicas = 1 },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w := forecast.NewWorld(s, forecast.Features{}, forecast.Nodes{ReadyAfter: 10 * time.Second, TerminateAfter: 5 * time.Second})
				change(w.Set)
				w.Settle()
				for w.Advance() {
				}
				if n := len(w.Events()); n < 1998 {
					b.Fatalf("%d events", n)
				}
			}
		})
	}
}
