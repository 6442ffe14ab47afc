package kube

import (
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"k8s.io/utils/clock"
)

// dialTimeout is the timeout of connecting.
const dialTimeout = 5 * time.Second

// ResolverAt is the Resolver for the server at an address: HOST, HOST:PORT, or tcp://HOST:PORT for TCP only.
func ResolverAt(address string, timeout time.Duration, c clock.Clock) (*Resolver, error) {
	rest, streamOnly := strings.CutPrefix(address, "tcp://")
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		// An IPv6 address needs no brackets if no port follows.
		host, port = strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]"), "53"
		if strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return nil, errInvalidAddress(address)
		}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return nil, errInvalidPort(address)
	}
	if host == "" || strings.ContainsAny(host, "/ ") {
		return nil, errInvalidAddress(address)
	}
	dial := func(network string) Dial {
		return func(ctx context.Context) (io.ReadWriteCloser, error) {
			d := net.Dialer{Timeout: dialTimeout}
			return d.DialContext(ctx, network, net.JoinHostPort(host, port))
		}
	}
	r := &Resolver{Stream: dial("tcp"), Timeout: timeout, Clock: c}
	if !streamOnly {
		r.Packet = dial("udp")
	}
	return r, nil
}
