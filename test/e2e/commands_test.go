package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// commands are the commands of scenarios in addition to those of testscript.
// README.md describes them: keep both in sync.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"sts":      func(ts *testscript.TestScript, neg bool, args []string) { foreground(ts, neg, 0, "sts", args) },
	"kubectl":  func(ts *testscript.TestScript, neg bool, args []string) { foreground(ts, neg, 0, "kubectl", args) },
	"helm":     func(ts *testscript.TestScript, neg bool, args []string) { foreground(ts, neg, 0, "helm", args) },
	"rc":       cmdRC,
	"spawn":    cmdSpawn,
	"signal":   cmdSignal,
	"reap":     cmdReap,
	"killat":   cmdKillAt,
	"killeach": cmdKillEach,
	"deploy":   cmdDeploy,
	"node":     cmdNode,
	"apply":    cmdApply,
	"save":     cmdSave,
	"until":    cmdUntil,
	"user":     cmdUser,
	"grant":    cmdGrant,
	"page":     cmdPage,
	"heal":     cmdHeal,
	"recode":   cmdRecode,
	"mutate":   cmdMutate,
	"digests":  cmdDigests,
	"proxy":    cmdProxy,
	"policy":   cmdPolicy,
	"webhook":  cmdWebhook,
	"pause":    cmdPause,
	"resume":   cmdResume,
	"field":    assertion("field"),
	"uids":     assertion("uids"),
	"audit":    assertion("audit"),
	"events":   assertion("events"),
	"clean":    assertion("clean"),
	"said":     assertion("said"),
	"gone":     assertion("gone"),
	"ended":    assertion("ended"),
	"write":    cmdWrite,
	"holds":    assertion("holds"),
	"logged":   assertion("logged"),
	"ready":    assertion("ready"),

	"published": assertion("published"),
}

// assertions are about the cluster; "until" can precede each of them.
var assertions map[string]func(s *scenario, ts *testscript.TestScript, args []string) error

func init() { // "until" is one of the commands and uses this map
	assertions = map[string]func(*scenario, *testscript.TestScript, []string) error{
		"field":  assertField,
		"uids":   assertUIDs,
		"audit":  assertAudit,
		"events": assertEvents,
		"clean":  assertClean,
		"said":   assertSaid,
		"gone":   assertGone,
		"ended":  assertEnded,
		"holds":  assertHolds,
		"logged": assertLogged,
		"ready":  assertReady,
		"rc":     assertRC,
		"sh":     assertShell,

		"published": assertPublished,
	}
}

func assertion(name string) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("! %s: assert what should be, not what should not be", name)
		}
		if inOthersTime(name, args) {
			until(ts, func() error { return assertions[name](of(ts), ts, args) })
			return
		}
		ts.Check(assertions[name](of(ts), ts, args))
	}
}

// inOthersTime reports whether something other than the plugin writes the state: controllers write
// status and EndpointSlices, the kubelet writes logs, the kernel knows whether a process has ended.
// The plugin may finish before they do, so assertions on it wait. What the plugin itself has
// written, and the pods that it has read, must be visible at once.
func inOthersTime(name string, args []string) bool {
	switch name {
	case "field":
		return len(args) > 1 && args[0] != "stdout" && !strings.HasPrefix(args[0], "pod/") && strings.Contains(args[1], ".status")
	case "published", "logged", "ended":
		return true
	}
	return false
}

func usage(ts *testscript.TestScript, ok bool, form string) {
	if !ok {
		ts.Fatalf("usage: %s", form)
	}
}

// helm builds it for the first scenario that uses it; most do not.
var helm = sync.OnceValues(func() (string, error) { return cluster.BuildHelm(context.Background(), os.Stderr) })

