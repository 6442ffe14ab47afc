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
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestProof(t *testing.T) {
	const unified = "--- web-6f66\n+++ web-7549\n@@ -1 +1 @@\n-image: web:1\n+image: web:2\n"
	at := metav1.NewTime(ststest.Now.Add(-12 * time.Second))
	proof := func() *report.Proof {
		return &report.Proof{
			Pod: "web-2", Ordinal: 2, Revision: "web-7549", TargetRevision: "web-6f66", Remedy: diagnose.RollBack, Blocks: []sts.Ordinal{0, 1},
			Trouble:   diagnose.Trouble{Reason: "CrashLoopBackOff", Failing: true, Message: "is in CrashLoopBackOff (container app, exit code 1, 4 restarts)"},
			Container: &report.FailingContainer{Name: "app", State: "Waiting", Restarts: 4, ExitCode: new(int32(1)), ExitedAt: &at},
			Changes:   []sts.Change{{Path: "spec.containers[app].image", From: "web:1", To: "web:2"}},
			Diff:      &report.DiffReport{},
			Log:       []string{"\x1b[31mpanic:\x1b[0m cannot open\t/data", "a line that is much longer than a terminal is wide, and that is not of much use after its first part, anyway", "\x07bell\x1b]0;title"},
		}
	}
	for name, change := range map[string]func(*report.Proof){
		"back": func(*report.Proof) {},
		"forward": func(p *report.Proof) {
			p.Remedy, p.Blocks, p.Log, p.LogError = diagnose.DeletePods, nil, nil, "you may not"
		},
		"recreate": func(p *report.Proof) { p.Recreate, p.Log = true, nil },
		"bare": func(p *report.Proof) {
			p.Diff, p.Changes, p.ChangesError, p.Container, p.Log = nil, nil, "revision web-6f66 is gone from its history", nil, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := proof()
			change(p)
			var b strings.Builder
			if err := render.Proof(&b, p, unified, ststest.Now, render.Style{Width: 80}); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), "proof-"+name+".txt")
		})
	}
}
