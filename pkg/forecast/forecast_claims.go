package forecast

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// tellClaims predicts what happens to each claim.
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
			c.Effect, c.Policy, c.At = ClaimIsDeleted, t.policy(o), gone[name]
			c.Message = msgClaimDeleted()
		case gone[name] != nil:
			c.Effect, c.Policy, c.Message = ClaimIsRecreated, t.policy(o), msgClaimRecreated()
		case t.world.Claims[name].DeletionTimestamp != nil && t.world.Pods[sts.PodName(t.Name, o)] == nil:
			c.Effect, c.Policy, c.Message = ClaimIsOrphaned, t.policy(o), msgClaimBlocked(holders(t.world.Claims[name]))
		case t.world.Claims[name].DeletionTimestamp != nil:
			c.Effect, c.Message = ClaimIsUnchanged, msgClaimTerminating()
		case !before[name]:
			c.Effect, c.Message = ClaimIsCreated, msgClaimCreated()
		case !t.wants(o) && t.world.Pods[sts.PodName(t.Name, o)] == nil:
			c.Effect, c.Policy, c.Message = ClaimIsOrphaned, t.policy(o), msgClaimKept()
			if t.original(sts.PodName(t.Name, o)) == nil {
				c.Message = msgClaimOrphaned()
			}
		case t.original(sts.PodName(t.Name, o)) == nil:
			c.Effect, c.Message = ClaimIsReused, msgClaimReused()
		default:
			c.Effect, c.Message = ClaimIsUnchanged, msgClaimUnchanged()
		}
		t.Claims = append(t.Claims, c)
	}
	slices.SortFunc(t.Claims, func(a, b ForecastClaim) int {
		return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.Name, b.Name))
	})
}

// holders are the finalizers of a claim, without the one that is removed when no pod uses it.
func holders(c *corev1.PersistentVolumeClaim) []string {
	return slices.DeleteFunc(slices.Clone(c.Finalizers), func(f string) bool { return f == inUse })
}

// finalizerList names finalizers.
func finalizerList(names []string) string {
	if len(names) == 1 {
		return "finalizer " + names[0]
	}
	return "finalizers " + strings.Join(names, ", ")
}

// wants says whether the ordinal should have a pod in the end.
func (t *teller) wants(o sts.Ordinal) bool {
	return t.world.Set != nil && t.world.Set.DeletionTimestamp == nil && sts.Wants(t.set, o)
}

// policy is the field that decides about the claims of an ordinal that is removed.
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
