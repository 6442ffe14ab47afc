package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// invocation is one run of the program that needs no cluster: there is none.
type invocation struct {
	out, err bytes.Buffer
	code     int
}

func invoke(t *testing.T, args ...string) *invocation {
	t.Helper()
	return invokeWith(t.Context(), t, strings.NewReader(""), args...)
}

// invokeWith has a context that can end, and something on standard input.
func invokeWith(ctx context.Context, t *testing.T, in io.Reader, args ...string) *invocation {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	i := &invocation{}
	env := Env{
		IOStreams: genericiooptions.IOStreams{In: in, Out: &i.out, ErrOut: &i.err},
		Clock:     testingclock.NewFakeClock(ststest.Now), Called: "kubectl sts", Who: "alice@laptop",
		Getenv: func(string) string { return "" },
	}
	i.code = Exit(&i.err, Execute(ctx, env, args))
	return i
}

func TestWrongCommandLines(t *testing.T) {
	var said transcript
	for _, args := range []string{
		"statsu",
		"canary startt",
		"status --nope",
		"status -o nope",
		"canary abort web -o wide",
		"status --for=never",
		"status --timeout=1m",
		"status --timeout=-1m --for=ready",
		"status --timeout=soon",
		"drain-scale web --replicas 50%",
		"status --ordinal=x",
		"status web -A",
		"status web --watch --exit-code",
		"help nope",
		"help canary startt",
		"drain-scale web --park",
		"diff web --to-revision=0",
		"status web -l app=db",
		"status -l app==,",
		"status pod/web",
		"canary start",
		"canary start web db --image=x",
		"canary start web",
		"canary start web --image=",
		"canary start web --image==x",
		"canary start web --image=x --canaries=0",
		"canary start web --image=x --canaries=101%",
		"canary start web --image=x --dry-run=maybe",
		"canary start web --image=x --owner=",
		"canary start web --patch=[]",
		"canary start web --restart=false",
		"canary start web --patch={} --patch-file=x",
		"canary promote web --print-patch --dry-run",
		"canary promote web --auto --print-patch",
		"pause web --print-patch -o json",
		"canary promote web --step=0",
		"canary promote web --step=1 --full",
		"canary promote web --to-ordinal=1 --full",
		"canary promote web --auto --full",
		"canary promote web --auto --to-ordinal=1",
		"canary promote web --soak=5m",
		"canary promote web --full --check=true",
		"canary promote web --auto=false --check=true",
		"canary promote web --on-failure=abort",
		"canary promote web --auto --steps=3,1",
		"canary promote web --auto --steps=100%,7",
		"canary promote web --auto --steps=1,x",
		"canary promote web --auto --steps=",
		"canary promote web --auto --soak=-1s",
		"canary promote web --auto --soak=5",
		"canary promote web --auto --max-restarts=-1",
		"canary promote web --auto --check=",
		"canary promote web --auto --check-exec=",
		"canary promote web --auto --check-timeout=0",
		"canary promote web --auto --on-failure=retry",
		"canary promote web --auto=maybe",
		"canary abort web --timeout=-1s",
		"dns web -A",
		"dns -A -f x.yaml",
		"dns --filename=",
		"dns web -f a.yaml,",
		"dns web --replicas=100001",
		"dns -f testdata/dns/huge.yaml",
		"dns -f testdata/dns/negative.yaml",
		"dns -f testdata/dns/beyond.yaml",
		"dns web --port=sql",
		"dns web -o seeds --port=",
		"dns web --replicas=-1",
		"dns web --cluster-domain=",
		"dns web --cluster-domain=a_b",
		"dns web -o nope",
		"dns -f testdata/none.yaml",
		"dns -f testdata/dns/empty.yaml",
		"dns -f testdata/dns/others.yaml",
		"dns -f testdata/dns/kruise.yaml",
		"dns -f testdata/dns/text.yaml",
		"dns -f testdata/dns/broken.yaml",
		"dns -f testdata/dns/nameless.yaml",
		"dns -f testdata/dns/wrong-type.yaml",
		"dns db -f testdata/dns/web.yaml",
		"dns -n other -f testdata/dns/web.yaml",
		"dns -f testdata/dns/two-ports.yaml -o seeds",
		"dns -f testdata/dns/two-ports.yaml -o seeds --port=sql",
		"pvc-gc undo -A --all",
		"pvc-gc purge -A",
		"pvc-gc undo sts/web",
		"dns web --from-pod web-0 --server 10.96.0.10",
		"dns web --resolve --container app",
		"dns web --resolve --timeout 1m",
		"dns web --watch --exit-code",
		"dns web --wait --timeout=-1s",
		"dns web -f a.yaml --resolve",
		"recover web",
		"recover web --release --ordinal 1",
		"recover web --release --node-is-off node-1",
		"recover web --ordinal -1",
		"recover web --ordinal 1 --action reboot",
		"recover web --ordinal 1 --node-is-off=",
		"restart",
		"restart web -l app=db",
		"restart --selector=",
		"restart -l app==,",
		"restart web db --ordinal 1",
		"restart -l app=db --ordinal 1",
		"pause -A",
		"unstick pod/web",
		"restart web --leader-last",
		"restart web --order up",
		"restart web --forget --ordinal 1",
		"drain-scale web",
		"drain-scale web --replicas 1 --on survivor",
		"drain-scale web --replicas 1 --cancel",
		"drain-scale web --cancel=false",
		"drain-scale web --replicas 1 --park",
		"pvc-gc --yes",
		"pvc-gc --claim=",
		"pvc-gc --reserve-annotation=a,",
		"plan -f a.yaml --filename=",
		"plan -f a.yaml,",
		"pvc-gc --delete --concurrency 257",
		"version now",
		"scale web --replicas 3",
		"set image sts/web app=app:v2",
		"rollout restart sts/web",
		"logs web-0",
		"get",
		"canary start web --image App:1",
		"plan web --image app:2:3",
		"completion bsh",
		"nonsense --help",
		"-n shop canary nonsense --help",
		"profile shwo",
		"profile list etcd",
		"profile list -o wide",
		"profile show",
		"profile show postgres",
		"profile lint",
	} {
		i := invoke(t, strings.Fields(args)...)
		said.add(i, args)
		t.Run(args, func(t *testing.T) {
			if i.code != ExitUsage {
				t.Errorf("exit code %d", i.code)
			}
			if !strings.Contains("\n"+i.err.String(), "\nerror: ") {
				t.Errorf("it says %q", i.err.String())
			}
			if i.out.Len() > 0 {
				t.Errorf("data: %q", i.out.String())
			}
		})
	}
	said.check(t, "wrong-command-lines")
}

