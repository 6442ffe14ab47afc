package kube

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// PodServer is the DNS server of a pod, queried with the tools of its image.
type PodServer struct {
	PodResolver
	pod string
}

// PodServer is the DNS server of a pod. Nothing is sent yet.
func (c *Client) PodServer(namespace, pod, container string, timeout time.Duration) *PodServer {
	return &PodServer{pod: pod, PodResolver: PodResolver{
		Timeout: timeout,
		Exec: func(ctx context.Context, command []string, stdout, stderr io.Writer) (int, error) {
			return c.Exec(ctx, namespace, pod, container, command, stdout, stderr)
		},
	}}
}

// Resolve makes all queries in the pod, see [PodResolver.Resolve].
func (s *PodServer) Resolve(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	answers, err := s.PodResolver.Resolve(ctx, questions)
	switch {
	case err == nil || ctx.Err() != nil:
		return answers, err
	case errors.Is(err, ErrNoShell), errors.Is(err, ErrNoTool):
		return nil, &names.PermanentError{Err: &sts.HintedError{Err: errDNSPod(s.pod, err), Hint: hintDNSOtherPods()}}
	case denied(err):
		return nil, &names.PermanentError{Err: errDNSPod(s.pod, err)}
	}
	return nil, errDNSPod(s.pod, err)
}

// String names the pod, and the tool and the server as far as they are known.
func (s *PodServer) String() string {
	tool, server := s.Tool()
	return msgDNSPodServer(s.pod, tool, server)
}

// Close does nothing: the commands end with the queries.
func (s *PodServer) Close() {}
