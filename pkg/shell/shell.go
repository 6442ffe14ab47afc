// Package shell runs the commands of an operation, on this machine and in pods, and shows their
// output line by line with a label.
package shell

import (
	"context"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// Pods runs commands in pods. [kube.Client] implements it.
//
// [kube.Client]: https://pkg.go.dev/github.com/kubectl-sts/kubectl-sts/pkg/kube#Client
type Pods interface {
	// Exec runs a command in a container and returns its exit code. An error that is
	// [operate.ErrTransient] means that the result is unknown.
	Exec(ctx context.Context, namespace, pod, container string, argv []string, stdout, stderr io.Writer) (int, error)
	// PodGone reports whether the pod of this UID is terminating or gone.
	PodGone(ctx context.Context, namespace, name string, uid types.UID) bool
}

// Runner runs commands.
type Runner struct {
	Pods      Pods
	Namespace string
	// Env is added to the environment of the commands that run on this machine.
	Env   []string
	Clock clock.Clock
	// Show writes one line of a command's output, with its label and a newline at the end.
	Show func(line string)
}

// Exec runs a command and returns its result. An error means that there is none: the command could
// not be started, or the context has ended.
func (r *Runner) Exec(ctx context.Context, run *operate.Exec) (operate.ExecResult, error) {
	parent := ctx
	if run.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, run.Timeout)
		defer cancel()
	}
	out := &labelWriter{show: r.Show, label: run.For, quiet: run.Quiet}
	start := r.local
	if run.Pod != "" {
		out.label, start = run.Pod, r.inPod
	}
	var stdout headWriter
	code, err := start(ctx, run, io.MultiWriter(out, &stdout), out)
	out.flush()
	result := operate.ExecResult{ExitCode: code, Output: out.tail(), Stdout: stdout.text.String(), Truncated: stdout.truncated}
	switch {
	case err == nil:
	case parent.Err() != nil:
		return operate.ExecResult{}, context.Cause(parent)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		result.ExitCode, result.Problem, result.Lost = -1, msgTimedOut(run.Timeout), true
	case len(run.Argv) > 0 && errors.Is(err, operate.ErrTransient):
		result.ExitCode, result.Problem, result.Lost = -1, msgDisconnected(err), true
	case len(run.Argv) > 0 && run.Pod != "" && !apierrors.IsForbidden(err):
		result.ExitCode, result.Problem = -1, msgFailed(err) // such as a container that restarts
		result.NoProgram = errors.As(err, new(*noProgramError))
	case run.Pod != "" && r.Pods.PodGone(parent, r.Namespace, run.Pod, run.UID):
		result.ExitCode, result.Problem, result.Lost, result.PodGone = -1, msgPodGone(), true, true
		return result, nil
	default:
		return operate.ExecResult{}, fmt.Errorf("%s: %w", run.Label(), err)
	}
	if run.Pod != "" && !result.Succeeded() {
		result.PodGone = r.Pods.PodGone(parent, r.Namespace, run.Pod, run.UID)
	}
	return result, nil
}
