package shell

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

const (
	// execTries is how often a command line is run in a pod when the connection breaks.
	execTries = 3
	// noExecutable is a text of container runtimes in the middle of an internal error.
	noExecutable = "executable file not found"
)

// noProgramError is a command whose program is not in the container.
type noProgramError struct{ msg string }

func (e *noProgramError) Error() string { return e.msg }

// inPod runs the command in a pod. When the connection breaks, the result is unknown: a command
// line is run again, and for a command of a profile the profile decides.
func (r *Runner) inPod(ctx context.Context, run *operate.Exec, out, errOut io.Writer) (int, error) {
	argv, tries := run.Argv, 1
	if len(argv) == 0 {
		argv, tries = []string{"sh", "-c", run.Command}, execTries
	}
	for try := 1; ; try++ {
		code, err := r.Pods.Exec(ctx, r.Namespace, run.Pod, run.Container, argv, out, errOut)
		if err != nil && strings.Contains(err.Error(), noExecutable) {
			return 0, &noProgramError{msgNoExecutable(argv[0], run.Container, run.Pod)}
		}
		if err == nil || ctx.Err() != nil || try == tries || !errors.Is(err, operate.ErrTransient) {
			return code, err
		}
		select {
		case <-ctx.Done():
		case <-r.Clock.After(time.Second):
		}
	}
}
