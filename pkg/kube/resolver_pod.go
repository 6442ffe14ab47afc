package kube

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

// ExecFunc runs a command, for example in a pod, and returns its exit code. An error means that it could
// not be run.
type ExecFunc func(ctx context.Context, command []string, stdout, stderr io.Writer) (int, error)

// PodResolver makes queries with the tools that are found where Exec runs: dig, the nslookup of BIND or
// busybox, or getent. What they do not report remains unknown: nslookup reports no TTL, and getent
// only addresses.
type PodResolver struct {
	Exec ExecFunc
	// Timeout is the timeout of one query.
	Timeout time.Duration

	mu           sync.Mutex
	tool, server string
}

// Tool is the tool that made the last queries and the address of the server that it reported. Each
// is empty if it is not known.
func (r *PodResolver) Tool() (tool, server string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tool, r.server
}

const (
	// queriesPerExec is the number of queries of one command: they are part of the URL of the exec request,
	// whose length is limited.
	queriesPerExec = 25
	// maxExecs is the maximum number of concurrent commands.
	maxExecs = 4
)

// ErrNoShell: there is no shell.
var ErrNoShell = errors.New(msgNoShell())

// ErrNoTool: there is a shell, but no tool for queries.
var ErrNoTool = errors.New(msgNoTool())

// Exit codes of shells and container runtimes.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// Resolve makes all queries and returns the answers in the same order. An error means that no query
// could be made, or that there was no answer at all.
func (r *PodResolver) Resolve(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	answers := make([]names.Answer, len(questions))
	var valid []int // indexes of the queries with a valid name
	for i, q := range questions {
		answers[i].Question = q
		if err := names.CheckName(q.Name); err != nil {
			answers[i].Problem = err.Error()
			continue
		}
		valid = append(valid, i)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		wg    sync.WaitGroup
		slots = make(chan struct{}, maxExecs)
	)
	for part := range slices.Chunk(valid, queriesPerExec) {
		wg.Go(func() {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			defer func() { <-slots }()
			if err := r.run(ctx, part, answers); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(valid) > 0 && !slices.ContainsFunc(answers, func(a names.Answer) bool { return a.Code != "" }) {
		return nil, errors.New(answers[valid[0]].Problem)
	}
	return answers, nil
}

// run makes some of the queries with one command.
func (r *PodResolver) run(ctx context.Context, part []int, answers []names.Answer) error {
	questions := make([]names.Question, len(part))
	for k, i := range part {
		questions[k] = answers[i].Question
	}
	var stdout, stderr bytes.Buffer
	code, err := r.Exec(ctx, names.ToolCommand(r.Timeout, questions), &stdout, &stderr)
	switch {
	case err != nil && (strings.Contains(err.Error(), "executable file not found") || strings.Contains(err.Error(), "no such file or directory")):
		return ErrNoShell // the errors of container runtimes
	case err != nil:
		return err
	case code == names.ExitNoTool:
		return ErrNoTool
	case code == exitNotExecutable || code == exitNotFound:
		return ErrNoShell
	}
	out := names.ParseToolOutput(stdout.String())
	r.mu.Lock()
	r.tool, r.server = out.Tool, cmp.Or(out.Server, r.server)
	r.mu.Unlock()
	for _, i := range part {
		a, answered := out.Answer(answers[i].Question)
		switch {
		case answered:
		case stderr.Len() > 0:
			a.Problem = msgStderr(strings.TrimSpace(stderr.String()))
		default: // the script gives up on a server that does not answer
			a.Problem, a.TimedOut = msgSkipped(), true
		}
		answers[i] = a
	}
	return nil
}
