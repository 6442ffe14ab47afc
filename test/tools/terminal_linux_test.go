package tools_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// terminal is a window of tmux in which a program runs.
type terminal struct {
	t      *testing.T
	tmux   string
	socket string
	env    []string
}

// newTerminal starts a program in a window that is large enough for the menu of k9s.
func newTerminal(t *testing.T, from cluster.Tmux, env []string, program ...string) *terminal {
	t.Helper()
	// The path of a socket may have 107 bytes.
	dir, err := os.MkdirTemp("", "tmux-")
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "tmux.conf")
	if err := os.WriteFile(config, []byte("set -g remain-on-exit on\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &terminal{
		t: t, tmux: filepath.Join(strings.Split(from.Bin, ":")[0], "tmux"), socket: filepath.Join(dir, "socket"),
		env: append(slices.Clone(env), "LD_LIBRARY_PATH="+from.Libraries, "LC_ALL=C.UTF-8"),
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the screen at the end:\n%s", w.screen())
		}
		w.run("kill-server")
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	w.run(append([]string{"-f", config, "new-session", "-d", "-x", "260", "-y", "40"}, program...)...)
	return w
}

func (w *terminal) run(args ...string) string {
	w.t.Helper()
	// No context: the server must also be stopped after the end of the test.
	cmd := exec.Command(w.tmux, append([]string{"-u", "-S", w.socket}, args...)...)
	cmd.Env = w.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// screen is the text of the window, colored the same with escape sequences.
func (w *terminal) screen() string  { return w.run("capture-pane", "-p") }
func (w *terminal) colored() string { return w.run("capture-pane", "-p", "-e") }

// press sends keys by their names, and other words as text.
func (w *terminal) press(keys ...string) {
	w.t.Helper()
	w.run(append([]string{"send-keys"}, keys...)...)
}

// shows waits until the screen matches the pattern, and returns it.
func (w *terminal) shows(pattern string) string {
	w.t.Helper()
	wanted := regexp.MustCompile(pattern)
	screen := ""
	w.eventually("the screen shows "+pattern, func() bool {
		screen = w.screen()
		return wanted.MatchString(screen)
	})
	return screen
}

// eventually fails the test if the condition does not become true, on a machine of any pace.
func (w *terminal) eventually(what string, done func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// patience is how long k9s may take for what usually takes a second.
const patience = 2 * time.Minute
