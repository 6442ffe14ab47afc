package cmd

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

	"github.com/kubectl-sts/kubectl-sts/pkg/execute"
	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
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
	root := NewRoot(env)
	root.SetArgs(args)
	i.code = Exit(&i.err, root.ExecuteContext(ctx))
	return i
}

func TestWrongCommandLines(t *testing.T) {
	tests := []struct {
		args string
		says string
	}{
		{"statsu", `unknown command "statsu" for "kubectl sts", did you mean status?`},
		{"canary startt", `unknown command "startt" for "kubectl sts canary", did you mean start?`},
		{"status --nope", "unknown flag: --nope"},
		{"status -o nope", "--output=nope: it is one of "},
		{"canary abort web -o wide", "--output=wide: it is one of "},
		{"status --for=never", "--for=never: it is ready, complete or paused"},
		{"status --timeout=1m", "--timeout goes with --for or --watch"},
		{"status --timeout=-1m --for=ready", "--timeout=-1m0s: it cannot be negative"},
		{"status --timeout=soon", "--timeout=soon: it takes a time like 90s, 10m or 1h30m"},
		{"drain-scale web --replicas 50%", "--replicas=50%: it takes a whole number"},
		{"status --ordinal=x", `--ordinal: "x" is not an ordinal`},
		{"status web -A", "cannot be named across all namespaces"},
		{"status web -l app=db", "not both"},
		{"status -l app==,", "--selector: "},
		{"status pod/web", `"pod/web" is not a StatefulSet`},
		{"canary start", "name exactly one StatefulSet"},
		{"canary start web db --image=x", "name exactly one StatefulSet"},
		{"canary start web", "what is to change?"},
		{"canary start web --image=", `--image: invalid value ""`},
		{"canary start web --image==x", `--image: invalid value "=x"`},
		{"canary start web --image=x --canaries=0", `--canaries: invalid value "0"`},
		{"canary start web --image=x --canaries=101%", `--canaries: invalid value "101%"`},
		{"canary start web --image=x --dry-run=maybe", "--dry-run=maybe: it is none, client or server"},
		{"canary start web --image=x --owner=", "--owner: say who"},
		{"canary start web --patch={} --patch-file=x", "--patch and --patch-file exclude each other"},
		{"canary promote web --print-patch --dry-run", "--print-patch prints YAML and changes nothing"},
		{"canary promote web --auto --print-patch", "leave out --auto"},
		{"pause web --print-patch -o json", "--print-patch prints YAML and changes nothing"},
		{"canary promote web --step=0", "--step=0: it is 1 or more"},
		{"canary promote web --step=1 --full", "exclude each other"},
		{"canary promote web --to=1 --full", "exclude each other"},
		{"canary promote web --auto --full", "--step, --to, --full and --auto exclude each other"},
		{"canary promote web --auto --to=1", "exclude each other"},
		{"canary promote web --soak=5m", "--soak goes with --auto"},
		{"canary promote web --full --check=true", "--check goes with --auto"},
		{"canary promote web --on-failure=abort", "--on-failure goes with --auto"},
		{"canary promote web --auto --steps=3,1", "--steps: steps are cumulative and must increase: 1 follows 3"},
		{"canary promote web --auto --steps=100%,7", "--steps: steps are cumulative and must increase: 7 follows 100%"},
		{"canary promote web --auto --steps=1,x", `--steps: invalid step "x"`},
		{"canary promote web --auto --steps=", `--steps: invalid step ""`},
		{"canary promote web --auto --soak=-1s", "--soak=-1s: it cannot be negative"},
		{"canary promote web --auto --soak=5", "--soak=5: it takes a time like 90s, 10m or 1h30m"},
		{"canary promote web --auto --max-restarts=-1", "--max-restarts=-1: it cannot be negative"},
		{"canary promote web --auto --check=", "--check: the command is empty"},
		{"canary promote web --auto --check-exec=", "--check-exec: the command is empty"},
		{"canary promote web --auto --check-timeout=0", "--check-timeout=0s: it is more than 0"},
		{"canary promote web --auto --on-failure=retry", "--on-failure=retry: it is pause or abort"},
		{"canary promote web --auto=maybe", "--auto=maybe: it takes true or false"},
		{"canary abort web --timeout=-1s", "--timeout=-1s: it cannot be negative"},
		{"dns web -A", "cannot be named across all namespaces"},
		{"dns -A -f x.yaml", "--all-namespaces is for a cluster"},
		{"dns --filename=", "--filename is empty"},
		{"dns web -f a.yaml,", "--filename is empty"},
		{"dns web --replicas=100001", "--replicas=100001: 100000 are the most"},
		{"dns -f testdata/dns/huge.yaml", "statefulset web has 2147483647 replicas: names are told for 100000 at most"},
		{"dns -f testdata/dns/negative.yaml", "statefulset web has -3 replicas: it cannot be negative"},
		{"dns -f testdata/dns/beyond.yaml", "statefulset web has 2 replicas from ordinal 2147483646 on: there are no such ordinals"},
		{"dns web --port=sql", "--port goes with -o seeds"},
		{"dns web -o seeds --port=", "--port is empty"},
		{"dns web --replicas=-1", "--replicas=-1: it cannot be negative"},
		{"dns web --cluster-domain=", "--cluster-domain=: it is no DNS name"},
		{"dns web --cluster-domain=a_b", "--cluster-domain=a_b: it is no DNS name"},
		{"dns web -o nope", "--output=nope: it is one of "},
		{"dns -f testdata/none.yaml", "--filename testdata/none.yaml: no such file or directory"},
		{"dns -f testdata/dns/empty.yaml", "--filename testdata/dns/empty.yaml has no StatefulSet in it: the file has no objects"},
		{"dns -f testdata/dns/others.yaml", "has no StatefulSet in it, only Deployment/web, Service/web"},
		{"dns -f testdata/dns/kruise.yaml", "has no StatefulSet in it, only StatefulSet/web"},
		{"dns -f testdata/dns/text.yaml", "not a manifest: it must have objects only"},
		{"dns -f testdata/dns/broken.yaml", "--filename testdata/dns/broken.yaml: yaml: line 1: "},
		{"dns -f testdata/dns/nameless.yaml", "a StatefulSet has no metadata.name"},
		{"dns -f testdata/dns/wrong-type.yaml", "StatefulSet web: "},
		{"dns db -f testdata/dns/web.yaml", "has no StatefulSet db in it, only web"},
		{"dns -n other -f testdata/dns/web.yaml", "StatefulSet web is in namespace shop, not in other as --namespace says"},
		{"dns -f testdata/dns/two-ports.yaml -o seeds", "service web of statefulset web has several ports: say which with --port, peer or client"},
		{"dns -f testdata/dns/two-ports.yaml -o seeds --port=sql", "service web of statefulset web has no port sql; it has peer, client"},
		{"pvc-gc undo -A --all", "pvc-gc undo works in one namespace: name it with -n"},
		{"pvc-gc purge -A", "pvc-gc purge works in one namespace: name it with -n"},
		{"pvc-gc undo sts/web", `"sts/web": name claims`},
		{"version now", "takes no arguments"},
		{"profile shwo", `unknown command "shwo" for "kubectl sts profile", did you mean show?`},
		{"profile list etcd", "takes no arguments"},
		{"profile list -o wide", "--output=wide: it is one of "},
		{"profile show", "name exactly one profile"},
		{"profile show postgres", `there is no built-in profile "postgres": it is one of cassandra, `},
		{"profile lint", "name a file, or - for standard input"},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			i := invoke(t, strings.Fields(test.args)...)
			if i.code != ExitUsage {
				t.Errorf("exit code %d", i.code)
			}
			if !strings.Contains("\n"+i.err.String(), "\nerror: ") || !strings.Contains(i.err.String(), test.says) {
				t.Errorf("it says %q, not %q", i.err.String(), test.says)
			}
			if i.out.Len() > 0 {
				t.Errorf("data: %q", i.out.String())
			}
		})
	}
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
	outcome := func(v plan.Verdict, reason, hint string) error {
		return &outcomeError{Decision: plan.Decision{Verdict: v, Reason: reason, Message: "why", Hint: hint}}
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
		{"usage", usagef("--x is wrong"), 2, "error: --x is wrong\n"},
		{"usage, wrapped", fmt.Errorf("flags: %w", usagef("--x is wrong")), 2, "error: --x is wrong\n"},
		{"a bad request", outcome(plan.Refused, plan.ReasonBadRequest, ""), 2, "error: why\n"},
		{"not yet", &notYetError{"not complete: web"}, 3, "not complete: web\n"},
		{"stuck", outcome(plan.Stuck, plan.ReasonPodFailing, "do this"), 4, "stuck: why\n→ do this\n"},
		{"stuck, said already", &outcomeError{Decision: plan.Decision{Verdict: plan.Stuck, Message: "why", Hint: "do"}, said: true}, 4, ""},
		{"refused", outcome(plan.Refused, plan.ReasonOwned, ""), 5, "refused: why\n"},
		{"timeout", &execute.TimeoutError{After: time.Minute, Last: plan.Decision{Verdict: plan.Wait, Message: "for web-4"}}, 124, "error: timed out after 1m0s while waiting for web-4\n"},
		{"timeout, and the token could not be given back", errors.Join(&execute.TimeoutError{After: time.Minute}, errors.New("forbidden")), 124, "error: timed out after 1m0s\nforbidden\n"},
		{"--request-timeout", fmt.Errorf("get: %w", context.DeadlineExceeded), 124, "error: get: context deadline exceeded\n"},
		{"Ctrl-C before the loop", &SignalError{os.Interrupt}, 130, ""},
		{"Ctrl-C in the loop", &execute.InterruptedError{Cause: &SignalError{os.Interrupt}}, 130, ""},
		{"SIGTERM in the loop", &execute.InterruptedError{Cause: &SignalError{syscall.SIGTERM}}, 143, ""},
		{"declined", errDeclined, 1, "nothing was changed\n"},
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
		err = env.confirm(t.Context(), "Go on?")
		return b.String(), err
	}
	for answer, yes := range map[string]bool{
		"y\n": true, "Y\n": true, "yes\n": true, " YES \n": true, "y": true,
		"\n": false, "n\n": false, "": false, "yeah\n": false, "no, y\n": false,
	} {
		asked, err := confirm(strings.NewReader(answer), true)
		want := "Go on? [y/N] "
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
	in, keyboard := io.Pipe() // nobody types
	defer keyboard.Close()
	env := &Env{IOStreams: genericiooptions.IOStreams{In: in, ErrOut: io.Discard}, InTerminal: true}
	cancel(&SignalError{os.Interrupt})
	var signal *SignalError
	if err := env.confirm(ctx, "Go on?"); !errors.As(err, &signal) {
		t.Errorf("%v", err)
	}
}

