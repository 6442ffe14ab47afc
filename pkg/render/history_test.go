package render_test

import (
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestHistory(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ago := func(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }
	r := &report.HistoryReport{Items: []report.Revision{
		{Revision: 3, Name: "postgres-7fd9798c76", Created: ago(time.Minute), Update: true, Ordinals: []sts.Ordinal{3, 4}, Changes: []sts.Change{
			{Path: "spec.containers[postgres].env[LOG_LEVEL].value", From: "info"},
			{Path: "spec.containers[postgres].env[MODE].value", To: "fast"},
			{Path: "spec.containers[postgres].image", From: "registry.example/postgres:17.1", To: "registry.example/postgres:17.2"},
		}},
		{Revision: 2, Name: "postgres-565959cfbc", Created: ago(time.Hour), Stable: true, Ordinals: []sts.Ordinal{0, 1, 2}, Changes: []sts.Change{
			{Path: "spec.containers[postgres].image", From: "registry.example/postgres:17.0", To: "registry.example/postgres:17.1"},
		}},
		{Revision: 1, Name: "postgres-7f76fb49bb", Created: ago(48 * time.Hour)},
	}}
	sorted := *r
	sorted.Items = []report.Revision{r.Items[2], r.Items[1], r.Items[0]}
	var b strings.Builder
	if err := render.History(&b, &sorted, now, render.Style{}, false); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(b.String(), "\n"); !strings.HasSuffix(lines[1], "(oldest revision in history)") || strings.HasSuffix(lines[3], "(oldest revision in history)") {
		t.Errorf("sorted by --sort-by, other revisions are the oldest:\n%s", b.String())
	}
	for _, test := range []struct {
		name  string
		style render.Style
		wide  bool
	}{
		{"history-60-columns", render.Style{Width: 60}, false},
		{"history-80-columns", render.Style{Width: 80}, false},
		{"history-200-columns", render.Style{Width: 200}, false},
		{"history-wide", render.Style{Width: 80}, true},
		{"history-no-headers", render.Style{NoHeaders: true}, false},
		{"history-ascii", render.Style{Width: 60, ASCII: true}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := render.History(&b, r, now, test.style, test.wide); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), test.name+".txt")
		})
	}
}
