package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// TestReadClaim: a claim is read with its volume, and with the other volumes that matter.
func TestReadClaim(t *testing.T) {
	const claim, volume = inNamespace + "persistentvolumeclaims/data-web-3", "/api/v1/persistentvolumes/"
	for name, test := range map[string]struct {
		view   claims.View
		change func(*claims.View) // of what is asked for
		sent   []string
		want   string // claim, volume, other, copy, who created it
	}{
		"a claim":                 {claimed(), nil, []string{claim, volume + "volume"}, "claim-uid volume-uid - - -"},
		"its volume is not known": {claimed(), func(v *claims.View) { v.VolumeName = "" }, []string{claim, volume + "volume"}, "claim-uid volume-uid - - -"},
		"made by the controller": {claimed(func(v *claims.View) {
			v.Claim.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:accessModes":{}}}`)}}
		}), nil, []string{claim, volume + "volume"}, "claim-uid volume-uid - - claim-uid"},
		"it is gone":                   {claimed(deleted), nil, []string{claim, volume + "volume"}, "- volume-uid - - -"},
		"both are gone":                {claimed(deleted, func(v *claims.View) { v.Volume = nil }), nil, []string{claim, volume + "volume"}, "- - - - -"},
		"it has no volume":             {claimed(func(v *claims.View) { v.Claim.Spec.VolumeName, v.VolumeName, v.Volume = "", "", nil }), nil, []string{claim}, "claim-uid - - - -"},
		"another volume is used":       {claimed(retained, replaced), nil, []string{claim, volume + "new-volume", volume + "volume"}, "new-claim-uid volume-uid new-volume-uid - new-claim-uid"},
		"its volume is being deleted":  {claimed(provisioned, deletingVolume, recorded, withCopy), nil, []string{claim, volume + "volume", volume + "volume-copy"}, "claim-uid volume-uid - copy-uid -"},
		"its volume is, without copy":  {claimed(provisioned, deletingVolume, recorded), nil, []string{claim, volume + "volume", volume + "volume-copy"}, "claim-uid volume-uid - - -"},
		"what was read before is gone": {claimed(), func(v *claims.View) { v.Other, v.Copy = v.Volume, v.Volume }, []string{claim, volume + "volume"}, "claim-uid volume-uid - - -"},
	} {
		t.Run(name, func(t *testing.T) {
			ask := claims.View{Namespace: "test", Name: "data-web-3", VolumeName: test.view.VolumeName, Claim: &corev1.PersistentVolumeClaim{}, Made: test.view.Made, Volume: test.view.Volume}
			if test.change != nil {
				test.change(&ask)
			}
			r, client := recordRequests(t, &sts.Inventory{}, claimCase{view: test.view}.known()...)
			got, err := (&Claims{Client: client}).Read(t.Context(), ask)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.sent, r.urls()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			have := strings.Join([]string{uid(got.Claim), uid(got.Volume), uid(got.Other), uid(got.Copy), or(string(got.Made))}, " ")
			if have != test.want {
				t.Errorf("%s, want %s", have, test.want)
			}
		})
	}
	unreadable := map[string]claims.View{
		"persistentvolumeclaims/data-web-3": claimed(), "persistentvolumes/volume": claimed(), "persistentvolumes/new-volume": claimed(retained, replaced),
		"persistentvolumes/volume-copy": claimed(provisioned, deletingVolume, recorded, withCopy),
	}
	for object, v := range unreadable {
		_, client := script(t, &sts.Inventory{}, func(q request) any {
			if q.resource+"/"+q.name != object {
				return nil
			}
			return failure(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable, "no leader")
		}, claimCase{view: v}.known()...)
		if _, err := (&Claims{Client: client}).Read(t.Context(), claims.View{Namespace: "test", Name: "data-web-3", VolumeName: "volume"}); !errors.Is(err, operate.ErrTransient) {
			t.Errorf("%s cannot be read: %v", object, err)
		}
	}
}

func uid[T any, P interface {
	*T
	metav1.Object
}](o P) string {
	if o == nil {
		return "-"
	}
	return string(o.GetUID())
}