// These are rejected by nothing but the missing cluster: a comma or a bracket is part of a command, and
// =false is no flag.
func TestCommandLinesThatAreNotWrong(t *testing.T) {
	for _, args := range [][]string{
		{"canary", "promote", "web", "--auto", "--check", "tr ,, x", "--check-exec", "test a,"},
		{"drain-scale", "web", "--replicas", "1", "--drain-exec", "[ -e , ]"},
		{"drain-scale", "web", "--replicas", "1", "--cancel=false", "--unpark=false"},
		{"drain-scale", "web", "--replicas", "1", "--park=false"},
		{"canary", "promote", "web", "--step", "1", "--full=false"},
	} {
		if i := invoke(t, args...); i.code != ExitError || !strings.Contains(i.err.String(), "connection to the server") {
			t.Errorf("%v: exit code %d\n%s", args, i.code, i.err.String())
		}
	}
}

// Help does not print defaults that mean nothing.
func TestHelpOmitsZeroDefaults(t *testing.T) {
	each(NewRoot(Env{Getenv: func(string) string { return "" }}), func(c *cobra.Command) {
		if usage := c.LocalFlags().FlagUsages(); strings.Contains(usage, "(default [])") || strings.Contains(usage, "(default 0s)") {
			t.Errorf("%s:\n%s", c.CommandPath(), usage)
		}
	})
}

