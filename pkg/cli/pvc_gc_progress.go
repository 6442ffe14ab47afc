package cli

import (
	"context"
	"errors"
	"fmt"
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
	tally  claimloop.Tally
}

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
	name := p.run.subject(item)
	outcome := r.Outcome(p.run.did, msgDryRun(p.run.did, p.run.dryRun))
	item.word = outcome.Word
	p.tally.Add(name, outcome)
	p.tell(name, outcome, r.Decision.Hint)
}

func (p *gcProgress) tell(name string, o claimloop.Outcome, hint sts.Hint) {
	separator := ": "
	if o.End == claimloop.EndGood {
		separator = " " // a result, as kubectl prints it
	}
	text := name + separator + o.Line
	switch {
	case o.Line == "":
	case o.End != claimloop.EndGood:
		style := p.run.env.errStyle()
		p.screen.say(style.Wrap("", 0, render.Plain, text) + render.Hint(p.run.hint(hint), style))
	case p.run.out.human():
		p.screen.done()
		_, _ = fmt.Fprint(p.run.env.Out, p.run.env.style().Wrap("", 0, render.Plain, text))
	}
	if now := p.run.env.Clock.Now(); !now.Before(p.next) && p.done < p.total {
		p.next = now.Add(p.every())
		p.screen.over(bar(p.done, p.total))
		if !p.run.out.human() {
			p.screen.beat(msgProgress(p.done, p.total, p.run.unit()))
		}
	}
}

// bar shows how many are done.
func bar(done, total int) string {
	const width = 30
	n := done * width / total
	return fmt.Sprintf("[%s%s] %d of %d", strings.Repeat("#", n), strings.Repeat("-", width-n), done, total)
}

// outcome is the error that decides the exit code: a signal first, then what most needs
// attention.
func (p *gcProgress) outcome(ctx context.Context) error {
	bad := p.tally.Bad()
	of := msgProgress(bad, p.total, p.run.unit())
	switch {
	case ctx.Err() != nil && p.tally.Unfinished() > 0:
		_, _ = fmt.Fprintln(p.run.env.ErrOut, msgInterrupted(false))
		return context.Cause(ctx)
	case p.tally.Worst <= claimloop.EndStopped:
		return nil
	case p.tally.Worst == claimloop.EndTimeout:
		err := &loop.TimeoutError{After: p.run.timeout, Last: operate.Decision{Verdict: operate.Wait, Message: msgWaitClaims(of)}}
		return &sts.HintedError{Err: err, Hint: hintResume()}
	case p.tally.Worst == claimloop.EndError:
		return errors.New(msgClaimsFailed(of))
	case p.tally.Worst == claimloop.EndRefused:
		return &outcomeError{Decision: operate.Decision{Verdict: operate.Refused, Reason: claims.ReasonClaimKept, Message: msgClaimsRefused(bad, of, p.run.did, p.tally.First)}}
	}
	return &outcomeError{Decision: operate.Decision{Verdict: operate.Stuck, Reason: claims.ReasonClaimHeld, Message: msgClaimsStuck(bad, of, p.tally.First)}}
}
