package cmd

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

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
)

const (
	// outputKept is how many bytes of a command's output a report keeps: its end.
	outputKept = 4096
	// endGrace is how long a command that is to end has for it.
	endGrace = 5 * time.Second
	// execTries is how often a command is begun again in a pod whose connection broke.
	execTries = 3
)

// world is the cluster, and this machine for the commands that run here.
type world struct {
	*cluster.View
	client    *cluster.Client
	namespace string
	env       *Env
	screen    *screen
	// environment is added to that of every command that runs here.
	environment []string
}

// Ask implements execute.World.
func (w *world) Ask(ctx context.Context, run plan.Run) (plan.Answer, error) {
	parent := ctx
	if run.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, run.Timeout)
		defer cancel()
	}
	out := &labelled{screen: w.screen, prefix: run.For}
	if run.Pod != "" {
		out.prefix = run.Pod
	}
	ask := w.local
	if run.Pod != "" {
		ask = w.inPod
	}
	code, err := ask(ctx, run, out)
	out.flush()
	answer := plan.Answer{ExitCode: code, Output: out.kept()}
	switch {
	case err == nil:
	case parent.Err() != nil:
		return plan.Answer{}, context.Cause(parent)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		answer.ExitCode, answer.Problem = -1, fmt.Sprintf("did not end within %s", run.Timeout)
	default:
		return plan.Answer{}, fmt.Errorf("--%s: %w", run.For, err)
	}
	return answer, nil
}

// local runs the command with this machine's shell.
func (w *world) local(ctx context.Context, run plan.Run, out io.Writer) (int, error) {
	cmd := shell(ctx, run.Command)
	cmd.Env = slices.Concat(os.Environ(), w.environment, run.Env)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = endGrace
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		return exitCode(cmd.ProcessState), nil // only what it left in the background holds on to our pipe
	}
	var ended *exec.ExitError
	if errors.As(err, &ended) && ctx.Err() == nil {
		return exitCode(ended.ProcessState), nil
	}
	return 0, err
}

// inPod runs the command in a pod's shell. A connection that breaks says nothing
// about the command, so it is begun again.
func (w *world) inPod(ctx context.Context, run plan.Run, out io.Writer) (int, error) {
	command := []string{"sh", "-c", run.Command}
	for try := 1; ; try++ {
		code, err := w.client.Exec(ctx, w.namespace, run.Pod, run.Container, command, out, out)
		if err == nil || ctx.Err() != nil || try == execTries || !cluster.Transient(err) {
			return code, err
		}
		select {
		case <-ctx.Done():
		case <-w.env.Clock.After(time.Second):
		}
	}
}

// labelled puts a label before every line of a command's output, and keeps its end.
type labelled struct {
	screen *screen
	prefix string

	mu   sync.Mutex
	line bytes.Buffer
	tail []byte
}

// Write implements io.Writer.
func (l *labelled) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = append(l.tail, p...)
	l.tail = l.tail[max(0, len(l.tail)-outputKept):]
	l.line.Write(p)
	for {
		line, err := l.line.ReadString('\n')
		if err != nil {
			l.line.WriteString(line) // not at its end yet
			return len(p), nil
		}
		l.say(strings.TrimRight(line, "\r\n"))
	}
}

func (l *labelled) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.line.Len() > 0 {
		l.say(l.line.String())
		l.line.Reset()
	}
}

func (l *labelled) say(line string) {
	l.screen.say(l.prefix + " | " + printable(line) + "\n")
}

func (l *labelled) kept() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimRight(strings.ToValidUTF8(string(l.tail), ""), "\r\n")
}

// printable keeps a command's output from moving the cursor or changing colours.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, line)
}
