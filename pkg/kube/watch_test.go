package kube

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// watched answers the watches of a view: with the objects that the recorder knows, and then with the
// events that a test sends to all watches of a resource.
type watched struct {
	*recorder
	server *httptest.Server
	// refuse is the answer to a watch or list of a resource, nil to let it be watched.
	refuse func(resource string) *metav1.Status

	mu    sync.Mutex
	urls  []string
	sinks map[string][]chan string
}

func watching(t *testing.T, inv *sts.Inventory, more ...runtime.Object) (*watched, *Client) {
	t.Helper()
	r, _ := recordRequests(t, inv, more...)
	s := &watched{recorder: r, sinks: map[string][]chan string{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.CloseClientConnections)
	client, err := New(&rest.Config{Host: s.server.URL}, "test", hurried{testingclock.NewFakeClock(ststest.Now)}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

// ServeHTTP implements [http.Handler].
func (s *watched) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	w.Header().Set("Date", ststest.Now.Format(http.TimeFormat))
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	q, err := read(h)
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	s.mu.Lock()
	var status *metav1.Status
	if s.refuse != nil && q.name == "" {
		status = s.refuse(q.resource)
	}
	s.mu.Unlock()
	if status != nil {
		w.WriteHeader(int(status.Code))
		_ = json.NewEncoder(w).Encode(status)
		return
	}
	if h.URL.Query().Get("watch") == "" {
		s.recorder.ServeHTTP(w, h)
		return
	}
	s.mu.Lock()
	events := make(chan string, 100)
	s.sinks[q.resource] = append(s.sinks[q.resource], events)
	query := h.URL.Query()
	selectors := strings.TrimPrefix(query.Get("labelSelector")+" "+query.Get("fieldSelector"), " ")
	s.urls = append(s.urls, strings.TrimSpace(q.resource+" "+selectors))
	s.mu.Unlock()
	if query.Get("sendInitialEvents") == "true" {
		s.recorder.mu.Lock()
		known := slices.Clone(s.objects[q.resource])
		s.recorder.mu.Unlock()
		for _, o := range known {
			if m, err := meta.Accessor(o); err == nil && (q.field == "" || q.field == m.GetName()) {
				_, _ = io.WriteString(w, event("ADDED", o))
			}
		}
		end := list(q.resource, h.URL.Path, nil) // of which the bookmark takes the kind
		item := map[string]any{"apiVersion": end.GetObjectKind().GroupVersionKind().GroupVersion().String(), "kind": strings.TrimSuffix(end.GetObjectKind().GroupVersionKind().Kind, "List"),
			"metadata": map[string]any{"resourceVersion": "100", "annotations": map[string]string{metav1.InitialEventsAnnotationKey: "true"}}}
		_ = json.NewEncoder(w).Encode(map[string]any{"type": "BOOKMARK", "object": item})
	}
	w.(http.Flusher).Flush()
	for {
		select {
		case <-h.Context().Done():
			return
		case e := <-events:
			_, _ = io.WriteString(w, e)
			w.(http.Flusher).Flush()
		}
	}
}

func event(kind string, o runtime.Object) string {
	raw, err := json.Marshal(map[string]any{"type": kind, "object": stamped(o)})
	if err != nil {
		panic(err)
	}
	return string(raw) + "\n"
}

// seen is what was watched, sorted.
func (s *watched) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.urls))
}

// count is how often that was watched.
func (s *watched) count(url string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.urls {
		if u == url {
			n++
		}
	}
	return n
}

// send has all watches of the resource report a change.
func (s *watched) send(resource, kind string, o runtime.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sink := range s.sinks[resource] {
		sink <- event(kind, o)
	}
}

// said are the lines that a view has written.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) tell() Tell {
	note := func(kind string) func(string) {
		return func(line string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.lines = append(s.lines, kind+": "+line)
		}
	}
	return Tell{Warn: note("warning"), Say: note("message")}
}

func (s *said) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

// until reads snapshots until one is as expected; nil when the channel is closed.
func until[T any](t *testing.T, snapshots <-chan *T, expected func(*T) bool) *T {
	t.Helper()
	over := time.After(30 * time.Second)
	for {
		select {
		case s, ok := <-snapshots:
			if !ok {
				return nil
			}
			if expected(s) {
				return s
			}
		case <-over:
			t.Fatal("no snapshot is as expected")
		}
	}
}

func anything[T any](*T) bool { return true }

func opened(t *testing.T, client *Client, q Query, needed []string) (*View, *said) {
	t.Helper()
	lines := &said{}
	view, err := client.Open(t.Context(), q, needed, lines.tell())
	if err != nil {
		t.Fatal(err)
	}
	view.NoTrials = true
	return view, lines
}