// keyboard is one on which nobody types: somebody presses Ctrl-C when it is read.
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
	}
	for _, test := range tests {
		env := Env{OutTerminal: test.outTTY, ErrTerminal: test.errTTY,
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
	report := &inspect.StatusReport{TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "StatusReport"},
		Items: []inspect.Status{{Name: "web", State: inspect.Complete}, {Name: "db", State: inspect.Stuck}}}
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
	status := inspect.NewStatus(s)
	raw, err := json.Marshal(ChangeReport{Plan: []plan.Decision{}, Applied: []execute.Applied{}, Error: errors.New("boom").Error(), Status: &status})
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
	status := func(state inspect.State, available int32) *inspect.Status {
		return &inspect.Status{State: state, Observed: true, WantedReplicas: 3, AvailableReplicas: available}
	}
	parked := &inspect.Status{State: inspect.Parked, Observed: true}
	unseen := &inspect.Status{State: inspect.Progressing, WantedReplicas: 3, AvailableReplicas: 3}
	tests := []struct {
		goal string
		s    *inspect.Status
		want answer
	}{
		{"ready", status(inspect.Complete, 3), answer{true, false}},
		{"ready", status(inspect.Paused, 3), answer{true, false}},
		{"ready", status(inspect.Progressing, 2), answer{}},
		{"ready", status(inspect.ScalingDown, 3), answer{}},
		{"ready", status(inspect.Deleting, 3), answer{}},
		{"ready", unseen, answer{}},
		{"ready", parked, answer{true, false}},
		{"complete", status(inspect.Complete, 3), answer{true, false}},
		{"complete", status(inspect.Paused, 3), answer{}},
		{"complete", status(inspect.Progressing, 3), answer{}},
		{"complete", parked, answer{true, false}},
		{"paused", status(inspect.Paused, 3), answer{true, false}},
		{"paused", status(inspect.Progressing, 3), answer{}},
		{"paused", status(inspect.Complete, 3), answer{false, true}},
		{"paused", parked, answer{false, true}},
	}
	for _, test := range tests {
		reached, never := goals[test.goal](test.s)
		if got := (answer{reached, never}); got != test.want {
			t.Errorf("--for=%s while %s with %d of %d available: %+v, want %+v", test.goal, test.s.State, test.s.AvailableReplicas, test.s.WantedReplicas, got, test.want)
		}
	}
}

func TestHintsFitTheCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(`{"current-context": "c", "contexts": [{"name": "c", "context": {"namespace": "shop"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
	c := &common{config: genericclioptions.NewConfigFlags(true)}
	text := "run kubectl sts canary abort web" + sts.NamespaceFlag("shop")
	if got := c.hint("shop", text); got != "run kubectl sts canary abort web" {
		t.Errorf("with the namespace of the context: %q", got)
	}
	if got, want := c.hint("db", "run x"+sts.NamespaceFlag("db")), "run x -n db"; got != want {
		t.Errorf("about another namespace, with -A: %q", got)
	}
	*c.config.Namespace, *c.config.Context = "shop", "prod"
	if got := c.hint("shop", text); got != text+" --context prod" {
		t.Errorf("with -n and --context: %q", got)
	}
}
