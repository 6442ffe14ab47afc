package print_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

var update = flag.Bool("update", false, "write the golden files anew: read the difference before you commit it")

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
			golden(t, filepath.Join("testdata", name+".txt"), b.String())
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
			golden(t, filepath.Join("testdata", test.name+".txt"), b.String())
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
