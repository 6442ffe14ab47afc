package kube

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
	"k8s.io/utils/clock"
)

// client-go finds http.Transport under ours: a request that its timeout ends is cancelled, without a line in its log
// that says that it cannot be.
func TestTimedOutRequestIsCancelled(t *testing.T) {
	var logged bytes.Buffer
	klog.SetLoggerWithOptions(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&logged))), klog.ContextualLogger(true))
	t.Cleanup(klog.ClearLogger)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close) // waits until all requests have ended
	client, err := New(&rest.Config{Host: server.URL, Timeout: 20 * time.Millisecond}, "test", clock.RealClock{}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 { // the timer and the context race
		if _, err := client.Version(t.Context()); err == nil {
			t.Error("a silent server has answered")
		}
	}
	if logged.Len() > 0 {
		t.Errorf("logged: %s", &logged)
	}
}
