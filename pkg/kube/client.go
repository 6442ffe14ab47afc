// Package kube talks to the cluster, and is the only package that uses the Kubernetes API: it reads
// Inventories, watches StatefulSets, carries out Actions and sends DNS queries.
package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	apiversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
)

// kubectl's own client-side rate limit.
const (
	qps   = 50
	burst = 300
)

// clockSkew is how far the server's clock may be from ours before it matters:
// its Date header has a resolution of a second.
const clockSkew = 2 * time.Second

// Client reads and writes one cluster.
type Client struct {
	kube kubernetes.Interface
	// streaming is what watches, exec and port-forwards connect with: without
	// --request-timeout, which is about single requests.
	streaming *rest.Config
	clock     clock.WithTicker
	offset    atomic.Int64 // server's clock minus ours, in nanoseconds
	groups    sync.Map     // the preferred version of API groups that were looked up, by name
}

// New makes a Client. It sends no request yet. The rate limit is kubectl's own where the
// config has none. Warnings that the server sends go to warnings.
func New(config *rest.Config, userAgent string, c clock.WithTicker, warnings io.Writer) (*Client, error) {
	client := &Client{clock: c}
	config = rest.CopyConfig(config)
	config.UserAgent = userAgent
	config.WarningHandler = rest.NewWarningWriter(warnings, rest.WarningWriterOptions{Deduplicate: true})
	if config.QPS == 0 {
		config.QPS, config.Burst = qps, burst
	}
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper{next, func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil {
				client.setClock(resp.Header.Get("Date"))
			}
			return resp, err
		}}
	})
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	client.kube = kube
	config.Timeout = 0
	client.streaming = config
	return client, nil
}

// Version returns the version of the server.
func (c *Client) Version(ctx context.Context) (*apiversion.Info, error) {
	raw, err := c.kube.Discovery().RESTClient().Get().AbsPath("/version").DoRaw(ctx)
	if err != nil {
		return nil, err
	}
	info := &apiversion.Info{}
	if err := json.Unmarshal(raw, info); err != nil {
		return nil, fmt.Errorf("read the server version: %w", err)
	}
	return info, nil
}

// roundTripper sends requests through another one.
type roundTripper struct {
	next http.RoundTripper
	send func(*http.Request) (*http.Response, error)
}

var _ utilnet.RoundTripperWrapper = roundTripper{}

// RoundTrip implements http.RoundTripper.
func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return t.send(r) }

// WrappedRoundTripper is for client-go: it logs that it cannot cancel a request where it does not find
// http.Transport, as when --request-timeout ends one.
func (t roundTripper) WrappedRoundTripper() http.RoundTripper { return t.next }

func (c *Client) setClock(date string) {
	t, err := http.ParseTime(date)
	if err != nil {
		return
	}
	offset := t.Sub(c.clock.Now())
	if offset.Abs() < clockSkew {
		offset = 0
	}
	c.offset.Store(int64(offset))
}

// Now is the cluster's time: conditions carry the server's clock, and a laptop's
// may be minutes off.
func (c *Client) Now() time.Time {
	return c.clock.Now().Add(time.Duration(c.offset.Load()))
}

// CheckNamespace returns kubectl's NotFound when the namespace does not exist. Without
// permission to get namespaces it returns nil.
func (c *Client) CheckNamespace(ctx context.Context, namespace string) error {
	_, err := c.kube.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return err
	}
	return nil
}

// missing splits an error: what RBAC hides is only a note, anything else is an error.
func missing(resource string, err error) (reason string, hidden bool, rest error) {
	if err == nil {
		return "", false, nil
	}
	if apierrors.IsForbidden(err) {
		var status apierrors.APIStatus
		if errors.As(err, &status) {
			return status.Status().Message, true, nil
		}
		return err.Error(), true, nil
	}
	return "", false, fmt.Errorf("%s: %w", resource, err)
}