func or(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// TestLook: a claim is judged by the whole namespace as it is now, also one that is gone.
func TestLook(t *testing.T) {
	inv := web(3)
	inv.Pods[0].Spec.Volumes = append(inv.Pods[0].Spec.Volumes, mounting("data-web-3").Spec.Volumes...)
	scripted := customResources()
	delete(scripted, "GET "+keda)
	r, client := script(t, inv, replies(scripted), append(workloads(), clones()...)...)
	w := &Claims{Client: client, Known: map[string][]*corev1.PersistentVolumeClaim{"test": inv.Claims}}
	judge, err := w.Look(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range append([]string{"statefulsets", "pods", "horizontalpodautoscalers", "persistentvolumeclaims"}, sts.UseResources...) {
		if !slices.ContainsFunc(r.urls(), func(url string) bool { return strings.Contains(url, "/"+resource+"?") }) {
			t.Errorf("%s are not listed: %v", resource, r.urls())
		}
	}
	named := func(name string, changes ...func(*claims.View)) claims.View {
		v := claimed(changes...)
		v.Name = name
		if v.Claim != nil {
			v.Claim.Name = name
		}
		return v
	}
	for name, test := range map[string]struct {
		view  claims.View
		state claims.State
		pod   string // that mounts it
	}{
		"a pod mounts it":                 {claimed(), claims.ClaimInUse, "web-0"},
		"a pod mounts it, and it goes":    {claimed(deleting), claims.ClaimInUse, "web-0"},
		"a pod mounts it, and it is gone": {claimed(retained, deleted), claims.ClaimInUse, "web-0"},
		"a pod of its own":                {named("data-web-1"), claims.ClaimInUse, "web-1"},
		"a deployment names it":           {named("of-app"), claims.ClaimDesired, ""},
		"a claim clones it":               {named("source"), claims.ClaimDesired, ""},
		"a snapshot of it is taken":       {named("snapshotted"), claims.ClaimDesired, ""},
		"nothing needs it":                {named("data"), claims.ClaimForeign, ""},
	} {
		a := judge(test.view)
		if a.Verdict.State != test.state || a.MountedBy != test.pod || a.Stays != test.pod || strings.Join(a.Users, ",") != test.pod || !a.At.Equal(ststest.Now) {
			t.Errorf("%s: %+v, want %s and pod %q", name, a, test.state, test.pod)
		}
	}
}

// TestLookNeedsSetsAndClaims: a claim must not be deleted because the sets could not be listed. What else
// could not be read is known to the judge.
func TestLookNeedsSetsAndClaims(t *testing.T) {
	for _, resource := range []string{"statefulsets", "persistentvolumeclaims"} {
		_, client := script(t, web(3), forbids(resource))
		if judge, err := (&Claims{Client: client}).Look(t.Context(), "test"); !apierrors.IsForbidden(err) || judge != nil {
			t.Errorf("%s are forbidden: %v", resource, err)
		}
	}
	for _, resource := range append([]string{"pods"}, sts.UseResources...) {
		_, client := script(t, ststest.Web(3), func(q request) any {
			if q.resource == resource || q.line == "GET "+snapshots && resource == "volumesnapshots" {
				return mayNot(resource)
			}
			return nil
		}, workloads()...)
		judge, err := (&Claims{Client: client}).Look(t.Context(), "test")
		if err != nil {
			t.Errorf("%s: %v", resource, err)
			continue
		}
		v := claimed()
		if a := judge(v); a.Verdict.Unseen() == "" {
			t.Errorf("%s are forbidden, and the verdict does not say so: %+v", resource, a.Verdict)
		}
	}
}

// TestFill: views of one namespace cost one list of its claims and one look.
func TestFill(t *testing.T) {
	inv := web(3)
	r, client := script(t, inv, nil, append(workloads(), clones()...)...)
	gone := &corev1.PersistentVolumeClaim{}
	views := []*claims.View{{Namespace: "test", Name: "data-web-1"}, {Namespace: "test", Name: "data-web-1", VolumeName: "x"}, {Namespace: "test", Name: "data-web-9", Claim: gone}}
	if err := (&Claims{Client: client}).Fill(t.Context(), "test", views); err != nil {
		t.Fatal(err)
	}
	for _, v := range views[:2] {
		if v.Claim == nil || v.Claim.Name != "data-web-1" || v.Around == nil || v.Around.MountedBy != "web-1" {
			t.Errorf("%s: %v, %+v", v.Name, v.Claim, v.Around)
		}
	}
	if views[2].Claim != gone || views[2].Around == nil {
		t.Errorf("a claim that does not exist: %v, %+v", views[2].Claim, views[2].Around)
	}
	lists := slices.DeleteFunc(r.urls(), func(url string) bool { return !strings.Contains(url, "persistentvolumeclaims") })
	if len(lists) != 2 { // one of them to see what claims clone
		t.Errorf("claims are listed by %v", lists)
	}
	for _, resource := range []string{"persistentvolumeclaims", "statefulsets"} {
		_, client := script(t, inv, forbids(resource))
		if err := (&Claims{Client: client}).Fill(t.Context(), "test", views); !apierrors.IsForbidden(err) {
			t.Errorf("%s are forbidden: %v", resource, err)
		}
	}
}

// TestClaimLists holds the requests that find claims and volumes.
func TestClaimLists(t *testing.T) {
	ctx := t.Context()
	v := claimed(retained)
	keeps := v.Claim.DeepCopy()
	keeps.Name, keeps.Annotations = "kept-by-a-user", map[string]string{claims.KeepAnnotation: "true"}
	v.Claim.Annotations[claims.KeepAnnotation] = claims.KeptMeanwhile
	inv := &sts.Inventory{Claims: []*corev1.PersistentVolumeClaim{v.Claim, keeps}}
	for name, test := range map[string]struct {
		read func(*Client) ([]string, error)
		want []string
		sent string
	}{
		"marked by an undo": {func(c *Client) ([]string, error) {
			claims, err := c.Marked(ctx, "test")
			return namesOf(claims), err
		}, []string{"data-web-3"}, inNamespace + "persistentvolumeclaims" + paged},
		"retained in a namespace": {func(c *Client) ([]string, error) {
			volumes, err := c.Retained(ctx, "test")
			return namesOf(volumes), err
		}, []string{"volume"}, "/api/v1/persistentvolumes?labelSelector=kubectl-sts.dev%2Fretained%3Dtrue%2Ckubectl-sts.dev%2Fnamespace%3Dtest&limit=1000"},
		"retained": {func(c *Client) ([]string, error) {
			volumes, err := c.Retained(ctx, "")
			return namesOf(volumes), err
		}, []string{"volume"}, "/api/v1/persistentvolumes?labelSelector=kubectl-sts.dev%2Fretained%3Dtrue&limit=1000"},
		"all volumes, without their records": {func(c *Client) (out []string, err error) {
			volumes, err := c.Volumes(ctx)
			for _, v := range volumes {
				out = append(out, fmt.Sprint(v.Name, " of ", v.Claim.Name, " ", v.ReclaimPolicy, " ", v.Phase, " ", v.Retained == nil))
			}
			return out, err
		}, []string{"volume of data-web-3 Retain Bound true"}, "/api/v1/persistentvolumes" + paged},
		"a claim": {func(c *Client) ([]string, error) {
			there, err := c.ClaimExists(ctx, "test", "data-web-3")
			return []string{fmt.Sprint(there)}, err
		}, []string{"true"}, inNamespace + "persistentvolumeclaims/data-web-3"},
		"no claim": {func(c *Client) ([]string, error) {
			there, err := c.ClaimExists(ctx, "test", "data-web-4")
			return []string{fmt.Sprint(there)}, err
		}, []string{"false"}, inNamespace + "persistentvolumeclaims/data-web-4"},
	} {
		r, client := recordRequests(t, inv, v.Volume)
		got, err := test.read(client)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{test.sent}, r.urls()); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", name, diff)
		}
	}
}

