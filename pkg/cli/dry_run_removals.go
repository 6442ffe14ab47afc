package cli

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// removalsAtOnce is how many evictions and deletions are tried at the same time.
const removalsAtOnce = 8

// tryRemovals tries all evictions and deletions of the plan: a removal that admission denies must
// not surface when some pods are gone already. A budget that blocks an eviction now is waited for later.
func (r *mutationRun) tryRemovals(ctx context.Context) error {
	s, steps := r.snapshot, r.report.Plan
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
			add(a, a.PodRef, false, r.view.DryRunEviction)
		case *operate.DeletePod:
			add(a, a.PodRef, true, r.view.DryRunDeletion)
		case *operate.ForceDeletePod:
			add(a, a.PodRef, true, r.view.DryRunDeletion)
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
				r.env.note(msgRemovalsNotTried(o.Error()))
			}
		default:
			return err
		}
	}
	if first != nil && steps[0].Verdict != operate.Wait {
		warnTo(r.env.ErrOut, msgEvictionBlocked(strings.TrimPrefix(first.Subject, "pod/"), waiting-1, cmp.Or(first.Cause, first.Message)))
	}
	return nil
}

// tryFinalizers tries all changes of finalizers in the plan that fit the current pods: if the API server
// does not store them, the controller recreates a pod whose member has left.
func (r *mutationRun) tryFinalizers(ctx context.Context) error {
	s, steps := r.snapshot, r.report.Plan
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
		tries = append(tries, func() error { return tried(s, d.Action, func() error { return r.view.TryFinalizer(ctx, p) }) })
	}
	unchecked := 0
	for _, err := range atOnce(tries) {
		if o := (*operate.Objection)(nil); errors.As(err, &o) && o.Kind == operate.NoDryRun {
			if unchecked++; unchecked == 1 {
				r.env.note(msgFinalizersNotTried(o.Error()))
			}
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tryNodes tries all changes of nodes in the plan.
func (r *mutationRun) tryNodes(ctx context.Context) error {
	for _, d := range r.report.Plan {
		if d.Action == nil {
			continue
		}
		err := tried(r.snapshot, d.Action, func() error { return r.view.TryNode(ctx, d.Action) })
		if o := (*operate.Objection)(nil); errors.As(err, &o) && o.Kind == operate.NoDryRun {
			r.env.note(msgNodeNotTried(o.Error()))
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
