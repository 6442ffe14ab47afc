package simulate

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

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

func policies(set *appsv1.StatefulSet) (whenScaled, whenDeleted bool) {
	p := set.Spec.PersistentVolumeClaimRetentionPolicy
	const deletes = appsv1.DeletePersistentVolumeClaimRetentionPolicyType
	return p != nil && p.WhenScaled == deletes, p != nil && p.WhenDeleted == deletes
}

// ownClaims has the claims of an ordinal go as the retention policy says
// (updateClaimOwnerRefForSetAndPod): with their set where whenDeleted is Delete; with their
// pod where whenScaled is and the ordinal is not wanted. Claims that go with nothing have no
// owner of ours.
func (w *World) ownClaims(o sts.Ordinal) {
	p := w.pod(o)
	scaled, deleted := policies(w.Set)
	for _, c := range w.claimsOf(o) {
		c.OwnerReferences = slices.DeleteFunc(c.OwnerReferences, func(r metav1.OwnerReference) bool {
			return r.UID == w.Set.UID || p != nil && r.UID == p.UID
		})
		switch leaves := !sts.Wants(w.Set, o); {
		case scaled && leaves && p != nil:
			c.OwnerReferences = append(c.OwnerReferences, *metav1.NewControllerRef(p, corev1.SchemeGroupVersion.WithKind("Pod")))
		case deleted && (!leaves || !scaled):
			c.OwnerReferences = append(c.OwnerReferences, *metav1.NewControllerRef(w.Set, appsv1.SchemeGroupVersion.WithKind("StatefulSet")))
		}
	}
}

// releaseClaims is ownClaims for a pod that is to go.
func (w *World) releaseClaims(o sts.Ordinal) {
	w.ownClaims(o)
}

// claimIsStale says whether a claim of the ordinal still goes with an earlier pod of its name:
// a new pod has to wait until it is gone (PodClaimIsStale).
func (w *World) claimIsStale(o sts.Ordinal) bool {
	if scaled, _ := policies(w.Set); !scaled {
		return false
	}
	name := sts.PodName(w.Set.Name, o)
	for _, c := range w.claimsOf(o) {
		for _, r := range c.OwnerReferences {
			if r.Kind == "Pod" && r.Name == name {
				return true
			}
		}
	}
	return false
}
