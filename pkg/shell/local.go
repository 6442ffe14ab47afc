package shell

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// gracePeriod is how long a command has to exit after a signal.
const gracePeriod = 5 * time.Second

// local runs the command with the shell of this machine. Its background processes are
// ended with it: otherwise the next step could find its port in use.
func (r *Runner) local(ctx context.Context, run *operate.Exec, out, _ io.Writer) (int, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	argv := run.Argv
	if len(argv) == 0 {
		argv = Argv(run.Command)
	}
	cmd := command(ctx, argv)
	cmd.Env = slices.Concat(os.Environ(), r.Env, run.Env)
	cmd.Stdout, cmd.Stderr = writer, writer
	cmd.WaitDelay = gracePeriod
	err = cmd.Start()
	_ = writer.Close() // it stays open in the processes of the command
	if err != nil {
		return 0, errors.Join(err, reader.Close())
	}
	copied := make(chan struct{})
	go func() {
		_, _ = io.Copy(out, reader)
		close(copied)
	}()
	err = cmd.Wait()
	terminate(cmd)
	select {
	case <-copied:
	case <-r.Clock.After(gracePeriod):
	}
	kill(cmd)
	_ = reader.Close()
	var exited *exec.ExitError
	if errors.As(err, &exited) && ctx.Err() == nil {
		return exitCode(exited.ProcessState), nil
	}
	return 0, err
}
