package cli

import (
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// narrator writes to standard error what the loop does.
type narrator struct {
	screen *screen
	// quiet: the plan had a single step, which is not repeated.
	quiet bool
	// timeout limits the command, 0 for no limit. began is when it began.
	timeout time.Duration
	began   time.Time
	last    string
	// checking is since when commands are waited for.
	checking time.Time
	// since is when the current wait began, beat when a line of it was last written.
	since, beat time.Time
	// unlimited: it was said that the command waits without a limit.
	unlimited bool
}

// heartbeat is how often a wait is repeated where lines cannot be overwritten: jobs without output count as
// dead in many CI systems.
const heartbeat = time.Minute

// Decided implements loop.Observer.
func (n *narrator) Decided(s *sts.Snapshot, d operate.Decision) {
	if n.began.IsZero() {
		n.began = s.TakenAt
	}
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
		n.since, n.beat = s.TakenAt, s.TakenAt
		if d.Verdict == operate.Do && n.quiet {
			n.quiet = false
			return
		}
		var b strings.Builder
		render.Progress(&b, d, n.screen.style)
		n.screen.progress(b.String())
	}
	if d.Verdict == operate.Wait {
		n.waits(s, d)
	}
}

// waits shows that the command is alive: how long a wait has lasted or will last, and how many pods are done.
func (n *narrator) waits(s *sts.Snapshot, d operate.Decision) {
	var left time.Duration
	if n.timeout > 0 {
		left = n.timeout - s.TakenAt.Sub(n.began)
	}
	pods := msgPodsOf(&s.Set.Status, sts.DesiredReplicas(s.Set))
	warning := latestWarning(s, d)
	if d.Until != nil {
		n.screen.over(msgTimeLeft(d.Until.Sub(s.TakenAt)))
	} else if waited := s.TakenAt.Sub(n.since); waited >= time.Second {
		n.screen.over(msgWaitedFor(waited, pods, left, warning))
	}
	if s.TakenAt.Sub(n.beat) < heartbeat {
		return
	}
	n.beat = s.TakenAt
	n.screen.beat(msgStillWaiting(s.TakenAt, d.Message, pods, warning))
	if n.timeout == 0 && d.Until == nil && !n.unlimited {
		n.unlimited = true
		n.screen.note(msgNoLimit())
	}
}

// latestWarning is the newest warning about the pod that is waited for, empty if there is none or the wait
// already says the same.
func latestWarning(s *sts.Snapshot, d operate.Decision) string {
	for _, r := range s.Replicas() {
		if r.Pod == nil || d.Subject != "pod/"+r.Pod.Name {
			continue
		}
		e := diagnose.LatestWarning(s, r.Pod)
		if e == nil {
			return ""
		}
		point := diagnose.Point(e.Message)
		if strings.Contains(d.Message, point) {
			return ""
		}
		return msgWarning(e.Reason, s.TakenAt.Sub(sts.EventTime(e)), point)
	}
	return ""
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
