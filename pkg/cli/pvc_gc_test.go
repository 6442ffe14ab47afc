package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimloop"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// The number of things to delete is the only confirmation.
func TestConfirmNumber(t *testing.T) {
	for _, test := range []struct {
		name, typed string
		terminal    bool
		want        error
		code        int
	}{
		{"the number", "12\n", true, nil, 0},
		{"with blanks around it", "  12 \n", true, nil, 0},
		{"and no newline", "12", true, nil, 0},
		{"another number", "2\n", true, errDeclined, 1},
		{"more digits", "120\n", true, errDeclined, 1},
		{"yes", "y\n", true, errDeclined, 1},
		{"nothing", "\n", true, errDeclined, 1},
		{"the end of input", "", true, errDeclined, 1},
		{"no terminal", "12\n", false, nil, ExitUsage},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			env := Env{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(test.typed), ErrOut: &out}, InTerminal: test.terminal}
			err := env.confirmNumber(t.Context(), 12, "delete them")
			if code := Exit(io.Discard, err); code != test.code || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("%v, exit code %d", err, code)
			}
			if asked := strings.HasPrefix(out.String(), msgTypeNumber(12, "delete them")); asked != test.terminal {
				t.Errorf("the prompt is %q", out.String())
			}
		})
	}
	// Ctrl-C at the prompt.
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("Ctrl-C"))
	r, w := io.Pipe()
	defer w.Close()
	env := Env{IOStreams: genericiooptions.IOStreams{In: r, ErrOut: io.Discard}, InTerminal: true}
	if err := env.confirmNumber(ctx, 12, "delete them"); err == nil || err.Error() != "Ctrl-C" {
		t.Errorf("interrupted: %v", err)
	}
}

// Progress is a bar that is overwritten on a terminal, a line now and then elsewhere if
// nothing else is printed, and colored only if allowed.
func TestProgressOfClaims(t *testing.T) {
	live := &corev1.PersistentVolumeClaim{}
	dying := &corev1.PersistentVolumeClaim{}
	dying.DeletionTimestamp = &metav1.Time{Time: ststest.Now}
	stopped := &loop.InterruptedError{Cause: errors.New("Ctrl-C")}
	done := claims.ClaimDecision{Verdict: operate.Done, Reason: claims.ReasonClaimDeleted, Message: "deleted"}
	held := claims.ClaimDecision{Verdict: operate.Stuck, Reason: claims.ReasonClaimHeld, Message: "a pod uses it", Hint: sts.Kubectl("shop", "x")}
	results := []claimloop.Result{
		{Decision: done, Wrote: true},
		{Decision: held, Wrote: true},
		{Err: stopped},
		{Err: stopped, Wrote: true, View: claims.View{Claim: live, VolumeName: "v"}},
		{Err: stopped, Wrote: true, View: claims.View{Sent: true, Claim: live, VolumeName: "v"}},
		{Err: stopped, Wrote: true, View: claims.View{Sent: true, Claim: dying, VolumeName: "v"}},
		{Decision: done, Wrote: true},
	}
	line := func(n int) string { return results[n].Outcome("deleted", "").Line }
	for _, test := range []struct {
		name, format, env string
		terminal          bool
		out, err          string
	}{
		{"to a file", "", "", false, "persistentvolumeclaim/c-0 deleted\npersistentvolumeclaim/c-6 deleted\n",
			"persistentvolumeclaim/c-1: a pod uses it\n→ kubectl x -n shop\n" +
				"persistentvolumeclaim/c-3: " + line(3) + "\n" +
				"persistentvolumeclaim/c-4: " + line(3) + "\n" +
				"persistentvolumeclaim/c-5: " + line(5) + "\n"},
		{"as JSON to a file", "json", "", false, "",
			"persistentvolumeclaim/c-1: a pod uses it\n→ kubectl x -n shop\n2 of 7 claims\n" +
				"persistentvolumeclaim/c-3: " + line(3) + "\n4 of 7 claims\n" +
				"persistentvolumeclaim/c-4: " + line(3) + "\n" +
				"persistentvolumeclaim/c-5: " + line(5) + "\n6 of 7 claims\n"},
		{"on a terminal", "json", "", true, "", "\x1b[2m[####--------------------------] 1 of 7\x1b[0m"},
		{"without colours", "json", "NO_COLOR", true, "", "[####--------------------------] 1 of 7\r" + strings.Repeat(" ", 39) + "\rpersistentvolumeclaim/c-1: a pod uses it\n→ kubectl x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			clock := testingclock.NewFakeClock(ststest.Now)
			env := &Env{
				IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: &errOut}, Clock: clock, ErrTerminal: test.terminal,
				Getenv: func(name string) string {
					if name == test.env {
						return "1"
					}
					return ""
				},
			}
			g := &gcRun{common: &common{env: env, config: genericclioptions.NewConfigFlags(true)}, did: "deleted", out: newOutput(&cobra.Command{})}
			*g.out.flags.OutputFormat = test.format
			p := &gcProgress{run: g, screen: newScreen(env), total: len(results), tally: claimloop.Tally{Did: g.did}}
			p.next = clock.Now().Add(p.every())
			for n, r := range results {
				clock.Step(3 * time.Second)
				p.ended(&GCItem{Namespace: "shop", Claim: fmt.Sprintf("c-%d", n)}, r)
			}
			p.screen.done()
			if test.terminal {
				if !strings.HasPrefix(errOut.String(), test.err) {
					t.Errorf("%q", errOut.String())
				}
				return
			}
			if diff := cmp.Diff([]string{test.out, test.err}, []string{out.String(), errOut.String()}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got, want := p.tally.String(), "2 deleted, 1 stuck, 3 interrupted, 1 not started"; got != want {
				t.Errorf("summary %q", got)
			}
		})
	}
}