// hurried is a clock on which nothing has to be waited for. Its tickers do not tick.
type hurried struct{ *testingclock.FakeClock }

func (h hurried) After(time.Duration) <-chan time.Time {
	over := make(chan time.Time, 1)
	over <- h.Now()
	return over
}

// streaming answers lists like the recorder, and watches with events that the test sends.
type streaming struct {
	*recorder
	// refuse is the answer to a watch of a resource, nil to let it be watched.
	refuse func(resource string) *metav1.Status

	mu      sync.Mutex
	watches []string
	events  map[string]chan string // of a resource
}

func stream(t *testing.T, inv *sts.Inventory, reply func(q request) any, more ...runtime.Object) (*streaming, *Client) {
	t.Helper()
	r, _ := recordRequests(t, inv, more...)
	s := &streaming{recorder: r, events: map[string]chan string{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		w.Header().Set("Date", ststest.Now.Format(http.TimeFormat))
		q, err := read(h)
		if err != nil || h.URL.Query().Get("watch") == "" {
			if err == nil && reply != nil {
				if response := reply(q); response != nil {
					w.Header().Set("Content-Type", runtime.ContentTypeJSON)
					_ = json.NewEncoder(w).Encode(response)
					return
				}
			}
			s.ServeHTTP(w, h)
			return
		}
		s.mu.Lock()
		s.watches = append(s.watches, h.URL.RequestURI())
		s.mu.Unlock()
		w.Header().Set("Content-Type", runtime.ContentTypeJSON)
		if s.refuse != nil {
			if status := s.refuse(q.resource); status != nil {
				w.WriteHeader(int(status.Code))
				_ = json.NewEncoder(w).Encode(status)
				return
			}
		}
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		for events := s.of(q.resource); ; {
			select {
			case <-h.Context().Done():
				return
			case e := <-events:
				if e == "" {
					return // the end of the watch
				}
				_, _ = io.WriteString(w, e)
				w.(http.Flusher).Flush()
			}
		}
	}))
	t.Cleanup(server.CloseClientConnections)
	client, err := New(&rest.Config{Host: server.URL}, "test", hurried{testingclock.NewFakeClock(ststest.Now)}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

func (s *streaming) of(resource string) chan string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events[resource] == nil {
		s.events[resource] = make(chan string, 10)
	}
	return s.events[resource]
}

