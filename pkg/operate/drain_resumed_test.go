package operate_test

import (
	"strings"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// A resumed command whose drain fails and is reverted ends, and the next one tries again.
func TestAResumedDrainThatFailsEnds(t *testing.T) {
	w := newWorld(3, nil)
	options := drainOptions(2, quorum())
	run := func(id string, answer func(*operate.Exec) *operate.ExecResult, until func(operate.Decision) bool) operate.Decision {
		options.ID = id
		c := &command{t: t, w: w, intent: operate.NewDrainScale(options, w.snapshot()), answer: answer}
		for range 300 {
			d, end := c.step()
			if end {
				c.release(d)
			}
			if end || until != nil && until(d) {
				return d
			}
			w.tick()
		}
		t.Fatal("it comes to no end")
		return operate.Decision{}
	}
	left := false
	member := func(run *operate.Exec) *operate.ExecResult {
		a := &operate.ExecResult{Stdout: "id=2"}
		if run.For == "leave" && !left || run.For == "gone" && !left {
			a.ExitCode = 1
		}
		return a
	}
	run("killed", member, func(d operate.Decision) bool { return d.Reason == "AddFinalizer" })
	if d := run("resumed", member, nil); d.Verdict != operate.Stuck || d.Reason != operate.ReasonHookFailed {
		t.Errorf("the resumed command ended %s %s: %s", d.Verdict, d.Reason, d.Message)
	}
	left = true
	if d := run("again", member, nil); d.Verdict != operate.Done || d.Reason != operate.ReasonScaled {
		t.Errorf("the next command ended %s %s: %s", d.Verdict, d.Reason, d.Message)
	}
}

// Without the program of its check, nothing says that the member has never joined.
func TestADrainWithoutItsProgram(t *testing.T) {
	for _, test := range []struct {
		missing bool
		want    string
	}{
		{true, "save the profile: kubectl sts profile show story"},
		{false, "check the output of list"},
	} {
		w := newWorld(3, nil)
		options := drainOptions(2, quorum())
		options.Profile.Metadata.Name = "story"
		c := &command{t: t, w: w, intent: operate.NewDrainScale(options, w.snapshot()), answer: func(*operate.Exec) *operate.ExecResult {
			if test.missing {
				return &operate.ExecResult{ExitCode: -1, Problem: "find not found", NoProgram: true}
			}
			return &operate.ExecResult{ExitCode: 1}
		}}
		var d operate.Decision
		for range 300 {
			var end bool
			if d, end = c.step(); end {
				break
			}
			w.tick()
		}
		if hint := d.Hint.String(); d.Verdict != operate.Stuck || !strings.Contains(hint, test.want) || strings.Contains(hint, "--profile none") == test.missing {
			t.Errorf("missing program %t: %s %s, %q", test.missing, d.Verdict, d.Message, hint)
		}
	}
}
