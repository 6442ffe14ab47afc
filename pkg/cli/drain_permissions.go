package cli

import (
	"context"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// mayDrain checks the permissions before anything starts: one that is missing later would leave
// the pod of a member that has left running.
func mayDrain(ctx context.Context, client *kube.Client, s *sts.Snapshot, options operate.DrainOptions) error {
	ns := s.Set.Namespace
	needs := [][3]string{{"patch", "statefulsets.apps", "scale"}}
	if sts.DesiredReplicas(s.Set) > options.Replicas {
		switch {
		case options.IgnoreBudgets:
			needs = append(needs, [3]string{"delete", "pods", ""})
		default:
			needs = append(needs, [3]string{"create", "pods", "eviction"})
		}
		needs = append(needs, [3]string{"patch", "pods", ""}) // the finalizer
	}
	if options.Profile != nil && runsInPods(options.Profile) {
		needs = append(needs, [3]string{"create", "pods", "exec"})
	}
	for _, n := range needs {
		if err := client.May(ctx, ns, n[0], n[1], n[2]); err != nil {
			return err
		}
	}
	return nil
}

func runsInPods(p *profile.Profile) bool {
	for _, rules := range profile.Sections {
		for _, c := range p.Commands(rules.Section) {
			if c.On != profile.Here {
				return true
			}
		}
	}
	return false
}