// program turns a command of a scenario into a command line.
func program(ts *testscript.TestScript, word string, args []string) *exec.Cmd {
	names := map[string]string{"sts": "kubectl-sts", "kubectl": "kubectl", "kubectl-sts": "kubectl-sts", "helm": "helm"}
	name, ok := names[word]
	if !ok {
		ts.Fatalf("%q: must be sts, kubectl or helm", word)
	}
	path := ""
	for _, dir := range strings.Split(ts.Getenv("PATH"), ":") {
		if p, err := exec.LookPath(dir + "/" + name); err == nil {
			path = p
			break
		}
	}
	if word == "helm" { // the one that was built, not that of the machine
		var err error
		path, err = helm()
		ts.Check(err)
	}
	cmd := exec.Command(path, of(ts).resolve(args)...)
	cmd.Args[0] = name
	cmd.Dir = ts.MkAbs(".")
	for _, key := range []string{"PATH", "HOME", "KUBECONFIG", "KUBECACHEDIR", "TMPDIR", "GITHUB_STEP_SUMMARY", "LC_ALL", "FORCE_COLOR"} {
		cmd.Env = append(cmd.Env, key+"="+ts.Getenv(key))
	}
	if word == "kubectl" { // it ends too soon for a third of its time to matter
		cmd.Env = append(cmd.Env, "GOGC=off")
	}
	return cmd
}

// resolve replaces arguments like pv/@NAME by the saved value.
func (s *scenario) resolve(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range args {
		if kind, name, ok := strings.Cut(arg, "/@"); ok && s.saved[name] != "" {
			out[i] = kind + "/" + s.saved[name]
		}
	}
	return out
}

// process is a running program, in the foreground or background.
type process struct {
	cmd    *exec.Cmd
	out    buffer
	errout buffer
	done   chan struct{}
}

// buffer is written by a process while a scenario reads it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.errout
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // the result is in ProcessState
		close(p.done)
	}()
	return p, nil
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// end waits for the process, and "stdout" and "stderr" then match its output. It returns the exit
// code, or "killed".
func (p *process) end(ts *testscript.TestScript) string {
	select {
	case <-p.done:
	case <-time.After(*patience):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // for the stack traces
		<-p.done
		ts.Logf("[stdout]\n%s[stderr]\n%s", &p.out, &p.errout)
		ts.Fatalf("%s did not end within %s", strings.Join(p.cmd.Args, " "), *patience)
	}
	_, _ = io.WriteString(ts.Stdout(), p.out.String())
	_, _ = io.WriteString(ts.Stderr(), p.errout.String())
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	killed := ok && status.Signaled()
	if filepath.Base(p.cmd.Path) == "kubectl-sts" && asksForJSON(p.cmd.Args) {
		ts.Check(checkDocuments(p.out.String(), killed))
	}
	if killed {
		return "killed"
	}
	return strconv.Itoa(p.cmd.ProcessState.ExitCode())
}

func foreground(ts *testscript.TestScript, neg bool, want int, word string, args []string) {
	if neg {
		ts.Fatalf("! %s: use rc with the expected exit code: rc 5 %s …", word, word)
	}
	p, err := start(program(ts, word, args))
	ts.Check(err)
	if got := p.end(ts); got != strconv.Itoa(want) {
		ts.Fatalf("exit code %s, want %d", got, want)
	}
}

func cmdRC(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 1, "rc CODE sts|kubectl ARG…")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	foreground(ts, false, want, args[1], args[2:])
}

func cmdSpawn(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 1, "spawn NAME sts|kubectl ARG…")
	p, err := start(program(ts, args[1], args[2:]))
	ts.Check(err)
	of(ts).processes[args[0]] = p
}

func (s *scenario) process(name string) (*process, error) {
	p := s.processes[name]
	if p == nil {
		return nil, fmt.Errorf("nothing was spawned as %s", name)
	}
	return p, nil
}

func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}
	usage(ts, !neg && len(args) == 2 && signals[args[1]] != 0, "signal NAME INT|TERM|KILL")
	p, err := of(ts).process(args[0])
	ts.Check(err)
	ts.Check(p.cmd.Process.Signal(signals[args[1]]))
}

func cmdReap(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "reap NAME CODE|killed")
	p, err := of(ts).process(args[0])
	ts.Check(err)
	got := p.end(ts)
	delete(of(ts).processes, args[0])
	if got != args[1] {
		ts.Fatalf("%s ended with %s, want %s", args[0], got, args[1])
	}
}

