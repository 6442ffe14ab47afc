package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"

	"github.com/kubectl-sts/kubectl-sts/pkg/execute"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
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
	ExitTerminated  = 143
)

// ExitCodes is the table for the documentation.
var ExitCodes = []struct {
	Code    int
	Meaning string
}{
	{ExitOK, "done, or nothing to do; a plain report"},
	{ExitError, "error"},
	{ExitUsage, "the command line is wrong; also: a confirmation is needed and there is no terminal and no `--yes`"},
	{ExitFound, "found or not yet, for those who ask with `--exit-code`, `--for` or `--print-patch`"},
	{ExitStuck, "stuck: it cannot go on without a person; also: a DNS name that should resolve does not"},
	{ExitRefused, "refused by a guard: a budget that can never allow it, somebody else at work, an update on its way"},
	{ExitGate, "a gate failed: the canary stands paused, or is aborted, as `--on-failure` says"},
	{ExitTimeout, "timed out"},
	{ExitInterrupted, "interrupted (Ctrl-C)"},
	{ExitTerminated, "terminated (SIGTERM)"},
}

// usageError is a command line that is wrong.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// outcomeError is a command that ended Stuck, Refused or Failed. Where a report has said
// so already it is not said again.
type outcomeError struct {
	plan.Decision
	said  bool
	style print.Style
}

func (e *outcomeError) Error() string { return e.Message }

// notYetError is the answer "no" for those who asked with --exit-code or --for.
type notYetError struct{ msg string }

func (e *notYetError) Error() string { return e.msg }

// hintedError is an error with what to do about it.
type hintedError struct {
	err   error
	hint  string
	style print.Style
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// notAllowed adds to a write that the server does not allow in the middle of a command how the
// command is resumed.
func notAllowed(err error, style print.Style) error {
	if !apierrors.IsForbidden(err) {
		return err
	}
	return &hintedError{err, "what was done so far stays; rerun the command when you have this permission, or have a user rerun it who has it", style}
}

// errDeclined: the person said no.
var errDeclined = errors.New("nothing was changed")

// SignalError is a signal that asked the program to stop.
type SignalError struct{ Signal os.Signal }

func (e *SignalError) Error() string { return "signal: " + e.Signal.String() }

// Exit prints the error, if there is anything to say, and returns the exit code.
// This is the one place that knows both.
func Exit(w io.Writer, err error) int {
	var (
		usage   *usageError
		outcome *outcomeError
		notYet  *notYetError
		timeout *execute.TimeoutError
		signal  *SignalError
	)
	say := func(s string) {
		if s != "" {
			_, _ = fmt.Fprintln(w, s)
		}
	}
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &outcome):
		word := map[plan.Verdict]string{plan.Stuck: "stuck: ", plan.Refused: "refused: ", plan.Failed: "gate failed: "}[outcome.Verdict]
		if outcome.Reason == plan.ReasonBadRequest {
			word = "error: "
		}
		if !outcome.said {
			_, _ = io.WriteString(w, outcome.style.Wrap("", 0, print.Plain, word+outcome.Message)+print.Hint(outcome.Hint, outcome.style))
		}
		switch {
		case outcome.Reason == plan.ReasonBadRequest:
			return ExitUsage
		case outcome.Verdict == plan.Stuck:
			return ExitStuck
		case outcome.Verdict == plan.Failed:
			return ExitGate
		}
		return ExitRefused
	case errors.As(err, &usage):
		say("error: " + usage.msg)
		return ExitUsage
	case errors.As(err, &notYet):
		say(notYet.msg)
		return ExitFound
	case errors.As(err, &timeout):
		say("error: " + err.Error())
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
	if hinted := (*hintedError)(nil); errors.As(err, &hinted) {
		_, _ = io.WriteString(w, print.Hint(hinted.hint, hinted.style))
	}
	return ExitError
}

func causes(d *metav1.StatusDetails) string {
	parts := make([]string, len(d.Causes))
	for i, c := range d.Causes {
		parts[i] = c.Field + ": " + c.Message
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "\n* " + strings.Join(parts, "\n* ")
}

// errorText is kubectl's own text for what the API server answered. kubectl looks
// at the outermost error only, so ours are unwrapped for it and what they add is
// put in front.
func errorText(err error) string {
	var status apierrors.APIStatus
	if apierrors.IsInvalid(err) && errors.As(err, &status) {
		// kubectl has a sentence of its own for these, which it does not export.
		if d := status.Status().Details; d != nil && d.Name != "" {
			return fmt.Sprintf("The %s %q is invalid: %s", d.Kind, d.Name, causes(d))
		}
	}
	if errors.As(err, &status) {
		if inner, ok := status.(error); ok {
			if text, ok := cmdutil.StandardErrorMessage(inner); ok {
				context := strings.TrimSuffix(strings.TrimSuffix(err.Error(), inner.Error()), ": ")
				if context != "" && context != err.Error() {
					return "error: " + context + "\n" + text
				}
				return text
			}
		}
	}
	if text, ok := cmdutil.StandardErrorMessage(err); ok {
		return text
	}
	return "error: " + err.Error()
}
