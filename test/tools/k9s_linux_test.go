package tools_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// Two sets: a canary of rolling is in progress, web is not being changed.
const sets = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: rolling}
spec:
  replicas: 5
  serviceName: rolling
  selector: {matchLabels: {app: rolling}}
  template:
    metadata: {labels: {app: rolling}}
    spec: {containers: [{name: app, image: "registry.example/app:v1"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 3
  serviceName: web
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "registry.example/app:v1"}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
`

// binding is what the test needs of a key in plugins.yaml.
type binding struct {
	ShortCut    string   `json:"shortCut"`
	Description string   `json:"description"`
	Dangerous   bool     `json:"dangerous"`
	Scopes      []string `json:"scopes"`
}

func (b binding) letter() string { return strings.TrimPrefix(b.ShortCut, "Shift-") }

// A step waits until the screen shows the pattern, and then presses keys.
type step struct {
	shows string
	keys  []string
}

// press is one use of a key: on which set, what happens on the screen, and the words with which the plugin runs
// before the flags of the cluster.
type press struct {
	name, set string
	steps     []step
	runs      string
	after     string // further words
}

var (
	leave    = step{`press Enter to return to k9s`, []string{"Enter"}}
	declined = step{`nothing was changed[\s\S]*exit code 1\n`, nil}
)

// inPager is the prompt of less.
const inPager = `[\s\S]*\n(:|\(END\))`

func answer(pattern, text string) step { return step{pattern, []string{text, "Enter"}} }
func empty(pattern string) step        { return step{pattern, []string{"Enter"}} }
func pager(pattern string) []step      { return []step{{pattern + inPager, []string{"q"}}} }

// decline answers our plan with no.
func decline(pattern string) []step {
	return []step{answer(pattern+`[\s\S]*\[y/N\]`, "n"), declined, leave}
}

// presses has each key of the StatefulSet view, and each answer that matters.
var presses = []press{
	{"sts-status", "web", pager(`statefulset\.apps/web  Complete`), "status web", ""},
	{"sts-history", "rolling", pager(`oldest revision in history`), "history rolling", ""},
	{"sts-diff", "rolling", pager(`\+  - image: registry\.example/app:v2`), "diff rolling", ""},
	{"sts-doctor", "web", pager(`errors, .* in 1 StatefulSet`), "doctor web", ""},
	{"sts-dns", "web", pager(`web-0\.web\.`), "dns web", ""},
	{"sts-plan", "web", append([]step{answer(`Image to predict`, "app:v3")}, pager(`app:v3`)...), "plan web", "--image app:v3"},
	{"sts-plan", "web", append([]step{empty(`Image to predict`)}, pager(`nothing will happen`)...), "plan web", ""},
	{"sts-canary-start", "web", append([]step{answer(`New image`, "app=app:v4")}, decline(`start a canary on ordinal 2: .* to app:v4`)...), "canary start web", "--image app=app:v4"},
	{"sts-canary-start", "web", []step{empty(`New image`), {`cancelled: no image`, nil}, leave}, "", ""},
	{"sts-canary-promote", "rolling", decline(`canary promote of statefulset\.apps/rolling`), "canary promote rolling", ""},
	{"sts-canary-promote-full", "rolling", decline(`canary promote of statefulset\.apps/rolling`), "canary promote --full rolling", ""},
	{"sts-canary-abort", "rolling", decline(`canary abort of statefulset\.apps/rolling`), "canary abort rolling", ""},
	{"sts-undo", "web", []step{answer(`Revision to roll back to`, "7"), {`revision 7[\s\S]*exit code`, nil}, leave}, "undo web", "--to-revision 7"},
	{"sts-undo", "web", []step{empty(`Revision to roll back to`), {`cancelled: no revision`, nil}, leave}, "", ""},
	{"sts-unstick", "web", []step{{`exit code`, nil}, leave}, "unstick web", ""},
	{"sts-pause", "web", []step{{`exit code`, nil}, leave}, "pause web", ""},
	{"sts-resume", "rolling", decline(`resume of statefulset\.apps/rolling`), "resume rolling", ""},
	{"sts-restart", "web", append([]step{empty(`Ordinals to restart`)}, decline(`web-2[\s\S]*web-1[\s\S]*web-0`)...), "restart web", ""},
	{"sts-restart", "web", append([]step{answer(`Ordinals to restart`, "1")}, decline(`web-1`)...), "restart web", "--ordinal 1"},
	{"sts-drain-scale", "web", append([]step{answer(`Desired number of replicas`, "2")}, decline(`web-2`)...), "drain-scale web", "--replicas 2"},
	{"sts-drain-scale", "web", []step{empty(`Desired number of replicas`), {`cancelled: no number`, nil}, leave}, "", ""},
}

// k9s is a running k9s with our keys.
type k9s struct {
	*terminal
	*world
	log  string // what k9s logs
	ran  string // the command lines of the plugin
	seen int    // how many of them were compared
}

// world is what all versions of k9s share.
type world struct {
	cluster    *cluster.Cluster
	tmux       cluster.Tmux
	namespace  string
	bin        string
	kubeconfig string
	context    string // the name of the cluster in it
	bindings   map[string]binding
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{cluster: cluster.Shared(t, nil), bin: t.TempDir()}
	t.Cleanup(cluster.StopShared)
	var err error
	if w.tmux, err = cluster.FetchTmux(t.Context(), os.Stderr); err != nil {
		t.Fatal(err)
	}
	var file struct {
		Plugins map[string]binding `json:"plugins"`
	}
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join(root, "plugins.yaml"))), &file); err != nil {
		t.Fatal(err)
	}
	w.bindings = file.Plugins

	run(t, root, []string{"CGO_ENABLED=0"}, "go", "build", "-o", filepath.Join(w.bin, "real", "kubectl-sts"), "./cmd/kubectl-sts")
	// kubectl runs this one, which writes down its arguments.
	write(t, filepath.Join(w.bin, "kubectl-sts"), 0o755, `#!/bin/sh
echo "$*" >>"$RAN"
exec "$(dirname "$0")/real/kubectl-sts" "$@"
`)
	// A shell would change this path, were it part of a script.
	w.kubeconfig = filepath.Join(t.TempDir(), `it's $HOME "here"`)
	write(t, w.kubeconfig, 0o600, read(t, w.cluster.Kubeconfig()))

	w.context = strings.TrimSpace(w.kubectl(t, "config", "current-context"))
	w.namespace = w.cluster.Namespace(t)
	manifest := filepath.Join(t.TempDir(), "sets.yaml")
	write(t, manifest, 0o600, sets)
	w.kubectl(t, "apply", "-f", manifest)
	w.kubectl(t, "sts", "status", "rolling", "web", "--for=complete", "--timeout=2m")
	w.kubectl(t, "sts", "canary", "start", "rolling", "--image=registry.example/app:v2", "--yes", "--timeout=2m")
	return w
}

// env is for a program that finds our kubectl and less, but not the cluster.
func (w *world) env(more ...string) []string {
	var env []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.Contains([]string{"KUBECONFIG", "NO_COLOR", "TERM", "TMUX", "LESS", "PATH"}, name) && !strings.HasPrefix(name, "XDG_") && !strings.HasPrefix(name, "K9S_") {
			env = append(env, variable)
		}
	}
	path := []string{w.bin, filepath.Dir(w.cluster.Bin("kubectl")), w.tmux.Bin, os.Getenv("PATH")}
	return append(env, append(more, "PATH="+strings.Join(path, ":"))...)
}

