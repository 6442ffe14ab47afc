package kube

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// recorder records every request that it receives. It is no API server: it checks
// nothing and stores nothing. A read is answered from objects, a patch with what it makes of the
// object, the creation of an object with that object.
type recorder struct {
	objects map[string][]runtime.Object // by resource
	// admit is mutating admission for updates of sets.
	admit func(*appsv1.StatefulSet)
	// admitOther is that for writes to other objects.
	admitOther func(q request, o runtime.Object)
	// refuse is another answer to a request, nil for the usual one. It may be nil.
	refuse func(q request) *metav1.Status
	// review answers whether the user has a permission, by default no.
	review func(*authorizationv1.SelfSubjectAccessReview)

	mu       sync.Mutex
	requests []request
}

// request is one that was received, with its body decoded.
type request struct {
	method, resource, subresource, name string
	// line is the method and the URL, contentType the type of the body. accept is the type of
	// the response that a read requires.
	line, contentType, accept string
	field                     string // the name that a list is narrowed down to
	body                      []byte
	ops                       []operate.PatchOp // of a JSON patch
	object                    runtime.Object    // of anything else, nil without a body
}

// record starts a recorder that knows the objects of the inventory, and a client of it.
func recordRequests(t *testing.T, inv *sts.Inventory, more ...runtime.Object) (*recorder, *Client) {
	t.Helper()
	r := &recorder{objects: map[string][]runtime.Object{}}
	r.know(objectsOf(inv.Sets)...)
	r.know(objectsOf(inv.Pods)...)
	r.know(objectsOf(inv.Claims)...)
	r.know(objectsOf(inv.Budgets)...)
	r.know(objectsOf(inv.Services)...)
	r.know(objectsOf(inv.Revisions)...)
	for _, n := range inv.NodeStates {
		r.know(n.Node)
		r.know(n.Lease)
	}
	r.know(more...)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	client, err := New(&rest.Config{Host: server.URL}, "test", testingclock.NewFakeClock(ststest.Now), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return r, client
}

func objectsOf[T runtime.Object](list []T) []runtime.Object {
	var out []runtime.Object
	for _, o := range list {
		out = append(out, o)
	}
	return out
}

func (r *recorder) know(objects ...runtime.Object) {
	for _, o := range objects {
		kinds, _, err := scheme.Scheme.ObjectKinds(o)
		if err != nil {
			panic(err) // not a Kubernetes type
		}
		plural, _ := meta.UnsafeGuessKindToResource(kinds[0])
		r.objects[plural.Resource] = append(r.objects[plural.Resource], o)
	}
}

// writes are the requests that change something, in the order in which they were
// received; listed are the resources that were listed before the first one that is no dry run.
func (r *recorder) writes() (writes []request, listed []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.requests {
		switch {
		case q.method != http.MethodGet:
			writes = append(writes, q)
		case q.name == "" && !slices.ContainsFunc(writes, request.effective):
			listed = append(listed, q.resource)
		}
	}
	return writes, listed
}

// effective: it is no dry run.
func (q request) effective() bool { return !strings.Contains(q.line, "dryRun=All") }

// reads are the requests that change nothing.
func (r *recorder) reads() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.requests), func(q request) bool { return q.method != http.MethodGet })
}

// forget drops what was received so far.
func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = nil
}

// ServeHTTP implements [http.Handler].
func (r *recorder) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	q, err := read(h)
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	r.mu.Lock()
	r.requests = append(r.requests, q)
	answer := r.answer(q, h.URL.Path)
	if r.refuse != nil {
		if status := r.refuse(q); status != nil {
			answer = status
		}
	}
	r.mu.Unlock()
	w.Header().Set("Date", ststest.Now.Format(http.TimeFormat))
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	if status, failed := answer.(*metav1.Status); failed && status.Code != 0 {
		w.WriteHeader(int(status.Code))
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(err)
	}
}

