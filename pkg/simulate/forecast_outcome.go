package simulate

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// tellOutcome says how it ends.
func (t *teller) tellOutcome() {
	out := &t.Outcome
	out.Ordinals = []sts.Ordinal{}
	if t.world.Set == nil {
		t.tellDeletion()
		return
	}
	if t.tellStuck() {
		return
	}
	for o := sts.Start(t.set); o < sts.End(t.set); o++ {
		if p := t.world.pod(o); p != nil && sts.PodRevision(p) != t.update {
			out.Ordinals = append(out.Ordinals, o)
		}
	}
	switch all := sts.Count(sts.WantedReplicas(t.set), "pod"); {
	case len(out.Ordinals) == 0:
		out.State, out.Message = OutcomeComplete, fmt.Sprintf("all of it is done: %s available, with %s", all, t.template(t.update))
	case sts.IsRollingUpdate(t.set):
		out.State = OutcomeHeld
		out.Message = fmt.Sprintf("the partition holds %s back", sts.SayOrdinals(out.Ordinals))
		out.Hint = sts.Kubectl(t.Namespace, "sts resume", t.Name)
	default:
		out.State = OutcomeWaiting
		out.Message = fmt.Sprintf("%s keeps %s as they are until somebody deletes their pods", t.UpdateStrategy, sts.SayOrdinals(out.Ordinals))
		out.Hint = sts.Kubectl(t.Namespace, "sts restart", t.Name)
	}
}

func (t *teller) tellDeletion() {
	out := &t.Outcome
	out.State, out.Message = OutcomeDeleted, "the set and its pods are gone"
	if t.q.Delete == metav1.DeletePropagationOrphan {
		out.State, out.Message = OutcomeOrphaned, "the set is gone, its pods run on, and nobody makes them anew"
	}
	for _, c := range t.Claims {
		if c.Fate == ClaimIsKept {
			out.Message += "; the claims are kept"
			return
		}
	}
}

// tellStuck names the pod that everything waits for, if there is one.
func (t *teller) tellStuck() bool {
	out := &t.Outcome
	for o := sts.Start(t.set); o < sts.End(t.set); o++ {
		p := t.world.pod(o)
		switch {
		case p != nil && p.DeletionTimestamp == nil && t.world.available(p):
			if sts.PodRevision(p) != t.update && o >= sts.UpdateFrom(t.set) && sts.IsRollingUpdate(t.set) {
				out.Ordinals = append(out.Ordinals, o)
			}
			continue
		case out.Pod == "":
			out.Pod = sts.PodName(t.Name, o)
		}
		out.Ordinals = append(out.Ordinals, o)
	}
	for _, o := range t.world.condemned() {
		if out.Pod == "" {
			out.Pod = sts.PodName(t.Name, o)
		}
	}
	if out.Pod == "" {
		return false
	}
	out.State = OutcomeStuck
	t.sayStuck()
	return true
}

func (t *teller) sayStuck() {
	out := &t.Outcome
	p := t.world.Pods[out.Pod]
	out.Hint = sts.Kubectl(t.Namespace, "describe pod", out.Pod)
	if p == nil {
		out.Message = out.Pod + " is not made"
		return
	}
	out.Message = out.Pod + " " + t.trouble(p)
	old := sts.PodRevision(p) != t.update
	switch {
	case p.DeletionTimestamp != nil:
	case old:
		out.Message += "; Kubernetes waits for it before it replaces it, though the template has moved on (kubernetes#67250)"
		out.Hint = sts.Kubectl(t.Namespace, "sts unstick", t.Name)
	case t.stable != t.update:
		out.Message += " and blocks the update; to put the old template back does not help by itself (kubernetes#67250)"
		out.Hint = sts.Kubectl(t.Namespace, "sts unstick", t.Name)
	}
}
