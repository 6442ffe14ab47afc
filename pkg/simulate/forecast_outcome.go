package simulate

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// tellOutcome says how it ends.
func (t *teller) tellOutcome() {
	out := &t.Outcome
	out.Ordinals = []sts.Ordinal{}
	if t.world.Set == nil || t.world.Set.DeletionTimestamp != nil {
		t.tellDeletion()
		return
	}
	if text := t.strategyRefused(); text != "" {
		out.State, out.Message = OutcomeStuck, text
		out.Hint = sts.StrategyRefusedHint
		return
	}
	if t.unnamable() {
		out.State, out.Pod = OutcomeStuck, sts.PodName(t.Name, sts.Start(t.set))
		out.Message = fmt.Sprintf("no pod can be created: with a set's name of %d characters the label controller-revision-hash is longer than a label may be", len(t.Name))
		out.Hint = fmt.Sprintf("give the set a name of at most %d characters", sts.LongestSetName)
		return
	}
	if t.tellStuck() {
		return
	}
	if t.hangs != "" {
		out.State, out.Pod = OutcomeStuck, t.hangs
		out.Message = fmt.Sprintf("%s hangs until somebody says that node %s is gone; then it comes back on another node, with its name and its claims", t.hangs, t.q.LoseNode)
		out.Hint = "kubectl delete node " + t.q.LoseNode + ", once its machine is off for sure: two pods must never write to one volume"
		return
	}
	for o := sts.Start(t.set); o < sts.End(t.set); o++ {
		if p := t.world.pod(o); p != nil && sts.PodRevision(p) != t.update {
			out.Ordinals = append(out.Ordinals, o)
		}
	}
	switch all := sts.Count(sts.WantedReplicas(t.set), "pod"); {
	case len(out.Ordinals) == 0:
		out.State, out.Message = OutcomeComplete, fmt.Sprintf("%s available, with %s", all, t.template(t.update))
	case sts.IsRollingUpdate(t.set):
		out.State = OutcomeHeld
		out.Message = fmt.Sprintf("the partition holds %s back", sts.SayOrdinals(out.Ordinals))
		out.Hint = sts.Kubectl(t.Namespace, "sts canary promote", t.Name)
	default:
		out.State = OutcomeWaiting
		out.Message = fmt.Sprintf("%s updates %s when somebody deletes the pods", t.UpdateStrategy, sts.SayOrdinals(out.Ordinals))
		out.Hint = t.replaceCommand(slices.Max(out.Ordinals))
	}
}

func (t *teller) tellDeletion() {
	out := &t.Outcome
	out.State, out.Message = OutcomeDeleted, "the set and its pods are gone"
	if t.q.Delete == metav1.DeletePropagationOrphan {
		out.State, out.Message = OutcomeOrphaned, "the set is gone, its pods run on, and nobody makes them anew"
	}
	if left := t.world.ordinals(); len(left) > 0 && t.q.Delete != metav1.DeletePropagationOrphan {
		out.State, out.Pod, out.Ordinals = OutcomeStuck, sts.PodName(t.Name, left[0]), left
		out.Message = out.Pod + " " + t.trouble(t.world.pod(left[0]))
		out.Hint = sts.Kubectl(t.Namespace, "describe pod", out.Pod)
		if !t.before.HasPod(left[0]) { // the controller has still to create it
			out.Hint = sts.Kubectl(t.Namespace, "describe statefulset", t.Name)
		}
		if waitsForClaims(t.world.pod(left[0])) {
			out.Hint = "let the scale-down end before, or use --cascade=background; where it hangs already: " +
				sts.Kubectl(t.Namespace, "patch pod", out.Pod) + ` --type=merge -p '{"metadata":{"finalizers":null}}' once its containers have ended`
		}
		return
	}
	for _, c := range t.Claims {
		if c.Fate == ClaimIsKept {
			out.Message += "; the claims are kept"
			return
		}
	}
}

// strategyRefused says that the controller does nothing at all for the set, because it does not
// know its update strategy; empty where it does.
func (t *teller) strategyRefused() string {
	if !sts.IsRecreate(t.set) || !t.before.StrategyRefused() {
		return ""
	}
	return sts.StrategyIsRefused
}

