package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The exit codes are an API: docs/exit-codes.md is made from this table.
const (
	ExitOK          = 0
	ExitError       = 1
	ExitUsage       = 2
	ExitFound       = 3
	ExitStuck       = 4
	ExitRefused     = 5
	ExitGate        = 6
	ExitTimeout     = 124
	ExitInterrupted = 130
	ExitOutput      = 141
	ExitTerminated  = 143
)

// ExitCodes is the table for the documentation.
var ExitCodes = []struct {
	Code    int
	Meaning string
}{
	{ExitOK, "success, nothing to do, or a report"},
	{ExitError, "error"},
	{ExitUsage, "invalid command line; also: a confirmation is required, and there is neither a terminal nor `--yes`"},
	{ExitFound, "a condition is not met: there are differences, candidates, findings or pods that are not updated (`--exit-code`), the state cannot be reached (`--for`), the step must wait (`--print-patch`), or `doctor` has found errors (`--fail-on`)"},
	{ExitStuck, "stuck: the command cannot continue without a manual fix; also: a DNS name that should resolve does not"},
	{ExitRefused, "refused by a guard: for example a PodDisruptionBudget that can never allow a disruption, a lock of another client, or an update in progress"},
	{ExitGate, "a gate failed: the canary is paused or aborted, depending on `--on-failure`"},
	{ExitTimeout, "timed out"},
	{ExitInterrupted, "interrupted (Ctrl-C)"},
	{ExitOutput, "the output of a report was closed before its end, for example by `| head`"},
	{ExitTerminated, "terminated (SIGTERM)"},
}

// usageError is an invalid command line.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// outcomeError is a command that ended Stuck, Refused or Failed. It is not printed where a
// report has shown it already.
type outcomeError struct {
	operate.Decision
	said  bool
	style render.Style
}

func (e *outcomeError) Error() string { return e.Message }

// refused is the error of a guard.
func refused(reason, message string, hint sts.Hint) error {
	return &outcomeError{Decision: operate.Decision{Verdict: operate.Refused, Reason: reason, Message: message, Hint: hint}}
}

// batchError is why a command on several sets has not changed all of them.
type batchError struct {
	// errs are those of the sets, in order.
	errs []error
	// notStarted are the sets that the command has not begun to change.
	notStarted []string
	hint       sts.Hint
	style      render.Style
}

func (e *batchError) Error() string { return errors.Join(e.errs...).Error() }

// exit prints the errors, and returns the exit code of the first one.
func (e *batchError) exit(w io.Writer) int {
	code := Exit(w, e.errs[0])
	for _, err := range e.errs[1:] {
		Exit(w, err)
	}
	if len(e.notStarted) > 0 {
		_, _ = io.WriteString(w, e.style.Wrap("", 0, render.Plain, msgNotStarted(e.notStarted)))
	}
	_, _ = io.WriteString(w, render.Hint(e.hint, e.style))
	return code
}

// notYetError is the negative result of --exit-code, --for or --print-patch.
type notYetError struct{ msg string }

func (e *notYetError) Error() string { return e.msg }

// fittedError is an error with a hint that is adapted to the command line, see fitErrors.
type fittedError struct {
	err   error
	hint  sts.Hint
	style render.Style
}

func (e *fittedError) Error() string { return e.err.Error() }
func (e *fittedError) Unwrap() error { return e.err }

// notAllowed adds a hint how to resume the command to an error about a missing permission for a
// write.
func notAllowed(err error) error {
	if !apierrors.IsForbidden(err) {
		return err
	}
	return &sts.HintedError{Err: err, Hint: hintNotAllowed()}
}

// errDeclined: the confirmation was declined.
var errDeclined = errors.New(msgDeclined())

// SignalError is a signal that stopped the program.
type SignalError struct{ Signal os.Signal }

func (e *SignalError) Error() string { return "signal: " + e.Signal.String() }

// Exit prints the error, unless it was printed already, and returns the exit code. No
// other function does.
func Exit(w io.Writer, err error) int {
	var (
		usage   *usageError
		outcome *outcomeError
		notYet  *notYetError
		timeout *loop.TimeoutError
		signal  *SignalError
	)
	say := func(s string) {
		if s != "" {
			_, _ = fmt.Fprintln(w, render.Printable(s))
		}
	}
	hint := func() {
		if hinted := (*fittedError)(nil); errors.As(err, &hinted) {
			_, _ = io.WriteString(w, render.Hint(hinted.hint, hinted.style))
		}
	}
	if s, ok := w.(*stream); ok && s.readers.endedReport() {
		return ExitOutput
	}
	if batch := (*batchError)(nil); errors.As(err, &batch) {
		return batch.exit(w)
	}
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &outcome):
		word := map[operate.Verdict]string{operate.Stuck: "stuck: ", operate.Refused: "refused: ", operate.Failed: "gate failed: "}[outcome.Verdict]
		if outcome.Reason == operate.ReasonBadRequest {
			word = "error: "
		}
		if !outcome.said {
			_, _ = io.WriteString(w, outcome.style.Wrap("", 0, render.Plain, word+outcome.Message)+render.Hint(outcome.Hint, outcome.style))
		}
		switch {
		case outcome.Reason == operate.ReasonBadRequest:
			return ExitUsage
		case outcome.Verdict == operate.Stuck:
			return ExitStuck
		case outcome.Verdict == operate.Failed:
			return ExitGate
		}
		return ExitRefused
	case errors.As(err, &usage):
		say("error: " + usage.msg)
		hint()
		return ExitUsage
	case errors.As(err, &notYet):
		say(notYet.msg)
		return ExitFound
	case errors.As(err, &timeout):
		say("error: " + err.Error())
		hint()
		return ExitTimeout
	case errors.As(err, &signal):
		if signal.Signal == syscall.SIGTERM {
			return ExitTerminated
		}
		return ExitInterrupted
	case errors.Is(err, context.DeadlineExceeded):
		say("error: " + err.Error())
		return ExitTimeout
	case errors.Is(err, errDeclined):
		say(err.Error())
		return ExitError
	}
	say(errorText(err))
	hint()
	return ExitError
}
