package kube

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
)

func TestLogs(t *testing.T) {
	tests := []struct {
		name   string
		code   int
		body   string
		want   []string
		failed string
	}{
		{"lines", 200, "one\ntwo\n\n", []string{"one", "two"}, ""},
		{"nothing", 200, "", nil, ""},
		{"no text", 200, "a\xffb\n", []string{"a\uFFFDb"}, ""},
		{"removed meanwhile, as a kubelet says it", 200, "unable to retrieve container logs for containerd://4e68", nil, "unable to retrieve container logs for containerd://4e68"},
		{"not allowed", 403, forbidden, nil, `pods is forbidden: User "bob"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got, want := r.URL.String(), "/api/v1/namespaces/db/pods/web-1/log?container=app&limitBytes=1048576&previous=true&tailLines=10"; got != want {
					t.Errorf("asked for %s, want %s", got, want)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.code)
				_, _ = io.WriteString(w, test.body)
			}))
			defer server.Close()
			client, err := New(&rest.Config{Host: server.URL}, "test", clock.RealClock{}, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.Logs(t.Context(), "db", "web-1", "app", true, 10)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err != nil) != (test.failed != "") || err != nil && !strings.HasPrefix(err.Error(), test.failed) {
				t.Errorf("error %v, want %q", err, test.failed)
			}
		})
	}
}