func (w *world) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, root, w.env("KUBECONFIG="+w.kubeconfig, "RAN=/dev/null"), w.cluster.Bin("kubectl"), append(args, "-n", w.namespace)...)
}

// resourceVersions are those of the sets.
func (w *world) resourceVersions(t *testing.T) map[string]string {
	t.Helper()
	list, err := w.cluster.Client().AppsV1().StatefulSets(w.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, set := range list.Items {
		versions[set.Name] = set.ResourceVersion
	}
	return versions
}

// start runs k9s with these files in its configuration directory, and waits for the StatefulSet view.
func (w *world) start(t *testing.T, program string, files map[string]string, args ...string) *k9s {
	t.Helper()
	home := t.TempDir()
	write(t, filepath.Join(home, "config", "k9s", "config.yaml"), 0o600, "k9s: {skipLatestRevCheck: true}\n")
	for name, content := range files {
		write(t, filepath.Join(home, "config", "k9s", name), 0o600, content)
	}
	k := &k9s{world: w, log: filepath.Join(home, "k9s.log"), ran: filepath.Join(home, "ran")}
	write(t, k.ran, 0o600, "")
	// These options would let less quit at once.
	env := w.env("HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, "config"), "XDG_STATE_HOME="+home, "XDG_DATA_HOME="+home,
		"RAN="+k.ran, "LESS=-FRX", "KUBECONFIG=/none")
	k.terminal = newTerminal(t, w.tmux, env, append([]string{program, "--kubeconfig", w.kubeconfig, "-n", w.namespace, "-c", "sts",
		"--logFile", k.log, "--logLevel", "debug"}, args...)...)
	k.table("statefulsets", "web")
	return k
}

// table waits for a view with this row. Its title has a symbol and the API group until k9s 0.40.
func (k *k9s) table(view, row string) string {
	k.t.Helper()
	return k.shows(`(?i)─ (?:\S+ +)?[\w/]*` + view + `\(` + k.namespace + `\)\[\d+\][\s\S]*│ *` + row + ` `)
}

// menu waits until the keys of a view are shown, except for dangerous ones if k9s may only read.
func (k *k9s) menu(view string, readonly bool) {
	k.t.Helper()
	hidden := map[string]string{}
	for name, b := range k.bindings {
		if !slices.Contains(b.Scopes, view) {
			continue
		}
		entry := `(?i)<shift-` + b.letter() + `> *` + regexp.QuoteMeta(b.Description)
		if readonly && b.Dangerous {
			hidden[name] = entry
		} else {
			k.shows(entry)
		}
	}
	screen := k.screen()
	for name, entry := range hidden {
		if regexp.MustCompile(entry).MatchString(screen) {
			k.t.Errorf("read-only k9s offers %s:\n%s", name, screen)
		}
	}
}

// use presses a key and follows the screen until the table is back.
func (k *k9s) use(p press) {
	k.t.Helper()
	k.press("g")
	if p.set == "web" {
		k.press("j")
	}
	k.press(k.bindings[p.name].letter())
	k.follow(p.steps)
	k.table("statefulsets", "web")
	runs := p.runs
	if runs != "" {
		runs += k.target()
	}
	k.ranOnly(p.name, strings.TrimSpace(runs+" "+p.after))
}

func (k *k9s) target() string { return " --context " + k.context + " -n " + k.namespace }

func (k *k9s) follow(steps []step) {
	k.t.Helper()
	for _, s := range steps {
		k.shows(s.shows)
		if colored := k.colored(); strings.HasSuffix(s.shows, inPager) && !regexp.MustCompile(`\x1b\[(1|3[123])m`).MatchString(colored) {
			k.t.Errorf("no colors in less:\n%q", colored)
		}
		if len(s.keys) > 0 {
			k.press(s.keys...)
		}
	}
}

// ranOnly checks the command line of the plugin since the last call, "" for none.
func (k *k9s) ranOnly(name, runs string) {
	k.t.Helper()
	all := strings.Split(strings.TrimSpace(read(k.t, k.ran)), "\n")
	since := strings.Join(all[k.seen:], "\n")
	if all[0] != "" {
		k.seen = len(all)
	}
	if runs != "" && !k.bindings[name].Dangerous {
		runs += " --color=always"
	}
	if diff := cmp.Diff(runs, since); diff != "" {
		k.t.Errorf("%s: kubectl sts (-want +got):\n%s", name, diff)
	}
}

// complaints are what k9s logs about our keys.
func (k *k9s) complaints() []string {
	k.t.Helper()
	text := read(k.t, k.log)
	if !strings.Contains(text, "Exec command") {
		k.t.Errorf("the log of k9s does not have the commands that ran:\n%s", text)
	}
	found := map[string]bool{}
	for _, complaint := range regexp.MustCompile(`duplicate plugin key found for \S+ in [^\s\\]*\\?"[^"\\]*|[^"=\n]*validation failed[^\n]*`).FindAllString(text, -1) {
		found[complaint] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// TestK9s presses all keys of plugins.yaml in the last minor releases of k9s.
func TestK9s(t *testing.T) {
	w := newWorld(t)
	pressed := map[string]bool{"sts-pvc-gc": true}
	for _, p := range presses {
		pressed[p.name] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(pressed)), slices.Sorted(maps.Keys(w.bindings))); diff != "" {
		t.Errorf("keys (-pressed here +in plugins.yaml):\n%s", diff)
	}
	plugins := read(t, filepath.Join(root, "plugins.yaml"))
	for _, version := range []string{"k9s-0.40", "k9s-0.50", "k9s-0.51"} {
		t.Run(version, func(t *testing.T) {
			program := tool(t, version)
			t.Run("keys", func(t *testing.T) { w.pressAll(t, program, plugins) })
			t.Run("readonly", func(t *testing.T) { w.readOnly(t, program, plugins) })
		})
	}
}

func (w *world) pressAll(t *testing.T, program, plugins string) {
	k := w.start(t, program, map[string]string{"plugins/sts.yaml": plugins})
	k.menu("statefulsets", false)

	before := w.resourceVersions(t)
	for _, p := range presses {
		k.use(p)
	}
	if diff := cmp.Diff(before, w.resourceVersions(t)); diff != "" {
		t.Errorf("resource versions of the sets, though every plan was declined:\n%s", diff)
	}

	// Ctrl-C ends the command, and neither the script nor k9s. What it leaves can be rolled back.
	k.use(press{"sts-canary-start", "web", []step{
		answer(`New image`, "app=app:v4-never-ready"), answer(`start a canary on ordinal 2[\s\S]*\[y/N\]`, "y"),
		{`waiting for pod web-2: it is running but not ready`, []string{"C-c"}}, {`interrupted[\s\S]*exit code 130\n`, nil}, leave,
	}, "canary start web", "--image app=app:v4-never-ready"})
	k.use(press{"sts-canary-abort", "web", []step{
		answer(`canary abort of statefulset\.apps/web[\s\S]*\[y/N\]`, "y"), {`rolled back to[\s\S]*exit code 0\n`, nil}, leave,
	}, "canary abort web", ""})

	// One confirmation is enough.
	k.use(press{"sts-canary-promote", "rolling", []step{
		answer(`promote the canary to ordinal[\s\S]*\[y/N\]`, "y"), {`statefulset\.apps/rolling promoted to[\s\S]*exit code 0\n`, nil}, leave,
	}, "canary promote rolling", ""})
	if before["rolling"] == w.resourceVersions(t)["rolling"] {
		t.Error("the canary was not promoted")
	}

	k.press(":")
	k.press("persistentvolumeclaims", "Enter")
	k.table("persistentvolumeclaims", "data-web-0")
	k.menu("persistentvolumeclaims", false)
	k.press(k.bindings["sts-pvc-gc"].letter())
	k.follow(pager(`data-web-2`))
	k.table("persistentvolumeclaims", "data-web-0")
	k.ranOnly("sts-pvc-gc", "pvc-gc"+k.target())

	if complaints := k.complaints(); len(complaints) > 0 {
		t.Errorf("k9s logs %q", complaints)
	}
}

// readOnly has a key that k9s uses itself, to see that it logs this.
func (w *world) readOnly(t *testing.T, program, plugins string) {
	k := w.start(t, program, map[string]string{
		"plugins.yaml":         plugins,
		"plugins/another.yaml": "plugins: {another: {shortCut: Shift-N, description: another, scopes: [sts], command: sh}}\n",
	}, "--readonly")
	k.menu("statefulsets", true)
	for _, b := range k.bindings {
		if b.Dangerous {
			k.press(b.letter())
		}
	}
	k.use(presses[0])
	if got, want := k.complaints(), []string{`duplicate plugin key found for \"Shift-N\" in \"another`}; !slices.Equal(got, want) {
		t.Errorf("k9s logs %q, want %q", got, want)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// write makes a file and its folders.
func write(t *testing.T, file string, mode os.FileMode, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}