// cmdUntil repeats an assertion until it holds. Other assertions do not wait.
func cmdUntil(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 0, "until ASSERTION…")
	check := assertions[args[0]]
	if check == nil {
		ts.Fatalf("%s is not an assertion", args[0])
	}
	until(ts, func() error {
		if err := check(of(ts), ts, args[1:]); err != nil || !ofPods(args) {
			return err
		}
		return of(ts).allObserved()
	})
}

// assertShell runs a command of the shell, for what the other assertions cannot say.
func assertShell(_ *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) == 1, "until sh COMMAND")
	err := ts.Exec("sh", "-c", args[0])
	if err != nil {
		time.Sleep(4 * glance) // programs cost more than a request
	}
	return err
}

// assertRC runs a program that only reads until it ends with this exit code; "stdout" and "stderr" then match
// the output of that run.
func assertRC(_ *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) > 1, "until rc CODE sts|kubectl ARG…")
	p, err := start(program(ts, args[1], args[2:]))
	if err != nil {
		return err
	}
	if got := p.end(ts); got != args[0] {
		time.Sleep(4 * glance) // programs cost more than a request
		return fmt.Errorf("exit code %s, want %s", got, args[0])
	}
	return nil
}

// ofPods: the assertion is about the work of the StatefulSet controller.
func ofPods(args []string) bool {
	switch args[0] {
	case "uids", "ready", "gone":
		return true
	case "field":
		return strings.HasPrefix(args[1], "pod/")
	}
	return false
}

// allObserved is an error while the status of a set is older than its last change: the controller
// writes the status after it has acted.
func (s *scenario) allObserved() error {
	ctx, cancel := requestContext()
	defer cancel()
	sets, err := s.api("sts").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range sets.Items {
		if err := observed(&sets.Items[i]); err != nil {
			return err
		}
	}
	return nil
}

var errNotYet = errors.New("not yet")

// until is the only function that waits for the cluster.
func until(ts *testscript.TestScript, holds func() error) {
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			for name, p := range of(ts).processes {
				ts.Logf("[%s stdout]\n%s[%s stderr]\n%s", name, &p.out, name, &p.errout)
			}
			ts.Fatalf("timed out after %s: %v", *patience, err)
		case <-time.After(glance):
		}
	}
}

// cmdDeploy creates a StatefulSet and waits until all its pods are available.
func cmdDeploy(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 0, "deploy NAME [PATH=VALUE…]")
	s, name := of(ts), args[0]
	labels := map[string]any{"app": name}
	set := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "StatefulSet",
		"metadata": map[string]any{"name": name, "labels": map[string]any{"app": name}},
		"spec": map[string]any{
			"replicas": int64(3), "serviceName": name,
			"selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": name}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "app", "image": "app:v1"}}},
			},
		},
	}}
	if s.realPods {
		ts.Check(putOnRealNode(set))
	}
	for _, arg := range args[1:] {
		path, value, _ := strings.Cut(arg, "=")
		if path == "claims" {
			ts.Check(addClaims(set, value))
			continue
		}
		ts.Check(unstructured.SetNestedField(set.Object, literal(value), strings.Split(path, ".")...))
	}
	ctx, cancel := requestContext()
	defer cancel()
	_, err := s.api("sts").Create(ctx, set, metav1.CreateOptions{FieldManager: "deploy"})
	ts.Check(err)
	replicas, _, err := unstructured.NestedInt64(set.Object, "spec", "replicas")
	ts.Check(err)
	cmdUntil(ts, false, []string{"field", "sts/" + name, "{.status.observedGeneration}/{.status.availableReplicas}",
		fmt.Sprintf("1/%d", replicas)})
}

// cmdPause stops a process of the cluster, until cmdResume or the end of the scenario.
func cmdPause(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "pause COMPONENT")
	s := of(ts)
	ts.Check(s.cluster.Pause(args[0]))
	s.paused = append(s.paused, args[0])
}

func cmdResume(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "resume COMPONENT")
	s := of(ts)
	ts.Check(s.cluster.Resume(args[0]))
	s.paused = slices.DeleteFunc(s.paused, func(c string) bool { return c == args[0] })
}

