package claimloop

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

func TestOutcome(t *testing.T) {
	interrupted, exists := &loop.InterruptedError{}, &corev1.PersistentVolumeClaim{}
	broken, timeout := errors.New("broken pipe"), &loop.TimeoutError{}
	decided := func(v operate.Verdict, reason string) Result {
		return Result{Decision: claims.ClaimDecision{Verdict: v, Reason: reason, Message: "said"}}
	}
	for _, test := range []struct {
		result Result
		want   Outcome
	}{
		{Result{Err: interrupted}, Outcome{wordNotStarted, "", EndGood}},
		{Result{Err: interrupted, Wrote: true}, Outcome{wordInterrupted, msgClaimInterrupted(), EndStopped}},
		{Result{Err: interrupted, Wrote: true, View: claims.View{Sent: true, VolumeName: "pvc-0"}}, Outcome{wordInterrupted, msgClaimInterruptedDeleting("pvc-0"), EndStopped}},
		{Result{Err: interrupted, Wrote: true, View: claims.View{Sent: true, VolumeName: "pvc-0", Claim: exists}}, Outcome{wordInterrupted, msgClaimInterrupted(), EndStopped}},
		{Result{Err: timeout}, Outcome{wordTimedOut, timeout.Error(), EndTimeout}},
		{Result{Err: broken}, Outcome{wordFailed, "broken pipe", EndError}},
		{decided(operate.Do, ""), Outcome{"deleted", "deleted (server dry run)", EndGood}},
		{decided(operate.Do, claims.ReasonClaimKept), Outcome{wordKept, msgClaimWouldStay("said"), EndGood}},
		{decided(operate.Wait, claims.ReasonNotReleased), Outcome{"deleted", "deleted (server dry run)", EndGood}},
		{decided(operate.Done, claims.ReasonClaimDeleted), Outcome{"deleted", "said", EndGood}},
		{decided(operate.Refused, claims.ReasonClaimKept), Outcome{wordKept, "said", EndGood}},
		{decided(operate.Done, claims.ReasonClaimGone), Outcome{wordGoneBefore, "said", EndGood}},
		{decided(operate.Done, claims.ReasonNothingToRescue), Outcome{wordNotAtRisk, "said", EndGood}},
		{decided(operate.Stuck, claims.ReasonClaimRestored), Outcome{wordRestored, "said", EndStuck}},
		{decided(operate.Stuck, claims.ReasonClaimHeld), Outcome{wordStuck, "said", EndStuck}},
		{decided(operate.Refused, claims.ReasonVolumeNotOurs), Outcome{wordRefused, "said", EndRefused}},
	} {
		if got := test.result.Outcome("deleted", "deleted (server dry run)"); got != test.want {
			t.Errorf("%s %v: %+v, want %+v", test.result.Decision.Reason, test.result.Err, got, test.want)
		}
	}
}

func TestTally(t *testing.T) {
	for _, test := range []struct {
		did             string
		outcomes        []Outcome
		text, first     string
		bad, unfinished int
	}{
		{"deleted", nil, "", "", 0, 0},
		{"deleted", []Outcome{{wordRefused, "no", EndRefused}, {"deleted", "", EndGood}, {wordRestored, "back", EndStuck}, {wordStuck, "held", EndStuck}},
			"1 deleted, 1 restored, 1 refused, 1 stuck", "c", 3, 0},
		{"restored", []Outcome{{wordRestored, "", EndGood}, {wordTimedOut, "late", EndTimeout}, {wordFailed, "no", EndError}}, "1 restored, 1 failed, 1 timed out", "c", 2, 0},
		{"restored", []Outcome{{wordRestored, "", EndGood}, {wordStuck, "held", EndStuck}}, "1 restored, 1 stuck", "b", 1, 0},
		{"purged", []Outcome{{wordInterrupted, "stopped", EndStopped}, {wordNotStarted, "", EndGood}}, "1 interrupted, 1 not started", "a", 0, 2},
	} {
		tally := &Tally{Did: test.did}
		for i, o := range test.outcomes {
			tally.Add(string(rune('a'+i)), o)
		}
		if tally.String() != test.text || tally.First != test.first || tally.Bad() != test.bad || tally.Unfinished() != test.unfinished {
			t.Errorf("%q, first %q, %d bad, %d unfinished; want %+v", tally, tally.First, tally.Bad(), tally.Unfinished(), test)
		}
	}
}
