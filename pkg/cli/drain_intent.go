package cli

import (
	"context"
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

func (o *drainFlags) toIntent(m *mutation) (newIntent, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.options.IgnoreBudgets, o.options.NoHooks, o.options.ProfileFile = o.pdb == "ignore", o.profile == "none", profileFile(o.profile)
	switch {
	case o.cancel:
		m.detail = " --cancel"
		return o.toCancel(m), nil
	case o.unpark:
		m.detail = " --unpark"
		return o.toUnpark(m), nil
	}
	m.detail = fmt.Sprintf(" --replicas %d", o.options.Replicas)
	return o.toScale(m), nil
}

func (o *drainFlags) toCancel(m *mutation) newIntent {
	return func(_ context.Context, _ *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
		p, err := o.hooks(m, s)
		return operate.NewCancelDrain(operate.CancelOptions{Lock: lock, Profile: p, Domain: o.options.Domain}, s), err
	}
}

func (o *drainFlags) toUnpark(m *mutation) newIntent {
	return func(ctx context.Context, client *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
		size, _ := record.ParkedSize(s.Set)
		return operate.NewUnpark(lock, s), o.requireRestored(ctx, m, client, s, size)
	}
}

func (o *drainFlags) toScale(m *mutation) newIntent {
	return func(ctx context.Context, client *kube.Client, s *sts.Snapshot, lock operate.Lock) (operate.Intent, error) {
		options := o.options
		if have := sts.DesiredReplicas(s.Set); (o.fresh || options.ReuseClaims) && options.Replicas < have {
			return nil, usagef("--fresh-claims and --reuse-claims require a scale-up, but statefulset/%s has %s and --replicas is %d", s.Set.Name, sts.Count(have, "replica"), options.Replicas)
		}
		options.Lock = lock
		var err error
		if options.Profile, err = o.hooks(m, s); err != nil {
			return nil, err
		}
		if err := mayDrain(ctx, client, s, options); err != nil {
			return nil, err
		}
		if options.IgnoreBudgets && len(s.Budgets) > 0 {
			warnTo(m.env.ErrOut, msgDrainIgnoresBudgets(s.BudgetNames()))
		}
		if options.ReuseClaims, err = o.stale(ctx, m, client, s, options); err != nil {
			return nil, err
		}
		if !o.fresh {
			if err := o.requireRestored(ctx, m, client, s, options.Replicas); err != nil {
				return nil, err
			}
		}
		return operate.NewDrainScale(options, s), nil
	}
}

func (o *drainFlags) check() error {
	switch {
	case o.options.Park && o.options.Replicas != 0:
		return usagef("--park requires --replicas 0")
	case o.options.Park && o.profile != "" && o.profile != "none":
		return usagef("--park and --profile are mutually exclusive: parked members do not leave their cluster")
	case o.options.Replicas > maxPlanReplicas:
		return invalidFlag("replicas", o.options.Replicas, fmt.Sprintf("must be at most %d", maxPlanReplicas))
	}
	for flag, command := range map[string]string{"drain-exec": o.exec, "drain-cmd": o.command} { // only one is set
		if unknown := misspelt(command); unknown != "" {
			return usagef("--%s: unknown variable %s, must be one of %s; for literal text write $%s", flag, unknown, variables(), unknown)
		}
	}
	return nil
}