// The lists of flags fit the terminal.
func TestHelpFitsTheTerminal(t *testing.T) {
	const width = 80
	root := NewRoot(Env{Called: "kubectl sts", Who: "user@host", OutTerminal: true, Getenv: func(string) string { return "" }, Size: func() (int, int) { return width, 24 }})
	each(root, func(c *cobra.Command) {
		var out bytes.Buffer
		c.SetOut(&out)
		run := c.Help
		if c.Name() == "options" {
			run = func() error { return c.RunE(c, nil) }
		}
		if err := run(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if utf8.RuneCountInString(line) > width+1 && strings.HasPrefix(line, "   ") {
				t.Errorf("%s: %s", c.CommandPath(), line)
			}
		}
	})
}

func TestHelpNamesTheProgramAsItWasCalled(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"canary"}, {"canary", "start", "--help"}} {
		i := invoke(t, args...)
		if i.code != ExitOK || !strings.Contains(i.out.String(), "\n  kubectl sts ") || i.err.Len() > 0 {
			t.Errorf("%v: exit code %d\n%s%s", args, i.code, i.out.String(), i.err.String())
		}
	}
}

// Every command says what it does, and its examples are taken by the program.
func TestEveryCommandHasHelp(t *testing.T) {
	root := NewRoot(Env{Getenv: func(string) string { return "" }})
	each(root, func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short help %q", c.CommandPath(), c.Short)
		}
		for line := range strings.Lines(c.Example) {
			if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
				checkExample(t, root, c, words)
			}
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: --%s says nothing", c.CommandPath(), f.Name)
			}
		})
	})
}

func checkExample(t *testing.T, root, of *cobra.Command, words []string) {
	t.Helper()
	if len(words) < 3 || words[0] != "kubectl" || words[1] != "sts" {
		return // another program, before or after ours
	}
	named, _, err := root.Find(words[2:])
	if err != nil || named == root {
		t.Errorf("%s has an example of no command: %q", of.CommandPath(), words)
		return
	}
	for _, word := range words {
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag && name != "" && named.Flags().Lookup(name) == nil && named.InheritedFlags().Lookup(name) == nil {
			t.Errorf("%s has no flag --%s, which an example of %s gives", named.CommandPath(), name, of.CommandPath())
		}
	}
}

func each(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		if sub.Name() != "completion" && sub.Name() != "help" {
			each(sub, f)
		}
	}
}

func TestCalledAs(t *testing.T) {
	tests := []struct{ arg0, underscore, want string }{
		{"/usr/local/bin/kubectl-sts", "/usr/bin/kubectl", "kubectl sts"},       // kubectl runs plugins by their path
		{"kubectl-sts", "/usr/local/bin/kubectl-sts", "kubectl-sts"},            // typed, found on the PATH
		{"./bin/kubectl-sts", "./bin/kubectl-sts", "kubectl-sts"},               // typed as a path
		{"/opt/kubectl-sts", "/opt/kubectl-sts", "kubectl-sts"},                 // the same
		{"/usr/local/bin/kubectl-sts", "", "kubectl sts"},                       // no shell
		{"/krew/bin/kubectl-stateful_sets", "kubectl", "kubectl stateful-sets"}, // kubectl's rule for dashes
		{"/usr/bin/kubectl-ops-sts", "/usr/bin/kubectl", "kubectl ops sts"},     // and for words
		{"/x/kubectl-sts.exe", "/x/kubectl.exe", "kubectl sts"},
		{"sts", "/usr/bin/sts", "sts"},
		{"/usr/bin/sts", "", "sts"},
	}
	for _, test := range tests {
		if got := calledAs(test.arg0, test.underscore); got != test.want {
			t.Errorf("calledAs(%q, %q) = %q, want %q", test.arg0, test.underscore, got, test.want)
		}
	}
}