func read(h *http.Request) (q request, err error) {
	q.method, q.line, q.contentType = h.Method, h.Method+" "+h.URL.RequestURI(), h.Header.Get("Content-Type")
	parts := strings.Split(strings.Trim(h.URL.Path, "/"), "/")
	before := 2 // /api/v1
	if parts[0] == "apis" {
		before = 3 // /apis/GROUP/VERSION
	}
	parts = parts[min(before, len(parts)):]
	if len(parts) > 2 && parts[0] == "namespaces" {
		parts = parts[2:]
	}
	if h.Method == http.MethodGet {
		q.accept = h.Header.Get("Accept")
	}
	q.field, _ = strings.CutPrefix(h.URL.Query().Get("fieldSelector"), "metadata.name=")
	for i, to := range []*string{&q.resource, &q.name, &q.subresource} {
		if i < len(parts) {
			*to = parts[i]
		}
	}
	if q.body, err = io.ReadAll(h.Body); err != nil || len(q.body) == 0 {
		return q, err
	}
	if q.contentType == string(types.JSONPatchType) {
		return q, json.Unmarshal(q.body, &q.ops)
	}
	q.object, err = runtime.Decode(scheme.Codecs.UniversalDeserializer(), q.body)
	return q, err
}

// answer is a list, or the object that the request names, or what it has sent.
func (r *recorder) answer(q request, path string) runtime.Object {
	known := r.objects[q.resource]
	if r.refuse != nil {
		if status := r.refuse(q); status != nil {
			return status
		}
	}
	switch {
	case q.subresource == "scale":
		scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: q.name, ResourceVersion: "2"}}
		_ = json.Unmarshal(q.ops[len(q.ops)-1].Value, &scale.Spec.Replicas)
		return scale
	case q.method == http.MethodPatch:
		return r.patched(q)
	case q.subresource != "" || q.method == http.MethodDelete:
		return &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess}
	case q.method == http.MethodPost:
		if review, is := q.object.(*authorizationv1.SelfSubjectAccessReview); is && r.review != nil {
			r.review(review)
		}
		created := stamped(q.object)
		if r.admitOther != nil {
			r.admitOther(q, created)
		}
		return created
	case q.resource == "":
		return r.discovery(path)
	case q.name == "":
		return list(q.resource, path, slices.DeleteFunc(slices.Clone(known), func(o runtime.Object) bool {
			m, err := meta.Accessor(o)
			return err != nil || q.field != "" && m.GetName() != q.field
		}))
	}
	for _, o := range known {
		if m, err := meta.Accessor(o); err == nil && m.GetName() == q.name {
			return stamped(o)
		}
	}
	return &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound, Message: q.resource + " " + q.name + " not found"}
}

// patched is what the API server makes of a patch: admission sees every one, but the spec stays
// as it was in one of the status subresource.
func (r *recorder) patched(q request) runtime.Object {
	var after runtime.Object
	var err error
	switch before := r.find(q).(type) {
	case *appsv1.StatefulSet:
		var set *appsv1.StatefulSet
		if set, err = operate.Patched(before, q.ops); err == nil && r.admit != nil {
			r.admit(set)
		}
		if err == nil && q.subresource == "status" {
			set.Spec = before.Spec
		}
		after = set
	case *corev1.Pod:
		after, err = operate.Patched(before, q.ops)
	case *corev1.PersistentVolumeClaim:
		after, err = operate.Patched(before, q.ops)
	case *corev1.PersistentVolume:
		after, err = operate.Patched(before, q.ops)
	case *corev1.Node:
		after, err = operate.Patched(before, q.ops)
	default:
		return &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
			Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound, Message: q.resource + " " + q.name + " not found"}
	}
	if err != nil {
		return &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
			Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid, Message: "the server rejected our request due to an error in our request"}
	}
	if r.admitOther != nil && q.resource != "statefulsets" {
		r.admitOther(q, after)
	}
	return stamped(after)
}

// discovery has the resources of an API group version of which there are objects.
func (r *recorder) discovery(path string) runtime.Object {
	gv := groupVersion(path)
	out := &metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv.String()}
	for _, resource := range slices.Sorted(maps.Keys(r.objects)) {
		o := stamped(r.objects[resource][0])
		m, err := meta.Accessor(o)
		if kind := o.GetObjectKind().GroupVersionKind(); err == nil && kind.GroupVersion() == gv {
			out.APIResources = append(out.APIResources, metav1.APIResource{Name: resource, Kind: kind.Kind, Namespaced: m.GetNamespace() != ""})
		}
	}
	return out
}

// groupVersion is that of the path of a request.
func groupVersion(path string) schema.GroupVersion {
	if parts := strings.Split(path, "/"); parts[1] == "apis" {
		return schema.GroupVersion{Group: parts[2], Version: parts[3]}
	}
	return schema.GroupVersion{Version: "v1"}
}

