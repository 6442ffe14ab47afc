package sts

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DeletesClaimsWhenScaled reports whether scaling down deletes the claims of the removed ordinals
// (KEP-1847).
func DeletesClaimsWhenScaled(set *appsv1.StatefulSet) bool {
	p := set.Spec.PersistentVolumeClaimRetentionPolicy
	return p != nil && p.WhenScaled == appsv1.DeletePersistentVolumeClaimRetentionPolicyType && len(set.Spec.VolumeClaimTemplates) > 0
}

// ClaimsOf are the names of the set's claims of these ordinals that exist and stay, by its
// volumeClaimTemplates: not those that are being deleted, or will be deleted with their pod by the
// retention policy.
func ClaimsOf(s *Snapshot, ordinals []Ordinal) []string {
	have := map[string]bool{}
	for _, c := range s.Claims {
		have[c.Name] = c.DeletionTimestamp == nil && !slices.ContainsFunc(c.OwnerReferences, func(o metav1.OwnerReference) bool { return o.Kind == "Pod" })
	}
	var out []string
	for _, o := range ordinals {
		for _, t := range s.Set.Spec.VolumeClaimTemplates {
			if name := ClaimName(t.Name, s.Set.Name, o); have[name] {
				out = append(out, name)
			}
		}
	}
	return out
}

// ClaimWord is what comes before the names of n claims.
func ClaimWord(n int) string {
	if n == 1 {
		return "claim"
	}
	return "claims"
}