var ofWeb = Query{Namespace: ststest.Namespace, Names: []string{"web"}}

// TestWatch: of one set only what belongs to it is watched, and the first snapshot has all of it.
func TestWatch(t *testing.T) {
	inv := ststest.Web(3)
	stranger := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "another"}}
	s, client := watching(t, inv, append(onVolumes(inv), stranger)...)
	view, _ := opened(t, client, ofWeb, Needs)
	got := until(t, view.Watch(t.Context()), anything[sts.Snapshot])
	if got == nil {
		t.Fatal(view.Err())
	}
	want := []string{
		"controllerrevisions app=web", "events type=Normal,involvedObject.kind=StatefulSet,involvedObject.name=web", "events type=Warning",
		"horizontalpodautoscalers", "persistentvolumeclaims", "persistentvolumes", "poddisruptionbudgets", "pods app=web", "services metadata.name=web", "statefulsets metadata.name=web",
	}
	if diff := cmp.Diff(want, s.seen()); diff != "" {
		t.Errorf("watches (-want +got):\n%s", diff)
	}
	if len(got.Pods) != 3 || len(got.Claims) != 3 || len(got.Budgets) != 1 || len(got.Revisions) != 1 || len(got.Volumes) != 3 || len(got.Missing) > 0 || !got.TakenAt.Equal(ststest.Now) {
		t.Errorf("pods %v, claims %v, budgets %v, revisions %v, volumes %v, missing %v", namesOf(got.Pods), namesOf(got.Claims), namesOf(got.Budgets), namesOf(got.Revisions), got.Volumes, got.Missing)
	}
}

// TestWatchWithoutClaims: where no pod mounts a claim, no volume of the cluster is watched.
func TestWatchWithoutClaims(t *testing.T) {
	inv := ststest.Web(1)
	inv.Sets[0].Spec.VolumeClaimTemplates, inv.Claims = nil, nil
	s, client := watching(t, inv)
	view, _ := opened(t, client, ofWeb, nil)
	if until(t, view.Watch(t.Context()), anything[sts.Snapshot]) == nil {
		t.Fatal(view.Err())
	}
	for _, url := range s.seen() {
		if strings.HasPrefix(url, "persistentvolumes") || strings.HasPrefix(url, "controllerrevisions") {
			t.Errorf("%s are watched", url)
		}
	}
}

// TestWatchAll: several sets are watched with what is in their namespace.
func TestWatchAll(t *testing.T) {
	inv := ststest.Web(2)
	inv.Sets = append(inv.Sets, setNamed("db"))
	inv.Sets[1].UID = "db-uid"
	for _, test := range []struct {
		query Query
		sets  []string
		watch string
	}{
		{Query{Namespace: "test", Selector: "tier=db"}, []string{"db", "web"}, "statefulsets tier=db"},
		{Query{Namespace: "test", Names: []string{"db", "web"}}, []string{"db", "web"}, "statefulsets"},
	} {
		s, client := watching(t, inv)
		view, _ := opened(t, client, test.query, nil)
		got := until(t, view.WatchAll(t.Context()), anything[sts.Inventory])
		if got == nil {
			t.Fatal(view.Err())
		}
		if diff := cmp.Diff(test.sets, namesOf(got.Sets)); diff != "" || len(got.Pods) != 2 || !slices.Contains(s.seen(), test.watch) || !slices.Contains(s.seen(), "pods") {
			t.Errorf("%+v: %s pods %v, watches %v", test.query, diff, namesOf(got.Pods), s.seen())
		}
	}
	_, client := watching(t, inv)
	view, _ := opened(t, client, Query{Namespace: "test", Names: []string{"web", "gone"}}, nil)
	if got := until(t, view.WatchAll(t.Context()), anything[sts.Inventory]); got != nil || !apierrors.IsNotFound(view.Err()) {
		t.Errorf("a set does not exist: %v, %v", got, view.Err())
	}
}

