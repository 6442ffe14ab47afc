package loop

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// msgTimedOut is the end of a run that took too long. waited is what the run was waiting for, "for pod
// web-2", empty when it was not waiting.
func msgTimedOut(after time.Duration, waited string) string {
	text := "timed out after " + sts.Duration(after)
	if waited != "" {
		text += " waiting " + waited
	}
	return text
}

func msgInterrupted(waited string) string {
	text := "interrupted"
	if waited != "" {
		text += " while waiting " + waited
	}
	return text
}

func msgRunTwice(label string) string { return label + " would be run twice (this is a bug)" }

func msgWatchBehind() string { return "for the watch to catch up with the API server" }

func msgKeepsChanging(set string, attempts int) string {
	return fmt.Sprintf("statefulset/%s keeps changing, gave up after %d attempts", set, attempts)
}

// A step that admission rejects after others were carried out.

func msgStepsKept(refusal string) string { return refusal + "; the steps before it were carried out" }

func hintRerun(hint sts.Hint) sts.Hint {
	if len(hint) == 0 {
		return sts.Hintf("rerun the command to resume")
	}
	return sts.Hintf("%s; rerun the command to resume", hint)
}
