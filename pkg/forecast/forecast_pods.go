package forecast

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// original is the pod of that name at the start, nil when there was none.
func (t *teller) original(name string) *corev1.Pod {
	i := slices.IndexFunc(t.before.Pods, func(p *corev1.Pod) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return t.before.Pods[i]
}

// remade says whether a pod of this name has been created by the time of the nth event.
func (t *teller) remade(name string, n int) bool {
	return slices.ContainsFunc(t.events[:n+1], func(e Event) bool { return e.Kind == PodCreated && e.Object == name })
}

// tellOrdinals lists the ordinals that have a pod before, after or in between.
func (t *teller) tellOrdinals() {
	var all []sts.Ordinal
	for _, r := range t.before.Replicas() {
		all = append(all, r.Ordinal)
	}
	for _, e := range t.events {
		if e.Ordinal >= 0 && e.Kind == PodCreated {
			all = append(all, e.Ordinal)
		}
	}
	for o := sts.Start(t.set); o < sts.End(t.set); o++ {
		all = append(all, o) // also those that never get one
	}
	slices.Sort(all)
	for _, o := range slices.Compact(all) {
		name := sts.PodName(t.Name, o)
		f := ForecastOrdinal{Ordinal: o, Pod: name}
		if p := t.original(name); p != nil {
			f.Before = t.pod(p, t.before.TakenAt)
		}
		if p := t.world.Pods[name]; p != nil {
			f.After = t.pod(p, t.world.Now)
		}
		t.Ordinals = append(t.Ordinals, f)
	}
}

func (t *teller) pod(p *corev1.Pod, now time.Time) *ForecastPod {
	out := &ForecastPod{
		Revision: sts.PodRevision(p), Node: p.Spec.NodeName, Ready: !sts.ReadySince(p).IsZero(), Terminating: p.DeletionTimestamp != nil,
	}
	out.Available = !out.Terminating && sts.Available(p, t.set.Spec.MinReadySeconds, now)
	if trouble := t.trouble(p); !out.Available && trouble != "" {
		out.Trouble = msgPodStuck(p.Name, trouble)
	}
	return out
}

// trouble says why a pod will not become ready, or will not terminate; empty if it will.
func (t *teller) trouble(p *corev1.Pod) string {
	old := t.original(p.Name)
	switch {
	case old != nil && old.UID == p.UID && t.failing[p.Name] != nil:
		return t.failing[p.Name].Message
	case waitsForClaims(p):
		return msgDeadlock()
	case p.DeletionTimestamp != nil && len(p.Finalizers) > 0:
		return msgNotTerminating(p.Finalizers)
	case p.DeletionTimestamp == nil && t.broken(p):
		return msgNeverReady()
	}
	return ""
}

// waitsForClaims says whether a pod was deleted in the foreground while it owned claims.
func waitsForClaims(p *corev1.Pod) bool {
	return p.DeletionTimestamp != nil && slices.Contains(p.Finalizers, metav1.FinalizerDeleteDependents)
}
