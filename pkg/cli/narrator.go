package cli

import (
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// narrator writes to standard error what the loop does.
type narrator struct {
	screen *screen
	// quiet: the plan had a single step, which is not repeated.
	quiet bool
	last  string
	// checking is since when commands are waited for.
	checking time.Time
}

// Decided implements loop.Observer.
func (n *narrator) Decided(s *sts.Snapshot, d operate.Decision) {
	if isQuiet(d.Action) || d.Verdict != operate.Do && d.Verdict != operate.Wait {
		return
	}
	if d.Reason == operate.ReasonChecking || d.Reason == operate.ReasonHookRuns && d.Until == nil {
		if n.checking.IsZero() {
			n.checking = s.TakenAt
		}
		n.last = d.Key() // the start of the command was shown
		n.screen.over(msgRunsFor(s.TakenAt.Sub(n.checking)))
		return
	}
	n.checking = time.Time{}
	if d.Key() != n.last {
		n.last = d.Key()
		if d.Verdict == operate.Do && n.quiet {
			n.quiet = false
			return
		}
		var b strings.Builder
		render.Progress(&b, d, n.screen.style)
		n.screen.say(b.String())
	}
	if d.Until != nil {
		n.screen.over(msgTimeLeft(d.Until.Sub(s.TakenAt)))
	}
}

// Applied implements loop.Observer: whose lock was taken is not part of the plan.
func (n *narrator) Applied(s *sts.Snapshot, a operate.SetAction) {
	if p, ok := a.(*operate.PatchSet); ok && p.TookOver != nil {
		o := p.TookOver
		n.screen.say(n.screen.style.Wrap("", 0, render.Plain, msgTookOver(o.Command, o.Name, s.TakenAt.Sub(o.Since))))
	}
}

// isQuiet says whether nothing is written about an action: a dry run, a command that is repeated, the
// lock that is taken first.
func isQuiet(a operate.SetAction) bool {
	switch a := a.(type) {
	case *operate.PatchSet:
		return a.LockOnly()
	case *operate.DryRunEviction:
		return true
	case *operate.Exec:
		return a.Quiet
	}
	return false
}

// Executed implements loop.Observer: the output of a command is on the screen already,
// its result is not.
func (n *narrator) Executed(command *operate.Exec, r operate.ExecResult) {
	if command.Quiet || len(command.Argv) > 0 && r.Succeeded() {
		return // the next step implies its success
	}
	n.screen.line(msgCommandEnded(command.Label(), r.String()))
}
