package forecast

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// tellOutcome predicts how it ends.
func (t *teller) tellOutcome() {
	out := &t.Outcome
	out.Ordinals = []sts.Ordinal{}
	if t.world.Set == nil || t.world.Set.DeletionTimestamp != nil {
		t.tellDeletion()
		return
	}
	if text := t.strategyRefused(); text != "" {
		out.State, out.Message = OutcomeStuck, text
		out.Hint = sts.StrategyRefusedHint()
		return
	}
	if t.unnamable() {
		out.State, out.Pod = OutcomeStuck, sts.PodName(t.Name, sts.Start(t.set))
		out.Message, out.Hint = msgNameTooLong(len(t.Name))
		return
	}
	if t.tellStuck() {
		return
	}
	if t.hangs != "" {
		out.State, out.Pod = OutcomeStuck, t.hangs
		out.Message, out.Hint = msgStuckOnLostNode(t.hangs, t.q.LoseNode)
		return
	}
	for o := sts.Start(t.set); o < sts.End(t.set); o++ {
		if p := t.world.pod(o); p != nil && sts.PodRevision(p) != t.update {
			out.Ordinals = append(out.Ordinals, o)
		}
	}
	switch {
	case len(out.Ordinals) == 0:
		out.State, out.Message = OutcomeComplete, msgComplete(sts.DesiredReplicas(t.set), t.template(t.update))
	case t.strategy().HasPartition():
		out.State, out.Message = OutcomePaused, msgHeld(out.Ordinals)
		out.Hint = sts.Kubectl(t.Namespace, "sts canary promote", t.Name)
	default:
		out.State, out.Message = OutcomeWaiting, msgWaiting(t.UpdateStrategy, out.Ordinals)
		out.Hint = t.replaceCommand(slices.Max(out.Ordinals))
	}
}

func (t *teller) tellDeletion() {
	out := &t.Outcome
	kept := slices.ContainsFunc(t.Claims, func(c ForecastClaim) bool { return c.Effect == ClaimIsOrphaned })
	out.State, out.Message = OutcomeDeleted, msgSetAndPodsDeleted(kept)
	if t.q.Delete == metav1.DeletePropagationOrphan {
		out.State, out.Message = OutcomeOrphaned, msgOrphaned(kept)
	}
	if left := t.world.ordinals(); len(left) > 0 && t.q.Delete != metav1.DeletePropagationOrphan {
		out.State, out.Pod, out.Ordinals = OutcomeStuck, sts.PodName(t.Name, left[0]), left
		out.Message = msgPodStuck(out.Pod, t.trouble(t.world.pod(left[0])))
		out.Hint = sts.Kubectl(t.Namespace, "describe pod", out.Pod)
		if !t.before.HasPod(left[0]) { // the controller has not created it yet
			out.Hint = sts.Kubectl(t.Namespace, "describe statefulset", t.Name)
		}
		if waitsForClaims(t.world.pod(left[0])) {
			out.Hint = hintDeadlock(sts.Kubectl(t.Namespace, "patch pod", out.Pod, "--type=merge", "-p", `{"metadata":{"finalizers":null}}`))
		}
	}
}

// strategyRefused says that the controller does nothing at all for the set, because it does not
// support its update strategy; empty if it does.
func (t *teller) strategyRefused() string {
	if t.strategy().Gate() == "" || !t.before.StrategyRefused() {
		return ""
	}
	return sts.StrategyIsRefused
}

// tellStuck names the pod that everything waits for, if there is one.
func (t *teller) tellStuck() bool {
	out := &t.Outcome
	if t.strategy().ReplacesAllAtOnce() { // all else that is missing waits for these
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
			if sts.PodRevision(p) != t.update && t.strategy().HasPartition() && t.strategy().Replaces(o) {
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

// goingClaim is a claim of a pod that is still terminating in the end.
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
		out.Message = msgPodNotCreated(out.Pod)
		if c := t.goingClaim(out.Pod); c != nil {
			out.Message = msgPodNotCreatedBeforeClaim(out.Pod, c.Name, holders(c))
			out.Hint = sts.Kubectl(t.Namespace, "describe pvc", c.Name)
		}
		return
	}
	trouble := t.trouble(p)
	out.Message = msgPodStuck(out.Pod, trouble)
	outdated, updating := sts.PodRevision(p) != t.update, t.stable != t.update
	trap := t.q.Features.trapped(t.set)
	switch {
	case t.strategy().ReplacesAllAtOnce() && outdated:
		out.Message = msgStuckOldPod(out.Pod, trouble)
	case p.DeletionTimestamp != nil:
	case !t.strategy().ReplacesPods():
		t.sayOnDelete(trouble, outdated, updating)
	case t.strategy().ReplacesAllAtOnce() && updating:
		out.Message = msgStuckRecreate(out.Pod, trouble)
		if out.Hint = hintApplyTemplate(); t.q.From == Live && t.q.Set == nil {
			out.Hint = sts.Kubectl(t.Namespace, "sts unstick", t.Name)
		}
	case outdated && trap:
		out.Message = msgStuckOutdated(out.Pod, trouble)
		out.Hint = sts.Kubectl(t.Namespace, "sts unstick", t.Name)
	case outdated || !updating:
	case trap:
		out.Message, out.Hint = msgStuckForever(out.Pod, trouble), t.rollBackCommand()
	default:
		out.Message, out.Hint = msgStuckUpdate(out.Pod, trouble), t.rollBackCommand()
	}
}

// rollBackCommand rolls a stuck update back, for a hint. A change of the set is not the canary that is in
// progress.
func (t *teller) rollBackCommand() sts.Hint {
	if t.q.Set != nil {
		return sts.Kubectl(t.Namespace, "sts unstick", t.Name)
	}
	return record.RollBackCommand(t.before.Set)
}

// sayOnDelete says how the pod gets another template under OnDelete: only by its deletion.
// Nothing waits for it, and no other pod is updated because it is ready.
func (t *teller) sayOnDelete(trouble string, outdated, updating bool) {
	out := &t.Outcome
	o, _ := sts.ParsePodName(t.Name, out.Pod)
	replace := t.replaceCommand(o)
	switch {
	case outdated:
		out.Message = msgStuckOnDelete(out.Pod, trouble, t.template(t.update))
		out.Hint = replace
	case updating:
		out.Message, out.Hint = msgStuckOnDeleteUpdated(out.Pod, trouble), hintFixThenReplace(t.undoCommand(), replace)
	}
}

// replaceCommand is [diagnose.ReplaceCommand] of an ordinal.
func (t *teller) replaceCommand(o sts.Ordinal) sts.Hint {
	for _, r := range t.before.Replicas() {
		if r.Ordinal == o {
			return diagnose.ReplaceCommand(t.before, r)
		}
	}
	return sts.Kubectl(t.Namespace, "delete pod", sts.PodName(t.Name, o))
}

// undoCommand restores the template from before the update, for a hint; empty if that is unknown.
func (t *teller) undoCommand() sts.Hint {
	if t.q.From == Live && t.q.Set == nil && t.before.Revision(t.stable) != nil {
		return sts.Kubectl(t.Namespace, "rollout undo", "statefulset/"+t.Name)
	}
	return nil
}
