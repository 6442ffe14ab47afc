package sts

import (
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// BudgetVerdict is whether a PodDisruptionBudget allows the disruption of one pod.
type BudgetVerdict int

const (
	// BudgetAllows: the disruption fits now.
	BudgetAllows BudgetVerdict = iota
	// BudgetShort: it does not fit at this moment, but would if more pods were healthy.
	BudgetShort
	// BudgetAlwaysBlocks: even with every pod healthy it would not fit.
	BudgetAlwaysBlocks
)

// BudgetNames are the names of the PodDisruptionBudgets that select the set's pods.
func (s *Snapshot) BudgetNames() []string {
	names := make([]string, len(s.Budgets))
	for k, b := range s.Budgets {
		names[k] = b.Name
	}
	return names
}

// JudgeBudget says whether the budget allows the disruption of a pod now. The
// controller's own deletions are not checked against budgets, so whatever causes them
// has to be. A pod that is not ready does not count as healthy, so its removal needs no
// allowed disruption, only that the budget is not short already, or not even that: the
// API server's rule for evictions, by the budget's unhealthyPodEvictionPolicy. The
// second result is the status of the budget in numbers.
func JudgeBudget(b *policyv1.PodDisruptionBudget, podReady bool) (BudgetVerdict, string) {
	st := b.Status
	numbers := msgBudgetNumbers(st.CurrentHealthy, st.ExpectedPods, st.DesiredHealthy, st.DisruptionsAllowed)
	if st.ObservedGeneration < b.Generation || st.ExpectedPods == 0 {
		return BudgetShort, msgBudgetNotCounted()
	}
	policy := b.Spec.UnhealthyPodEvictionPolicy
	always := policy != nil && *policy == policyv1.AlwaysAllow
	switch {
	case st.DisruptionsAllowed >= 1, !podReady && (always || st.CurrentHealthy >= st.DesiredHealthy):
		return BudgetAllows, numbers
	case st.DesiredHealthy >= st.ExpectedPods:
		return BudgetAlwaysBlocks, numbers
	}
	return BudgetShort, numbers
}

// RequiredBy is how many of so many pods the budget requires to be healthy: the
// disruption controller's own calculation, which rounds percentages up.
func RequiredBy(b *policyv1.PodDisruptionBudget, pods int32) int32 {
	switch spec := b.Spec; {
	case spec.MinAvailable != nil:
		n, err := intstr.GetScaledValueFromIntOrPercent(spec.MinAvailable, int(pods), true)
		if err != nil {
			return 0
		}
		return int32(n)
	case spec.MaxUnavailable != nil:
		n, err := intstr.GetScaledValueFromIntOrPercent(spec.MaxUnavailable, int(pods), true)
		if err != nil {
			return 0
		}
		return max(0, pods-int32(n))
	}
	return 0
}