// TestWatchNames: names depend on pods, Services and EndpointSlices only.
func TestWatchNames(t *testing.T) {
	s, client := watching(t, ststest.Web(2))
	view, err := client.OpenNames(t.Context(), ofWeb, (&said{}).tell())
	if err != nil {
		t.Fatal(err)
	}
	got := until(t, view.WatchAll(t.Context()), anything[sts.Inventory])
	if diff := cmp.Diff([]string{"endpointslices kubernetes.io/service-name=web", "pods app=web", "services metadata.name=web", "statefulsets metadata.name=web"}, s.seen()); diff != "" {
		t.Errorf("watches (-want +got):\n%s", diff)
	}
	if got == nil || len(got.Pods) != 2 {
		t.Errorf("%+v, %v", got, view.Err())
	}
	if _, err := client.OpenNames(t.Context(), Query{Namespace: "test", Names: []string{"gone"}}, Tell{}); !apierrors.IsNotFound(err) {
		t.Errorf("a set does not exist: %v", err)
	}
	if _, err := client.Open(t.Context(), Query{Namespace: "test", Names: []string{"gone"}}, nil, Tell{}); !apierrors.IsNotFound(err) {
		t.Errorf("a set does not exist: %v", err)
	}
}

// TestWatchShowsChanges: a snapshot follows what the watches report, and remembers pods that have gone.
func TestWatchShowsChanges(t *testing.T) {
	inv := ststest.Web(3)
	s, client := watching(t, inv)
	view, _ := opened(t, client, ofWeb, Needs)
	snapshots := view.Watch(t.Context())
	until(t, snapshots, anything[sts.Snapshot])

	going := inv.Pods[2].DeepCopy()
	ststest.Terminating(going, ststest.Now)
	going.ResourceVersion, going.Finalizers = "200", []string{record.LeavingFinalizer}
	s.send("pods", "MODIFIED", going)
	until(t, snapshots, func(s *sts.Snapshot) bool { return s.Pods[2].DeletionTimestamp != nil })
	free := going.DeepCopy()
	free.ResourceVersion, free.Finalizers = "201", nil
	s.send("pods", "MODIFIED", free)
	got := until(t, snapshots, func(s *sts.Snapshot) bool { return len(s.Pods[2].Finalizers) == 0 })
	if at := got.Memory.Released[going.UID]; !at.Equal(ststest.Now) {
		t.Errorf("the removal of the last finalizer is not remembered: %v", got.Memory)
	}
	s.send("pods", "DELETED", free)
	got = until(t, snapshots, func(s *sts.Snapshot) bool { return len(s.Pods) == 2 })
	gone := got.Memory.Gone[types.NamespacedName{Namespace: "test", Name: "web-2"}]
	if len(gone) != 1 || gone[0].UID != going.UID || !gone[0].WasReady {
		t.Errorf("the pod is not remembered: %v", got.Memory)
	}
	view.Wake()
	if until(t, snapshots, anything[sts.Snapshot]) == nil {
		t.Error(view.Err())
	}
}

// TestWatchEnds: without its set, or what has to be seen, a view has nothing to show.
func TestWatchEnds(t *testing.T) {
	for name, test := range map[string]struct {
		refuse func(resource string) *metav1.Status
		change func(s *watched, inv *sts.Inventory)
		want   string
	}{
		"pods are forbidden": {refuse: func(resource string) *metav1.Status {
			if resource == "pods" {
				return mayNot("pods")
			}
			return nil
		}, want: mayNot("pods").Message},
		"no longer authenticated": {refuse: func(string) *metav1.Status {
			return failure(http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "who are you")
		}, want: "who are you"},
		"the set is deleted": {change: func(s *watched, inv *sts.Inventory) { s.send("statefulsets", "DELETED", inv.Sets[0]) }, want: msgSetDeleted("web")},
		"the set is recreated": {change: func(s *watched, inv *sts.Inventory) {
			set := inv.Sets[0].DeepCopy()
			set.UID, set.ResourceVersion = "another-uid", "200"
			s.send("statefulsets", "MODIFIED", set)
		}, want: "another-uid"},
	} {
		t.Run(name, func(t *testing.T) {
			inv := ststest.Web(2)
			s, client := watching(t, inv)
			view, _ := opened(t, client, ofWeb, Needs)
			s.mu.Lock()
			s.refuse = test.refuse
			s.mu.Unlock()
			snapshots := view.Watch(t.Context())
			if test.change != nil {
				until(t, snapshots, anything[sts.Snapshot])
				test.change(s, inv)
			}
			got := until(t, snapshots, func(*sts.Snapshot) bool { return test.change == nil })
			if err := view.Err(); got != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s; snapshot %v", err, test.want, got)
			}
		})
	}
}

