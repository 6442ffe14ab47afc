package simulate_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/simulate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

var update = flag.Bool("update", false, "write the golden files anew: read the difference before you commit it")

// foretold are forecasts of the set web, by what is asked for.
var foretold = []struct {
	name     string
	replicas int32
	found    func(inv *sts.Inventory)
	change   func(set *appsv1.StatefulSet)
	question func(q *simulate.Question)
}{
	{"scale-up", 2, nil, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(4)) }, nil},
	{"scale-down", 3, nil, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(1)) }, nil},
	{"update", 3, func(inv *sts.Inventory) {
		one := intstr.FromInt32(1)
		inv.Budgets[0].Spec.MaxUnavailable = &one
	}, newImage, nil},
	{"update-broken", 3, nil, newImage, func(q *simulate.Question) { q.Broken = true }},
}

func newImage(set *appsv1.StatefulSet) { set.Spec.Template.Spec.Containers[0].Image = "web:2" }

func TestForecasts(t *testing.T) {
	for _, c := range foretold {
		t.Run(c.name, func(t *testing.T) {
			inv := ststest.Web(c.replicas)
			if c.found != nil {
				c.found(inv)
			}
			s := inv.Snapshots()[0]
			q := simulate.Question{From: simulate.Live, Domain: sts.DefaultClusterDomain}
			q.ReadyAfter, q.TerminateAfter = metav1.Duration{Duration: 20 * time.Second}, metav1.Duration{Duration: 10 * time.Second}
			if c.change != nil {
				q.Set = s.Set.DeepCopy()
				c.change(q.Set)
			}
			if c.question != nil {
				c.question(&q)
			}
			raw, err := yaml.Marshal(simulate.Foretell(s, q))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", c.name+".yaml"), string(raw))
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("not as in %s (-want +got); -update writes it anew:\n%s", path, diff)
	}
}
