package kube

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// script is [record] with responses of its own: reply is called with every request, several at once,
// and returns what is sent as JSON, or nil for what the recorder sends. It may be nil.
func script(t *testing.T, inv *sts.Inventory, reply func(q request) any, more ...runtime.Object) (*recorder, *Client) {
	t.Helper()
	r, _ := recordRequests(t, inv, more...)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		body, err := io.ReadAll(h.Body)
		if err != nil {
			panic(err)
		}
		h.Body = io.NopCloser(bytes.NewReader(body))
		q, err := read(h)
		h.Body = io.NopCloser(bytes.NewReader(body))
		var response any
		if err == nil && reply != nil {
			response = reply(q)
		}
		if group := strings.TrimPrefix(h.URL.Path, "/apis/"); response == nil && group != h.URL.Path && !strings.Contains(group, "/") {
			response = failure(http.StatusNotFound, metav1.StatusReasonNotFound, "no API group "+group) // which the recorder cannot answer
		}
		if response == nil {
			r.ServeHTTP(w, h)
			return
		}
		r.mu.Lock()
		r.requests = append(r.requests, q)
		r.mu.Unlock()
		w.Header().Set("Date", ststest.Now.Format(http.TimeFormat))
		w.Header().Set("Content-Type", runtime.ContentTypeJSON)
		if status, failed := response.(*metav1.Status); failed {
			w.WriteHeader(int(status.Code))
		}
		if err := json.NewEncoder(w).Encode(response); err != nil {
			panic(err)
		}
	}))
	t.Cleanup(server.Close)
	client, err := New(&rest.Config{Host: server.URL}, "test", testingclock.NewFakeClock(ststest.Now), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return r, client
}

// replies are responses by the start of a request's method and URL. The longest one counts.
func replies(responses map[string]any) func(q request) any {
	return func(q request) any {
		best := ""
		for start := range responses {
			if strings.HasPrefix(q.line, start) && len(start) > len(best) {
				best = start
			}
		}
		return responses[best]
	}
}

// mayNot is what a user gets who may not list the resource.
func mayNot(resource string) *metav1.Status {
	return failure(http.StatusForbidden, metav1.StatusReasonForbidden, fmt.Sprintf("%s is forbidden: User %q cannot list resource %q", resource, "kim", resource))
}

// forbids answers reads of the resources, which may be the groups of custom resources, with Forbidden.
func forbids(resources ...string) func(q request) any {
	return func(q request) any {
		if q.method == http.MethodGet && slices.Contains(resources, q.resource) {
			return mayNot(q.resource)
		}
		return nil
	}
}

// page is a list with a token for the next page, empty for the last one.
func page(path, next string, objects ...runtime.Object) runtime.Object {
	resource := path[strings.LastIndexByte(path, '/')+1:]
	out := list(resource, path, objects)
	m, err := meta.ListAccessor(out)
	if err != nil {
		panic(err)
	}
	m.SetContinue(next)
	m.SetResourceVersion("100")
	return out
}

// urls are the reads that were sent, sorted: lists run side by side.
func (r *recorder) urls() []string {
	var out []string
	for _, q := range r.reads() {
		out = append(out, strings.TrimPrefix(q.line, http.MethodGet+" "))
	}
	slices.Sort(out)
	return out
}

// namesOf are the names of the objects, sorted.
func namesOf[T metav1.Object](objects []T) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o.GetName())
	}
	slices.Sort(out)
	return out
}

// setNamed is a set web under another name, without a selector of its own.
func setNamed(name string) *appsv1.StatefulSet {
	set := ststest.Web(1).Sets[0]
	set.Name, set.Spec.ServiceName = name, name
	return set
}

// allow answers a review of a permission.
func allow(yes bool) func(*authorizationv1.SelfSubjectAccessReview) {
	return func(a *authorizationv1.SelfSubjectAccessReview) { a.Status.Allowed = yes }
}
