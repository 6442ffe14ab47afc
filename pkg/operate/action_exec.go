package operate

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Exec runs a command here or inside a pod: a check, or a hook by which a member leaves or joins.
// The loop keeps watching meanwhile; the result of the command is then in [Facts.Results].
type Exec struct {
	Why string `json:"-"`
	// Key identifies this command among all others of the intent.
	Key string `json:"-"`
	// For is the option that the command comes from: "check". It labels the output.
	For string `json:"for"`
	// Command is a line for the shell: sh -c, where it runs here on Windows, cmd /c.
	// Argv is a command without a shell, instead.
	Command string   `json:"command,omitempty"`
	Argv    []string `json:"argv,omitempty"`
	// Env is added to the environment of a command that runs here, as NAME=value.
	Env []string `json:"env,omitempty"`
	// Pod is where it runs, if it is still the one with this UID; empty for here.
	Pod       string    `json:"pod,omitempty"`
	UID       types.UID `json:"uid,omitempty"`
	Container string    `json:"container,omitempty"`
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
func (a *Exec) Describe() string { return a.Why }

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

// ExecResult is how an [Exec] ended.
type ExecResult struct {
	// ExitCode is the command's own. It is -1 when there is none; Problem says why.
	ExitCode int    `json:"exitCode"`
	Problem  string `json:"problem,omitempty"`
	// Output is the end of its output.
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
	return fmt.Sprintf("terminated with exit code %d", r.ExitCode)
}
