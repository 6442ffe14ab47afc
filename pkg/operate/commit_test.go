package operate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// What goes into Git is what the first step changes in the spec and nothing else.
func TestCommit(t *testing.T) {
	const head = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: web\n  namespace: test\nspec:\n"
	force := holder("1")
	force.Force = true
	gitOps := onSet(func(set *appsv1.StatefulSet) {
		set.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "shop:apps/StatefulSet:test/web"}
	})
	many := onSet(func(set *appsv1.StatefulSet) {
		set.Spec.Template.Spec.Containers = []corev1.Container{{Name: "log", Image: "log:1"}, {Name: "app", Image: "web:1",
			Env: []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}, {Name: "C", Value: "3"}}}, {Name: "last", Image: "last:1"}}
	})
	tests := []struct {
		name    string
		from    *sts.Inventory
		changes []change
		intent  operate.Intent
		want    string
	}{
		{"start", ststest.Web(5), []change{gitOps}, operate.StartCanary{Lock: force, Images: []operate.ImageRequest{{Image: "web:2"}}, Canaries: intstr.FromInt32(2)},
			head + `  template:
    spec:
      containers:
      - image: web:2
        name: app
  updateStrategy:
    rollingUpdate:
      partition: 3
`},
		{"one of several containers keeps its place", ststest.Web(5), []change{many, gitOps},
			operate.StartCanary{Lock: force, Images: []operate.ImageRequest{{Container: "app", Image: "web:2"}}, Canaries: intstr.FromInt32(5)},
			head + `  template:
    spec:
      containers:
      - name: log
      - image: web:2
        name: app
      - name: last
`},
		{"what goes away", ststest.Web(1), []change{many, func(inv *sts.Inventory) {
			inv.Revisions[0] = ststest.Revision(inv.Sets[0], ststest.StableRevision, 1, inv.Sets[0].Spec.Template)
		}},
			operate.StartCanary{Lock: force, Canaries: intstr.FromInt32(1), Patch: []byte(
				`{"metadata":{"labels":{"new":"yes"}},"spec":{"containers":[{"name":"log","$patch":"delete"},{"name":"app","env":[{"name":"B","$patch":"delete"},{"name":"D","value":"4"}]}]}}`)},
			head + `  template:
    metadata:
      labels:
        new: "yes"
    spec:
      containers:
      - env:
        - name: D
          value: "4"
        - name: A
        - name: C
        - $patch: delete
          name: B
        name: app
      - name: last
      - $patch: delete
        name: log
`},
		{"promote", standing(2), nil, promoting{Lock: force, Full: true}, head + `  updateStrategy:
    rollingUpdate:
      partition: 2
`},
		{"promote to the end", standing(5), nil, promoting{Lock: force, Full: true}, ""},
		{"promote from Git", standing(2), []change{gitOps}, promoting{Lock: force}, head + `  updateStrategy:
    rollingUpdate:
      partition: 2
`},
		{"abort", standing(2), nil, operate.AbortCanary{Lock: force}, head + `  template:
    spec:
      containers:
      - image: web:1
        name: app
`},
		{"the pods are back, the partition is to follow", aborted(2), []change{func(inv *sts.Inventory) {
			inv.Pods = ststest.Web(5).Pods
		}}, operate.AbortCanary{Lock: force}, head + `  updateStrategy:
    rollingUpdate:
      partition: 0
`},
		{"pause", standing(2), []change{onSet(func(set *appsv1.StatefulSet) {
			set.Annotations = nil
			set.Spec.UpdateStrategy.RollingUpdate = nil
		})}, operate.PauseUpdate{Lock: force}, head + `  updateStrategy:
    rollingUpdate:
      partition: 3
`},
		{"resume", standing(2), nil, operate.ResumeUpdate{Lock: force}, head + `  updateStrategy:
    rollingUpdate:
      partition: 0
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, change := range test.changes {
				change(test.from)
			}
			s := test.from.Snapshots()[0]
			steps := operate.Preview(test.intent, s)
			var got []byte
			if first := operate.FirstPatch(steps); first != nil {
				var err error
				if got, err = first.Commit(s.Set); err != nil {
					t.Fatal(err)
				}
			} else if test.want != "" {
				t.Fatalf("nothing is written: %v", steps)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
