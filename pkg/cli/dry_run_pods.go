package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// canSkipPodCheck is for commands that make the controller create pods. A policy may deny pods of
// a user that it allows the controller to create.
func (m *mutation) canSkipPodCheck(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&m.skipPodCheck, operate.SkipPodCheck, false, "Skip the dry run that checks whether the API server will accept the new pods")
}

// tryConsequences checks the consequences of the plan: the pods that the controller will create, and
// the evictions and deletions of all selected pods. set is the set after the first patch, nil without
// one.
func (r *mutationRun) tryConsequences(ctx context.Context, set *appsv1.StatefulSet) error {
	if err := r.tryRemovals(ctx); err != nil {
		return err
	}
	if err := r.tryFinalizers(ctx); err != nil {
		return err
	}
	if err := r.tryNodes(ctx); err != nil {
		return err
	}
	if r.skipPodCheck {
		return nil
	}
	if p, ok := r.first().Action.(*operate.PatchSet); !ok || !p.ChangesTemplate() {
		set = nil
	}
	return r.tryPods(ctx, set)
}

// tryPods tries one pod of each kind. A pod that the server cannot check is noted and does not stop
// the command. A webhook that still fails after some tries counts as a rejection: the controller's
// pod would be rejected, too, until it works.
func (r *mutationRun) tryPods(ctx context.Context, set *appsv1.StatefulSet) error {
	s, trials := r.snapshot, r.trials
	full := false // some quota, until an old pod is gone
	for i := range trials {
		t := &trials[i]
		if o, ok := sts.ParsePodName(s.Set.Name, t.Pod.Name); ok && t.Fresh && set != nil {
			t.Pod = sts.NewPod(set, &set.Spec.Template, sts.PodRevision(t.Pod), o) // with the template as admission changes it
		}
		err := persist(func() error { return r.view.TryPod(ctx, s.Set, t.Pod) })
		o := (*operate.Objection)(nil)
		if err != nil && !errors.As(err, &o) {
			return err
		}
		switch {
		case o == nil:
			continue
		case o.Kind == operate.NotAllowed:
			r.env.note(msgPodsNotTried(s.Set.Namespace))
			return nil
		case o.Kind == operate.NoDryRun:
			r.env.note(msgPodNotTried(t.Pod.Name, o.Error()))
			continue
		}
		switch after, decided := o.AfterOld(t.Replaces, t.Pod, s.TakenAt); {
		case after == nil:
			full = true
			r.env.note(msgPodFitsLater(o.By(), o.Uses(), t.Pod.Name))
		case !decided:
			warnTo(r.env.ErrOut, msgPodMayNotBeCreated(t.Pod.Name, o.Error()))
		default:
			if err := r.refusePod(after, *t); err != nil {
				return err
			}
		}
	}
	if !full && !operate.NeedsMore(trials, s.TakenAt) {
		return nil
	}
	quotas, _, err := r.client.Quotas(ctx, s.Set.Namespace)
	if err != nil {
		return err
	}
	if o, t := operate.CheckQuotas(quotas, trials, s.TakenAt); o != nil {
		return r.refusePod(o, t)
	}
	return nil
}

// refusePod ends the command where a pod would be lost, otherwise it warns: a canary whose pods are
// missing or failing can be rolled back in any case.
func (r *mutationRun) refusePod(o *operate.Objection, t operate.Trial) error {
	if d := o.Refuse(r.report.Namespace, t); t.Costs {
		return &operate.AnswerError{Decision: d}
	}
	warnTo(r.env.ErrOut, o.Warn(t))
	return nil
}