// cmdApply creates the objects of a file in this repository. Pods run on the real node.
func cmdApply(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "apply FILE")
	s := of(ts)
	file, err := os.Open(filepath.Join("..", "..", args[0]))
	ts.Check(err)
	defer file.Close()
	for documents := yaml.NewYAMLOrJSONDecoder(file, 4096); ; {
		object := &unstructured.Unstructured{}
		if err := documents.Decode(object); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			ts.Fatalf("%s: %v", args[0], err)
		}
		switch object.GetKind() {
		case "Pod":
			ts.Check(bringToRealNode(object, "spec"))
		case "StatefulSet":
			ts.Check(bringToRealNode(object, "spec", "template", "spec"))
		}
		resource, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
		ctx, cancel := requestContext()
		_, err := s.client.Resource(resource).Namespace(s.namespace).Create(ctx, object, metav1.CreateOptions{FieldManager: "apply"})
		cancel()
		ts.Check(err)
	}
}

// bringToRealNode makes the pods of an object real ones. Their images lose the registry: no image
// can be pulled, but the node has some.
func bringToRealNode(object *unstructured.Unstructured, place ...string) error {
	spec, _, err := unstructured.NestedMap(object.Object, place...)
	if err != nil {
		return err
	}
	var pod corev1.PodSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(spec, &pod); err != nil {
		return err
	}
	cluster.OnRealNode(&pod)
	for _, containers := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
		for i := range containers {
			containers[i].Image = path.Base(containers[i].Image)
		}
	}
	spec, err = runtime.DefaultUnstructuredConverter.ToUnstructured(&pod)
	if err != nil {
		return err
	}
	return unstructured.SetNestedMap(object.Object, spec, place...)
}

// putOnRealNode makes the pods of a set real ones, with a readiness probe.
func putOnRealNode(set *unstructured.Unstructured) error {
	var pod corev1.PodSpec
	cluster.OnRealNode(&pod)
	pod.Containers = []corev1.Container{{
		Name: "app", Image: "app:v1",
		ReadinessProbe: &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(8080)}},
			PeriodSeconds: 1, TimeoutSeconds: 20, // the machine may be busy
		},
	}}
	spec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&pod)
	if err != nil {
		return err
	}
	return unstructured.SetNestedMap(set.Object, spec, "spec", "template", "spec")
}

// literal is the value if the text is JSON, else the text itself.
func literal(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return text
	}
	if n, ok := v.(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			return i
		}
	}
	return v
}

// addClaims adds a claim template, and mounts the volume in the first container.
func addClaims(set *unstructured.Unstructured, name string) error {
	containers, _, err := unstructured.NestedSlice(set.Object, "spec", "template", "spec", "containers")
	if err != nil {
		return err
	}
	containers[0].(map[string]any)["volumeMounts"] = []any{map[string]any{"name": name, "mountPath": "/" + name}}
	if err := unstructured.SetNestedSlice(set.Object, containers, "spec", "template", "spec", "containers"); err != nil {
		return err
	}
	return unstructured.SetNestedSlice(set.Object, []any{map[string]any{
		"metadata": map[string]any{"name": name},
		"spec": map[string]any{
			"accessModes": []any{"ReadWriteOnce"},
			"resources":   map[string]any{"requests": map[string]any{"storage": "1Gi"}},
		},
	}}, "spec", "volumeClaimTemplates")
}

// cmdSave saves a field of an object.
func cmdSave(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "save NAME OBJECT JSONPATH")
	o, err := of(ts).get(args[1])
	ts.Check(err)
	of(ts).saved[args[0]], err = query(o.Object, args[2])
	ts.Check(err)
}

// assertField compares a field of an object, or of the last command's JSON.
func assertField(s *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) == 3, "field OBJECT|stdout JSONPATH VALUE|@SAVED|~REGEXP")
	var object any
	if args[0] == "stdout" {
		if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &object); err != nil {
			return err
		}
	} else {
		o, err := s.get(args[0])
		if err != nil {
			return err
		}
		object = o.Object
		if strings.HasPrefix(args[0], "sts/") && strings.Contains(args[1], ".status.") && !strings.Contains(args[1], "observedGeneration") {
			if err := observed(o); err != nil {
				return err
			}
		}
	}
	got, err := query(object, args[1])
	if err != nil {
		return err
	}
	want := args[2]
	switch {
	case strings.HasPrefix(want, "~"):
		match, err := regexp.MatchString(want[1:], got)
		if err != nil || match {
			return err
		}
	case strings.HasPrefix(want, "@"):
		if want = s.saved[want[1:]]; got == want {
			return nil
		}
	case got == want:
		return nil
	}
	return fmt.Errorf("%s of %s is %q, want %q", args[1], args[0], got, want)
}