func TestSetNames(t *testing.T) {
	tests := []struct {
		args []string
		want []string
		bad  bool
	}{
		{nil, nil, false},
		{[]string{"web"}, []string{"web"}, false},
		{[]string{"sts/web"}, []string{"web"}, false},
		{[]string{"StatefulSet/web"}, []string{"web"}, false},
		{[]string{"statefulsets.v1.apps/web"}, []string{"web"}, false},
		{[]string{"statefulset.apps/web", "web", "db"}, []string{"web", "db"}, false},
		{[]string{"sts", "web", "db"}, []string{"web", "db"}, false},
		{[]string{"sts"}, []string{"sts"}, false}, // a set may be named so
		{[]string{"sts/sts"}, []string{"sts"}, false},
		{[]string{"pod/web"}, nil, true},
		{[]string{"sts/"}, nil, true},
		{[]string{"/web"}, nil, true},
		{[]string{"sts/web/0"}, nil, true},
		{[]string{""}, nil, true},
	}
	for _, test := range tests {
		got, err := setNames(test.args)
		if diff := cmp.Diff(test.want, got); diff != "" || (err != nil) != test.bad {
			t.Errorf("setNames(%q): %v, -want +got:\n%s", test.args, err, diff)
		}
		var usage *usageError
		if test.bad && !errors.As(err, &usage) {
			t.Errorf("setNames(%q): %T is no usage error", test.args, err)
		}
	}
}

