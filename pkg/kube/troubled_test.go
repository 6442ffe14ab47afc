package kube

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	testingclock "k8s.io/utils/clock/testing"
)

// A connection that stays lost is reported each minute, not at each attempt.
func TestALostConnectionIsReportedAgain(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	var got []string
	note := func(text string) { got = append(got, text) }
	v := &View{client: &Client{clock: clock}, lost: map[string]bool{}, met: true, tell: Tell{Warn: note, Say: note}}
	refused := errors.New("connection refused")
	for range 26 { // 125 seconds
		v.troubled("pods", refused)
		v.troubled("statefulsets", refused)
		clock.Step(5 * time.Second)
	}
	v.reached("pods")
	v.reached("statefulsets")
	v.troubled("pods", refused)
	want := []string{
		msgDisconnected("connection refused"), msgStillDisconnected(time.Minute, "connection refused"), msgStillDisconnected(2*time.Minute, "connection refused"),
		msgReconnected(), msgDisconnected("connection refused"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