// send has a watch of the resource report a change.
func (s *streaming) send(resource, kind string, o runtime.Object) {
	s.of(resource) <- event(kind, o)
}

// TestAwait: what has changed is brought up to date, by a list first and by watches then, from the
// version of the list on.
func TestAwait(t *testing.T) {
	later := func(v claims.View) *corev1.PersistentVolumeClaim {
		c := v.Claim.DeepCopy()
		c.ResourceVersion = "70"
		return c
	}
	listed := func(resource string, objects ...runtime.Object) map[string]any {
		path := map[string]string{"persistentvolumes": "/api/v1/", "persistentvolumeclaims": inNamespace}[resource] + resource
		return map[string]any{"GET " + path + "?": page(path, "", objects...)}
	}
	for name, test := range map[string]struct {
		lists map[string]any
		send  func(s *streaming, v claims.View)
		want  string // the claim's version, and the volume's
	}{
		"the list shows a change":        {listed("persistentvolumeclaims", later(claimed())), nil, "70 8"},
		"the list shows that it is gone": {listed("persistentvolumeclaims"), nil, "- 8"},
		"the list shows an earlier version, the watch a later one": {nil, func(s *streaming, v claims.View) {
			s.send("persistentvolumeclaims", "MODIFIED", later(v))
		}, "70 8"},
		"the watch shows that it is gone": {nil, func(s *streaming, v claims.View) { s.send("persistentvolumeclaims", "DELETED", v.Claim) }, "- 8"},
		"another claim, then this": {nil, func(s *streaming, v claims.View) {
			other := later(v)
			other.Name = "data-web-4"
			s.send("persistentvolumeclaims", "ADDED", other)
			s.send("persistentvolumeclaims", "BOOKMARK", other)
			s.send("persistentvolumeclaims", "MODIFIED", later(v))
		}, "70 8"},
		"the volume": {nil, func(s *streaming, v claims.View) {
			volume := v.Volume.DeepCopy()
			volume.ResourceVersion = "80"
			s.send("persistentvolumes", "MODIFIED", volume)
		}, "7 80"},
		"the volume has lost its label, and is still there": {nil, func(s *streaming, v claims.View) {
			s.send("persistentvolumes", "DELETED", v.Volume)
		}, "7 8"},
		"the watch ends, and a list shows it": {nil, func(s *streaming, v claims.View) {
			s.recorder.mu.Lock()
			s.objects["persistentvolumeclaims"] = []runtime.Object{later(v)}
			s.recorder.mu.Unlock()
			s.of("persistentvolumeclaims") <- ""
		}, "70 8"},
		"the watch is too old, and a list shows it": {nil, func(s *streaming, v claims.View) {
			s.recorder.mu.Lock()
			s.objects["persistentvolumeclaims"] = []runtime.Object{later(v)}
			s.recorder.mu.Unlock()
			s.send("persistentvolumeclaims", "ERROR", failure(http.StatusGone, metav1.StatusReasonExpired, "too old"))
		}, "70 8"},
	} {
		t.Run(name, func(t *testing.T) {
			v := claimed(retained)
			s, client := stream(t, &sts.Inventory{}, replies(test.lists), claimCase{view: v}.known()...)
			view := v
			var sent sync.WaitGroup
			if test.send != nil {
				sent.Go(func() {
					for s.watched() < 2 { // so that the lists have been answered
						time.Sleep(time.Millisecond)
					}
					test.send(s, v)
				})
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			changed, err := (&Claims{Client: client}).Await(ctx, "test", []*claims.View{&view})
			sent.Wait()
			if err != nil || !changed[0] {
				t.Fatalf("%v, changed %v", err, changed)
			}
			if got := version(view.Claim) + " " + version(view.Volume); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			for _, url := range s.watches {
				if strings.Contains(url, "persistentvolumes") && !strings.Contains(url, "labelSelector=kubectl-sts.dev%2Fretained%3Dtrue%2Ckubectl-sts.dev%2Fnamespace%3Dtest") {
					t.Errorf("all volumes are watched: %s", url)
				}
			}
		})
	}
}

func (s *streaming) watched() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.watches)
}

