package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ClusterServer is a pod of the cluster's DNS behind a port-forward. If a pod cannot be reached, the
// next one is used.
type ClusterServer struct {
	Client *Client
	// Timeout is the timeout of one query, by the Clock.
	Timeout time.Duration
	Clock   clock.Clock

	at      NameServer
	forward *Forward
}

// Resolve sends all queries to the pod, see [Resolver.Resolve].
func (s *ClusterServer) Resolve(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	if s.forward != nil { // as long as it lasts
		if answers, err := s.ask(ctx, questions); err == nil || ctx.Err() != nil {
			return answers, err
		}
		s.Close()
	}
	found, err := s.Client.NameServers(ctx)
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	for _, at := range found {
		s.at = at
		if s.forward, err = s.Client.Forward(ctx, at.Namespace, at.Pod); err == nil {
			var answers []names.Answer
			if answers, err = s.ask(ctx, questions); err == nil {
				return answers, nil
			}
			s.Close()
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	if denied := s.Client.May(ctx, s.at.Namespace, "create", "pods", "portforward"); denied != nil {
		err = &names.PermanentError{Err: denied}
	}
	return nil, s.explain(ctx, err)
}

func (s *ClusterServer) ask(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	server := &Resolver{Timeout: s.Timeout, Clock: s.Clock, Stream: func(ctx context.Context) (io.ReadWriteCloser, error) {
		return s.forward.Dial(ctx, s.at.Port)
	}}
	answers, err := server.Resolve(ctx, questions)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%s: %w", s.at, err)
	}
	return answers, err
}

// explain says what could not be queried, and what else can be.
func (s *ClusterServer) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	explained := &sts.HintedError{Err: errors.New(msgDNSClusterServer(err)), Hint: hintDNSOtherServers()}
	if permanent := (*names.PermanentError)(nil); errors.As(err, &permanent) || denied(err) {
		return &names.PermanentError{Err: explained}
	}
	return explained
}

// denied: the API server rejects such a request, now and later.
func denied(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) }

// String names the pod, empty if there is none yet.
func (s *ClusterServer) String() string {
	if s.at.Pod == "" {
		return ""
	}
	return msgDNSForwardServer(s.at.Namespace, s.at.Pod)
}

// Close ends the port-forward.
func (s *ClusterServer) Close() {
	if s.forward != nil {
		_ = s.forward.Close() // no longer needed
		s.forward = nil
	}
}
