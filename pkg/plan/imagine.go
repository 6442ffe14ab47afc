package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Foretell runs an intent in a world where everything goes well and returns its
// decisions: the plan that people review. The last one is how it would end. The
// same Next decides here and when it is done for real.
func Foretell(i Intent, s *sts.Snapshot) []Decision {
	var out []Decision
	f := Facts{Still: time.Hour, Asked: map[string]bool{}, Answers: map[string]Answer{}}
	for left := 10 + 10*len(s.Replicas()); left > 0; left-- {
		d := i.Next(s, f)
		if d.Action != nil && d.Action.AskEviction != nil {
			f = f.After(*d.Action) // no step for people
			continue
		}
		n := len(out)
		if n > 0 && d.Verdict == Wait && out[n-1].Verdict == Wait && out[n-1].Message == d.Message {
			return out // waiting does not help even in this world: the person sees for what
		}
		if run := question(d); run == nil || n == 0 || !sameQuestion(question(out[n-1]), run) {
			out = append(out, d)
		}
		switch d.Verdict {
		case Do:
			if d.Then != nil {
				return append(out, *d.Then)
			}
			if run := d.Action.Run; run != nil {
				answer := run.foretold
				answer.Imagined = true
				f.Asked[run.Key], f.Answers[run.Key] = true, answer
				left++ // a question takes no step
				continue
			}
			s = imagine(s, d.Action)
			f = f.After(*d.Action)
		case Wait:
			s = imagine(s, nil)
			if d.Until != nil && d.Until.After(s.TakenAt) {
				s.TakenAt = *d.Until
			}
		default:
			return out
		}
	}
	return out
}

// question is what a decision asks, nil when it asks nothing.
func question(d Decision) *Run {
	if d.Action == nil {
		return nil
	}
	return d.Action.Run
}

// sameQuestion says whether two questions differ only in the pod that is asked.
func sameQuestion(a, b *Run) bool {
	return a != nil && a.For == b.For && a.Command == b.Command && slices.Equal(a.Argv, b.Argv)
}

// imagine is the happy effect of an action, or of waiting where it is nil: the
// controller does its part and every pod that it makes becomes available.
func imagine(old *sts.Snapshot, a *Action) *sts.Snapshot {
	s := *old
	s.Set = old.Set.DeepCopy()
	s.Events = nil
	s.TakenAt = old.TakenAt.Add(time.Duration(s.Set.Spec.MinReadySeconds+1) * time.Second)
	s.Budgets = slices.Clone(old.Budgets)
	for k, b := range s.Budgets {
		if verdict, _ := sts.JudgeBudget(b, true); verdict == sts.BudgetShort {
			b = b.DeepCopy()
			b.Status.ObservedGeneration, b.Status.DisruptionsAllowed = b.Generation, 1
			b.Status.ExpectedPods = max(1, b.Status.ExpectedPods)
			s.Budgets[k] = b
		}
	}
	var deleted types.UID
	switch {
	case a == nil:
	case a.DeletePod != nil:
		deleted = a.DeletePod.UID
	case a.EvictPod != nil:
		deleted = a.EvictPod.UID
	case a.Scale != nil:
		s.Set.Spec.Replicas = &a.Scale.To
		s.Set.Generation++
	case a.PatchSet != nil:
		imaginePatch(s.Set, a.PatchSet)
		s.Revisions = append(slices.Clone(old.Revisions), imagineRevision(s.Set))
	}
	s.Set.Status.ObservedGeneration = s.Set.Generation
	s.Pods = nil
	allUpdated := sts.IsRollingUpdate(s.Set)
	for _, r := range old.Replicas() {
		if off := a != nil && a.HoldPod != nil && a.HoldPod.Off; off && r.Pod != nil && r.Pod.UID == a.HoldPod.UID {
			r.Pod = r.Pod.DeepCopy()
			r.Pod.Finalizers = slices.DeleteFunc(r.Pod.Finalizers, func(f string) bool { return f == sts.LeavingFinalizer })
			if r.Terminating {
				deleted = r.Pod.UID
			}
		}
		if held := imagineHeld(&s, r, a); held != nil {
			s.Pods = append(s.Pods, held)
			continue
		}
		if !sts.Wants(s.Set, r.Ordinal) {
			continue
		}
		pod := imaginePod(old, &s, r, deleted, a != nil)
		allUpdated = allUpdated && sts.PodRevision(pod) == s.Set.Status.UpdateRevision
		s.Pods = append(s.Pods, pod)
	}
	if allUpdated {
		s.Set.Status.CurrentRevision = s.Set.Status.UpdateRevision
	}
	return &s
}

