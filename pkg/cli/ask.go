package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

const (
	// outputKept is how many bytes of a command's output a report keeps: its end.
	outputKept = 4096
	// lineShown is after how many bytes an unfinished line is shown in parts.
	lineShown = 4096
	// endGrace is how long a command has to exit after a signal.
	endGrace = 5 * time.Second
	// noSuchCommand is a text of container runtimes in the middle of an internal error.
	noSuchCommand = "executable file not found"
	// execTries is how often a command is run in a pod when the connection breaks.
	execTries = 3
)

// world is the cluster, and this machine for the commands that run here.
type world struct {
	*kube.View
	client    *kube.Client
	namespace string
	env       *Env
	screen    *screen
	// environment is added to that of every command that runs here.
	environment []string
}

// Exec implements [loop.World].
func (w *world) Exec(ctx context.Context, run *operate.Exec) (operate.ExecResult, error) {
	parent := ctx
	if run.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, run.Timeout)
		defer cancel()
	}
	out := &labelled{screen: w.screen, prefix: run.For, quiet: run.Quiet}
	if run.Pod != "" {
		out.prefix = run.Pod
	}
	start := w.local
	if run.Pod != "" {
		start = w.inPod
	}
	var stdout limited
	code, err := start(ctx, run, io.MultiWriter(out, &stdout), out)
	out.flush()
	result := operate.ExecResult{ExitCode: code, Output: out.kept(), Stdout: stdout.String(), Truncated: stdout.overflown}
	switch {
	case err == nil:
	case parent.Err() != nil:
		return operate.ExecResult{}, context.Cause(parent)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		result.ExitCode, result.Problem, result.Lost = -1, msgRunTimedOut(run.Timeout), true
	case len(run.Argv) > 0 && kube.Transient(err):
		result.ExitCode, result.Problem, result.Lost = -1, msgRunDisconnected(err), true
	case len(run.Argv) > 0 && run.Pod != "" && !apierrors.IsForbidden(err):
		result.ExitCode, result.Problem = -1, msgRunFailed(err) // a container that restarts, no such program
	case run.Pod != "" && w.client.PodGone(parent, w.namespace, run.Pod, run.UID):
		result.ExitCode, result.Problem, result.Lost, result.PodGone = -1, msgRunPodGone(), true, true
		return result, nil
	default:
		return operate.ExecResult{}, fmt.Errorf("%s: %w", run.Label(), err)
	}
	if run.Pod != "" && !result.Succeeded() {
		result.PodGone = w.client.PodGone(parent, w.namespace, run.Pod, run.UID)
	}
	return result, nil
}

// local runs the command with the shell of this machine. Its background processes are
// ended with it: otherwise the next step could find its port in use.
func (w *world) local(ctx context.Context, run *operate.Exec, out, _ io.Writer) (int, error) {
	r, stdout, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	argv := run.Argv
	if len(argv) == 0 {
		argv = shell(run.Command)
	}
	cmd := command(ctx, argv)
	cmd.Env = slices.Concat(os.Environ(), w.environment, run.Env)
	cmd.Stdout, cmd.Stderr = stdout, stdout
	cmd.WaitDelay = endGrace
	err = cmd.Start()
	_ = stdout.Close() // the write end stays open as long as a process of the command runs
	if err != nil {
		return 0, errors.Join(err, r.Close())
	}
	heard := make(chan struct{})
	go func() {
		_, _ = io.Copy(out, r)
		close(heard)
	}()
	err = cmd.Wait()
	terminate(cmd)
	select {
	case <-heard:
	case <-w.env.Clock.After(endGrace):
	}
	kill(cmd)
	_ = r.Close()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ctx.Err() == nil {
		return exitCode(ended.ProcessState), nil
	}
	return 0, err
}

// inPod runs the command in a pod's shell. When the connection breaks, the result is
// unknown, so the command is run again.
func (w *world) inPod(ctx context.Context, run *operate.Exec, out, errOut io.Writer) (int, error) {
	argv, tries := run.Argv, 1 // the profile decides whether it is retried
	if len(argv) == 0 {
		argv, tries = []string{"sh", "-c", run.Command}, execTries
	}
	for try := 1; ; try++ {
		code, err := w.client.Exec(ctx, w.namespace, run.Pod, run.Container, argv, out, errOut)
		if err != nil && strings.Contains(err.Error(), noSuchCommand) {
			return 0, errors.New(msgNoExecutable(argv[0], run.Container, run.Pod))
		}
		if err == nil || ctx.Err() != nil || try == tries || !kube.Transient(err) {
			return code, err
		}
		select {
		case <-ctx.Done():
		case <-w.env.Clock.After(time.Second):
		}
	}
}

// limited keeps the beginning of a command's output, to extract values from it.
type limited struct {
	strings.Builder
	overflown bool
}

// stdoutKept is how many bytes of a hook's output are read.
const stdoutKept = 1 << 20

// Write implements io.Writer. It never fails: output that is too long is cut.
func (l *limited) Write(p []byte) (int, error) {
	fits := min(len(p), stdoutKept-l.Len())
	l.overflown = l.overflown || fits < len(p)
	l.Builder.Write(p[:fits])
	return len(p), nil
}

// labelled puts a label before every line of a command's output, and keeps its end.
type labelled struct {
	screen *screen
	prefix string
	quiet  bool // kept, and not shown

	mu   sync.Mutex
	line []byte // is not complete yet
	tail []byte
}

// Write implements io.Writer.
func (l *labelled) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = append(l.tail, p...)
	l.tail = l.tail[max(0, len(l.tail)-outputKept):]
	rest := slices.Concat(l.line, p)
	for len(rest) > 0 {
		n := bytes.IndexByte(rest[:min(len(rest), lineShown)], '\n') + 1
		if n == 0 && len(rest) >= lineShown {
			n = runes(rest[:lineShown])
		}
		if n == 0 {
			break
		}
		l.say(rest[:n])
		rest = rest[n:]
	}
	l.line = append(l.line[:0], rest...)
	return len(p), nil
}

// runes is how many of the bytes are whole runes.
func runes(b []byte) int {
	for n := len(b) - 1; n > len(b)-utf8.UTFMax; n-- {
		if utf8.RuneStart(b[n]) {
			if utf8.FullRune(b[n:]) {
				return len(b)
			}
			return n
		}
	}
	return len(b)
}

func (l *labelled) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.line) > 0 {
		l.say(l.line)
		l.line = nil
	}
}

func (l *labelled) say(line []byte) {
	if l.quiet {
		return
	}
	l.screen.say(l.prefix + " | " + render.Foreign(string(line)) + "\n")
}

func (l *labelled) kept() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimRight(strings.ToValidUTF8(string(l.tail), ""), "\r\n")
}
