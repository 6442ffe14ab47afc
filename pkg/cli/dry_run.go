package cli

import (
	"context"
	"errors"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// preflight has the server check the first patch, and the first later change of the spec of each
// kind. A set that has changed since it was read is no error.
func (c *mutation) preflight(ctx context.Context, view *kube.View, s *sts.Snapshot, steps []operate.Decision) (set *appsv1.StatefulSet, alteration *sts.Alteration, err error) {
	var p *operate.PatchSet // nil also where the command waits before it writes
	if a := steps[0].Action; a != nil {
		p = a.PatchSet
	}
	if p != nil {
		err := tried(s, steps[0].Action, func() (err error) {
			set, alteration, err = view.Try(ctx, s, p)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if later := operate.FirstPatch(steps); later != nil && later != p && (p == nil || p.RecordOnly()) {
		err := tried(s, &operate.Action{PatchSet: later}, func() error {
			_, _, err := view.Try(ctx, s, later.SpecOnly(s))
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	for _, size := range []*operate.Scale{operate.FirstScale(steps), operate.FinalScale(s, steps)} {
		if size == nil {
			continue
		}
		if err := tried(s, &operate.Action{Scale: size}, func() error { return view.TryScale(ctx, s, size) }); err != nil {
			return nil, nil, err
		}
	}
	return set, alteration, nil
}

// tried is [persist] for the dry run of an action. A webhook that does not respond then refuses it:
// the write itself would fail in the same way.
func tried(s *sts.Snapshot, a *operate.Action, ask func() error) error {
	err := persist(ask)
	if o := operate.ReadObjection(err); o != nil && o.Kind == operate.ByFailingWebhook {
		if d := o.RefuseAction(s.Set.Namespace, s.Set.Name, a); d != nil {
			return &operate.AnswerError{Decision: *d}
		}
	}
	return err
}

// persist retries when the server does not respond. A set that has changed meanwhile is
// no error.
func persist(ask func() error) error {
	const tries = 3
	err := operate.ErrTransient
	for try := 0; try < tries && errors.Is(err, operate.ErrTransient); try++ {
		err = ask()
	}
	if errors.Is(err, operate.ErrChanged) {
		return nil
	}
	return err
}
