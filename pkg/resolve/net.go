package resolve

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"k8s.io/utils/clock"
)

// dialTimeout is how long a connection may take to come about.
const dialTimeout = 5 * time.Second

// At is the server at an address: HOST, HOST:PORT, or tcp://HOST:PORT to leave UDP out.
func At(address string, timeout time.Duration, c clock.Clock) (*Server, error) {
	rest, streamOnly := strings.CutPrefix(address, "tcp://")
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		// An IPv6 address needs no brackets where no port follows.
		host, port = strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]"), "53"
		if strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return nil, fmt.Errorf("%q is not HOST:PORT", address)
		}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return nil, fmt.Errorf("%q is not HOST:PORT: a port is a number from 1 to 65535", address)
	}
	if host == "" || strings.ContainsAny(host, "/ ") {
		return nil, fmt.Errorf("%q is not HOST:PORT", address)
	}
	dial := func(network string) Dial {
		return func(ctx context.Context) (io.ReadWriteCloser, error) {
			d := net.Dialer{Timeout: dialTimeout}
			return d.DialContext(ctx, network, net.JoinHostPort(host, port))
		}
	}
	s := &Server{Stream: dial("tcp"), Timeout: timeout, Clock: c}
	if !streamOnly {
		s.Packet = dial("udp")
	}
	return s, nil
}
