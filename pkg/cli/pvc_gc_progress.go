package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimloop"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// gcProgress prints the result for each claim, and how many are done.
type gcProgress struct {
	run    *gcRun
	screen *screen
	total  int
	done   int
	next   time.Time
	// counts are the results by word, worst is the one that decides the exit code.
	counts map[string]int
	worst  gcEnd
	first  string
}

// Words of the summary for claims that were not worked on to the end.
const (
	wordGoneBefore  = "already deleted"
	wordInterrupted = "interrupted"
	wordNotStarted  = "not started"
)

// gcEnd is the kind of result for a claim, the worst last.
type gcEnd int

const (
	endGood gcEnd = iota
	endStopped
	endTimeout
	endError
	endRefused
	endStuck
)

// every is the time between two lines of progress.
func (p *gcProgress) every() time.Duration {
	if p.screen.terminal {
		return 0
	}
	return 5 * time.Second
}

// ended is called for one claim at a time.
func (p *gcProgress) ended(item *GCItem, r claimloop.Result) {
	p.done++
	var (
		timeout     *loop.TimeoutError
		interrupted *loop.InterruptedError
		d           = r.Decision
		word, line  string
		end         gcEnd
	)
	switch {
	case errors.As(r.Err, &interrupted):
		word = wordNotStarted
		if r.Wrote {
			word, line, end = wordInterrupted, msgClaimInterrupted(), endStopped
		}
		if c := r.View.Claim; r.View.Sent && (c == nil || c.DeletionTimestamp != nil) {
			line = msgClaimInterruptedDeleting(r.View.VolumeName)
		}
	case errors.As(r.Err, &timeout):
		word, line, end = "timed out", r.Err.Error(), endTimeout
	case r.Err != nil:
		word, line, end = "failed", r.Err.Error(), endError
	case d.Verdict == operate.Do:
		word = p.run.did // a dry run
		line = msgDryRun(p.run.did, p.run.dryRun)
	case d.Reason == claims.ReasonClaimKept || d.Reason == claims.ReasonClaimGone:
		word, line = map[string]string{claims.ReasonClaimKept: "kept", claims.ReasonClaimGone: wordGoneBefore}[d.Reason], d.Message
	case d.Reason == claims.ReasonNothingToRescue:
		word, line = "not at risk", d.Message
	case d.Verdict == operate.Done:
		word, line = p.run.did, d.Message
	case d.Reason == claims.ReasonClaimRestored:
		word, line, end = "restored", d.Message, endStuck
	case d.Verdict == operate.Stuck:
		word, line, end = "stuck", d.Message, endStuck
	default:
		word, line, end = "refused", d.Message, endRefused
	}
	p.counts[word]++
	name := item.Claim
	if p.run.all {
		name = item.Namespace + "/" + name
	}
	if end > p.worst {
		p.worst, p.first = end, name
	}
	p.tell(name, line, end, d.Hint)
}

func (p *gcProgress) tell(name, line string, end gcEnd, hint sts.Hint) {
	separator := ": "
	if end == endGood {
		separator = " " // a result, as kubectl prints it
	}
	text := "persistentvolumeclaim/" + name + separator + line
	switch {
	case line == "":
	case end != endGood:
		style := p.run.env.errStyle()
		p.screen.say(style.Wrap("", 0, render.Plain, text) + render.Hint(p.run.hint(hint), style))
	case p.run.out.human():
		p.screen.done()
		_, _ = fmt.Fprint(p.run.env.Out, p.run.env.style().Wrap("", 0, render.Plain, text))
	}
	if now := p.run.env.Clock.Now(); !now.Before(p.next) && p.done < p.total {
		p.next = now.Add(p.every())
		if p.screen.terminal {
			p.screen.over(bar(p.done, p.total))
		} else if !p.run.out.human() {
			p.screen.line(msgProgress(p.done, p.total))
		}
	}
}

// bar shows how many are done.
func bar(done, total int) string {
	const width = 30
	n := done * width / total
	return fmt.Sprintf("[%s%s] %d of %d", strings.Repeat("#", n), strings.Repeat("-", width-n), done, total)
}

// summary counts the results, the desired one first.
func (p *gcProgress) summary() string {
	var parts []string
	for _, word := range []string{p.run.did, "restored", "kept", wordGoneBefore, "not at risk", "refused", "stuck", "failed", "timed out", wordInterrupted, wordNotStarted} {
		if n := p.counts[word]; n > 0 && !slices.ContainsFunc(parts, func(s string) bool { return strings.HasSuffix(s, " "+word) }) {
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	return strings.Join(parts, ", ")
}

// outcome is the error that decides the exit code: a signal first, then what most needs
// attention.
func (p *gcProgress) outcome(ctx context.Context) error {
	bad := p.counts["stuck"] + p.counts["refused"] + p.counts["failed"] + p.counts["timed out"]
	if p.worst == endStuck && p.run.did != "restored" {
		bad += p.counts["restored"]
	}
	of := msgProgress(bad, p.total)
	switch {
	case ctx.Err() != nil && p.counts[wordNotStarted]+p.counts[wordInterrupted] > 0:
		_, _ = fmt.Fprintln(p.run.env.ErrOut, msgInterrupted())
		return context.Cause(ctx)
	case p.worst <= endStopped:
		return nil
	case p.worst == endTimeout:
		return &loop.TimeoutError{After: p.run.timeout, Last: operate.Decision{Verdict: operate.Wait, Message: msgWaitClaims(of)}}
	case p.worst == endError:
		return errors.New(msgClaimsFailed(of))
	case p.worst == endRefused:
		return &outcomeError{Decision: operate.Decision{Verdict: operate.Refused, Reason: claims.ReasonClaimKept, Message: msgClaimsRefused(bad, of, p.run.did, p.first)}}
	}
	return &outcomeError{Decision: operate.Decision{Verdict: operate.Stuck, Reason: claims.ReasonClaimHeld, Message: msgClaimsStuck(bad, of, p.first)}}
}
