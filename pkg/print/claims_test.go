package print_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"gotest.tools/v3/golden"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestClaimTable(t *testing.T) {
	raw, err := os.ReadFile("../inspect/testdata/claims/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := sts.ClaimChoice{Orphans: true, Parked: true, Reserved: true}
	for name, test := range map[string]struct {
		query   inspect.ClaimQuery
		columns print.Columns
		style   print.Style
	}{
		"claims":             {},
		"claims-all":         {query: inspect.ClaimQuery{Choice: all}, columns: print.Columns{Namespace: true}},
		"claims-wide":        {query: inspect.ClaimQuery{Names: []string{"web"}}, columns: print.Columns{Wide: true}},
		"claims-80-columns":  {query: inspect.ClaimQuery{Choice: all}, columns: print.Columns{Namespace: true}, style: print.Style{Width: 80}},
		"claims-100-columns": {style: print.Style{Width: 100}},
		"claims-120-columns": {query: inspect.ClaimQuery{Names: []string{"cache", "old"}}, style: print.Style{Width: 120, Color: true}},
	} {
		t.Run(name, func(t *testing.T) {
			inv, err := ststest.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			report, _ := inspect.NewClaimReport(inv, test.query)
			var b strings.Builder
			if err := print.ClaimTable(&b, report, inv.TakenAt, test.style, test.columns); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), name+".txt")
		})
	}
}

// Long names do not make a line longer than the terminal: the distinguishing part stays.
func TestClaimTableOfLongNames(t *testing.T) {
	long := strings.Repeat("long-", 12) + "name"
	r := &inspect.ClaimReport{}
	var kept []sts.RetainedVolume
	for n := range sts.Ordinal(12) {
		name := fmt.Sprintf("data-%s-%d", long, n)
		r.Items = append(r.Items, inspect.Claim{
			Namespace: "namespace-" + long, Name: name, Set: long, Ordinal: &n, State: sts.ClaimStaleTemplate, Candidate: true,
			Class: "class-" + long, Size: "1024Gi", ReclaimPolicy: "Delete", Reason: "out of range (statefulset/" + long + " has ordinals 0-2)",
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
			if err := print.ClaimTable(&b, r, ststest.Now, print.Style{Width: width}, print.Columns{Namespace: all}); err != nil {
				t.Fatal(err)
			}
			if err := print.RetainedTable(&b, kept, ststest.Now, print.Style{Width: width}); err != nil {
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
