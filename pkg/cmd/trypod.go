package cmd

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

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// canSkipPodCheck is for commands because of which the controller creates pods. A policy may refuse
// pods to a user that it grants to the controller.
func (c *change) canSkipPodCheck(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.skipPodCheck, plan.SkipPodCheck, false, "Skip the dry run that checks whether the API server will accept the new pods")
}

// rehearse has the API server check with dry runs, before anything is written, what the plan leads
// to beside its own writes: the pods that the controller will create, and the evictions and
// deletions of all chosen pods. set is what the first patch makes of the set, nil without one.
func (c *change) rehearse(ctx context.Context, client *cluster.Client, view *cluster.View, s *sts.Snapshot, set *appsv1.StatefulSet, steps []plan.Decision, trials []plan.Trial) error {
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

// tryPods tries one pod of each kind. What the server cannot check is noted, and does not hold the
// command up. A webhook that does not answer after some tries refuses: the controller's pod would
// be refused, too, until it does.
func (c *change) tryPods(ctx context.Context, client *cluster.Client, view *cluster.View, s *sts.Snapshot, set *appsv1.StatefulSet, trials []plan.Trial) error {
	full := false // some quota, until an old pod has gone
	for i := range trials {
		t := &trials[i]
		if o, ok := sts.ParsePodName(s.Set.Name, t.Pod.Name); ok && t.Fresh && set != nil {
			t.Pod = sts.NewPod(set, &set.Spec.Template, sts.PodRevision(t.Pod), o) // with what admission adds to the template
		}
		err := persist(func() error { return view.TryPod(ctx, s.Set, t.Pod) })
		o := (*plan.Objection)(nil)
		if err != nil && !errors.As(err, &o) {
			return err
		}
		switch {
		case o == nil:
			continue
		case o.Kind == plan.NotAllowed:
			noteTo(c.env.ErrOut, "pods were not checked with a dry run: you cannot create pods in namespace "+s.Set.Namespace)
			return nil
		case o.Kind == plan.NoDryRun:
			noteTo(c.env.ErrOut, "pod "+t.Pod.Name+" was not checked with a dry run: "+o.Error())
			continue
		}
		switch after, decided := o.AfterOld(t.Replaces, t.Pod, s.TakenAt); {
		case after == nil:
			full = true
			noteTo(c.env.ErrOut, o.Error()+": pod "+t.Pod.Name+" fits only after the old one is gone")
		case !decided:
			warnTo(c.env.ErrOut, "pod "+t.Pod.Name+" may not be created: "+o.Error())
		default:
			if err := c.refusePod(after, s, *t); err != nil {
				return err
			}
		}
	}
	if !full && !plan.NeedsMore(trials, s.TakenAt) {
		return nil
	}
	quotas, err := client.Quotas(ctx, s.Set.Namespace)
	if err != nil {
		return err
	}
	if o, t := plan.CheckQuotas(quotas, trials, s.TakenAt); o != nil {
		return c.refusePod(o, s, t)
	}
	return nil
}

// refusePod ends the command where a pod would be lost, else it warns: a canary whose pods are
// missing or fail can be taken back whatever becomes of them.
func (c *change) refusePod(o *plan.Objection, s *sts.Snapshot, t plan.Trial) error {
	if d := o.Refuse(s.Set.Namespace, t); t.Costs {
		return &plan.AnswerError{Decision: d}
	}
	warnTo(c.env.ErrOut, o.Warn(t))
	return nil
}

// removalsAtOnce is how many evictions and deletions are tried at the same time.
const removalsAtOnce = 8

// tryRemovals tries all evictions and deletions of the plan: what admission refuses must not come
// to light when some pods have gone already. A budget that declines for now is waited for later.
func (c *change) tryRemovals(ctx context.Context, view *cluster.View, s *sts.Snapshot, steps []plan.Decision) error {
	live := map[types.UID]bool{}
	for _, p := range s.Pods {
		live[p.UID] = true
	}
	var tries []func() error
	var actions []*plan.Action
	for _, d := range steps {
		switch a := d.Action; {
		case a == nil:
			continue
		case a.EvictPod != nil && live[a.EvictPod.UID]:
			tries = append(tries, func() error { return tried(s, a, func() error { return view.DryEvict(ctx, a.EvictPod) }) })
		case a.DeletePod != nil && live[a.DeletePod.UID]:
			tries = append(tries, func() error { return tried(s, a, func() error { return view.DryDelete(ctx, a.DeletePod) }) })
		default:
			continue
		}
		actions = append(actions, d.Action)
	}
	waiting, unchecked := 0, 0
	var first *plan.AnswerError
	for i, err := range atOnce(tries) {
		answer, o := (*plan.AnswerError)(nil), (*plan.Objection)(nil)
		switch {
		case err == nil:
		case actions[i].DeletePod != nil && apierrors.IsForbidden(err) && !errors.As(err, &answer):
			// Pods are deleted only where they are in the way in the end: who cannot do that has done the rest.
		case errors.As(err, &answer) && answer.Verdict == plan.Wait:
			if waiting++; first == nil {
				first = answer
			}
		case errors.As(err, &o) && o.Kind == plan.NoDryRun:
			if unchecked++; unchecked == 1 {
				noteTo(c.env.ErrOut, "the removal of pods was not checked with a dry run: "+o.Error())
			}
		default:
			return err
		}
	}
	if first != nil && steps[0].Verdict != plan.Wait {
		more := ""
		if waiting > 1 {
			more = fmt.Sprintf(", and %d more", waiting-1)
		}
		warnTo(c.env.ErrOut, "the API server does not allow the eviction of "+first.Subject+" now"+more+"; it will be retried: waiting "+first.Message)
	}
	return nil
}

// tryHolds tries all changes of finalizers of the plan that fit the pods as they are now: the API
// server must store them, or the controller recreates a pod whose member has left.
func (c *change) tryHolds(ctx context.Context, view *cluster.View, s *sts.Snapshot, steps []plan.Decision) error {
	live := map[types.UID]*corev1.Pod{}
	for _, p := range s.Pods {
		live[p.UID] = p
	}
	var tries []func() error
	for _, d := range steps {
		a := d.Action
		if a == nil || a.HoldPod == nil || live[a.HoldPod.UID] == nil {
			continue
		}
		if _, err := plan.Patched(live[a.HoldPod.UID], a.HoldPod.Ops); err != nil {
			continue // a step before changes the pod
		}
		tries = append(tries, func() error { return tried(s, a, func() error { return view.TryHold(ctx, a.HoldPod) }) })
	}
	unchecked := 0
	for _, err := range atOnce(tries) {
		if o := (*plan.Objection)(nil); errors.As(err, &o) && o.Kind == plan.NoDryRun {
			if unchecked++; unchecked == 1 {
				noteTo(c.env.ErrOut, "the finalizers of pods were not checked with a dry run: "+o.Error())
			}
			continue
		}
		if err != nil {
			return err
		}
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
