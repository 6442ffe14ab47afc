package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// canSkipPodCheck is for commands that make the controller create pods. A policy may deny pods of
// a user that it allows the controller to create.
func (c *change) canSkipPodCheck(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.skipPodCheck, operate.SkipPodCheck, false, "Skip the dry run that checks whether the API server will accept the new pods")
}

// rehearse checks with dry runs, before anything is written, the consequences of the plan: the
// pods that the controller will create, and the evictions and deletions of all selected pods. set
// is the set after the first patch, nil without one.
func (c *change) rehearse(ctx context.Context, client *kube.Client, view *kube.View, s *sts.Snapshot, set *appsv1.StatefulSet, steps []operate.Decision, trials []operate.Trial) error {
	if err := c.tryRemovals(ctx, view, s, steps); err != nil {
		return err
	}
	if err := c.tryFinalizers(ctx, view, s, steps); err != nil {
		return err
	}
	if c.skipPodCheck {
		return nil
	}
	if p, ok := steps[0].Action.(*operate.PatchSet); !ok || !p.ChangesTemplate() {
		set = nil
	}
	return c.tryPods(ctx, client, view, s, set, trials)
}

// tryPods tries one pod of each kind. A pod that the server cannot check is noted and does not stop
// the command. A webhook that still fails after some tries counts as a rejection: the controller's
// pod would be rejected, too, until it works.
func (c *change) tryPods(ctx context.Context, client *kube.Client, view *kube.View, s *sts.Snapshot, set *appsv1.StatefulSet, trials []operate.Trial) error {
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
func (c *change) refusePod(o *operate.Objection, s *sts.Snapshot, t operate.Trial) error {
	if d := o.Refuse(s.Set.Namespace, t); t.Costs {
		return &operate.AnswerError{Decision: d}
	}
	warnTo(c.env.ErrOut, o.Warn(t))
	return nil
}

// removalsAtOnce is how many evictions and deletions are tried at the same time.
const removalsAtOnce = 8

// tryRemovals tries all evictions and deletions of the plan: a removal that admission denies must
// not surface when some pods are gone already. A budget that blocks an eviction now is waited for later.
func (c *change) tryRemovals(ctx context.Context, view *kube.View, s *sts.Snapshot, steps []operate.Decision) error {
	live := map[types.UID]bool{}
	for _, p := range s.Pods {
		live[p.UID] = true
	}
	var tries []func() error
	var isDeletion []bool
	add := func(a operate.SetAction, p operate.PodRef, deletion bool, dryRun func(context.Context, operate.PodRef) error) {
		if live[p.UID] {
			tries = append(tries, func() error { return tried(s, a, func() error { return dryRun(ctx, p) }) })
			isDeletion = append(isDeletion, deletion)
		}
	}
	for _, d := range steps {
		switch a := d.Action.(type) {
		case *operate.EvictPod:
			add(a, a.PodRef, false, view.DryRunEviction)
		case *operate.DeletePod:
			add(a, a.PodRef, true, view.DryRunDeletion)
		}
	}
	waiting, unchecked := 0, 0
	var first *operate.AnswerError
	for i, err := range atOnce(tries) {
		answer, o := (*operate.AnswerError)(nil), (*operate.Objection)(nil)
		switch {
		case err == nil:
		case isDeletion[i] && apierrors.IsForbidden(err) && !errors.As(err, &answer):
			// Pods are deleted only where they block the rollout at the end: without this permission everything else is done.
		case errors.As(err, &answer) && answer.Verdict == operate.Wait:
			if waiting++; first == nil {
				first = answer
			}
		case errors.As(err, &o) && o.Kind == operate.NoDryRun:
			if unchecked++; unchecked == 1 {
				noteTo(c.env.ErrOut, msgRemovalsNotTried(o.Error()))
			}
		default:
			return err
		}
	}
	if first != nil && steps[0].Verdict != operate.Wait {
		warnTo(c.env.ErrOut, msgEvictionBlocked(first.Subject, waiting-1, first.Message))
	}
	return nil
}

// tryFinalizers tries all changes of finalizers in the plan that fit the current pods: if the API server
// does not store them, the controller recreates a pod whose member has left.
func (c *change) tryFinalizers(ctx context.Context, view *kube.View, s *sts.Snapshot, steps []operate.Decision) error {
	live := map[types.UID]*corev1.Pod{}
	for _, p := range s.Pods {
		live[p.UID] = p
	}
	var tries []func() error
	for _, d := range steps {
		p := finalizerPatch(d.Action)
		if p == nil || live[p.UID] == nil {
			continue
		}
		if _, err := operate.Patched(live[p.UID], p.Ops); err != nil {
			continue // an earlier step changes the pod
		}
		tries = append(tries, func() error { return tried(s, d.Action, func() error { return view.TryFinalizer(ctx, p) }) })
	}
	unchecked := 0
	for _, err := range atOnce(tries) {
		if o := (*operate.Objection)(nil); errors.As(err, &o) && o.Kind == operate.NoDryRun {
			if unchecked++; unchecked == 1 {
				noteTo(c.env.ErrOut, msgFinalizersNotTried(o.Error()))
			}
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// finalizerPatch is the change of a pod's finalizers, nil for any other action.
func finalizerPatch(a operate.SetAction) *operate.FinalizerPatch {
	switch a := a.(type) {
	case *operate.AddFinalizer:
		return &a.FinalizerPatch
	case *operate.RemoveFinalizer:
		return &a.FinalizerPatch
	}
	return nil
}

// atOnce calls all functions, some at the same time, and returns their errors in order.
func atOnce(calls []func() error) []error {
	errs := make([]error, len(calls))
	slots := make(chan struct{}, removalsAtOnce)
	var all sync.WaitGroup
	for i, call := range calls {
		slots <- struct{}{}
		all.Go(func() {
			errs[i] = call()
			<-slots
		})
	}
	all.Wait()
	return errs
}

func noteTo(w io.Writer, text string) { _, _ = fmt.Fprintln(w, "note: "+text) }
