package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// canSkipPodCheck is for commands that make the controller create pods. A policy may deny pods of
// a user that it allows the controller to create.
func (c *mutation) canSkipPodCheck(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.skipPodCheck, operate.SkipPodCheck, false, "Skip the dry run that checks whether the API server will accept the new pods")
}

// rehearse checks with dry runs, before anything is written, the consequences of the plan: the
// pods that the controller will create, and the evictions and deletions of all selected pods. set
// is the set after the first patch, nil without one.
func (c *mutation) rehearse(ctx context.Context, client *kube.Client, view *kube.View, s *sts.Snapshot, set *appsv1.StatefulSet, steps []operate.Decision, trials []operate.Trial) error {
	if err := c.tryRemovals(ctx, view, s, steps); err != nil {
		return err
	}
	if err := c.tryHolds(ctx, view, s, steps); err != nil {
		return err
	}
	if c.skipPodCheck {
		return nil
	}
	if p := steps[0].Action; p == nil || p.PatchSet == nil || !p.PatchSet.ChangesTemplate() {
		set = nil
	}
	return c.tryPods(ctx, client, view, s, set, trials)
}

// tryPods tries one pod of each kind. A pod that the server cannot check is noted and does not stop
// the command. A webhook that still fails after some tries counts as a rejection: the controller's
// pod would be rejected, too, until it works.
func (c *mutation) tryPods(ctx context.Context, client *kube.Client, view *kube.View, s *sts.Snapshot, set *appsv1.StatefulSet, trials []operate.Trial) error {
	full := false // some quota, until an old pod is gone
	for i := range trials {
		t := &trials[i]
		if o, ok := sts.ParsePodName(s.Set.Name, t.Pod.Name); ok && t.Fresh && set != nil {
			t.Pod = sts.NewPod(set, &set.Spec.Template, sts.PodRevision(t.Pod), o) // with the template as admission changes it
		}
		err := persist(func() error { return view.TryPod(ctx, s.Set, t.Pod) })
		o := (*operate.Objection)(nil)
		if err != nil && !errors.As(err, &o) {
			return err
		}
		switch {
		case o == nil:
			continue
		case o.Kind == operate.NotAllowed:
			noteTo(c.env.ErrOut, msgPodsNotTried(s.Set.Namespace))
			return nil
		case o.Kind == operate.NoDryRun:
			noteTo(c.env.ErrOut, msgPodNotTried(t.Pod.Name, o.Error()))
			continue
		}
		switch after, decided := o.AfterOld(t.Replaces, t.Pod, s.TakenAt); {
		case after == nil:
			full = true
			noteTo(c.env.ErrOut, msgPodFitsLater(o.Error(), t.Pod.Name))
		case !decided:
			warnTo(c.env.ErrOut, msgPodMayNotBeCreated(t.Pod.Name, o.Error()))
		default:
			if err := c.refusePod(after, s, *t); err != nil {
				return err
			}
		}
	}
	if !full && !operate.NeedsMore(trials, s.TakenAt) {
		return nil
	}
	quotas, err := client.Quotas(ctx, s.Set.Namespace)
	if err != nil {
		return err
	}
	if o, t := operate.CheckQuotas(quotas, trials, s.TakenAt); o != nil {
		return c.refusePod(o, s, t)
	}
	return nil
}

// refusePod ends the command where a pod would be lost, otherwise it warns: a canary whose pods are
// missing or failing can be rolled back in any case.
func (c *mutation) refusePod(o *operate.Objection, s *sts.Snapshot, t operate.Trial) error {
	if d := o.Refuse(s.Set.Namespace, t); t.Costs {
		return &operate.AnswerError{Decision: d}
	}
	warnTo(c.env.ErrOut, o.Warn(t))
	return nil
}
