package operate_test

import (
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