func TestExit(t *testing.T) {
	sets := schema.GroupResource{Group: "apps", Resource: "statefulsets"}
	outcome := func(v operate.Verdict, reason, hint string) error {
		return &outcomeError{Decision: operate.Decision{Verdict: v, Reason: reason, Message: "why", Hint: sts.Hintf("%s", hint)}}
	}
	invalid := apierrors.NewInvalid(schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "web", field.ErrorList{
		field.Invalid(field.NewPath("spec", "replicas"), -1, "must be greater than or equal to 0")})
	tests := []struct {
		name string
		err  error
		code int
		says string
	}{
		{"nothing", nil, 0, ""},
		{"an error", errors.New("boom"), 1, "error: boom\n"},
		{"an error of a webhook that changes the terminal", errors.New("admission webhook \"x\" denied the request: \x1b[2Kno\x1b]0;owned\x07"), 1, "error: admission webhook \"x\" denied the request: no\n"},
		{"usage", usagef("--x is wrong"), 2, "error: --x is wrong\n"},
		{"usage, wrapped", fmt.Errorf("flags: %w", usagef("--x is wrong")), 2, "error: --x is wrong\n"},
		{"usage, with a hint", &fittedError{err: usagef("--x is wrong"), hint: sts.Hintf("give --y")}, 2, "error: --x is wrong\n→ give --y\n"},
		{"an error, with a hint", &fittedError{err: errors.New("boom"), hint: sts.Hintf("retry")}, 1, "error: boom\n→ retry\n"},
		{"a bad request", outcome(operate.Refused, operate.ReasonBadRequest, ""), 2, "error: why\n"},
		{"not yet", &notYetError{"not complete: web"}, 3, "not complete: web\n"},
		{"stuck", outcome(operate.Stuck, operate.ReasonPodFailing, "do this"), 4, "stuck: why\n→ do this\n"},
		{"stuck, said already", &outcomeError{Decision: operate.Decision{Verdict: operate.Stuck, Message: "why", Hint: sts.Hintf("do")}, said: true}, 4, ""},
		{"refused", outcome(operate.Refused, operate.ReasonOwned, ""), 5, "refused: why\n"},
		{"timeout", &loop.TimeoutError{After: time.Minute, Last: operate.Decision{Verdict: operate.Wait, Message: "for web-4"}}, 124, "error: " + (&loop.TimeoutError{After: time.Minute, Last: operate.Decision{Verdict: operate.Wait, Message: "for web-4"}}).Error() + "\n"},
		{"timeout of a change", &fittedError{err: &loop.TimeoutError{After: time.Minute}, hint: hintResume()}, 124, "error: " + (&loop.TimeoutError{After: time.Minute}).Error() + "\n→ " + hintResume().String() + "\n"},
		{"timeout, and the token could not be given back", errors.Join(&loop.TimeoutError{After: time.Minute}, errors.New("forbidden")), 124, "error: " + (&loop.TimeoutError{After: time.Minute}).Error() + "\nforbidden\n"},
		{"--request-timeout", fmt.Errorf("get: %w", context.DeadlineExceeded), 124, "error: get: context deadline exceeded\n"},
		{"Ctrl-C before the loop", &SignalError{os.Interrupt}, 130, ""},
		{"Ctrl-C in the loop", &loop.InterruptedError{Cause: &SignalError{os.Interrupt}}, 130, ""},
		{"SIGTERM in the loop", &loop.InterruptedError{Cause: &SignalError{syscall.SIGTERM}}, 143, ""},
		{"declined", errDeclined, 1, errDeclined.Error() + "\n"},
		{"not found, in kubectl's words", apierrors.NewNotFound(sets, "web"), 1, "Error from server (NotFound): statefulsets.apps \"web\" not found\n"},
		{"forbidden, wrapped", fmt.Errorf("pods: %w", apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New(`User "bob" cannot list resource "pods"`))), 1,
			"error: pods\nError from server (Forbidden): pods is forbidden: User \"bob\" cannot list resource \"pods\"\n"},
		{"invalid, wrapped", fmt.Errorf("patch statefulset web: %w", invalid), 1,
			"The StatefulSet \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0\n"},
		{"unauthorized", apierrors.NewUnauthorized("Unauthorized"), 1, "error: You must be logged in to the server (Unauthorized)\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if code := Exit(&b, test.err); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if diff := cmp.Diff(test.says, b.String()); diff != "" {
				t.Errorf("it says (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExitCodesAreDocumented(t *testing.T) {
	seen := map[int]bool{}
	for _, c := range ExitCodes {
		if seen[c.Code] || c.Meaning == "" {
			t.Errorf("%d stands there twice, or without a meaning", c.Code)
		}
		seen[c.Code] = true
	}
	for _, code := range []int{0, 1, 2, 3, 4, 5, 6, 124, 130, 143} {
		if !seen[code] {
			t.Errorf("%d is not documented", code)
		}
	}
}

func TestConfirm(t *testing.T) {
	confirm := func(in io.Reader, terminal bool) (asked string, err error) {
		var b strings.Builder
		env := &Env{IOStreams: genericiooptions.IOStreams{In: in, ErrOut: &b}, InTerminal: terminal}
		err = env.confirm(t.Context(), "Continue?")
		return b.String(), err
	}
	for answer, yes := range map[string]bool{
		"y\n": true, "Y\n": true, "yes\n": true, " YES \n": true, "y": true,
		"\n": false, "n\n": false, "": false, "yeah\n": false, "no, y\n": false,
	} {
		asked, err := confirm(strings.NewReader(answer), true)
		want := "Continue? [y/N] "
		if !strings.HasSuffix(answer, "\n") { // the next line is not to stand behind the question
			want += "\n"
		}
		if asked != want {
			t.Errorf("asked %q", asked)
		}
		if yes && err != nil || !yes && !errors.Is(err, errDeclined) {
			t.Errorf("%q: %v", answer, err)
		}
	}
	var usage *usageError
	if asked, err := confirm(strings.NewReader("y\n"), false); !errors.As(err, &usage) || !strings.Contains(err.Error(), "--yes") || asked != "" {
		t.Errorf("without a terminal: %v, asked %q", err, asked)
	}
}

func TestConfirmEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	in, keyboard := io.Pipe() // no input
	defer keyboard.Close()
	env := &Env{IOStreams: genericiooptions.IOStreams{In: in, ErrOut: io.Discard}, InTerminal: true}
	cancel(&SignalError{os.Interrupt})
	var signal *SignalError
	if err := env.confirm(ctx, "Continue?"); !errors.As(err, &signal) {
		t.Errorf("%v", err)
	}
}

// keyboard has no input: reading it is Ctrl-C.
type keyboard struct {
	*io.PipeReader
	ctrlC func()
}

func (k keyboard) Read(p []byte) (int, error) {
	k.ctrlC()
	return k.PipeReader.Read(p)
}

func TestCtrlCWhileStandardInputIsRead(t *testing.T) {
	for _, args := range []string{
		"plan -f -", "plan -f testdata/plan/web.yaml --new-file -", "plan -f testdata/plan/web.yaml --patch-file -",
		"dns -f -", "canary start web -f -", "canary start web --patch-file -", "profile lint -",
	} {
		t.Run(args, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			in, typed := io.Pipe()
			defer typed.Close()
			i := invokeWith(ctx, t, keyboard{in, func() { cancel(&SignalError{os.Interrupt}) }}, strings.Fields(args)...)
			if i.code != ExitInterrupted || i.out.Len()+i.err.Len() > 0 {
				t.Errorf("exit code %d, it says:\n%s%s", i.code, &i.out, &i.err)
			}
		})
	}
}

