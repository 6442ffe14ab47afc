package print_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// scenarios are the ones that pkg/inspect has recorded.
func scenarios(t *testing.T) map[string]*sts.Inventory {
	t.Helper()
	files, err := filepath.Glob("../inspect/testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded scenarios: %v", err)
	}
	out := map[string]*sts.Inventory{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		inv, err := ststest.Parse(raw)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out[strings.TrimSuffix(filepath.Base(file), ".yaml")] = inv
	}
	return out
}

func TestScreenOfRecordedScenarios(t *testing.T) {
	for name, inv := range scenarios(t) {
		t.Run(name, func(t *testing.T) {
			report := inspect.NewStatusReport(inv, nil)
			var b strings.Builder
			print.Missing(&b, report.Missing)
			if err := print.StatusScreen(&b, &report.Items[0], inv.TakenAt, print.Style{}); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), name+".txt")
		})
	}
}

// every is one report on all scenarios, a namespace each, as each was seen then.
func every(t *testing.T) *inspect.StatusReport {
	t.Helper()
	all := &inspect.StatusReport{}
	for name, inv := range scenarios(t) {
		if name == "hidden-pods" {
			continue // what could not be read is of the whole inventory
		}
		all.Items = append(all.Items, inspect.NewStatusReport(inv, nil).Items...)
	}
	slices.SortFunc(all.Items, func(a, b inspect.Status) int { return strings.Compare(a.Namespace, b.Namespace) })
	return all
}

func TestTableOfAllNamespaces(t *testing.T) {
	report := every(t)
	for _, test := range []struct {
		name    string
		columns print.Columns
		style   print.Style
	}{
		{"table", print.Columns{}, print.Style{}},
		{"table-namespaces", print.Columns{Namespace: true}, print.Style{}},
		{"table-wide", print.Columns{Namespace: true, Wide: true}, print.Style{}},
		{"table-80-columns", print.Columns{Namespace: true}, print.Style{Width: 80}},
		{"table-colour", print.Columns{Namespace: true}, print.Style{Color: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := print.StatusTable(&b, report, test.style, test.columns); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), test.name+".txt")
		})
	}
}
