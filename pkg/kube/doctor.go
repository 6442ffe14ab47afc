package kube

import (
	"context"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
)

// ReadDoctor reads everything that the checks of doctor look at: one list per kind, in parallel.
func (c *Client) ReadDoctor(ctx context.Context, q Query, domain string) (*doctor.Input, error) {
	inv, found, err := c.ReadNames(ctx, q, domain)
	if err != nil {
		return nil, err
	}
	return &doctor.Input{Inventory: inv, Domain: found}, nil
}
