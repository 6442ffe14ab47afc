package print_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// The user who started something is shown if known, and nothing in its place otherwise.
func TestStartedBy(t *testing.T) {
	at := metav1.NewTime(ststest.Now.Add(-4 * time.Second))
	for _, by := range []string{"", "field manager kubectl-set"} {
		want := "started 4s ago\n"
		if by != "" {
			want = "started 4s ago by " + by + "\n"
		}
		s := inspect.NewStatusReport(ststest.Web(2), nil).Items[0]
		s.Canary = &inspect.CanaryStatus{StartedAt: &at, StartedBy: by}
		s.Restart = &inspect.RestartStatus{StartedAt: at, StartedBy: by}
		s.Drain = &inspect.DrainStatus{From: 2, To: 1, StartedAt: &at, StartedBy: by}
		var b strings.Builder
		if err := print.StatusScreen(&b, &s, ststest.Now, print.Style{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(b.String(), want); got != 3 {
			t.Errorf("%q appears %d times, want 3:\n%s", want, got, b.String())
		}
	}
}

// A condition of the set is shown as long as something is in progress.
func TestConditions(t *testing.T) {
	at := metav1.NewTime(ststest.Now.Add(-4 * time.Second))
	for _, test := range []struct {
		status, want string
	}{
		{"True", "  Condition  Progressing=True (RecreateInProgress): Deleting old revision pods, for 4s\n"},
		{"False", ""},
	} {
		s := inspect.NewStatusReport(ststest.Web(2), nil).Items[0]
		s.Conditions = []inspect.ConditionStatus{{Type: "Progressing", Status: test.status, Reason: "RecreateInProgress", Message: "Deleting old revision pods", LastTransitionTime: &at}}
		var b strings.Builder
		if err := print.StatusScreen(&b, &s, ststest.Now, print.Style{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), test.want) || test.want == "" && strings.Contains(b.String(), "Condition") {
			t.Errorf("want %q:\n%s", test.want, b.String())
		}
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
