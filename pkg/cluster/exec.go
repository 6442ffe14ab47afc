package cluster

import (
	"context"
	"errors"
	"fmt"
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
)

// Exec runs a command in a pod's container and writes what it says to the two
// streams. It returns the command's exit code; an error says that it could not be
// run, or that the connection broke before its end was known.
func (c *Client) Exec(ctx context.Context, namespace, pod, container string, command []string, stdout, stderr io.Writer) (int, error) {
	request := c.kube.CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	// Websockets, or SPDY where the server or a proxy on the way has only that: as kubectl does.
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

// execError is a command that could not be run in a pod. The server's words hold the address
// that it has asked the kubelet for, with the whole command in it, which says nothing new.
type execError struct {
	pod string
	err error
}

var askedFor = regexp.MustCompile(`\?[^"\s]*\bcommand=[^"\s]*`)

func (e *execError) Error() string {
	return "exec in pod " + e.pod + ": " + askedFor.ReplaceAllString(e.err.Error(), "")
}
func (e *execError) Unwrap() error { return e.err }

// PodGone says whether the pod of this UID is ending or gone, as the server knows it now: a
// watch may be behind. It is false when the server does not tell.
func (c *Client) PodGone(ctx context.Context, namespace, name string, uid types.UID) bool {
	pods, err := c.kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	return err == nil && !slices.ContainsFunc(pods.Items, func(p corev1.Pod) bool { return p.UID == uid && p.DeletionTimestamp == nil })
}

// May says whether the user may do this in the namespace, as the server answers
// for itself; nil when it may, or when the server does not tell. The resource is
// written with its group, like statefulsets.apps.
func (c *Client) May(ctx context.Context, namespace, verb, resource, subresource string) error {
	gr := schema.ParseGroupResource(resource)
	review, err := c.review(ctx, namespace, verb, resource, subresource)
	if err != nil || review.Status.Allowed {
		return nil //nolint:nilerr // then the request itself will tell
	}
	what := gr.Resource
	if subresource != "" {
		what += "/" + subresource
	}
	return fmt.Errorf("you may not %s %s in namespace %s: ask for that permission", verb, what, namespace)
}

func (c *Client) review(ctx context.Context, namespace, verb, resource, subresource string) (*authorizationv1.SelfSubjectAccessReview, error) {
	gr := schema.ParseGroupResource(resource)
	return c.kube.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: verb, Group: gr.Group, Resource: gr.Resource, Subresource: subresource,
		}},
	}, metav1.CreateOptions{})
}
