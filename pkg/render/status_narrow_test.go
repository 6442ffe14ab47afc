package render_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gotest.tools/v3/golden"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// A terminal of 60 columns shows fewer columns instead of wrapped lines.
func TestScreenOfANarrowTerminal(t *testing.T) {
	inv := scenarios(t)["canary-paused"]
	r := report.NewStatusReport(inv, nil)
	var b strings.Builder
	if err := render.StatusScreen(&b, &r.Items[0], inv.TakenAt, render.Style{Width: 60}); err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, b.String(), "screen-60-columns.txt")
	b.Reset()
	if err := render.StatusTable(&b, every(t), render.Style{Width: 60}, render.Columns{}); err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, b.String(), "table-60-columns.txt")
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 60 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// Of an update of 60 pods, a small screen shows those that differ.
func TestFoldedScreen(t *testing.T) {
	since := metav1.NewTime(ststest.Now.Add(-time.Minute))
	s := report.NewStatusReport(ststest.Web(3), nil).Items[0]
	s.Replicas, s.StableRevision, s.UpdateRevision, s.DesiredReplicas = nil, "web-1", "web-2", 60
	for i := sts.Ordinal(59); i >= 0; i-- {
		r := report.ReplicaStatus{Ordinal: i, Pod: fmt.Sprintf("web-%d", i), Role: report.Queued, Revision: "web-1", Ready: true, ReadySince: &since, CreatedAt: &since, Node: "node-1",
			Claims: []report.ClaimStatus{{Name: fmt.Sprintf("data-web-%d", i), Phase: "Bound", Size: "1Gi"}}}
		switch {
		case i == 31:
			r.Role, r.Revision, r.Ready, r.Trouble = report.Updating, "web-2", false, &diagnose.Trouble{Reason: "ContainerCreating"}
		case i > 31:
			r.Role, r.Revision = report.Updated, "web-2"
		}
		if i == 45 {
			r.Restarts = 3
		}
		if i == 7 {
			r.Claims[0].Phase = "Lost"
		}
		s.Replicas = append(s.Replicas, r)
	}
	var b strings.Builder
	if err := render.StatusScreen(&b, &s, ststest.Now, render.Style{Width: 100, Fold: true}); err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, b.String(), "screen-folded.txt")
}
