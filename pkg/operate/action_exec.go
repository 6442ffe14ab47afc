package operate

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Exec is a command that is run on this machine or in a pod.
//
// The loop keeps watching meanwhile; the result of the command is then in [Facts.Results].
type Exec struct {
	Description string `json:"-"`
	// Key identifies this command among all others of the intent.
	Key string `json:"-"`
	// For is the option it comes from, `check`, `check-exec`, `drain-cmd`, or the name of a command of
	// the profile.
	//
	// It labels the output.
	For string `json:"for"`
	// Command is the command for the shell; absent if [Exec.Argv] is set.
	//
	// It is a line for `sh -c`; on Windows, if it runs on this machine, for `cmd /c`.
	Command string `json:"command,omitempty"`
	// Argv are the arguments of the command if it needs no shell; absent if [Exec.Command] is set.
	Argv []string `json:"argv,omitempty"`
	// Env are variables added to its environment, as `NAME=value`.
	Env []string `json:"env,omitempty"`
	// Pod is the pod it runs in; absent if it runs on this machine.
	//
	// It runs there only if the pod is still the one with this UID.
	Pod string `json:"pod,omitempty"`
	// UID is the UID of that pod.
	UID types.UID `json:"uid,omitempty"`
	// Container is the container of that pod.
	Container string `json:"container,omitempty"`
	// Timeout is how long it may take, 0 for no limit.
	Timeout time.Duration `json:"-"`
	// Quiet: its output is read and not shown; it is run repeatedly.
	Quiet bool `json:"-"`
	// The result in a plan, where the command is not run. Empty for success.
	predicted ExecResult
}

func (*Exec) isSetAction() {}

// Type implements [SetAction].
func (*Exec) Type() string { return "Exec" }

// Describe implements [SetAction].
func (a *Exec) Describe() string { return a.Description }

// IsAPIWrite implements [SetAction]. What a command changes is not known.
func (*Exec) IsAPIWrite() bool { return false }

// Disrupts implements [SetAction].
func (*Exec) Disrupts() bool { return false }

// Endangers implements [SetAction].
func (*Exec) Endangers(*sts.Snapshot) []sts.Replica { return nil }

// after implements [SetAction]: the loop adds the result when the command has ended.
func (*Exec) after(f Facts) Facts { return f }

func (*Exec) simulate(*preview) error { return nil }

func (*Exec) refusal(*Objection, string, string) *Decision { return nil }

// Label names the command: "--check", "--check-exec in web-3".
func (a *Exec) Label() string {
	name := "--" + a.For
	if len(a.Argv) > 0 {
		name = a.For
	}
	if a.Pod == "" {
		return name
	}
	return name + " in " + a.Pod
}

// ExecResult is the result of a command.
type ExecResult struct {
	// ExitCode is the exit code of the command; -1 if there is none.
	ExitCode int `json:"exitCode"`
	// Problem is why there is no exit code.
	Problem string `json:"problem,omitempty"`
	// Output is the end of its output, at most 4 KiB.
	Output string `json:"output,omitempty"`
	// Stdout is its standard output, At when its end was seen. Lost: the connection
	// broke first, so that it may have been carried out.
	Stdout string    `json:"-"`
	At     time.Time `json:"-"`
	Lost   bool      `json:"-"`
	// Truncated: standard output was longer than what is kept of it.
	Truncated bool `json:"-"`
	// PodGone: it did not succeed, and its pod was terminating or gone. The end of a pod ends
	// what runs inside it.
	PodGone bool `json:"-"`
	// NoProgram: the container does not have the program of the command.
	NoProgram bool `json:"-"`
	// Imagined: the command was not run.
	Imagined bool `json:"-"`
}

// Succeeded reports whether the command ended with exit code 0.
func (r ExecResult) Succeeded() bool { return r.ExitCode == 0 && r.Problem == "" }

// String is the result as the predicate of a sentence.
func (r ExecResult) String() string {
	if r.Problem != "" {
		return r.Problem
	}
	if r.ExitCode == 0 {
		return "succeeded"
	}
	return fmt.Sprintf("terminated with exit code %d", r.ExitCode)
}
