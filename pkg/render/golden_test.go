package render_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// scenarios are the ones that pkg/report has recorded.
func scenarios(t *testing.T) map[string]*sts.Inventory {
	t.Helper()
	files, err := filepath.Glob("../report/testdata/*.yaml")
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
			report := report.NewStatusReport(inv, nil)
			var b strings.Builder
			render.Missing(&b, report.Missing)
			if err := render.StatusScreen(&b, &report.Items[0], inv.TakenAt, render.Style{}); err != nil {
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
		want := render.MsgStarted(4*time.Second, by) + "\n"
		s := report.NewStatusReport(ststest.Web(2), nil).Items[0]
		s.Canary = &report.CanaryStatus{StartedAt: &at, StartedBy: by}
		s.Restart = &report.RestartStatus{StartedAt: at, StartedBy: by}
		s.Drain = &report.DrainStatus{From: 2, To: 1, StartedAt: &at, StartedBy: by}
		var b strings.Builder
		if err := render.StatusScreen(&b, &s, ststest.Now, render.Style{}); err != nil {
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
		status string
		shown  bool
	}{
		{"True", true},
		{"False", false},
	} {
		s := report.NewStatusReport(ststest.Web(2), nil).Items[0]
		s.Conditions = []report.ConditionStatus{{Type: "Progressing", Status: test.status, Reason: "RecreateInProgress", Message: "Deleting old revision pods", LastTransitionTime: &at}}
		var b strings.Builder
		if err := render.StatusScreen(&b, &s, ststest.Now, render.Style{}); err != nil {
			t.Fatal(err)
		}
		row := "  Condition  " + render.MsgCondition(s.Conditions[0], ststest.Now) + "\n"
		if strings.Contains(b.String(), row) != test.shown || strings.Contains(b.String(), "Condition") != test.shown {
			t.Errorf("shown %t, want %t: %q\n%s", !test.shown, test.shown, row, b.String())
		}
	}
}

// every is one report on all scenarios, a namespace each, as each was seen then.
func every(t *testing.T) *report.StatusReport {
	t.Helper()
	all := &report.StatusReport{}
	for name, inv := range scenarios(t) {
		if name == "hidden-pods" {
			continue // what could not be read is of the whole inventory
		}
		all.Items = append(all.Items, report.NewStatusReport(inv, nil).Items...)
	}
	slices.SortFunc(all.Items, func(a, b report.Status) int { return strings.Compare(a.Namespace, b.Namespace) })
	return all
}

func TestTableOfAllNamespaces(t *testing.T) {
	report := every(t)
	for _, test := range []struct {
		name    string
		columns render.Columns
		style   render.Style
	}{
		{"table", render.Columns{}, render.Style{}},
		{"table-namespaces", render.Columns{Namespace: true}, render.Style{}},
		{"table-wide", render.Columns{Namespace: true, Wide: true}, render.Style{}},
		{"table-80-columns", render.Columns{Namespace: true}, render.Style{Width: 80}},
		{"table-colour", render.Columns{Namespace: true}, render.Style{Color: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := render.StatusTable(&b, report, test.style, test.columns); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), test.name+".txt")
		})
	}
}