// tellStuck names the pod that everything waits for, if there is one.
func (t *teller) tellStuck() bool {
	out := &t.Outcome
	if sts.IsRecreate(t.set) { // whatever else is missing waits for these
		for _, o := range t.world.ordinals() {
			if p := t.world.pod(o); out.Pod == "" && sts.PodRevision(p) != t.update {
				out.Pod = p.Name
			}
		}
	}
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

// goingClaim is a claim of a pod that is told to go in the end, and is still there.
func (t *teller) goingClaim(pod string) *corev1.PersistentVolumeClaim {
	for o := sts.Start(t.set); o < sts.End(t.set); o++ {
		for _, c := range t.world.claimsOf(o) {
			if c.DeletionTimestamp != nil && sts.PodName(t.Name, o) == pod {
				return c
			}
		}
	}
	return nil
}

func (t *teller) sayStuck() {
	out := &t.Outcome
	p := t.world.Pods[out.Pod]
	out.Hint = sts.Kubectl(t.Namespace, "sts status", t.Name)
	if p == nil {
		out.Message = out.Pod + " is not made"
		if c := t.goingClaim(out.Pod); c != nil {
			out.Message += fmt.Sprintf(" before its old claim %s has gone, which is held by finalizers %s", c.Name, holders(c))
			out.Hint = sts.Kubectl(t.Namespace, "describe pvc", c.Name)
		}
		return
	}
	out.Message = out.Pod + " " + t.trouble(p)
	outdated, updating := sts.PodRevision(p) != t.update, t.stable != t.update
	trap := t.q.Features.trapped(t.set)
	switch {
	case sts.IsRecreate(t.set) && outdated:
		out.Message += "; Recreate creates no pod of the new revision before it has ended"
	case p.DeletionTimestamp != nil:
	case sts.IsOnDelete(t.set):
		t.sayOnDelete(p, outdated, updating)
	case sts.IsRecreate(t.set) && updating:
		out.Message += "; the update is not complete before it is ready, and another template replaces every pod at once, this one, too"
		if out.Hint = t.workingTemplate(); t.q.From == Live && t.q.Set == nil {
			out.Hint = sts.Kubectl(t.Namespace, "sts unstick", t.Name)
		}
	case outdated && trap:
		out.Message += "; Kubernetes waits for it before it replaces it, though the template has moved on (kubernetes#67250)"
		out.Hint = sts.Kubectl(t.Namespace, "sts unstick", t.Name)
	case outdated || !updating:
	case trap:
		out.Message += " and blocks the update; to put the old template back does not help by itself (kubernetes#67250)"
		out.Hint = sts.Kubectl(t.Namespace, "sts unstick", t.Name)
	default:
		out.Message += " and blocks the update until the template changes"
		out.Hint = sts.Kubectl(t.Namespace, "sts unstick", t.Name)
	}
}

// sayOnDelete adds how a pod gets another template under OnDelete: by its deletion alone.
// Nothing waits for it, and no other pod is updated because it is ready.
func (t *teller) sayOnDelete(p *corev1.Pod, outdated, updating bool) {
	out := &t.Outcome
	o, _ := sts.ParsePodName(t.Name, p.Name)
	replace := t.replaceCommand(o)
	switch {
	case outdated:
		out.Message += fmt.Sprintf("; OnDelete leaves it on its revision until it is deleted, and recreates it with %s then", t.template(t.update))
		out.Hint = replace
	case updating:
		out.Message += "; it has the new template already"
		out.Hint = t.workingTemplate() + ", then " + replace
	}
}

// replaceCommand is [sts.Snapshot.ReplaceCommand] of an ordinal.
func (t *teller) replaceCommand(o sts.Ordinal) string {
	for _, r := range t.before.Replicas() {
		if r.Ordinal == o {
			return t.before.ReplaceCommand(r)
		}
	}
	return sts.Kubectl(t.Namespace, "delete pod", sts.PodName(t.Name, o))
}

// workingTemplate is how another template gets into the set, for a hint.
func (t *teller) workingTemplate() string {
	if t.q.From == Live && t.q.Set == nil && t.before.Revision(t.stable) != nil {
		return sts.Kubectl(t.Namespace, "rollout undo", "statefulset/"+t.Name)
	}
	return "apply a template that works"
}
