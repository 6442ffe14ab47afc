package claims_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// TestUnseenPodsHoldClaims: where pods could not be read, one may mount the claim, unless its condition
// Unused proves that none does. No choice changes that.
func TestUnseenPodsHoldClaims(t *testing.T) {
	for name, test := range map[string]struct {
		hidden bool
		unused corev1.ConditionStatus
		want   bool
	}{
		"pods were read":                       {false, "", true},
		"pods are hidden":                      {true, "", false},
		"pods are hidden, and it is unused":    {true, corev1.ConditionTrue, true},
		"pods are hidden, and it is used":      {true, corev1.ConditionFalse, false},
		"pods are hidden, and that is unknown": {true, corev1.ConditionUnknown, false},
	} {
		for _, choice := range []claims.Choice{{}, {Named: true, DeletedSets: true, Parked: true, Reserved: true}} {
			p := claimPlace("data-web-3")
			if test.hidden {
				p.hide("pods")
			}
			if test.unused != "" {
				p.unused(test.unused, day)
			}
			v := claims.NewJudge(p.Inventory).Judge(p.claim)
			if ok, held := v.Candidate(choice, ststest.Now); ok != test.want {
				t.Errorf("%s: %s, a candidate: %t (%s) for %+v", name, v.State, ok, held, choice)
			}
		}
	}
}