// observed is an error while a set's status is older than its last change: it may already have had
// the expected value before.
func observed(set *unstructured.Unstructured) error {
	seen, _, err := unstructured.NestedInt64(set.Object, "status", "observedGeneration")
	if err != nil || set.GetDeletionTimestamp() != nil || seen >= set.GetGeneration() {
		return err
	}
	return fmt.Errorf("the controller has seen generation %d of %s, which is at %d", seen, set.GetName(), set.GetGeneration())
}

// assertUIDs checks which pods are the same as before, and which are not.
func assertUIDs(s *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) > 1 && slices.Contains([]string{"save", "same", "new"}, args[0]), "uids save|same|new NAME [POD…]")
	ctx, cancel := requestContext()
	defer cancel()
	pods, err := s.api("pod").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	now := map[string]string{}
	for _, p := range pods.Items {
		now[p.GetName()] = string(p.GetUID())
	}
	for name, uid := range now {
		if args[0] == "save" {
			s.saved[args[1]+"/"+name] = uid
		}
	}
	for _, pod := range args[2:] {
		before := s.saved[args[1]+"/"+pod]
		switch same := now[pod] == before; {
		case before == "":
			return fmt.Errorf("%s did not exist at uids save %s", pod, args[1])
		case now[pod] == "":
			return fmt.Errorf("%s does not exist", pod)
		case same && args[0] == "new":
			return fmt.Errorf("%s is still the same pod", pod)
		case !same && args[0] == "same":
			return fmt.Errorf("%s is another pod than before", pod)
		}
	}
	return nil
}

// assertClean: no annotation of the plugin remains.
func assertClean(s *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) == 1, "clean NAME")
	set, err := s.get("sts/" + args[0])
	if err != nil {
		return err
	}
	for key := range set.GetAnnotations() {
		if strings.HasPrefix(key, "kubectl-sts.dev/") {
			return fmt.Errorf("annotation %s is left on statefulset %s", key, args[0])
		}
	}
	return nil
}

// assertEvents compares the reasons of the Events that kubectl-sts has recorded for a set.
func assertEvents(s *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) > 0, "events NAME [REASON…]")
	ctx, cancel := requestContext()
	defer cancel()
	list, err := s.api("events").List(ctx, metav1.ListOptions{
		FieldSelector: "involvedObject.kind=StatefulSet,involvedObject.name=" + args[0],
	})
	if err != nil {
		return err
	}
	type event struct{ name, reason string }
	var ours []event
	for _, e := range list.Items {
		reason, _, _ := unstructured.NestedString(e.Object, "reason")
		if by, _, _ := unstructured.NestedString(e.Object, "source", "component"); by == "kubectl-sts" {
			ours = append(ours, event{e.GetName(), reason})
		}
	}
	// Their names end in the time in nanoseconds.
	slices.SortFunc(ours, func(a, b event) int { return strings.Compare(a.name, b.name) })
	var got []string
	for _, e := range ours {
		got = append(got, e.reason)
	}
	if !slices.Equal(got, args[1:]) {
		return fmt.Errorf("events on statefulset %s: %v, want %v", args[0], got, args[1:])
	}
	return nil
}

// assertSaid matches the output of a spawned program so far.
func assertSaid(s *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) == 2, "said NAME REGEXP")
	p, err := s.process(args[0])
	if err != nil {
		return err
	}
	text := p.out.String() + p.errout.String()
	match, err := regexp.MatchString("(?m)"+args[1], text)
	if err != nil {
		return err
	}
	if !match {
		return fmt.Errorf("%s has not said %q but:\n%s", args[0], args[1], text)
	}
	return nil
}

