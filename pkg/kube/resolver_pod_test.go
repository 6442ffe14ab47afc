package kube

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

// TestScript runs the script in this machine's shell, with fake tools.
func TestScript(t *testing.T) {
	tests := []struct {
		name  string
		tools map[string]string // name → what it does
		want  string
		err   string
		tool  string
	}{
		{
			name: "dig is preferred", tool: "dig",
			tools: map[string]string{
				"nslookup": "exit 1", "getent": "exit 1",
				"dig": `[ "$*" = "+noall +comments +answer +authority +stats +time=2 +tries=1 web-0.web.shop.svc.cluster.local. A" ] || exit 1
echo ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1'
echo 'web-0. 5 IN A 10.0.0.5'`,
			},
			want: "web-0 A: NOERROR 10.0.0.5 5s\nweb-1 A: unexpected output: \"\"",
		},
		{
			name: "an nslookup without types", tool: "nslookup",
			tools: map[string]string{"nslookup": `case $1 in
-*) echo 'BusyBox v1.28.4 multi-call binary.' >&2; echo 'Usage: nslookup [HOST] [SERVER]' >&2; exit 1 ;;
esac
printf 'Server:    10.96.0.10\nAddress 1: 10.96.0.10\n\nName:      %s\nAddress 1: 10.0.0.%d\n' $1 ${#1}`},
			want: "web-0 A: NOERROR 10.0.0.33\nweb-1 A: NOERROR 10.0.0.33",
		},
		{
			name: "getent, with a trailing dot", tool: "getent",
			tools: map[string]string{"getent": `case "$*" in
"ahostsv4 web-0.web.shop.svc.cluster.local.") echo "10.0.0.5 STREAM web-0" ;;
*) exit 2 ;;
esac`},
			want: "web-0 A: NOERROR 10.0.0.5\nweb-1 A: NOTFOUND",
		},
		{
			name: "a getent that knows only hosts", tool: "getent",
			tools: map[string]string{"getent": `case "$*" in
"hosts web-0.web.shop.svc.cluster.local.") echo "10.0.0.5 web-0" ;;
hosts*) exit 2 ;;
*) echo "Unknown database" >&2; exit 1 ;;
esac`},
			want: "web-0 A: NOERROR 10.0.0.5\nweb-1 A: NOTFOUND",
		},
		{name: "no tool", err: msgNoTool()},
		{
			name: "no server reachable", err: names.ErrNoAnswer.Error(),
			tools: map[string]string{"nslookup": "echo ';; connection timed out; no servers could be reached'; exit 1"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &PodResolver{Exec: shell(t, test.tools), Timeout: 2 * second}
			got, err := r.Resolve(t.Context(), ask("web-0", "web-1"))
			switch {
			case test.err != "":
				if err == nil || err.Error() != test.err {
					t.Errorf("error %v, want %s", err, test.err)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, summary(got)); diff != "" {
				t.Error(diff)
			}
			if tool, _ := r.Tool(); tool != test.tool {
				t.Errorf("used %q, want %s", tool, test.tool)
			}
		})
	}
}

// shell runs commands on this machine, with only these tools in its PATH.
func shell(t *testing.T, tools map[string]string) ExecFunc {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal("these tests need a shell: ", err)
	}
	dir := t.TempDir()
	for name, does := range tools {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!"+sh+"\n"+does+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return func(ctx context.Context, command []string, stdout, stderr io.Writer) (int, error) {
		c := exec.CommandContext(ctx, sh, command[1:]...)
		c.Env, c.Stdout, c.Stderr = []string{"PATH=" + dir}, stdout, stderr
		err := c.Run()
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			return ended.ExitCode(), nil
		}
		return 0, err
	}
}

func TestPodResolverKeepsOrder(t *testing.T) {
	got, err := (&PodResolver{Timeout: second, Exec: shell(t, map[string]string{
		"nslookup": `for name; do :; done
printf 'Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\t%s\nAddress: 10.0.0.' "$name"
case $name in web-0*) echo 1 ;; *) echo 2 ;; esac`,
	})}).Resolve(t.Context(), many(100))
	if err != nil {
		t.Fatal(err)
	}
	allRight(t, got)
}

func TestPodResolverGivesUp(t *testing.T) {
	asked := 0
	r := &PodResolver{Timeout: second, Exec: func(_ context.Context, _ []string, stdout, _ io.Writer) (int, error) {
		asked++
		_, _ = io.WriteString(stdout, "@tool nslookup\n@asked A/web-0.web.shop.svc.cluster.local\n"+"Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\tweb-0\nAddress: 10.0.0.1\n"+
			"@asked A/web-1.web.shop.svc.cluster.local\n;; connection timed out; no servers could be reached\n")
		return 0, nil
	}}
	got, err := r.Resolve(t.Context(), ask("web-0", "web-1", "web-2", strings.Repeat("x", 64)))
	if err != nil || asked != 1 {
		t.Fatal(err, asked)
	}
	want := "web-0 A: NOERROR 10.0.0.1\nweb-1 A: timed out: " + names.ErrNoAnswer.Error() + "\n" +
		"web-2 A: timed out: " + msgSkipped() + "\n" +
		strings.Repeat("x", 64) + " A: invalid DNS name: label \"" + strings.Repeat("x", 64) + "\" has 64 characters, must be no more than 63"
	if diff := cmp.Diff(want, summary(got)); diff != "" {
		t.Error(diff)
	}
}

func TestPodResolverErrors(t *testing.T) {
	broken := errors.New("container not found")
	for _, test := range []struct {
		code int
		err  error
		want error
	}{
		{0, errors.New(`OCI runtime exec failed: exec: "sh": executable file not found in $PATH: unknown`), ErrNoShell},
		{126, nil, ErrNoShell},
		{127, nil, ErrNoShell},
		{69, nil, ErrNoTool},
		{0, broken, broken},
	} {
		r := &PodResolver{Timeout: second, Exec: func(context.Context, []string, io.Writer, io.Writer) (int, error) { return test.code, test.err }}
		if _, err := r.Resolve(t.Context(), many(60)); !errors.Is(err, test.want) {
			t.Errorf("exit code %d, %v: error %v, want %v", test.code, test.err, err, test.want)
		}
	}
}
