package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/assert"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// shop is an API server with the StatefulSets db, queue and web, whose updates have reached ordinal 2. It
// carries out patches of sets, and watches show them.
type shop struct {
	*httptest.Server
	// refuse is called with every request, and returns another answer than the usual one. It may be nil.
	refuse func(r *http.Request) *metav1.Status

	mu       sync.Mutex
	sets     map[string]*appsv1.StatefulSet
	objects  map[string][]runtime.Object // by resource, besides the sets
	changed  chan struct{}               // closed and replaced when a set has changed
	requests []string
	summary  string // of a workflow
}

func newShop(t *testing.T, edit ...func(*shop)) *shop {
	t.Helper()
	s := &shop{sets: map[string]*appsv1.StatefulSet{}, objects: map[string][]runtime.Object{}, changed: make(chan struct{})}
	for _, name := range []string{"queue", "db", "web"} {
		set := ststest.Web(3).Sets[0]
		set.Name, set.UID, set.Labels = name, types.UID(name+"-uid"), map[string]string{"part": "shop"}
		set.Spec.VolumeClaimTemplates = nil
		old := ststest.Revision(set, name+"-1", 1, set.Spec.Template)
		set.Spec.Template = ststest.Template("web:2")
		for _, r := range []*appsv1.ControllerRevision{old, ststest.Revision(set, name+"-2", 2, set.Spec.Template)} {
			r.Labels = set.Spec.Template.Labels
			s.objects["controllerrevisions"] = append(s.objects["controllerrevisions"], r)
		}
		set.Status = appsv1.StatefulSetStatus{ObservedGeneration: 1, CurrentRevision: name + "-1", UpdateRevision: name + "-2",
			Replicas: 3, ReadyReplicas: 3, AvailableReplicas: 3, CurrentReplicas: 2, UpdatedReplicas: 1}
		s.objects["pods"] = append(s.objects["pods"], ststest.Pod(set, 0, name+"-1"), ststest.Pod(set, 1, name+"-1"), ststest.Pod(set, 2, name+"-2"))
		s.sets[name] = set
	}
	for _, e := range edit {
		e(s)
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// complete ends the update of a set: there is nothing to pause.
func complete(name string) func(*shop) {
	return func(s *shop) {
		set := s.sets[name]
		set.Status.CurrentRevision = set.Status.UpdateRevision
		for _, o := range s.objects["pods"] {
			if pod := o.(*corev1.Pod); sts.OwnerSet(pod) == name {
				pod.Labels[appsv1.StatefulSetRevisionLabel] = set.Status.UpdateRevision
			}
		}
	}
}

// locked gives a set the lock of another client.
func locked(name string) func(*shop) {
	return func(s *shop) {
		lock, _ := json.Marshal(record.Owner{Name: "ben", ID: "1", Command: "restart", Since: ststest.Now.Add(-time.Minute)})
		s.sets[name].Annotations = map[string]string{record.OwnerAnnotation: string(lock)}
	}
}

// ServeHTTP implements [http.Handler].
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", ststest.Now.UTC().Format(http.TimeFormat))
	parts := strings.Split(r.URL.Path, "/")
	resource, name := parts[len(parts)-1], ""
	if i := slices.Index(parts, "statefulsets"); i > 0 && i < len(parts)-1 {
		resource, name = "statefulsets", parts[i+1]
	}
	query := r.URL.Query()
	line := r.Method + " " + strings.TrimSuffix(resource+"/"+name, "/")
	if query.Get("watch") != "" {
		line = "WATCH " + resource
	}
	if query.Has("dryRun") {
		line += " (dry run)"
	}
	s.mu.Lock()
	s.requests = append(s.requests, line)
	s.mu.Unlock()
	if s.refuse != nil {
		if status := s.refuse(r); status != nil {
			w.WriteHeader(int(status.Code))
			_ = json.NewEncoder(w).Encode(status)
			return
		}
	}
	switch {
	case query.Get("watch") != "":
		s.watch(w, r, resource)
	case r.Method == http.MethodPatch && resource == "statefulsets":
		s.patch(w, r, name)
	case strings.HasSuffix(r.URL.Path, "/namespaces/"+ststest.Namespace):
		_ = json.NewEncoder(w).Encode(withKind(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ststest.Namespace}}))
	case r.Method != http.MethodGet:
		_ = json.NewEncoder(w).Encode(withKind(&corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "event"}}))
	case name != "":
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(withKind(s.sets[name]))
	default:
		s.list(w, r, resource)
	}
}

