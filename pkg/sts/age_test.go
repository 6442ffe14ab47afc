package sts_test

import (
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestDuration(t *testing.T) {
	for in, want := range map[time.Duration]string{
		0: "0s", 1500 * time.Millisecond: "1.5s", 10 * time.Second: "10s", 60 * time.Second: "1m", 10 * time.Minute: "10m",
		90 * time.Second: "1m30s", time.Hour: "1h", 20 * time.Hour: "20h", 90 * time.Minute: "1h30m", time.Hour + time.Second: "1h0m1s",
	} {
		if got := sts.Duration(in); got != want {
			t.Errorf("%v is %q, not %q", in, got, want)
		}
	}
}
