package kube

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/utils/clock"
)

// Forward is a port-forward to a pod that opens no local port: its connections are streams of a
// single connection to the API server.
type Forward struct {
	pod  string
	conn httpstream.Connection
	next atomic.Int64

	clock clock.Clock
}

// Forward connects to a pod, like kubectl over a WebSocket, or over SPDY if the server or a proxy in
// between supports nothing else.
func (c *Client) Forward(ctx context.Context, namespace, pod string) (*Forward, error) {
	url := c.kube.CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name(pod).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(c.streaming)
	if err != nil {
		return nil, err
	}
	websocket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(url, c.streaming)
	if err != nil {
		return nil, err
	}
	dialer := portforward.NewFallbackDialerForStreaming(websocket,
		spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, url),
		func(err error) bool { return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err) })
	conn, err := within(ctx, func() (httpstream.Connection, error) {
		conn, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
		return conn, err
	})
	if err != nil {
		return nil, errForward(namespace, pod, err)
	}
	return &Forward{pod: pod, conn: conn, clock: c.clock}, nil
}

// forwardTimeout is the timeout of connecting.
const forwardTimeout = 15 * time.Second

// within adds a timeout to a function without a context. A result that comes too late is closed.
func within[T io.Closer](ctx context.Context, open func() (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, forwardTimeout, errForwardTimeout(forwardTimeout))
	defer cancel()
	type opened struct {
		what T
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		what, err := open()
		done <- opened{what, err}
	}()
	select {
	case o := <-done:
		return o.what, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				_ = o.what.Close()
			}
		}()
		var none T
		return none, context.Cause(ctx)
	}
}

// Close ends the port-forward and all of its connections.
func (f *Forward) Close() error { return f.conn.Close() }

// Dial opens a connection to a port of the pod. If the port is closed, the first Read reports it.
func (f *Forward) Dial(ctx context.Context, port int32) (io.ReadWriteCloser, error) {
	conn, err := within(ctx, func() (*forwarded, error) { return f.dial(port) })
	if err != nil {
		return nil, errForwardClosed(f.pod, err)
	}
	return conn, nil
}

func (f *Forward) dial(port int32) (*forwarded, error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(int(port)))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.FormatInt(f.next.Add(1), 10))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	failure, err := f.conn.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	_ = failure.Close() // nothing is written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := f.conn.CreateStream(headers)
	if err != nil {
		_ = failure.Reset()
		f.conn.RemoveStreams(failure)
		return nil, err
	}
	p := &forwarded{forward: f, port: port, data: data, failure: failure, said: make(chan struct{})}
	go p.listen()
	return p, nil
}

// forwarded is one connection: a stream for the data, and one for an error.
type forwarded struct {
	forward       *Forward
	port          int32
	data, failure httpstream.Stream
	said          chan struct{}
	why           []byte
	close         sync.Once
}

// mostFailure is the maximum length of an error text.
const mostFailure = 4 << 10

func (p *forwarded) listen() {
	defer close(p.said)
	p.why, _ = io.ReadAll(io.LimitReader(p.failure, mostFailure))
	if len(p.why) > 0 {
		_ = p.data.Reset() // no data comes after a failure
	}
}

// Read implements io.Reader.
func (p *forwarded) Read(b []byte) (int, error) {
	n, err := p.data.Read(b)
	if err == nil || !errors.Is(err, io.EOF) {
		return n, err
	}
	// Both streams end together if the other side could not connect.
	select {
	case <-p.said:
		if why := bytes.TrimSpace(p.why); len(why) > 0 {
			return n, errForwardPort(p.forward.pod, p.port, string(why))
		}
	case <-p.forward.clock.After(time.Second):
	}
	return n, err
}

// Write implements io.Writer.
func (p *forwarded) Write(b []byte) (int, error) { return p.data.Write(b) }

// Close implements io.Closer.
func (p *forwarded) Close() error {
	p.close.Do(func() {
		_ = p.data.Reset()
		_ = p.failure.Reset()
		p.forward.conn.RemoveStreams(p.data, p.failure)
	})
	return nil
}
