package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
)

// Forward is a port-forward to a pod that opens no port on this machine: its connections
// are streams of the one connection to the API server.
type Forward struct {
	pod  string
	conn httpstream.Connection
	next atomic.Int64
}

// Forward connects to a pod. As kubectl does, over a websocket, or SPDY where the server or a
// proxy on the way has only that.
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
	type dialed struct {
		conn httpstream.Connection
		err  error
	}
	done := make(chan dialed, 1)
	go func() {
		conn, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
		done <- dialed{conn, err}
	}()
	select {
	case d := <-done:
		if d.err != nil {
			return nil, fmt.Errorf("port-forward to pod %s/%s: %w", namespace, pod, d.err)
		}
		return &Forward{pod: pod, conn: d.conn}, nil
	case <-ctx.Done():
		go func() { // it knows nothing of contexts
			if d := <-done; d.err == nil {
				_ = d.conn.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// Close ends the port-forward and all of its connections.
func (f *Forward) Close() error { return f.conn.Close() }

// Dial opens a connection to a port of the pod. That nobody listens there is told by its
// first Read.
func (f *Forward) Dial(port int32) (io.ReadWriteCloser, error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(int(port)))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.FormatInt(f.next.Add(1), 10))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	failure, err := f.conn.CreateStream(headers)
	if err != nil {
		return nil, fmt.Errorf("the port-forward to pod %s has ended: %w", f.pod, err)
	}
	_ = failure.Close() // nothing is written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := f.conn.CreateStream(headers)
	if err != nil {
		_ = failure.Reset()
		f.conn.RemoveStreams(failure)
		return nil, fmt.Errorf("the port-forward to pod %s has ended: %w", f.pod, err)
	}
	p := &forwarded{forward: f, port: port, data: data, failure: failure, said: make(chan struct{})}
	go p.listen()
	return p, nil
}

// forwarded is one connection: a stream for the data, and one for what went wrong.
type forwarded struct {
	forward       *Forward
	port          int32
	data, failure httpstream.Stream
	said          chan struct{}
	why           []byte
	close         sync.Once
}

// mostFailure is how much of an error text is read.
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
	// Both streams end together when the other side could not connect.
	select {
	case <-p.said:
		if why := bytes.TrimSpace(p.why); len(why) > 0 {
			return n, fmt.Errorf("port %d of pod %s: %s", p.port, p.forward.pod, why)
		}
	case <-time.After(time.Second):
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