// A run names an object in one way: purge is about volumes, which users know by their claims.
func TestSubjectsOfResults(t *testing.T) {
	item := &GCItem{Namespace: "shop", Claim: "data-web-1", Volume: "pvc-1"}
	for want, g := range map[string]*gcRun{
		"persistentvolumeclaim/data-web-1":                           {},
		"persistentvolumeclaim/shop/data-web-1":                      {all: true},
		"persistentvolume/pvc-1 of persistentvolumeclaim/data-web-1": {out: &output{resource: "persistentvolume"}},
	} {
		if g.out == nil {
			g.out = &output{resource: "persistentvolumeclaim"}
		}
		if got := g.subject(item); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// With -o name only what was deleted is printed, not what was kept, was gone, failed or was not started.
func TestNamesOfResults(t *testing.T) {
	decided := func(v operate.Verdict, reason string) claimloop.Result {
		return claimloop.Result{Decision: claims.ClaimDecision{Verdict: v, Reason: reason}}
	}
	results := []claimloop.Result{
		decided(operate.Done, claims.ReasonClaimDeleted), decided(operate.Done, claims.ReasonClaimKept), decided(operate.Done, claims.ReasonClaimGone),
		decided(operate.Stuck, claims.ReasonClaimRestored), decided(operate.Refused, claims.ReasonVolumeNotOurs), decided(operate.Do, ""),
		{Err: errors.New("no")}, {Err: &loop.InterruptedError{}},
	}
	for _, test := range []struct {
		resource  string
		onlyLists bool
		want      []string
	}{
		{"persistentvolumeclaim", false, []string{"persistentvolumeclaim/c-0", "persistentvolumeclaim/c-5"}},
		{"persistentvolume", false, []string{"persistentvolume/v-0", "persistentvolume/v-5"}},
		{"persistentvolume", true, []string{"persistentvolume/v-0", "persistentvolume/v-2"}},
	} {
		var out bytes.Buffer
		env := &Env{IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: io.Discard}, Clock: testingclock.NewFakeClock(ststest.Now), Getenv: func(string) string { return "" }}
		g := &gcRun{common: &common{env: env, config: genericclioptions.NewConfigFlags(true)}, did: "deleted", out: newOutput(&cobra.Command{}), onlyLists: test.onlyLists}
		*g.out.flags.OutputFormat, g.out.resource = "name", test.resource
		items := make([]GCItem, len(results))
		for n := range items {
			items[n] = GCItem{Claim: fmt.Sprintf("c-%d", n), Volume: fmt.Sprintf("v-%d", n)}
		}
		if test.onlyLists {
			items = items[:3]
			items[1].Outcome = &claims.ClaimDecision{Verdict: operate.Refused}
		} else {
			p := &gcProgress{run: g, screen: newScreen(env), total: len(results), tally: claimloop.Tally{Did: g.did}}
			for n, r := range results {
				p.ended(&items[n], r)
			}
		}
		if err := g.finish(g.report(items, ststest.Now, nil)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, strings.Fields(out.String())); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test, diff)
		}
	}
}

// What has timed out is resumed by a rerun, as with the commands that change a set.
func TestTimeoutOfClaims(t *testing.T) {
	g := &gcRun{common: &common{env: &Env{}}, did: "deleted", timeout: time.Minute, out: newOutput(&cobra.Command{})}
	p := &gcProgress{run: g, total: 1, tally: claimloop.Tally{Did: g.did}}
	late := claimloop.Result{Err: &loop.TimeoutError{After: time.Minute}}
	p.tally.Add("data-web-0", late.Outcome(g.did, ""))
	err := p.outcome(t.Context())
	var hinted *sts.HintedError
	if code := Exit(io.Discard, err); code != ExitTimeout || !errors.As(err, &hinted) || hinted.Hint.String() != hintResume().String() {
		t.Errorf("exit code %d: %v", code, err)
	}
}

func TestUndoIn(t *testing.T) {
	undo := sts.Kubectl("a", "sts pvc-gc undo")
	for want, namespaces := range map[string][]string{
		hintUndoIn([]string{"a"}, 0, undo).String():                {"a"},
		hintUndoIn([]string{"a", "b"}, 0, undo).String():           {"a", "b"},
		hintUndoIn([]string{"a", "b", "c", "d"}, 2, undo).String(): {"a", "b", "c", "d", "e", "f"},
	} {
		if got := undoIn(namespaces).String(); got != want {
			t.Errorf("%v: %q, want %q", namespaces, got, want)
		}
	}
}

