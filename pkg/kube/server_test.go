package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

// A pod without tools is no server, now and later; a broken connection may come back.
func TestPermanentErrorsOfPods(t *testing.T) {
	for _, test := range []struct {
		exit int
		err  error
		want bool
	}{
		{names.ExitNoTool, nil, true},
		{exitNotFound, nil, true},
		{0, fmt.Errorf("exec: %w", answered(t, forbidden)), true},
		{0, fmt.Errorf("exec: %w", io.ErrUnexpectedEOF), false},
	} {
		s := &PodServer{pod: "web-0", PodResolver: PodResolver{Timeout: time.Second, Exec: func(context.Context, []string, io.Writer, io.Writer) (int, error) {
			return test.exit, test.err
		}}}
		_, err := s.Resolve(t.Context(), ask("web-0"))
		permanent := (*names.PermanentError)(nil)
		if got := errors.As(err, &permanent); err == nil || got != test.want || test.err != nil && !errors.Is(err, test.err) {
			t.Errorf("exit code %d, %v: error %v, permanent %t", test.exit, test.err, err, got)
		}
	}
}

func TestErrorsOfAddressesNameThem(t *testing.T) {
	if _, err := ServerAt("udp://10.96.0.10", time.Second, clock.RealClock{}); err == nil {
		t.Error("accepts udp://")
	}
	s := &AddressServer{Resolver: &Resolver{Timeout: time.Second, Clock: clock.RealClock{}, Stream: func(context.Context) (io.ReadWriteCloser, error) {
		return nil, io.ErrUnexpectedEOF
	}}, address: "10.96.0.10"}
	_, err := s.Resolve(t.Context(), ask("web-0"))
	if want := errDNSServer("10.96.0.10", io.ErrUnexpectedEOF).Error(); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
