//go:build unix

package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// localRunner runs commands on this machine, and keeps what is shown.
type localRunner struct {
	Runner
	shown bytes.Buffer
}

func newLocalRunner() *localRunner {
	r := &localRunner{}
	r.Clock = clock.RealClock{}
	r.Show = func(line string) { r.shown.WriteString(line) }
	return r
}

func TestCommandsThatRunHere(t *testing.T) {
	t.Setenv("FROM_OUTSIDE", "yes")
	line := strings.Repeat("x", maxLine)
	tests := []struct {
		name, command string
		want          operate.ExecResult
		shown         string
	}{
		{"nothing to say", "true", operate.ExecResult{}, ""},
		{"exit code", "echo no; exit 3", operate.ExecResult{ExitCode: 3, Output: "no"}, "check | no\n"},
		{"both streams, in order", "echo a; echo b >&2; echo c", operate.ExecResult{Output: "a\nb\nc"}, "check | a\ncheck | b\ncheck | c\n"},
		{"no newline at the end", "printf 'a\\nb'", operate.ExecResult{Output: "a\nb"}, "check | a\ncheck | b\n"},
		{"an empty line", "echo; echo a", operate.ExecResult{Output: "\na"}, "check | \ncheck | a\n"},
		{"no such command", "/no/such/thing 2>/dev/null", operate.ExecResult{ExitCode: 127}, ""},
		{"ended by a signal", "kill -9 $$", operate.ExecResult{ExitCode: 137}, ""},
		{"the shell's own syntax", "false || { echo or; exit 4; }", operate.ExecResult{ExitCode: 4, Output: "or"}, "check | or\n"},
		{"nothing to read", "read -r line || echo none", operate.ExecResult{Output: "none"}, "check | none\n"},
		{"environment", "echo $FROM_OUTSIDE $OURS $STEP", operate.ExecResult{Output: "yes here 2"}, "check | yes here 2\n"},
		{"colours and cursors", `printf 'a\033[31mred\033[0m\033[2J\007b\302\233c\ttab\n'`,
			operate.ExecResult{Output: "a\x1b[31mred\x1b[0m\x1b[2J\ab\u009bc\ttab"}, "check | aredbc    tab\n"},
		{"a progress bar", `printf ' 10%%\r 50%%\r100%%\r\n'`, operate.ExecResult{Output: " 10%\r 50%\r100%"}, "check | 100%\n"},
		{"binary", `printf 'a\377\000b\n'`, operate.ExecResult{Output: "a\x00b"}, "check | a\uFFFDb\n"},
		{"a long line", "printf %s $LONG; echo y", operate.ExecResult{Output: line[2:] + "y"}, "check | " + line + "\ncheck | y\n"},
		{"a long line is not cut inside a rune", "printf %s ${LONG#x}ü", operate.ExecResult{Output: line[2:] + "ü"}, "check | " + line[1:] + "\ncheck | ü\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newLocalRunner()
			r.Env = []string{"OURS=here", "LONG=" + line}
			got, err := r.Exec(t.Context(), &operate.Exec{For: "check", Command: test.command, Env: []string{"STEP=2"}})
			if err != nil {
				t.Fatal(err)
			}
			got.Stdout = "" // both streams, here
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.shown, r.shown.String()); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
		})
	}
}

// However much a command writes, little is kept, and that is its end. It is done in
// time also where all is a single line.
func TestMuchOutput(t *testing.T) {
	const size = 10 << 20
	for name, command := range map[string]string{
		"lines":    fmt.Sprintf("yes 0123456789abcdef0123456789abcdef0123456789abcdef | head -c %d", size),
		"one line": fmt.Sprintf("head -c %d /dev/zero | tr '\\0' x", size),
	} {
		t.Run(name, func(t *testing.T) {
			r := newLocalRunner()
			got, err := r.Exec(t.Context(), &operate.Exec{For: "check", Command: command + "; echo; echo end", Timeout: time.Minute})
			if err != nil || !got.Succeeded() {
				t.Fatalf("%v, %s", err, got)
			}
			if n := len(got.Output); n > tailSize || n < tailSize-10 || !strings.HasSuffix(got.Output, "\nend") {
				t.Errorf("%d bytes are kept, ending with %q", n, got.Output[max(0, n-20):])
			}
			if n := r.shown.Len(); n < size {
				t.Errorf("%d bytes are shown", n)
			}
		})
	}
}

