package sts

import (
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// IsOnDelete says whether the set's pods are updated only when a user deletes them.
func IsOnDelete(set *appsv1.StatefulSet) bool {
	return set.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType
}

// IsRecreate says whether an update deletes all pods of other revisions at once and creates
// new ones only when these have ended (Kubernetes 1.37, gate StatefulSetRecreateStrategy).
func IsRecreate(set *appsv1.StatefulSet) bool {
	return set.Spec.UpdateStrategy.Type == appsv1.RecreateStatefulSetStrategyType
}

// unknownStrategy is the reason of the controller's warning about a set with the update strategy
// Recreate while the feature gate StatefulSetRecreateStrategy is off.
const unknownStrategy = "UnknownStrategy"

// StrategyIsRefused is the message about this.
const StrategyIsRefused = "the StatefulSet controller does not update this StatefulSet or create its pods: " +
	"the update strategy is Recreate, but feature gate StatefulSetRecreateStrategy is disabled"

// StrategyRefusedHint is the hint for it.
func StrategyRefusedHint() Hint {
	return Hintf("enable feature gate StatefulSetRecreateStrategy in kube-apiserver and kube-controller-manager, " +
		"or set spec.updateStrategy.type to RollingUpdate")
}

// strategyRetry is how long after its last warning the controller may still refuse the set: it
// retries after at most 1000 s.
const strategyRetry = 20 * time.Minute

// StrategyRefused says whether the controller refuses the set because of its update strategy. It
// warns at each retry, and it never observes a spec that it refuses.
func (s *Snapshot) StrategyRefused() bool {
	return IsRecreate(s.Set) && slices.ContainsFunc(s.Events, func(e *corev1.Event) bool {
		return e.Reason == unknownStrategy && e.InvolvedObject.UID == s.Set.UID &&
			(!Observed(s.Set) || s.TakenAt.Sub(EventTime(e)) < strategyRetry)
	})
}
