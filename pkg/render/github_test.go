package render_test

import (
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestGitHub(t *testing.T) {
	status := report.NewStatus(scenarios(t)["canary-crash-looping"].Snapshots()[0])
	at := ststest.Now
	for name, e := range map[string]render.Ended{
		"done": {Outcome: &operate.Decision{Verdict: operate.Done, Message: "every ordinal runs the new revision", Hint: sts.Kubectl("", "sts status", "web")},
			Took: 90 * time.Second, Status: &status,
			Done: []render.Entry{{At: at, What: "promote the canary to web-1"}, {At: at.Add(time.Minute), What: "finish: a | b"}}},
		"gate": {Outcome: &operate.Decision{Verdict: operate.Failed, Message: "--check \"x\" terminated with exit code 3\n100% sure", Hint: sts.Hintf("go back")},
			Checks: []render.Check{
				{At: at, Label: "--check", Command: "test 1 < 2 && echo `date`", Said: "terminated with exit code 3", Output: "```\n<b>not markup</b>\n```"},
				{At: at, Label: "--check-exec in web-2", Command: "true", Said: "succeeded", Good: true},
			}},
		"error":   {Error: "timed out after 5m waiting for web-1, which is Pending", Hint: sts.Hintf("rerun the command to resume")},
		"dry-run": {DryRun: "server", Outcome: &operate.Decision{Verdict: operate.Wait, Message: "it would end so"}},
		"refused": {Outcome: &operate.Decision{Verdict: operate.Refused, Message: "poddisruptionbudget web can never allow it"}},
	} {
		t.Run(name, func(t *testing.T) {
			e.Command, e.Namespace, e.Name = "canary promote", "shop", "web"
			var b strings.Builder
			if err := render.Annotation(&b, e); err != nil {
				t.Fatal(err)
			}
			if strings.Count(b.String(), "\n") != 1 {
				t.Errorf("an annotation is one line, this is not:\n%s", b.String())
			}
			b.WriteByte('\n')
			if err := render.Markdown(&b, e); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), "github-"+name+".txt")
		})
	}
}