// patch carries out a JSON patch of a set.
func (s *shop) patch(w http.ResponseWriter, r *http.Request, name string) {
	var ops []operate.PatchOp
	_ = json.NewDecoder(r.Body).Decode(&ops)
	s.mu.Lock()
	defer s.mu.Unlock()
	set, err := operate.Patched(s.sets[name], ops)
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_ = json.NewEncoder(w).Encode(failure(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, err.Error()))
		return
	}
	if !r.URL.Query().Has("dryRun") {
		set.ResourceVersion += "0"
		set.Generation++
		set.Status.ObservedGeneration++
		s.sets[name] = set
		close(s.changed)
		s.changed = make(chan struct{})
	}
	_ = json.NewEncoder(w).Encode(withKind(set))
}

func (s *shop) found(r *http.Request, resource string) []runtime.Object {
	objects := s.objects[resource]
	if resource == "statefulsets" {
		for _, name := range []string{"db", "queue", "web"} {
			objects = append(objects, s.sets[name])
		}
	}
	selector, _ := labels.Parse(r.URL.Query().Get("labelSelector"))
	name, byName := strings.CutPrefix(r.URL.Query().Get("fieldSelector"), "metadata.name=")
	var out []runtime.Object
	for _, o := range objects {
		if m, err := meta.Accessor(o); err == nil && selector.Matches(labels.Set(m.GetLabels())) && (!byName || m.GetName() == name) {
			out = append(out, withKind(o))
		}
	}
	return out
}

// kindAt are the apiVersion and the kind of the resource of a request.
func kindAt(r *http.Request, resource string) (version, kind string) {
	version = strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/apis/"), "/api/")
	version, _, _ = strings.Cut(version, "/namespaces/")
	return version, map[string]string{"statefulsets": "StatefulSet", "pods": "Pod", "controllerrevisions": "ControllerRevision", "poddisruptionbudgets": "PodDisruptionBudget",
		"services": "Service", "events": "Event", "persistentvolumeclaims": "PersistentVolumeClaim", "horizontalpodautoscalers": "HorizontalPodAutoscaler"}[resource]
}

func (s *shop) list(w http.ResponseWriter, r *http.Request, resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	version, kind := kindAt(r, resource)
	if kind == "" {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(failure(http.StatusNotFound, metav1.StatusReasonNotFound, "no resource "+resource))
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": kind + "List", "apiVersion": version,
		"metadata": map[string]string{"resourceVersion": "1"}, "items": append([]runtime.Object{}, s.found(r, resource)...)})
}