// TestWatchReportsWhatIsForbidden: what is not needed may be missing.
func TestWatchReportsWhatIsForbidden(t *testing.T) {
	s, client := watching(t, ststest.Web(2))
	view, lines := opened(t, client, ofWeb, Needs)
	s.refuse = func(resource string) *metav1.Status {
		if resource == "services" || resource == "events" {
			return mayNot(resource)
		}
		return nil
	}
	got := until(t, view.Watch(t.Context()), anything[sts.Snapshot])
	if got == nil {
		t.Fatal(view.Err())
	}
	slices.SortFunc(got.Missing, func(a, b sts.Missing) int { return strings.Compare(a.Resource, b.Resource) })
	want := []sts.Missing{{Resource: "events", Reason: mayNot("events").Message}, {Resource: "services", Reason: mayNot("services").Message}}
	if diff := cmp.Diff(want, got.Missing); diff != "" || len(lines.all()) > 0 {
		t.Errorf("missing (-want +got):\n%s\n%v", diff, lines.all())
	}
}

// TestWatchLosesTheServer: no snapshot comes while the server cannot be reached. That is reported once,
// and so is the end of it.
func TestWatchLosesTheServer(t *testing.T) {
	klog.LogToStderr(false) // client-go's own words about it, which the command does not show either
	klog.SetOutput(io.Discard)
	t.Cleanup(func() { klog.LogToStderr(true) })
	inv := ststest.Web(2)
	var mu sync.Mutex
	down := false
	s, _ := watching(t, inv)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		mu.Lock()
		refused := down
		mu.Unlock()
		if refused {
			panic(http.ErrAbortHandler) // closes the connection
		}
		s.ServeHTTP(w, h)
	}))
	t.Cleanup(front.CloseClientConnections)
	client, err := New(&rest.Config{Host: front.URL}, "test", hurried{testingclock.NewFakeClock(ststest.Now)}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	view, lines := opened(t, client, ofWeb, Needs)
	snapshots := view.Watch(t.Context())
	until(t, snapshots, anything[sts.Snapshot])
	mu.Lock()
	down = true
	mu.Unlock()
	front.CloseClientConnections()
	for len(lines.all()) == 0 {
		time.Sleep(time.Millisecond)
	}
	for drained := false; !drained; { // a snapshot may have been due
		select {
		case <-snapshots:
		case <-time.After(50 * time.Millisecond):
			drained = true
		}
	}
	view.Wake()
	select {
	case got := <-snapshots:
		t.Errorf("a snapshot of what was seen before: %v, %v", got, view.Err())
	case <-time.After(50 * time.Millisecond):
	}
	mu.Lock()
	down = false
	mu.Unlock()
	if until(t, snapshots, anything[sts.Snapshot]) == nil {
		t.Fatal(view.Err())
	}
	pod := inv.Pods[1].DeepCopy()
	pod.UID, pod.ResourceVersion = "recreated", "200"
	for s.count("pods app=web") < 2 { // it is watched again
		time.Sleep(time.Millisecond)
	}
	s.send("pods", "MODIFIED", pod)
	if until(t, snapshots, func(s *sts.Snapshot) bool { return s.Pods[1].UID == "recreated" }) == nil {
		t.Error(view.Err())
	}
	kinds := ""
	for _, line := range lines.all() {
		kinds += line[:1]
	}
	if kinds = strings.ReplaceAll(kinds, "wm", ""); kinds != "" { // each time it is lost, it is back
		t.Errorf("said %v", lines.all())
	}
}

// TestWatchOfAServerThatIsNotThere: a server that has never answered may be the wrong one.
func TestWatchOfAServerThatIsNotThere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client, err := New(&rest.Config{Host: server.URL}, "test", hurried{testingclock.NewFakeClock(ststest.Now)}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	view, lines := opened(t, client, Query{Namespace: "test"}, nil)
	if got := until(t, view.WatchAll(t.Context()), anything[sts.Inventory]); got != nil || view.Err() == nil || len(lines.all()) > 0 {
		t.Errorf("%v, %v, said %v", got, view.Err(), lines.all())
	}
}

// TestWatchAsksForScaleUps: what autoscalers report is watched once a pod cannot be scheduled.
func TestWatchAsksForScaleUps(t *testing.T) {
	inv := ststest.Web(2)
	inv.Pods[1].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse}}
	s, client := watching(t, inv)
	view, _ := opened(t, client, ofWeb, Needs)
	if until(t, view.Watch(t.Context()), anything[sts.Snapshot]) == nil {
		t.Fatal(view.Err())
	}
	for _, reason := range diagnose.ScaleUpEvents() {
		if !slices.Contains(s.seen(), "events involvedObject.kind=Pod,reason="+reason) {
			t.Errorf("events %s are not watched: %v", reason, s.seen())
		}
	}
}