func TestColours(t *testing.T) {
	tests := []struct {
		name             string
		vars             map[string]string
		outTTY, errTTY   bool
		wantOut, wantErr bool
	}{
		{"a terminal", nil, true, true, true, true},
		{"a pipe", nil, false, true, false, true},
		{"2>file", nil, true, false, true, false},
		{"NO_COLOR", map[string]string{"NO_COLOR": "1"}, true, true, false, false},
		{"an empty NO_COLOR is none", map[string]string{"NO_COLOR": ""}, true, true, true, true},
		{"a dumb terminal", map[string]string{"TERM": "dumb"}, true, true, false, false},
		{"FORCE_COLOR", map[string]string{"FORCE_COLOR": "1"}, false, false, true, true},
		{"CLICOLOR_FORCE", map[string]string{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, false, true, true, true},
		{"a FORCE_COLOR of 0 forces none", map[string]string{"FORCE_COLOR": "0"}, false, true, false, true},
		{"NO_COLOR before FORCE_COLOR", map[string]string{"NO_COLOR": "1", "FORCE_COLOR": "1"}, true, true, false, false},
		{"--color=always", map[string]string{"NO_COLOR": "1", "--color": "always"}, false, false, true, true},
		{"--color=never", map[string]string{"FORCE_COLOR": "1", "--color": "never"}, true, true, false, false},
	}
	for _, test := range tests {
		env := Env{OutTerminal: test.outTTY, ErrTerminal: test.errTTY, color: test.vars["--color"],
			Getenv: func(k string) string { return test.vars[k] }, Size: func() (int, int) { return 90, 20 }}
		if out, err := env.style().Color, env.errStyle().Color; out != test.wantOut || err != test.wantErr {
			t.Errorf("%s: colours on stdout %t, on stderr %t", test.name, out, err)
		}
		if width := env.style().Width; test.outTTY != (width == 90) {
			t.Errorf("%s: width %d", test.name, width)
		}
	}
}

func TestOutputFormats(t *testing.T) {
	report := &report.StatusReport{TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "StatusReport"},
		Items: []report.Status{{Name: "web", State: report.Complete}, {Name: "db", State: report.Stuck}}}
	tests := []struct {
		args []string
		want string // the whole, or a part where it begins with …
	}{
		{[]string{"-o", "name"}, "statefulset.apps/web\nstatefulset.apps/db\n"},
		{[]string{"-o", "jsonpath={.items[*].state}"}, "Complete Stuck"},
		{[]string{"-o", "go-template={{range .items}}{{.name}};{{end}}"}, "web;db;"},
		{[]string{"--template", "{{.kind}}"}, "StatusReport"},
		{[]string{"-o", "json"}, `…"kind": "StatusReport"`},
		{[]string{"-o", "yaml"}, "…\nkind: StatusReport\n"},
	}
	for _, test := range tests {
		c := &cobra.Command{}
		out := newOutput(c, wide)
		if err := c.ParseFlags(test.args); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := errors.Join(out.check(), out.print(&b, report, []string{"web", "db"})); err != nil {
			t.Errorf("%q: %v", test.args, err)
		}
		part, isPart := strings.CutPrefix(test.want, "…")
		if out.human() || isPart && !strings.Contains(b.String(), part) || !isPart && b.String() != test.want {
			t.Errorf("%q gives\n%s\nnot\n%s", test.args, b.String(), test.want)
		}
	}
	c := &cobra.Command{}
	out := newOutput(c)
	if err := c.ParseFlags(nil); err != nil || !out.human() || out.check() != nil {
		t.Errorf("no -o: %v, %v", err, out.check())
	}
}

