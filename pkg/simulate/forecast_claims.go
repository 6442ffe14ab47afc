package simulate

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// tellClaims says what becomes of each claim.
func (t *teller) tellClaims() {
	before, names := map[string]bool{}, map[string]bool{}
	for _, c := range t.before.Claims {
		before[c.Name], names[c.Name] = true, true
	}
	created, gone := map[string]*metav1.Duration{}, map[string]*metav1.Duration{}
	for _, e := range t.events {
		at := t.at(e)
		switch e.Kind {
		case ClaimCreated:
			created[e.Object], names[e.Object] = &at, true
		case ClaimGone:
			gone[e.Object] = &at
		}
	}
	for name := range names {
		o, _ := sts.ClaimOrdinal(name)
		c := ForecastClaim{Name: name, Ordinal: o, At: cmp.Or(created[name], gone[name])}
		switch {
		case gone[name] != nil && t.world.Claims[name] == nil:
			c.Fate, c.Policy, c.At = ClaimIsDeleted, t.policy(o), gone[name]
			c.Message = "deleted, with the data in it"
		case gone[name] != nil:
			c.Fate, c.Policy, c.Message = ClaimRecreated, t.policy(o), "deleted, with the data in it, then made anew, empty"
		case t.world.Claims[name].DeletionTimestamp != nil && t.world.Pods[sts.PodName(t.Name, o)] == nil:
			c.Fate, c.Policy, c.Message = ClaimIsKept, t.policy(o), "on its way out, and held by finalizers "+holders(t.world.Claims[name])
		case t.world.Claims[name].DeletionTimestamp != nil:
			c.Fate, c.Message = ClaimStays, "told to go, and in use until its pod has ended"
		case !before[name]:
			c.Fate, c.Message = ClaimAppears, "created, empty"
		case !t.wants(o) && t.world.Pods[sts.PodName(t.Name, o)] == nil:
			c.Fate, c.Policy, c.Message = ClaimIsKept, t.policy(o), "kept, with the data in it, though the pod is gone"
			if t.original(sts.PodName(t.Name, o)) == nil {
				c.Message = "left over, as before"
			}
		case t.original(sts.PodName(t.Name, o)) == nil:
			c.Fate, c.Message = ClaimIsReused, "in use again, with the data in it: it was left over"
		default:
			c.Fate, c.Message = ClaimStays, "in use, as before"
		}
		t.Claims = append(t.Claims, c)
	}
	slices.SortFunc(t.Claims, func(a, b ForecastClaim) int {
		return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.Name, b.Name))
	})
}

// holders are the finalizers of a claim, but for the one that goes by itself with its pod.
func holders(c *corev1.PersistentVolumeClaim) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(c.Finalizers), func(f string) bool { return f == inUse }), ", ")
}

// wants says whether the ordinal has a place in the end.
func (t *teller) wants(o sts.Ordinal) bool {
	return t.world.Set != nil && t.world.Set.DeletionTimestamp == nil && sts.Wants(t.set, o)
}

// policy is the field that decides about the claims of an ordinal that goes.
func (t *teller) policy(o sts.Ordinal) string {
	scaled, deleted := policies(t.set)
	field, deletes := "whenScaled: ", scaled
	if t.q.Delete != "" && sts.Wants(t.set, o) {
		field, deletes = "whenDeleted: ", deleted
	}
	if deletes {
		return field + "Delete"
	}
	return field + "Retain"
}