// TestWatchLooksForStrangers: a pod that is missing is looked for by its name, after a while and not at
// every snapshot.
func TestWatchLooksForStrangers(t *testing.T) {
	inv := ststest.Web(3)
	stranger := inv.Pods[2].DeepCopy()
	stranger.OwnerReferences = nil
	inv.Pods = inv.Pods[:2]
	r, client := recordRequests(t, inv, stranger)
	view := open(t, r, client)
	now := ststest.Now
	for _, step := range []struct {
		after time.Duration
		asks  int
		found bool
	}{{0, 0, false}, {missedFor - time.Second, 0, false}, {time.Second, 1, true}, {time.Second, 1, true}, {askedAgain, 2, true}} {
		now = now.Add(step.after)
		next := *inv
		next.TakenAt = now
		found := view.strangers(t.Context(), &next)
		if len(r.reads()) != step.asks || (len(found) == 1) != step.found {
			t.Errorf("after %s: asked %v, found %v", now.Sub(ststest.Now), r.urls(), namesOf(found))
		}
	}
	full := *inv
	full.Pods = append(full.Pods, stranger)
	if found := view.strangers(t.Context(), &full); found != nil {
		t.Errorf("no pod is missing, found %v", namesOf(found))
	}
}

// The watch of the volumes may be behind that of the claims: what seems to be missing is requested, once.
func TestWatchConfirmsVolumes(t *testing.T) {
	inv := ststest.Web(2)
	volume := func(name, claim string) *corev1.PersistentVolume {
		return &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PersistentVolumeSpec{
			ClaimRef: &corev1.ObjectReference{Namespace: ststest.Namespace, Name: claim, UID: types.UID(claim)},
		}}
	}
	r, client := recordRequests(t, inv, volume("pv-0", "data-web-0"), volume("pv-2", "data-web-2"))
	view := open(t, r, client)
	inv.Claims = nil
	for _, n := range []string{"0", "1", "2"} {
		inv.Claims = append(inv.Claims, &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "data-web-" + n, UID: types.UID("data-web-" + n)},
			Spec:       corev1.PersistentVolumeClaimSpec{VolumeName: "pv-" + n}, Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound},
		})
	}
	for _, step := range []struct {
		name  string
		asked int // in total
	}{{"at first", 3}, {"again", 3}} {
		inv.Volumes = []sts.Volume{sts.NewVolume(volume("pv-2", "data-web-9"))} // bound to another claim until a moment ago
		if !view.confirmVolumes(t.Context(), inv) {
			t.Fatal("nothing is known")
		}
		var got []string
		for _, v := range inv.Volumes {
			got = append(got, v.Name+" "+v.Claim.Name)
		}
		if diff := cmp.Diff([]string{"pv-2 data-web-2", "pv-0 data-web-0"}, got); diff != "" {
			t.Errorf("%s: volumes (-want +got):\n%s", step.name, diff)
		}
		if len(r.reads()) != step.asked {
			t.Errorf("%s: asked %v", step.name, r.urls())
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	inv.Claims[1].Spec.VolumeName, inv.Volumes = "pv-9", []sts.Volume{}
	if view.confirmVolumes(gone, inv) {
		t.Error("a request failed, and its volume counts as missing")
	}
	r.refuse = func(request) *metav1.Status {
		return &metav1.Status{Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: "volumes are forbidden"}
	}
	if view.confirmVolumes(t.Context(), inv) {
		t.Error("the request is forbidden, and its volume counts as missing")
	}
	if view.sees("persistentvolumes") {
		t.Error("the request is forbidden, and the volumes count as known")
	}
	if view.Err() != nil {
		t.Errorf("the request is forbidden, and the watch has ended: %s", view.Err())
	}
}

// A request for volumes that the server answers with an error ends the watch: it must not wait without a limit.
func TestWatchFailsToConfirmVolumes(t *testing.T) {
	inv := ststest.Web(1)
	r, client := recordRequests(t, inv)
	view := open(t, r, client)
	r.refuse = func(request) *metav1.Status {
		return &metav1.Status{Status: metav1.StatusFailure, Code: http.StatusBadRequest, Reason: metav1.StatusReasonBadRequest, Message: "no"}
	}
	inv.Claims = []*corev1.PersistentVolumeClaim{{
		ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "data-web-0", UID: "data-web-0"},
		Spec:       corev1.PersistentVolumeClaimSpec{VolumeName: "pv-0"}, Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound},
	}}
	inv.Volumes = []sts.Volume{}
	if view.confirmVolumes(t.Context(), inv) || !apierrors.IsBadRequest(view.Err()) || !strings.HasPrefix(view.Err().Error(), msgReadVolumes()+": ") {
		t.Errorf("got the error %v", view.Err())
	}
}
