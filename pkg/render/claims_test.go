package render_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"gotest.tools/v3/golden"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestClaimTable(t *testing.T) {
	raw, err := os.ReadFile("../claims/testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := claims.Choice{DeletedSets: true, Parked: true, Reserved: true}
	for name, test := range map[string]struct {
		query   claims.Query
		columns render.Columns
		style   render.Style
	}{
		"claims":             {},
		"claims-all":         {query: claims.Query{Choice: all}, columns: render.Columns{Namespace: true}},
		"claims-wide":        {query: claims.Query{Names: []string{"web"}}, columns: render.Columns{Wide: true}},
		"claims-80-columns":  {query: claims.Query{Choice: all}, columns: render.Columns{Namespace: true}, style: render.Style{Width: 80}},
		"claims-60-columns":  {query: claims.Query{Choice: all}, columns: render.Columns{Namespace: true}, style: render.Style{Width: 60}},
		"claims-100-columns": {style: render.Style{Width: 100}},
		"claims-120-columns": {query: claims.Query{Names: []string{"cache", "old"}}, style: render.Style{Width: 120, Color: true}},
	} {
		t.Run(name, func(t *testing.T) {
			inv, err := ststest.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			report, _ := claims.NewReport(inv, test.query)
			var b strings.Builder
			if err := render.ClaimTable(&b, report, inv.TakenAt, test.style, test.columns); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), name+".txt")
		})
	}
}

// Long names do not make a line longer than the terminal: the distinguishing part stays.
func TestClaimTableOfLongNames(t *testing.T) {
	long := strings.Repeat("long-", 12) + "name"
	r := &claims.ClaimReport{}
	var kept []sts.RetainedVolume
	for n := range sts.Ordinal(12) {
		name := fmt.Sprintf("data-%s-%d", long, n)
		r.Items = append(r.Items, claims.Claim{
			Namespace: "namespace-" + long, Name: name, Set: long, Ordinal: &n, State: claims.ClaimStaleTemplate, Candidate: true,
			Class: "class-" + long, Size: "1024Gi", ReclaimPolicy: "Delete", Message: "out of range (statefulset/" + long + " has ordinals 0-2)",
		})
		v := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pvc-0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"}}
		v.Spec.StorageClassName, v.Status.Phase = "class-"+long, corev1.VolumeReleased
		kept = append(kept, sts.RetainedVolume{Volume: v, Record: &sts.Retained{
			ReclaimPolicy: corev1.PersistentVolumeReclaimDelete, DeletedAt: ststest.Now, DeletedBy: "kim@" + long,
			Claim: &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}},
		}})
	}
	for _, width := range []int{80, 100, 120} {
		for _, all := range []bool{false, true} {
			var b strings.Builder
			if err := render.ClaimTable(&b, r, ststest.Now, render.Style{Width: width}, render.Columns{Namespace: all}); err != nil {
				t.Fatal(err)
			}
			if err := render.RetainedTable(&b, kept, ststest.Now, render.Style{Width: width}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%d columns on %d: %s", n, width, line)
				}
			}
			for _, end := range []string{"-3 ", "-11 "} {
				if strings.Count(b.String(), end) < 2 {
					t.Errorf("no name ends in %q on %d columns:\n%s", end, width, b.String())
				}
			}
		}
	}
}
