package print_test

import (
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestGitHub(t *testing.T) {
	status := inspect.NewStatus(scenarios(t)["canary-crash-looping"].Snapshots()[0])
	at := ststest.Now
	for name, e := range map[string]print.Ended{
		"done": {Outcome: &plan.Decision{Verdict: plan.Done, Message: "every ordinal runs the new revision", Hint: "kubectl sts status web"},
			Took: 90 * time.Second, Status: &status,
			Done: []print.Entry{{At: at, What: "promote the canary to web-1"}, {At: at.Add(time.Minute), What: "finish: a | b"}}},
		"gate": {Outcome: &plan.Decision{Verdict: plan.Failed, Message: "--check \"x\" terminated with exit code 3\n100% sure", Hint: "go back"},
			Checks: []print.Check{
				{At: at, Label: "--check", Command: "test 1 < 2 && echo `date`", Said: "terminated with exit code 3", Output: "```\n<b>not markup</b>\n```"},
				{At: at, Label: "--check-exec in web-2", Command: "true", Said: "terminated with exit code 0", Good: true},
			}},
		"error":   {Error: "timed out after 5m waiting for web-1, which is Pending"},
		"dry-run": {DryRun: "server", Outcome: &plan.Decision{Verdict: plan.Wait, Message: "it would end so"}},
		"refused": {Outcome: &plan.Decision{Verdict: plan.Refused, Message: "poddisruptionbudget web can never allow it"}},
	} {
		t.Run(name, func(t *testing.T) {
			e.Command, e.Namespace, e.Name = "canary promote", "shop", "web"
			var b strings.Builder
			if err := print.Annotation(&b, e); err != nil {
				t.Fatal(err)
			}
			if strings.Count(b.String(), "\n") != 1 {
				t.Errorf("an annotation is one line, this is not:\n%s", b.String())
			}
			b.WriteByte('\n')
			if err := print.Markdown(&b, e); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), "github-"+name+".txt")
		})
	}
}