// stamped writes the object's kind into a copy of it, which a Go value goes without.
func stamped(o runtime.Object) runtime.Object {
	kinds, _, err := scheme.Scheme.ObjectKinds(o)
	if err != nil {
		panic(err)
	}
	o = o.DeepCopyObject()
	o.GetObjectKind().SetGroupVersionKind(kinds[0])
	return o
}

// list is an empty list of the resource with the objects in it.
func list(resource, path string, objects []runtime.Object) runtime.Object {
	gv := groupVersion(path)
	for kind := range scheme.Scheme.KnownTypes(gv) {
		plural, _ := meta.UnsafeGuessKindToResource(gv.WithKind(strings.TrimSuffix(kind, "List")))
		if !strings.HasSuffix(kind, "List") || plural.Resource != resource {
			continue
		}
		out, err := scheme.Scheme.New(gv.WithKind(kind))
		if err == nil {
			err = meta.SetList(out, objects)
		}
		if err != nil {
			panic(err)
		}
		return stamped(out)
	}
	return &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound, Message: "no resource " + resource}
}

// String is the whole request, as the golden file shows it.
func (q request) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", q.line)
	if q.contentType != "" {
		fmt.Fprintf(&b, "Content-Type: %s\n", q.contentType)
	}
	if q.accept != "" {
		fmt.Fprintf(&b, "Accept: %s\n", q.accept)
	}
	for _, o := range q.ops {
		fmt.Fprintf(&b, "  %s %s", o.Op, o.Path)
		if o.Value != nil {
			fmt.Fprintf(&b, " %s", o.Value)
		}
		b.WriteString("\n")
	}
	if q.object != nil {
		raw, err := yaml.Marshal(q.object)
		if err != nil {
			panic(err)
		}
		for line := range bytes.Lines(raw) {
			fmt.Fprintf(&b, "  %s", line)
		}
	}
	return b.String()
}

// guarded checks what holds for every write, whatever the golden file says: the server
// can tell whether the object is still the one that was seen, and who writes.
func (q request) guarded(t *testing.T, seen runtime.Object) {
	t.Helper()
	if q.method != http.MethodDelete && !strings.Contains(q.line, "fieldManager="+sts.FieldManager) {
		t.Errorf("%s: no field manager", q.line)
	}
	if q.method == http.MethodPost && q.subresource == "" {
		return // it creates something
	}
	m, err := meta.Accessor(seen)
	if err != nil {
		t.Errorf("%s: the object is unknown: %v", q.line, err)
		return
	}
	switch {
	case q.method == http.MethodPatch:
		if !q.tests("/metadata/uid", m.GetUID()) {
			t.Errorf("%s: does not test the UID of %s:\n%s", q.line, m.GetName(), q)
		}
	case q.method == http.MethodDelete:
		options, _ := q.object.(*metav1.DeleteOptions)
		if options == nil || options.Preconditions == nil ||
			!same(options.Preconditions.UID, m.GetUID()) || !same(options.Preconditions.ResourceVersion, m.GetResourceVersion()) {
			t.Errorf("%s: not with the UID and the resourceVersion of %s as preconditions:\n%s", q.line, m.GetName(), q)
		}
	case q.subresource == "eviction":
		eviction, _ := q.object.(*policyv1.Eviction)
		if eviction == nil || eviction.DeleteOptions == nil || eviction.DeleteOptions.Preconditions == nil ||
			!same(eviction.DeleteOptions.Preconditions.UID, m.GetUID()) {
			t.Errorf("%s: not with the UID of %s as a precondition:\n%s", q.line, m.GetName(), q)
		}
	default:
		t.Errorf("%s: say here what the server can check", q.line)
	}
}

func same[T comparable](have *T, want T) bool { return have != nil && *have == want }

// tests says whether the JSON patch tests, before it changes anything, that the path
// has the value.
func (q request) tests(path string, value any) bool {
	want, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	for _, o := range q.ops {
		if o.Op != "test" {
			return false
		}
		if o.Path == path {
			return bytes.Equal(o.Value, want)
		}
	}
	return false
}

// find is the object that the request is about.
func (r *recorder) find(q request) runtime.Object {
	i := slices.IndexFunc(r.objects[q.resource], func(o runtime.Object) bool {
		m, err := meta.Accessor(o)
		return err == nil && m.GetName() == q.name
	})
	if i < 0 {
		return nil
	}
	return r.objects[q.resource][i]
}