// imagineHeld is a pod with our finalizer, which nothing makes go but taking that off;
// nil for any other.
func imagineHeld(s *sts.Snapshot, r sts.Replica, a *Action) *corev1.Pod {
	if r.Pod == nil {
		return nil
	}
	uid := r.Pod.UID
	puts := a != nil && a.HoldPod != nil && a.HoldPod.UID == uid
	if puts && a.HoldPod.Off || !puts && !sts.HoldsLeaving(r.Pod) {
		return nil
	}
	pod := r.Pod.DeepCopy()
	if puts {
		pod.Finalizers = append(pod.Finalizers, sts.LeavingFinalizer)
	}
	if a != nil && (a.EvictPod != nil && a.EvictPod.UID == uid || a.DeletePod != nil && a.DeletePod.UID == uid) {
		now := metav1.NewTime(s.TakenAt)
		pod.DeletionTimestamp = &now
	}
	return pod
}

// imaginePatch is what the API server and the controller make of a patch.
func imaginePatch(set *appsv1.StatefulSet, p *PatchSet) {
	set.Annotations = maps.Clone(set.Annotations)
	if set.Annotations == nil {
		set.Annotations = map[string]string{}
	}
	for _, o := range p.Ops {
		key, ok := o.annotation()
		switch {
		case !ok:
		case o.Op == "add", o.Op == "replace":
			set.Annotations[key] = unquote(o.Value)
		case o.Op == "remove":
			delete(set.Annotations, key)
		}
	}
	if p.Partition != nil {
		if set.Spec.UpdateStrategy.RollingUpdate == nil {
			set.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{}
		}
		set.Spec.UpdateStrategy.RollingUpdate.Partition = &p.Partition.To
	}
	if p.WhenScaled != "" {
		set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled = appsv1.PersistentVolumeClaimRetentionPolicyType(p.WhenScaled)
	}
	if p.template != nil {
		set.Spec.Template = *p.template.DeepCopy()
		set.Status.UpdateRevision = set.Name + "-(new)"
	}
	if p.RestoreRevision != "" {
		set.Status.UpdateRevision = p.RestoreRevision
	}
	if p.ChangesSpec() {
		set.Generation++
	}
}

// imagineRevision is the set's template as the controller would put it into history.
func imagineRevision(set *appsv1.StatefulSet) *appsv1.ControllerRevision {
	r := &appsv1.ControllerRevision{}
	r.Name = set.Status.UpdateRevision
	template := op("", "", set.Spec.Template).Value
	r.Data.Raw = slices.Concat([]byte(`{"spec":{"template":`), template, []byte(`}}`))
	return r
}

// imaginePod is the ordinal's pod when the controller has done its part. A pod
// that is in trouble on another revision stays where the controller would not
// replace it (kubernetes#67250), until it is deleted.
func imaginePod(old, s *sts.Snapshot, r sts.Replica, deleted types.UID, acted bool) *corev1.Pod {
	set, target := s.Set, s.RevisionFor(r.Ordinal)
	if r.Pod != nil && r.Pod.UID != deleted {
		target = r.Revision
		if sts.IsRollingUpdate(set) && r.Ordinal >= sts.UpdateFrom(set) {
			target = set.Status.UpdateRevision
		}
	}
	if r.Pod != nil && r.Pod.UID != deleted && !r.Terminating {
		// Under Parallel it may replace it, but then it has seen this template already.
		stays := !sts.IsParallel(set) || set.Status.UpdateRevision == old.Set.Status.UpdateRevision
		trapped := acted && !r.Available && stays && r.Revision != target
		if trapped {
			return r.Pod
		}
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: set.Namespace, Name: old.Name(r.Ordinal)}}
	if r.Pod != nil {
		pod = r.Pod.DeepCopy()
	}
	pod.DeletionTimestamp = nil
	if r.Pod == nil || r.Pod.UID == deleted || r.Revision != target {
		pod.UID = types.UID(fmt.Sprintf("%s (imagined %s)", pod.Name, target))
		if target == set.Status.UpdateRevision {
			pod.Annotations, pod.Spec.Containers = set.Spec.Template.Annotations, set.Spec.Template.Spec.Containers
		}
	}
	pod.Labels = maps.Clone(pod.Labels)
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels[appsv1.StatefulSetRevisionLabel] = target
	if r.Ready && pod.UID == r.Pod.UID {
		return pod
	}
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{
		Type: corev1.PodReady, Status: corev1.ConditionTrue,
		LastTransitionTime: metav1.NewTime(old.TakenAt),
	}}}
	return pod
}
