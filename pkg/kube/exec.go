package kube

import (
	"context"
	"errors"
	"io"
	"regexp"
	"slices"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// Exec runs a command in a pod's container and writes its output to the two streams. It
// returns the command's exit code; an error means that it could not be run, or that the
// connection broke before its end was known.
func (c *Client) Exec(ctx context.Context, namespace, pod, container string, command []string, stdout, stderr io.Writer) (int, error) {
	request := c.kube.CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	// Websockets, or SPDY where the server or a proxy in between supports only that: as kubectl does.
	spdy, err := remotecommand.NewSPDYExecutor(c.streaming, "POST", request.URL())
	if err != nil {
		return 0, err
	}
	websocket, err := remotecommand.NewWebSocketExecutor(c.streaming, "GET", request.URL().String())
	if err != nil {
		return 0, err
	}
	executor, err := remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	if err != nil {
		return 0, err
	}
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: stdout, Stderr: stderr})
	var ended exec.CodeExitError
	switch {
	case err == nil:
		return 0, nil
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case errors.As(err, &ended):
		return ended.Code, nil
	}
	return 0, &execError{pod: pod, err: err}
}

// execError is a command that could not be run in a pod. The server's text has the URL of its
// request to the kubelet, with the whole command in it, which is left out.
type execError struct {
	pod string
	err error
}

var askedFor = regexp.MustCompile(`\?[^"\s]*\bcommand=[^"\s]*`)

func (e *execError) Error() string {
	return "exec in pod " + e.pod + ": " + askedFor.ReplaceAllString(e.err.Error(), "")
}
func (e *execError) Unwrap() error { return e.err }

// Is reports a broken connection as [operate.ErrTransient]: whether the command has run is unknown.
func (e *execError) Is(target error) bool { return target == operate.ErrTransient && transient(e.err) }

// PodGone reports whether the pod of this UID is terminating or gone according to the API
// server: a watch may be behind. It is false when the server does not answer.
func (c *Client) PodGone(ctx context.Context, namespace, name string, uid types.UID) bool {
	pods, err := c.kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	return err == nil && !slices.ContainsFunc(pods.Items, func(p corev1.Pod) bool { return p.UID == uid && p.DeletionTimestamp == nil })
}

// May checks whether the user has this permission in the namespace; nil when so, or
// when the server does not answer, else a [PermissionError]. The resource is written with its group, like
// statefulsets.apps.
func (c *Client) May(ctx context.Context, namespace, verb, resource, subresource string) error {
	gr := schema.ParseGroupResource(resource)
	review, err := c.review(ctx, namespace, verb, resource, subresource)
	if err != nil || review.Status.Allowed {
		return nil //nolint:nilerr // then the request itself will fail
	}
	what := gr.Resource
	if subresource != "" {
		what += "/" + subresource
	}
	return &PermissionError{msgMayNot(verb, what, namespace)}
}

func (c *Client) review(ctx context.Context, namespace, verb, resource, subresource string) (*authorizationv1.SelfSubjectAccessReview, error) {
	gr := schema.ParseGroupResource(resource)
	return c.kube.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: verb, Group: gr.Group, Resource: gr.Resource, Subresource: subresource,
		}},
	}, metav1.CreateOptions{})
}