// process reads a process id that a command has left in a file.
func process(t *testing.T, file string) int {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		raw, err := os.ReadFile(file)
		if pid, e := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil && e == nil {
			return pid
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not there: %v", file, err)
		}
	}
}

// mustEnd waits until the process is gone, or dead and not yet collected.
func mustEnd(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Second); alive(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("process %d still runs", pid)
			_ = syscall.Kill(pid, syscall.SIGKILL)
			return
		}
	}
}

func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(stat), ") ")
	return err != nil || !strings.HasPrefix(after, "Z")
}

// Nothing that a command has started outlives it, however it ends.
func TestNothingIsLeftOfACommand(t *testing.T) {
	stop := errors.New("Ctrl-C")
	tests := []struct {
		name, command string
		timeout       time.Duration
		interrupt     bool
		want          operate.ExecResult
		err           error
		within        time.Duration
	}{
		{name: "a background child", command: "sleep 100 & echo $! >pid; exit 2", want: operate.ExecResult{ExitCode: 2}, within: gracePeriod},
		{name: "a background child that has closed the output", command: "sleep 100 >/dev/null 2>&1 & echo $! >pid", within: gracePeriod},
		{name: "a background child that does not want to end", command: "(trap '' TERM; sleep 100) & echo $! >pid; sleep .2"},
		{name: "too long", command: "echo begun; sleep 100 & echo $! >pid; wait", timeout: 3 * time.Second,
			want: operate.ExecResult{ExitCode: -1, Problem: msgTimedOut(3 * time.Second), Output: "begun", Stdout: "begun\n", Lost: true}, within: gracePeriod},
		{name: "too long, and goes with exit code 0", command: "trap 'exit 0' TERM; sleep 100 & echo $! >pid; wait", timeout: 3 * time.Second,
			want: operate.ExecResult{ExitCode: -1, Problem: msgTimedOut(3 * time.Second), Lost: true}, within: gracePeriod},
		{name: "too long, and does not want to end", command: "trap '' TERM; sleep 100 & echo $! >pid; wait; wait", timeout: 3 * time.Second,
			want: operate.ExecResult{ExitCode: -1, Problem: msgTimedOut(3 * time.Second), Lost: true}},
		{name: "interrupted", command: "sleep 100 & echo $! >pid; wait", interrupt: true, err: stop, within: gracePeriod},
		{name: "interrupted, and does not want to end", command: "trap '' TERM; sleep 100 & echo $! >pid; wait; wait", interrupt: true, err: stop},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newLocalRunner()
			file := filepath.Join(t.TempDir(), "pid")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			began := time.Now()
			var got operate.ExecResult
			var err error
			var asking sync.WaitGroup
			asking.Go(func() {
				got, err = r.Exec(ctx, &operate.Exec{For: "check", Command: strings.ReplaceAll(test.command, ">pid", ">"+file), Timeout: test.timeout})
			})
			pid := process(t, file)
			if test.interrupt {
				cancel(stop)
			}
			asking.Wait()
			mustEnd(t, pid)
			if took := time.Since(began); test.within > 0 && took > test.timeout+test.within {
				t.Errorf("it took %s", took)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || !errors.Is(err, test.err) {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// A command cannot be begun where there is no shell: that is no answer.
func TestNoShell(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := newLocalRunner().Exec(t.Context(), &operate.Exec{For: "check", Command: "true"})
	if err == nil || !strings.HasPrefix(err.Error(), "--check: ") {
		t.Errorf("error %v", err)
	}
}
