package print_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
			golden(t, filepath.Join("testdata", name+".txt"), b.String())
		})
	}
}
