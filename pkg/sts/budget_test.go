package sts_test

import (
	"testing"

	policyv1 "k8s.io/api/policy/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestJudgeBudget(t *testing.T) {
	const ready, unready = true, false
	tests := []struct {
		name string
		// allowed, healthy, desired, expected stand in the budget's status
		allowed, healthy, desired, expected int32
		pod                                 bool
		behind                              bool // the controller has not seen the last change
		want                                sts.BudgetVerdict
	}{
		{"allows one", 1, 3, 2, 3, ready, false, sts.BudgetAllows},
		{"allows many", 3, 5, 2, 5, ready, false, sts.BudgetAllows},
		{"short: one is down already", 0, 2, 2, 3, ready, false, sts.BudgetShort},
		{"short: two are down", 0, 1, 2, 3, ready, false, sts.BudgetShort},
		{"never: minAvailable is every pod", 0, 3, 3, 3, ready, false, sts.BudgetAlwaysBlocks},
		{"never: minAvailable is more than there are", 0, 3, 5, 3, ready, false, sts.BudgetAlwaysBlocks},
		{"never, and one is down", 0, 2, 3, 3, ready, false, sts.BudgetAlwaysBlocks},
		{"an unready pod costs nothing", 0, 2, 2, 3, unready, false, sts.BudgetAllows},
		{"an unready pod, but the budget is short already", 0, 1, 2, 3, unready, false, sts.BudgetShort},
		{"an unready pod of a budget that never allows", 0, 2, 3, 3, unready, false, sts.BudgetAlwaysBlocks},
		{"not counted yet", 0, 0, 0, 0, ready, false, sts.BudgetShort},
		{"not counted since its last change", 1, 3, 2, 3, ready, true, sts.BudgetShort},
		{"not counted since it was impossible", 0, 3, 3, 3, ready, true, sts.BudgetShort},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := &policyv1.PodDisruptionBudget{}
			b.Name, b.Generation = "web-pdb", 2
			b.Status = policyv1.PodDisruptionBudgetStatus{ObservedGeneration: 2, DisruptionsAllowed: test.allowed,
				CurrentHealthy: test.healthy, DesiredHealthy: test.desired, ExpectedPods: test.expected}
			if test.behind {
				b.Status.ObservedGeneration = 1
			}
			got, numbers := sts.JudgeBudget(b, test.pod)
			if got != test.want {
				t.Errorf("got %d (%s), want %d", got, numbers, test.want)
			}
		})
	}
}

// With AlwaysAllow a pod that is not ready may always go.
func TestJudgeBudgetOfUnreadyPods(t *testing.T) {
	b := &policyv1.PodDisruptionBudget{}
	b.Status = policyv1.PodDisruptionBudgetStatus{CurrentHealthy: 1, DesiredHealthy: 2, ExpectedPods: 3}
	for policy, want := range map[policyv1.UnhealthyPodEvictionPolicyType]sts.BudgetVerdict{
		policyv1.IfHealthyBudget: sts.BudgetShort, policyv1.AlwaysAllow: sts.BudgetAllows,
	} {
		b.Spec.UnhealthyPodEvictionPolicy = &policy
		if got, numbers := sts.JudgeBudget(b, false); got != want {
			t.Errorf("%s: got %d (%s), want %d", policy, got, numbers, want)
		}
		if got, numbers := sts.JudgeBudget(b, true); got != sts.BudgetShort {
			t.Errorf("%s, ready: got %d (%s)", policy, got, numbers)
		}
	}
}
