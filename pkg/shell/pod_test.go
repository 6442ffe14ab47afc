package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// result is how one call of Exec ends.
type result struct {
	stdout string
	stderr string
	code   int
	err    error
}

// fakePods returns one result after the other, the last one again and again.
type fakePods struct {
	results []result
	gone    bool
	calls   [][]string
}

func (f *fakePods) Exec(_ context.Context, _, _, _ string, argv []string, stdout, stderr io.Writer) (int, error) {
	r := f.results[min(len(f.calls), len(f.results)-1)]
	f.calls = append(f.calls, argv)
	_, _ = io.WriteString(stdout, r.stdout)
	_, _ = io.WriteString(stderr, r.stderr)
	return r.code, r.err
}

func (f *fakePods) PodGone(context.Context, string, string, types.UID) bool { return f.gone }

// immediate is a clock on which no time has to pass.
type immediate struct{ *testingclock.FakeClock }

func (immediate) After(time.Duration) <-chan time.Time {
	c := make(chan time.Time, 1)
	c <- time.Time{}
	return c
}

func TestCommandsThatRunInPods(t *testing.T) {
	broken := result{err: fmt.Errorf("%w: unexpected EOF", operate.ErrTransient)}
	disconnected := msgDisconnected(broken.err)
	failed := result{err: errors.New("container not found")}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "pods/exec"}, "web-2", nil)
	line := []string{"sh", "-c", "run it"}
	argv := []string{"nodetool", "decommission"}
	tests := []struct {
		name    string
		argv    []string // a command of a profile, else a command line
		results []result
		gone    bool
		want    operate.ExecResult
		calls   [][]string
		shown   string
		err     error
	}{
		{
			name:    "both streams are shown, one is kept apart",
			results: []result{{stdout: "out\n", stderr: "err\n"}},
			want:    operate.ExecResult{Output: "out\nerr", Stdout: "out\n"},
			calls:   [][]string{line}, shown: "web-2 | out\nweb-2 | err\n",
		},
		{
			name: "an exit code", results: []result{{code: 3}},
			want: operate.ExecResult{ExitCode: 3}, calls: [][]string{line},
		},
		{
			name: "an exit code of a pod that is gone", results: []result{{code: 137}}, gone: true,
			want: operate.ExecResult{ExitCode: 137, PodGone: true}, calls: [][]string{line},
		},
		{
			name: "a command line is run again after the connection broke", results: []result{broken, broken, {}},
			calls: [][]string{line, line, line},
		},
		{
			name: "but not forever", results: []result{broken},
			calls: [][]string{line, line, line}, err: operate.ErrTransient,
		},
		{
			name: "a command of a profile is not", argv: argv, results: []result{broken},
			want: operate.ExecResult{ExitCode: -1, Problem: disconnected, Lost: true}, calls: [][]string{argv},
		},
		{
			name: "the pod is gone", results: []result{failed}, gone: true,
			want: operate.ExecResult{ExitCode: -1, Problem: msgPodGone(), Lost: true, PodGone: true}, calls: [][]string{line},
		},
		{
			name: "a container that restarts", argv: argv, results: []result{failed},
			want: operate.ExecResult{ExitCode: -1, Problem: msgFailed(errors.New("container not found"))}, calls: [][]string{argv},
		},
		{
			name: "no such program", argv: argv, results: []result{{err: errors.New(`OCI runtime: exec: "nodetool": executable file not found in $PATH`)}},
			want: operate.ExecResult{ExitCode: -1, Problem: msgFailed(errors.New(msgNoExecutable("nodetool", "app", "web-2"))), NoProgram: true}, calls: [][]string{argv},
		},
		{
			name: "forbidden", argv: argv, results: []result{{err: forbidden}},
			calls: [][]string{argv}, err: forbidden,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pods := &fakePods{results: test.results, gone: test.gone}
			var shown bytes.Buffer
			r := &Runner{Pods: pods, Clock: immediate{}, Show: func(line string) { shown.WriteString(line) }}
			got, err := r.Exec(t.Context(), &operate.Exec{For: "check-exec", Command: "run it", Argv: test.argv, Pod: "web-2", Container: "app"})
			if !errors.Is(err, test.err) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if !slices.EqualFunc(test.calls, pods.calls, slices.Equal) {
				t.Errorf("calls %q, want %q", pods.calls, test.calls)
			}
			if shown.String() != test.shown {
				t.Errorf("shown %q, want %q", &shown, test.shown)
			}
		})
	}
}

// The beginning of the output is read, and it is known where it was cut.
func TestTheBeginningOfTheOutputIsKept(t *testing.T) {
	pods := &fakePods{results: []result{{stdout: string(bytes.Repeat([]byte("x"), headSize+1))}}}
	r := &Runner{Pods: pods, Clock: immediate{}, Show: func(string) {}}
	got, err := r.Exec(t.Context(), &operate.Exec{Argv: []string{"true"}, Pod: "web-2", Quiet: true})
	if err != nil || len(got.Stdout) != headSize || !got.Truncated {
		t.Errorf("%d bytes, truncated %t, error %v", len(got.Stdout), got.Truncated, err)
	}
}