func TestNamesOfWhatIsKept(t *testing.T) {
	of := func(claim, volume string) retained {
		return retained{
			Volume: &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: volume}},
			Record: &sts.Retained{Claim: &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: claim}}},
		}
	}
	all := []retained{of("data-web-2", "pvc-a"), of("data-web-2", "pvc-e"), of("data-web-3", "pvc-b"), of("data-web-3", "pvc-c"), of("pvc-a", "pvc-d")}
	all[1].Record.SetAsideFor = "pvc-a"
	for args, want := range map[string]string{
		"":           "pvc-a pvc-e pvc-b pvc-c pvc-d |",
		"pvc-e":      "pvc-e |",
		"data-web-2": "pvc-a |",
		"pvc/data-web-3 persistentvolumeclaim/data-web-9": "pvc-b pvc-c | data-web-9",
		"pvc-b":                         "pvc-b |",
		"pvc-a":                         "pvc-a pvc-d |",
		"pv/pvc-a":                      "pvc-a |",
		"pvc/pvc-a":                     "pvc-d |",
		"pv/data-web-2 data-web-2 web":  "pvc-a | data-web-2 web",
		"persistentvolume/pvc-c pvc/no": "pvc-c | no",
	} {
		names, err := keptNames(strings.Fields(args))
		if err != nil {
			t.Fatal(err)
		}
		picked, unknown := pick(all, names, false)
		var got []string
		for _, r := range picked {
			got = append(got, r.Volume.Name)
		}
		if got := strings.TrimSpace(strings.Join(append(append(got, "|"), unknown...), " ")); got != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
	for _, wrong := range []string{"sts/web", "pvc/", "/x"} {
		var usage *usageError
		if _, err := keptNames([]string{wrong}); !errors.As(err, &usage) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if got := ofSet(all, "web"); strings.Join(got, " ") != "data-web-2 data-web-3" {
		t.Errorf("of set web: %v", got)
	}
}

// A report printed item by item is what cli-runtime prints of the whole.
func TestItemised(t *testing.T) {
	raw, err := os.ReadFile("../claims/testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	inv, err := ststest.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	long, _ := claims.NewReport(inv, claims.Query{})
	long.Items[1].Message = strings.Repeat("very long words, <b>&: ", 12) + "\nand another line: \"é\""
	inv.Claims = nil
	empty, _ := claims.NewReport(inv, claims.Query{})
	at := metav1.NewTime(ststest.Now)
	gc := &GCReport{TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "GCReport"}, StartedAt: at, EndedAt: at, Items: []GCItem{
		{Claim: "data-web-3", DeletedAt: &at, Outcome: &claims.ClaimDecision{Verdict: operate.Stuck, Reason: claims.ReasonClaimHeld, Message: "held"}}, {Claim: "x"},
	}}
	for _, format := range []string{"json", "yaml"} {
		for n, report := range []itemised{long, empty, gc} {
			out := newOutput(&cobra.Command{})
			*out.flags.OutputFormat = format
			var got, want bytes.Buffer
			if err := out.print(&got, report, nil); err != nil {
				t.Fatal(err)
			}
			printer, err := out.flags.ToPrinter()
			if err != nil {
				t.Fatal(err)
			}
			whole, err := generic(report)
			if err != nil {
				t.Fatal(err)
			}
			if err := printer.PrintObj(&unstructured.Unstructured{Object: whole}, &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(want.String(), "\n"), strings.Split(got.String(), "\n")); diff != "" {
				t.Errorf("%s of report %d (-want +got):\n%s", format, n, diff)
			}
		}
	}
	// A closed reader is an error, as with cli-runtime.
	r, w := io.Pipe()
	_ = r.Close()
	if err := printItemised(w, long, false); err == nil {
		t.Error("the reader is closed, and there is no error")
	}
}

// A backup gets its name when it is complete, and an existing one stays.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "data-web-3", UID: "u"}}
	volume := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pvc-0"}}
	path := filepath.Join(dir, "shop", "data-web-3.u.yaml")
	for range 2 {
		if err := backup(dir, claim, volume); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(raw), "kind: PersistentVolumeClaim\n") || !strings.Contains(string(raw), "kind: PersistentVolume\n") {
		t.Errorf("%v: %s", err, raw)
	}
	if err := os.WriteFile(path, []byte("of then"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := backup(dir, claim, volume); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "of then" {
		t.Errorf("%v: %s", err, raw)
	}
	// One that cannot be written leaves no file.
	claim.Name = strings.Repeat("x", 250)
	if err := backup(dir, claim, volume); err == nil {
		t.Error("a name that is too long")
	}
	if files, err := os.ReadDir(filepath.Join(dir, "shop")); err != nil || len(files) != 1 {
		t.Errorf("%v: %v", err, files)
	}
}