// assertLogged matches the log of the container that ended last in the pod. The kubelet may just be
// removing it for the next one, so use this with "until".
func assertLogged(_ *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) == 2, "logged POD REGEXP")
	out, err := program(ts, "kubectl", []string{"logs", args[0], "--previous"}).CombinedOutput()
	if err != nil {
		return fmt.Errorf("logs of %s: %w: %s", args[0], err, out)
	}
	match, err := regexp.Match("(?m)"+args[1], out)
	if err != nil {
		return err
	}
	if !match {
		return fmt.Errorf("%s has not written %q but:\n%s", args[0], args[1], out)
	}
	return nil
}

// assertEnded: the process whose ID a command has written to a file no longer runs.
func assertEnded(_ *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) == 1, "ended FILE")
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[0])))
	if err != nil {
		return err
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	// The state follows the name in brackets. Z is a zombie: ended, but not collected yet.
	if _, state, _ := strings.Cut(string(stat), ") "); err == nil && !strings.HasPrefix(state, "Z") {
		err = fmt.Errorf("process %d still runs", pid)
	}
	return err
}

func assertGone(s *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) > 0, "gone OBJECT…")
	for _, object := range args {
		_, err := s.get(object)
		switch {
		case err == nil:
			return fmt.Errorf("%s exists", object)
		case !isNotFound(err):
			return err
		}
	}
	return nil
}

// assertReady: these pods exist, are ready and not terminating.
func assertReady(s *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) > 0, "ready POD…")
	ctx, cancel := requestContext()
	defer cancel()
	for _, name := range args {
		pod, err := s.cluster.Client().CoreV1().Pods(s.namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if !available(pod) {
			return fmt.Errorf("%s is not ready: %s, deleted at %v, %v", name, pod.Status.Phase, pod.DeletionTimestamp, pod.Status.Conditions)
		}
	}
	return nil
}

// assertPublished counts the ready endpoints of a Service, which DNS returns for it. Endpoints of
// pods that no longer exist do not count.
func assertPublished(s *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) == 2, "published [NAMESPACE/]SERVICE COUNT")
	namespace, service, found := strings.Cut(args[0], "/")
	if !found {
		namespace, service = s.namespace, args[0]
	}
	ctx, cancel := requestContext()
	defer cancel()
	kube := s.cluster.Client()
	pods, err := kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	addresses := map[types.UID]string{}
	for i := range pods.Items {
		addresses[pods.Items[i].UID] = pods.Items[i].Status.PodIP
	}
	list, err := kube.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service})
	if err != nil {
		return err
	}
	ready := 0
	for i := range list.Items {
		for _, e := range list.Items[i].Endpoints {
			if isReady := e.Conditions.Ready == nil || *e.Conditions.Ready; isReady && e.TargetRef != nil && addresses[e.TargetRef.UID] == e.Addresses[0] {
				ready++
			}
		}
	}
	if strconv.Itoa(ready) != args[1] {
		return fmt.Errorf("%d ready endpoints of %s, want %s", ready, args[0], args[1])
	}
	return nil
}

// file is the path of a file in a volume, which is a folder of this machine.
func (s *scenario) file(object string) (string, error) {
	o, err := s.get(object)
	if err != nil {
		return "", err
	}
	if o.GetKind() == "PersistentVolumeClaim" {
		name, _, err := unstructured.NestedString(o.Object, "spec", "volumeName")
		if err != nil {
			return "", err
		}
		if name == "" {
			return "", fmt.Errorf("%s is not bound", object)
		}
		if o, err = s.get("pv/" + name); err != nil {
			return "", err
		}
	}
	folder, found, err := unstructured.NestedString(o.Object, "spec", "hostPath", "path")
	if err == nil && !found {
		err = fmt.Errorf("%s is no folder of this machine", object)
	}
	return filepath.Join(folder, "file"), err
}

// cmdWrite writes a file to a volume as soon as the claim is bound.
func cmdWrite(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "write pvc/NAME|pv/NAME TEXT")
	until(ts, func() error {
		path, err := of(ts).file(args[0])
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(args[1]), 0o600)
	})
}

// assertHolds: the file in the volume has this content.
func assertHolds(s *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) == 2, "holds pvc/NAME|pv/NAME TEXT")
	path, err := s.file(args[0])
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err == nil && string(text) != args[1] {
		err = fmt.Errorf("%s holds %q, want %q", args[0], text, args[1])
	}
	return err
}