func version[T any, P interface {
	*T
	metav1.Object
}](o P) string {
	if o == nil {
		return "-"
	}
	return o.GetResourceVersion()
}

// TestAwaitReplaced: a claim of the name that is on another volume is read in full.
func TestAwaitReplaced(t *testing.T) {
	old, now := claimed(retained, deleted), claimed(retained, replaced)
	now.Claim.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:accessModes":{}}}`)}}
	_, client := stream(t, &sts.Inventory{}, nil, claimCase{view: now}.known()...)
	changed, err := (&Claims{Client: client}).Await(t.Context(), "test", []*claims.View{&old})
	if err != nil || !changed[0] || old.Made != types.UID("new-claim-uid") || old.Other == nil || old.Other.Name != "new-volume" || old.Volume.Name != "volume" {
		t.Errorf("%v, changed %v, view %+v", err, changed, old)
	}
}

// TestAwaitWithoutWatching: who may list and not watch lists again and again; who may not list, and what
// else fails, is an error.
func TestAwaitWithoutWatching(t *testing.T) {
	v := claimed(retained)
	s, client := stream(t, &sts.Inventory{}, nil, claimCase{view: v}.known()...)
	var mu sync.Mutex
	tries := 0
	s.refuse = func(resource string) *metav1.Status {
		mu.Lock()
		defer mu.Unlock()
		if tries++; tries == 4 {
			c := v.Claim.DeepCopy()
			c.ResourceVersion = "70"
			s.recorder.mu.Lock()
			s.objects["persistentvolumeclaims"] = []runtime.Object{c}
			s.recorder.mu.Unlock()
		}
		return mayNot(resource)
	}
	view := v
	if changed, err := (&Claims{Client: client}).Await(t.Context(), "test", []*claims.View{&view}); err != nil || !changed[0] || view.Claim.ResourceVersion != "70" {
		t.Errorf("%v, changed %v, %v", err, changed, view.Claim)
	}

	_, client = script(t, &sts.Inventory{}, forbids("persistentvolumeclaims"))
	if _, err := (&Claims{Client: client}).Await(t.Context(), "test", []*claims.View{&view}); !apierrors.IsForbidden(err) {
		t.Errorf("claims are forbidden: %v", err)
	}

	s, client = stream(t, &sts.Inventory{}, nil, claimCase{view: v}.known()...)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for s.watched() < 2 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := (&Claims{Client: client}).Await(ctx, "test", []*claims.View{{Namespace: "test", Name: "data-web-3", Claim: v.Claim, Volume: v.Volume, VolumeName: "volume"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestAwaitAfterNoAnswer: a server that does not answer is asked again.
func TestAwaitAfterNoAnswer(t *testing.T) {
	v := claimed(retained)
	var mu sync.Mutex
	tries := 0
	r, _ := recordRequests(t, &sts.Inventory{}, v.Volume) // the claim is gone
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		mu.Lock()
		tries++
		first := tries <= 2
		mu.Unlock()
		if first {
			w.Header().Set("Content-Type", runtime.ContentTypeJSON)
			w.WriteHeader(http.StatusInternalServerError)
			_ = json.NewEncoder(w).Encode(failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcd"))
			return
		}
		r.ServeHTTP(w, h)
	}))
	t.Cleanup(server.Close)
	client, err := New(&rest.Config{Host: server.URL}, "test", hurried{testingclock.NewFakeClock(ststest.Now)}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := (&Claims{Client: client}).Await(t.Context(), "test", []*claims.View{&v}); err != nil || !changed[0] || v.Claim != nil {
		t.Errorf("%v, changed %v, %v", err, changed, v.Claim)
	}
}
