package cli

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// snapshot reads one set with its revisions.
func (c *common) snapshot(cmd *cobra.Command, args []string, out *output) (*sts.Snapshot, error) {
	if err := out.check(); err != nil {
		return nil, err
	}
	name, err := setName(args)
	if err != nil {
		return nil, err
	}
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	q, err := (&target{}).query(c, []string{name})
	if err != nil {
		return nil, err
	}
	q.Revisions = true
	inv, err := client.Read(cmd.Context(), q)
	if err != nil {
		return nil, err
	}
	s := inv.Snapshots()[0]
	for _, m := range s.Missing {
		if m.Resource == "controllerrevisions" {
			return nil, &kube.PermissionError{Message: msgNoHistory(name, m.Reason)}
		}
	}
	return s, nil
}
