package forecast

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// inUse is the finalizer that keeps every claim while a pod uses it.
const inUse = "kubernetes.io/pvc-protection"

// claimsOf are the claims that an ordinal has, in the order of the set's templates.
func (w *World) claimsOf(o sts.Ordinal) []*corev1.PersistentVolumeClaim {
	var out []*corev1.PersistentVolumeClaim
	for i := range w.Set.Spec.VolumeClaimTemplates {
		if c := w.Claims[sts.ClaimName(w.Set.Spec.VolumeClaimTemplates[i].Name, w.Set.Name, o)]; c != nil {
			out = append(out, c)
		}
	}
	return out
}

// createClaims creates the missing claims of an ordinal. It is false if one of them is terminating,
// which is an error of the controller (createPersistentVolumeClaims).
func (w *World) createClaims(o sts.Ordinal) bool {
	ok := true
	for i := range w.Set.Spec.VolumeClaimTemplates {
		template := &w.Set.Spec.VolumeClaimTemplates[i]
		name := sts.ClaimName(template.Name, w.Set.Name, o)
		if c := w.Claims[name]; c != nil {
			ok = ok && c.DeletionTimestamp == nil
			continue
		}
		c := template.DeepCopy()
		c.Name, c.Namespace, c.UID, c.CreationTimestamp = name, w.Set.Namespace, w.uid(name), metav1.NewTime(w.Now)
		c.Finalizers = []string{inUse}
		c.Status.Phase = corev1.ClaimBound
		w.Claims[name] = c
		w.tell(ClaimCreated, o, name, "")
	}
	return ok
}

func policies(set *appsv1.StatefulSet) (whenScaled, whenDeleted bool) {
	p := set.Spec.PersistentVolumeClaimRetentionPolicy
	const deletes = appsv1.DeletePersistentVolumeClaimRetentionPolicyType
	return p != nil && p.WhenScaled == deletes, p != nil && p.WhenDeleted == deletes
}

// ownClaims sets the owners of the claims of an ordinal's pod by the retention policy
// (updateClaimOwnerRefForSetAndPod): the set if whenDeleted is Delete; the pod if whenScaled is Delete
// and the ordinal is not desired; else neither. Claims with another controller, or of an earlier pod
// or set, are not changed.
func (w *World) ownClaims(o sts.Ordinal) {
	p := w.pod(o)
	scaled, deleted := policies(w.Set)
	if !scaled && !deleted && !w.owned {
		return
	}
	w.owned = true
	for _, c := range w.claimsOf(o) {
		if goesWith(c, "StatefulSet", w.Set.Name, w.Set.UID) || goesWith(c, "Pod", p.Name, p.UID) {
			continue
		}
		c = w.replaceClaim(c)
		c.OwnerReferences = slices.DeleteFunc(slices.Clone(c.OwnerReferences), func(r metav1.OwnerReference) bool {
			return r.UID == w.Set.UID || r.UID == p.UID
		})
		switch leaves := !sts.Wants(w.Set, o); {
		case metav1.GetControllerOfNoCopy(c) != nil:
		case scaled && leaves:
			c.OwnerReferences = append(c.OwnerReferences, *metav1.NewControllerRef(p, corev1.SchemeGroupVersion.WithKind("Pod")))
		case deleted:
			c.OwnerReferences = append(c.OwnerReferences, *metav1.NewControllerRef(w.Set, appsv1.SchemeGroupVersion.WithKind("StatefulSet")))
		}
	}
}

// goesWith says whether a claim is owned by another object of that kind and name than the one with
// this UID.
func goesWith(c *corev1.PersistentVolumeClaim, kind, name string, than types.UID) bool {
	return slices.ContainsFunc(c.OwnerReferences, func(r metav1.OwnerReference) bool {
		return r.Kind == kind && r.Name == name && r.UID != than
	})
}

// claimIsStale says whether a claim of the ordinal is still owned by an earlier pod of its name:
// a new pod must wait until it is gone (PodClaimIsStale).
func (w *World) claimIsStale(o sts.Ordinal) bool {
	scaled, _ := policies(w.Set)
	return scaled && slices.ContainsFunc(w.claimsOf(o), func(c *corev1.PersistentVolumeClaim) bool {
		return goesWith(c, "Pod", sts.PodName(w.Set.Name, o), "")
	})
}

// DeleteClaim deletes a claim, as a user or the garbage collector does. It stays while a pod uses it.
func (w *World) DeleteClaim(name string) {
	c := w.Claims[name]
	if c == nil || c.DeletionTimestamp != nil {
		return
	}
	c = w.replaceClaim(c)
	c.DeletionTimestamp = &metav1.Time{Time: w.Now}
	if w.used(c) {
		o, _ := sts.ClaimOrdinal(c.Name)
		w.tell(ClaimDeleted, o, c.Name, "")
	}
	w.endClaims()
}

// endClaims removes the claims that are terminating and have no finalizer that still applies.
func (w *World) endClaims() {
	for _, name := range w.claimsThat(func(c *corev1.PersistentVolumeClaim) bool { return c.DeletionTimestamp != nil }) {
		c := w.Claims[name]
		held := slices.ContainsFunc(c.Finalizers, func(f string) bool { return f != inUse || w.used(c) })
		if !held {
			delete(w.Claims, name)
			o, _ := sts.ClaimOrdinal(name)
			w.tell(ClaimGone, o, name, "")
		}
	}
}

// claimsThat are the names of the claims that match, in order.
func (w *World) claimsThat(are func(*corev1.PersistentVolumeClaim) bool) []string {
	var out []string
	for name, c := range w.Claims {
		if are(c) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// replaceClaim replaces the claim by a copy that may be changed: snapshots have the old one.
func (w *World) replaceClaim(c *corev1.PersistentVolumeClaim) *corev1.PersistentVolumeClaim {
	next := *c
	w.Claims[c.Name] = &next
	return &next
}

// used says whether a pod mounts the claim.
func (w *World) used(c *corev1.PersistentVolumeClaim) bool {
	for _, p := range w.Pods {
		for _, v := range p.Spec.Volumes {
			if v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == c.Name {
				return true
			}
		}
	}
	return false
}
