package kube

import (
	"context"
	"time"

	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

// AddressServer is a DNS server that is queried from here, over the network.
type AddressServer struct {
	*Resolver
	address string
}

// ServerAt is the DNS server at an address of [ResolverAt]. Nothing is sent yet.
func ServerAt(address string, timeout time.Duration, c clock.Clock) (*AddressServer, error) {
	resolver, err := ResolverAt(address, timeout, c)
	if err != nil {
		return nil, err
	}
	return &AddressServer{resolver, address}, nil
}

// Resolve sends all queries to the server, see [Resolver.Resolve].
func (s *AddressServer) Resolve(ctx context.Context, questions []names.Question) ([]names.Answer, error) {
	answers, err := s.Resolver.Resolve(ctx, questions)
	if err != nil && ctx.Err() == nil {
		err = errDNSServer(s.address, err)
	}
	return answers, err
}

// String is the address as it was given.
func (s *AddressServer) String() string { return s.address }

// Close does nothing: connections end with the queries.
func (s *AddressServer) Close() {}
