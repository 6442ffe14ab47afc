package forecast

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// DeleteSet deletes the set as the garbage collector does, in no particular order.
//   - Background: the set is gone at once, and its pods are deleted, and the claims that it owns.
//   - Foreground: the same, but the set stays until the last of them is gone. A pod that owns a
//     claim also stays until the claim is gone, and the claim until the pod, which uses it, is gone:
//     a deadlock.
//   - Orphan: the set is gone at once, and all else stays without an owner.
func (w *World) DeleteSet(cascade metav1.DeletionPropagation) {
	set := w.Set
	if set == nil || set.DeletionTimestamp != nil {
		return
	}
	switch cascade {
	case metav1.DeletePropagationForeground:
		set.DeletionTimestamp = &metav1.Time{Time: w.Now}
		set.Finalizers = append(set.Finalizers, metav1.FinalizerDeleteDependents)
		w.tell(SetDeleted, NoOrdinal, set.Name, "")
		w.cause = []int{len(w.events) - 1}
		// What a pod owns is deleted before it, unless the pod is terminating already.
		var pods []types.UID
		for _, o := range w.ordinals() {
			p := w.pod(o)
			if !owns(set.UID, p) || p.DeletionTimestamp != nil {
				continue
			}
			pods = append(pods, p.UID)
			if len(w.claimsThat(func(c *corev1.PersistentVolumeClaim) bool { return owns(p.UID, c) })) > 0 {
				p = w.replacePod(p)
				p.Finalizers = append(slices.Clone(p.Finalizers), metav1.FinalizerDeleteDependents)
			}
		}
		w.collect(set.UID)
		for _, uid := range pods {
			w.collect(uid)
		}
		w.endSet()
	case metav1.DeletePropagationOrphan:
		w.orphan(set.UID)
		w.goneSet()
	default:
		w.goneSet()
		w.cause = []int{len(w.events) - 1}
		w.collect(set.UID)
	}
	w.cause = nil
}

// endSet removes a set that was only waiting for its dependents.
func (w *World) endSet() {
	if w.Set == nil || w.Set.DeletionTimestamp == nil {
		return
	}
	for _, p := range w.Pods {
		if owns(w.Set.UID, p) {
			return
		}
	}
	for _, c := range w.Claims {
		if owns(w.Set.UID, c) {
			return
		}
	}
	w.cause = []int{len(w.events) - 1}
	w.goneSet()
}

func (w *World) goneSet() {
	set := w.Set
	w.Set = nil
	w.tell(SetGone, NoOrdinal, set.Name, "")
	w.Revisions = slices.DeleteFunc(w.Revisions, func(r *appsv1.ControllerRevision) bool { return owns(set.UID, r) })
}

// orphan removes the owner from all objects.
func (w *World) orphan(owner types.UID) {
	for _, p := range w.Pods {
		w.replacePod(p).OwnerReferences = without(owner, p)
	}
	for _, c := range w.Claims {
		w.replaceClaim(c).OwnerReferences = without(owner, c)
	}
	for i, r := range w.Revisions {
		orphan := *r
		orphan.OwnerReferences = without(owner, r)
		w.Revisions[i] = &orphan
	}
}

// collect is the garbage collector after the end of an owner: it deletes what has no other owner.
func (w *World) collect(owner types.UID) {
	for _, o := range w.ordinals() {
		if p := w.pod(o); owns(owner, p) {
			w.Delete(o)
		}
	}
	for _, name := range w.claimsThat(func(c *corev1.PersistentVolumeClaim) bool { return owns(owner, c) }) {
		c := w.Claims[name]
		if left := without(owner, c); len(left) > 0 {
			w.replaceClaim(c).OwnerReferences = left
		} else {
			w.DeleteClaim(name)
		}
	}
}

func owns(owner types.UID, o metav1.Object) bool {
	return slices.ContainsFunc(o.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == owner })
}

// without are an object's owners except this one.
func without(owner types.UID, o metav1.Object) []metav1.OwnerReference {
	return slices.DeleteFunc(slices.Clone(o.GetOwnerReferences()), func(r metav1.OwnerReference) bool { return r.UID == owner })
}