// watch sends everything at first, and later what has changed.
func (s *shop) watch(w http.ResponseWriter, r *http.Request, resource string) {
	send := func(kind string, o any) {
		_ = json.NewEncoder(w).Encode(map[string]any{"type": kind, "object": o})
	}
	for first := true; ; first = false {
		s.mu.Lock()
		objects, changed := s.found(r, resource), s.changed
		s.mu.Unlock()
		for _, o := range objects {
			if first && r.URL.Query().Has("sendInitialEvents") {
				send("ADDED", o)
			} else if !first && resource == "statefulsets" {
				send("MODIFIED", o)
			}
		}
		if first && r.URL.Query().Has("sendInitialEvents") {
			version, kind := kindAt(r, resource)
			send("BOOKMARK", map[string]any{"kind": kind, "apiVersion": version,
				"metadata": map[string]any{"resourceVersion": "1", "annotations": map[string]string{metav1.InitialEventsAnnotationKey: "true"}}})
		}
		w.(http.Flusher).Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func withKind(o runtime.Object) runtime.Object {
	kinds, _, err := scheme.Scheme.ObjectKinds(o)
	if err != nil {
		panic(err)
	}
	o = o.DeepCopyObject()
	o.GetObjectKind().SetGroupVersionKind(kinds[0])
	return o
}

func failure(code int32, reason metav1.StatusReason, message string) *metav1.Status {
	return &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}
}

// sent are the requests of these methods, without dry runs and Events.
func (s *shop) sent(method string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, line := range s.requests {
		if strings.HasPrefix(line, method+" ") && !strings.HasSuffix(line, "(dry run)") && line != "POST events" {
			out = append(out, line)
		}
	}
	return out
}

// run runs a command line in the namespace of the sets. The answer is what is typed on a terminal, if any.
func (s *shop) run(ctx context.Context, t *testing.T, answer, line string) *invocation {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config")
	assert.NilError(t, os.WriteFile(config, fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","current-context":"lab",
	"contexts":[{"name":"lab","context":{"cluster":"one","user":"kim","namespace":%q}}],
	"clusters":[{"name":"one","cluster":{"server":%q}}],"users":[{"name":"kim","user":{}}]}`, ststest.Namespace, s.URL), 0o600))
	t.Setenv("KUBECONFIG", config)
	i := &invocation{}
	env := Env{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(answer), Out: &i.out, ErrOut: &i.err},
		Clock:     testingclock.NewFakeClock(ststest.Now), Called: "kubectl sts", Who: "alice@laptop", InTerminal: answer != "",
		Getenv: func(name string) string {
			if name == "GITHUB_STEP_SUMMARY" {
				return filepath.Join(filepath.Dir(config), "summary.md")
			}
			return ""
		},
	}
	i.code = Exit(&i.err, Execute(ctx, env, strings.Fields(line)))
	summary, _ := os.ReadFile(filepath.Join(filepath.Dir(config), "summary.md")) // only a workflow has one
	s.summary = string(summary)
	return i
}

// refusing answers the patch of a set that is no dry run.
func refusing(name string) func(*shop) {
	return func(s *shop) {
		s.refuse = func(r *http.Request) *metav1.Status {
			if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/"+name) && !r.URL.Query().Has("dryRun") {
				return failure(http.StatusBadRequest, metav1.StatusReasonBadRequest, "bad request for "+name)
			}
			return nil
		}
	}
}

func TestSeveralSets(t *testing.T) {
	var said transcript
	for _, test := range []struct {
		name, answer, line string
		edit               []func(*shop)
		code               int
		patched            []string
	}{
		{"the plans of two", "", "restart web sts/db --dry-run=client", []func(*shop){complete("web"), complete("db")}, ExitOK, nil},
		{"in the order of the names", "", "pause web queue db --yes", nil, ExitOK, []string{"web", "queue", "db"}},
		{"by name with a selector", "", "pause -l part=shop --yes", nil, ExitOK, []string{"db", "queue", "web"}},
		{"one confirmation", "y\n", "pause web db", nil, ExitOK, []string{"web", "db"}},
		{"declined", "n\n", "pause web db", nil, ExitError, nil},
		{"no terminal", "", "pause web db", nil, ExitUsage, nil},
		{"nothing to do for one", "y\n", "pause -l part=shop", []func(*shop){complete("db")}, ExitOK, []string{"queue", "web"}},
		{"nothing to do for any", "", "pause web db", []func(*shop){complete("db"), complete("web")}, ExitOK, nil},
		{"one is refused", "", "pause web db queue --yes", []func(*shop){locked("db")}, ExitRefused, nil},
		{"two are refused, one is complete", "", "pause -l part=shop --yes", []func(*shop){locked("db"), locked("web"), complete("queue")}, ExitRefused, nil},
		{"one is refused in a dry run", "", "pause web db --dry-run=client", []func(*shop){locked("db")}, ExitRefused, nil},
		{"one fails", "", "pause web db queue --yes --owner=kim --timeout=1h", []func(*shop){refusing("db")}, ExitError, []string{"web", "db"}},
		{"the last one fails", "", "pause web db --yes", []func(*shop){refusing("db")}, ExitError, []string{"web", "db"}},
		{"some do not exist", "", "pause web nope none --yes", nil, ExitError, nil},
		{"the selector matches none", "", "pause -l part=none --yes", nil, ExitOK, nil},
		{"patches for Git", "", "pause -l part=shop --print-patch", []func(*shop){complete("queue")}, ExitOK, nil},
		{"no patch is refused", "", "pause web db --print-patch", []func(*shop){locked("db")}, ExitRefused, nil},
		{"names", "", "pause web db queue --yes -o name", []func(*shop){refusing("db")}, ExitError, []string{"web", "db"}},
		{"a workflow", "", "pause web db queue --yes -o github", []func(*shop){refusing("db")}, ExitError, []string{"web", "db"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, test.edit...)
			i := s.run(t.Context(), t, test.answer, test.line)
			said.add(i, test.line)
			if i.code != test.code {
				t.Errorf("exit code %d, want %d\n%s%s", i.code, test.code, i.out.String(), i.err.String())
			}
			var want []string
			for _, name := range test.patched {
				want = append(want, "PATCH statefulsets/"+name)
			}
			if diff := cmp.Diff(want, slices.Compact(s.sent(http.MethodPatch))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			reads := 1
			if strings.Contains(i.err.String(), "not found") {
				reads = 2 // for the hint
			}
			if got := s.sent("GET"); len(slices.DeleteFunc(got, func(line string) bool { return !strings.HasPrefix(line, "GET statefulsets") })) != reads {
				t.Errorf("the sets are read by %v", got)
			}
		})
	}
	said.check(t, "several")
}

// A report for each set, and what has not started.
func TestReportsOfSeveralSets(t *testing.T) {
	for name, test := range map[string]struct {
		line              string
		edit              []func(*shop)
		ended, notStarted []string
	}{
		"all":       {"pause web db --yes -o json", nil, []string{"web Paused ", "db Paused "}, nil},
		"a failure": {"pause web db queue --yes -o json", []func(*shop){refusing("db")}, []string{"web Paused ", "db  patch statefulset/db: bad request for db", "queue  "}, []string{"queue"}},
		"a refusal": {"pause web db --yes -o json", []func(*shop){locked("db")}, []string{"web  ", "db Owned "}, []string{"web"}},
		"none":      {"pause -l part=none --yes -o json", nil, nil, nil},
		"only one":  {"pause -l part=shop --dry-run=client -o json", []func(*shop){func(s *shop) { s.sets["db"].Labels, s.sets["web"].Labels = nil, nil }}, []string{"queue  "}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			i := newShop(t, test.edit...).run(t.Context(), t, "", test.line)
			var got struct {
				Kind       string
				NotStarted []string
				Items      []struct {
					Name, Error string
					Outcome     struct{ Reason string }
				}
			}
			assert.NilError(t, json.Unmarshal(i.out.Bytes(), &got))
			var ended []string
			for _, item := range got.Items {
				ended = append(ended, item.Name+" "+item.Outcome.Reason+" "+item.Error)
			}
			assert.Equal(t, got.Kind, "ChangeReportList")
			assert.DeepEqual(t, ended, test.ended)
			assert.DeepEqual(t, got.NotStarted, test.notStarted)
		})
	}
}

// The summary of a workflow has a section for each set.
func TestSummaryOfSeveralSets(t *testing.T) {
	s := newShop(t, refusing("db"))
	s.run(t.Context(), t, "", "pause web db queue --yes -o github")
	var sections []string
	for line := range strings.Lines(s.summary) {
		if strings.HasPrefix(line, "#") {
			sections = append(sections, line)
		}
	}
	assert.DeepEqual(t, sections, []string{"### kubectl sts pause web: done\n", "### kubectl sts pause db: failed\n", "### kubectl sts pause queue: not started\n"})
}

// After Ctrl-C, the command to resume has the set in progress and those that have not started.
func TestSeveralSetsInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	s := newShop(t, func(s *shop) {
		s.refuse = func(r *http.Request) *metav1.Status {
			if r.URL.Query().Get("watch") != "" && r.URL.Query().Get("fieldSelector") == "metadata.name=db" {
				interrupt(&SignalError{syscall.SIGINT})
				<-r.Context().Done() // nothing is seen of this set
			}
			return nil
		}
	})
	i := s.run(ctx, t, "", "pause web db queue --yes")
	assert.Equal(t, i.code, ExitInterrupted)
	assert.DeepEqual(t, slices.Compact(s.sent(http.MethodPatch)), []string{"PATCH statefulsets/web"})
	if !strings.HasSuffix(i.err.String(), "interrupted\nnot started: statefulset.apps/queue\n→ to resume: kubectl sts pause db queue\n") {
		t.Error(i.err.String())
	}
}

// The timeout is that of all sets, and the lock of a later one is from its own turn.
func TestTurnOfALaterSet(t *testing.T) {
	clock := testingclock.NewFakeClock(ststest.Now)
	client, err := kube.New(&rest.Config{Host: "localhost"}, "test", clock, io.Discard)
	assert.NilError(t, err)
	var since []time.Time
	b := &batch{mutation: &mutation{common: &common{env: &Env{Clock: clock}}, timeout: 5 * time.Minute}, client: client,
		build: func(_ context.Context, _ *kube.Client, _ *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
			since = append(since, lock.Since)
			return operate.NewPauseUpdate(lock, nil), nil
		}}
	r := &mutationRun{mutation: b.mutation}
	clock.Step(2 * time.Minute)
	left, err := b.left(ststest.Now)
	assert.NilError(t, err)
	assert.Equal(t, left, 3*time.Minute)
	assert.NilError(t, b.turn(t.Context(), r))
	assert.DeepEqual(t, since, []time.Time{ststest.Now.Add(2 * time.Minute)})
	clock.Step(3 * time.Minute)
	expired := (*loop.TimeoutError)(nil)
	if _, err := b.left(ststest.Now); !errors.As(err, &expired) || expired.After != b.timeout {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	interrupted := (*loop.InterruptedError)(nil)
	if err := b.turn(ctx, r); !errors.As(err, &interrupted) {
		t.Error(err)
	}
	assert.Equal(t, len(since), 1)
	b.timeout = 0
	left, err = b.left(ststest.Now)
	assert.NilError(t, err)
	assert.Equal(t, left, time.Duration(0))
}
