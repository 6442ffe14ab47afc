package claimloop

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// End is the kind of result for a claim, the worst last.
type End int

// The kinds of results.
const (
	EndGood End = iota
	EndStopped
	EndTimeout
	EndError
	EndRefused
	EndStuck
)

// Outcome is a result for a person.
type Outcome struct {
	// Word is what is counted: "kept", "refused".
	Word string
	// Line is what happened, empty for a claim that was not started.
	Line string
	End  End
}

// The words for results other than that of a command.
const (
	wordRestored    = "restored"
	wordKept        = "kept"
	wordGoneBefore  = "already deleted"
	wordNotAtRisk   = "not at risk"
	wordRefused     = "refused"
	wordStuck       = "stuck"
	wordFailed      = "failed"
	wordTimedOut    = "timed out"
	wordInterrupted = "interrupted"
	wordNotStarted  = "not started"
)

// Outcome is what the result means for a command whose result is did, "deleted"; dryRun is the line of
// a dry run that went well.
func (r *Result) Outcome(did, dryRun string) Outcome {
	var (
		timeout     *loop.TimeoutError
		interrupted *loop.InterruptedError
		d           = r.Decision
	)
	switch {
	case errors.As(r.Err, &interrupted):
		return r.interrupted()
	case errors.As(r.Err, &timeout):
		return Outcome{wordTimedOut, r.Err.Error(), EndTimeout}
	case r.Err != nil:
		return Outcome{wordFailed, r.Err.Error(), EndError}
	case d.Verdict == operate.Do && d.Reason == claims.ReasonClaimKept:
		return Outcome{wordKept, msgClaimWouldStay(d.Message), EndGood}
	case d.Verdict == operate.Do, d.Verdict == operate.Wait: // a dry run: the command would continue from there
		return Outcome{did, dryRun, EndGood}
	case d.Reason == claims.ReasonClaimKept:
		return Outcome{wordKept, d.Message, EndGood}
	case d.Reason == claims.ReasonClaimGone:
		return Outcome{wordGoneBefore, d.Message, EndGood}
	case d.Reason == claims.ReasonNothingToRescue:
		return Outcome{wordNotAtRisk, d.Message, EndGood}
	case d.Verdict == operate.Done:
		return Outcome{did, d.Message, EndGood}
	case d.Reason == claims.ReasonClaimRestored:
		return Outcome{wordRestored, d.Message, EndStuck}
	case d.Verdict == operate.Stuck:
		return Outcome{wordStuck, d.Message, EndStuck}
	}
	return Outcome{wordRefused, d.Message, EndRefused}
}

func (r *Result) interrupted() Outcome {
	o := Outcome{Word: wordNotStarted}
	if r.Wrote {
		o = Outcome{wordInterrupted, msgClaimInterrupted(), EndStopped}
	}
	if c := r.View.Claim; r.View.Sent && (c == nil || c.DeletionTimestamp != nil) {
		o.Line = msgClaimInterruptedDeleting(r.View.VolumeName)
	}
	return o
}

// Tally counts the outcomes of a command whose result is Did.
type Tally struct {
	Did    string
	counts map[string]int
	// Worst decides the exit code, and First is the first claim that ended so.
	Worst End
	First string
}

// Add counts the outcome of the claim of this name.
func (t *Tally) Add(name string, o Outcome) {
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[o.Word]++
	if o.End > t.Worst {
		t.Worst, t.First = o.End, name
	}
}

// Bad is how many claims did not end as desired.
func (t *Tally) Bad() int {
	bad := t.counts[wordStuck] + t.counts[wordRefused] + t.counts[wordFailed] + t.counts[wordTimedOut]
	if t.Worst == EndStuck && t.Did != wordRestored {
		bad += t.counts[wordRestored]
	}
	return bad
}

// Unfinished is how many claims an interruption has left.
func (t *Tally) Unfinished() int { return t.counts[wordNotStarted] + t.counts[wordInterrupted] }

// String has the counts, that of the desired result first.
func (t *Tally) String() string {
	words := []string{t.Did, wordRestored, wordKept, wordGoneBefore, wordNotAtRisk, wordRefused, wordStuck, wordFailed, wordTimedOut, wordInterrupted, wordNotStarted}
	var parts []string
	for i, word := range words {
		if n := t.counts[word]; n > 0 && !slices.Contains(words[:i], word) {
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	return strings.Join(parts, ", ")
}