// The report is what pipelines read: an error is text in it, and an empty list a list.
func TestChangeReportIsWhole(t *testing.T) {
	s := ststest.Web(1).Snapshots()[0]
	status := report.NewStatus(s)
	raw, err := json.Marshal(ChangeReport{Plan: []operate.Decision{}, Applied: []loop.Applied{}, Error: errors.New("boom").Error(), Status: &status})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"error":"boom"`, `"plan":[]`, `"applied":[]`, `"state":"Complete"`} {
		if !bytes.Contains(raw, []byte(part)) {
			t.Errorf("no %s in %s", part, raw)
		}
	}
}

// --for has its answer only in states that mean it.
func TestGoals(t *testing.T) {
	type answer struct{ reached, never bool }
	status := func(state report.State, available int32) *report.Status {
		return &report.Status{State: state, Observed: true, DesiredReplicas: 3, AvailableReplicas: available}
	}
	parked := &report.Status{State: report.Parked, Observed: true}
	unseen := &report.Status{State: report.Progressing, DesiredReplicas: 3, AvailableReplicas: 3}
	tests := []struct {
		goal string
		s    *report.Status
		want answer
	}{
		{"ready", status(report.Complete, 3), answer{true, false}},
		{"ready", status(report.Paused, 3), answer{true, false}},
		{"ready", status(report.Progressing, 2), answer{}},
		{"ready", status(report.ScalingDown, 3), answer{}},
		{"ready", status(report.Deleting, 3), answer{}},
		{"ready", unseen, answer{}},
		{"ready", parked, answer{true, false}},
		{"complete", status(report.Complete, 3), answer{true, false}},
		{"complete", status(report.Paused, 3), answer{}},
		{"complete", status(report.Progressing, 3), answer{}},
		{"complete", parked, answer{true, false}},
		{"paused", status(report.Paused, 3), answer{true, false}},
		{"paused", status(report.Progressing, 3), answer{}},
		{"paused", status(report.Complete, 3), answer{false, true}},
		{"paused", parked, answer{false, true}},
	}
	for _, test := range tests {
		reached, never := goals[test.goal](test.s)
		if got := (answer{reached, never}); got != test.want {
			t.Errorf("--for=%s while %s with %d of %d available: %+v, want %+v", test.goal, test.s.State, test.s.AvailableReplicas, test.s.DesiredReplicas, got, test.want)
		}
	}
}

func TestHintsFitTheCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(`{"current-context": "c", "contexts": [
		{"name": "c", "context": {"namespace": "shop"}}, {"name": "prod of kim's", "context": {"namespace": "shop"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
	c := &common{env: &Env{}, config: genericclioptions.NewConfigFlags(true)}
	hint := sts.Hintf("run %s, with the owner's kubectl -n shop; then %s; then %s", sts.Kubectl("shop", "sts canary abort", "web"),
		sts.Kubectl("shop2", "get pods"), sts.Kubectl("", "describe persistentvolume", "pv-1"))
	for _, test := range []struct {
		name, namespace, context, want string
	}{
		{"with the namespace of the context", "", "",
			"run kubectl sts canary abort web\nwith the owner's kubectl -n shop; then kubectl get pods -n shop2\nthen kubectl describe persistentvolume pv-1"},
		{"with --namespace", "shop", "",
			"run kubectl sts canary abort web -n shop\nwith the owner's kubectl -n shop; then kubectl get pods -n shop2\nthen kubectl describe persistentvolume pv-1"},
		{"with --context", "", "prod of kim's",
			"run kubectl sts canary abort web --context 'prod of kim'\\''s'\nwith the owner's kubectl -n shop; then kubectl get pods -n shop2 --context 'prod of kim'\\''s'\n" +
				`then kubectl describe persistentvolume pv-1 --context 'prod of kim'\''s'`},
	} {
		*c.config.Namespace, *c.config.Context = test.namespace, test.context
		fits := c.hint(hint)
		if diff := cmp.Diff(test.want, fits.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if diff := cmp.Diff(fits, c.hint(fits)); diff != "" {
			t.Errorf("%s, adapted twice (-once +twice):\n%s", test.name, diff)
		}
	}
}

// The errors of all commands have hints for the cluster and the user of the command line.
func TestErrorsFitTheCommandLine(t *testing.T) {
	for _, test := range []struct {
		name string
		err  func(hint sts.Hint) error
	}{
		{"refused", func(hint sts.Hint) error { return refused("Because", "no", hint) }},
		{"refused, and another error", func(hint sts.Hint) error { return errors.Join(refused("Because", "no", hint), errors.New("boom")) }},
		{"an error with a hint", func(hint sts.Hint) error {
			return fmt.Errorf("set: %w", &sts.HintedError{Err: errors.New("boom"), Hint: hint})
		}},
	} {
		c := &common{env: &Env{IOStreams: genericiooptions.NewTestIOStreamsDiscard(), Getenv: func(string) string { return "" }}, config: genericclioptions.NewConfigFlags(true)}
		child := &cobra.Command{Use: "child", RunE: func(*cobra.Command, []string) error { return test.err(sts.Kubectl("shop", "get pods")) }}
		root := &cobra.Command{SilenceErrors: true, SilenceUsage: true}
		root.AddCommand(child)
		c.config.AddFlags(root.PersistentFlags())
		c.fitErrors(root)
		root.SetArgs([]string{"child", "--context=prod", "--kubeconfig=/none", "--cluster=c", "--server=https://s", "--user=u", "--token=secret",
			"--certificate-authority=/ca.crt", "--tls-server-name=api", "--insecure-skip-tls-verify", "--as=kim", "--as-uid=7", "--as-group=ops", "--as-group=on call"})
		var b strings.Builder
		Exit(&b, root.Execute())
		const want = "→ kubectl get pods -n shop --context prod --kubeconfig /none --cluster c --server https://s --certificate-authority /ca.crt --tls-server-name api --insecure-skip-tls-verify --user u --as kim --as-uid 7 --as-group ops --as-group 'on call'\n"
		if _, got, _ := strings.Cut(b.String(), "\n"); got != want {
			t.Errorf("%s:\ngot  %swant %s", test.name, got, want)
		}
	}
}

// The lock has flags as they were typed.
func TestTyped(t *testing.T) {
	for args, want := range map[string]string{"--full": "--full", "--step=2": "--step=2", "--step 2": "--step=2"} {
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		f.Bool("full", false, "")
		f.Int("step", 1, "")
		if err := f.Parse(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		f.Visit(func(f *pflag.Flag) {
			if got := typed(f); got != want {
				t.Errorf("%s: %s", args, got)
			}
		})
	}
}
