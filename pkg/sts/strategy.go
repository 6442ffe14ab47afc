package sts

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Strategy is a StatefulSet's update strategy: which pods the controller replaces when the template
// changes, and how. Code that depends on the strategy calls one of its methods, so that another
// strategy is another entry of [strategies].
type Strategy struct {
	behavior
	kind appsv1.StatefulSetUpdateStrategyType
	from Ordinal // the lowest that is updated
}

// behavior is how the controller updates pods under a strategy.
type behavior struct {
	// partition: pods are updated one after the other, from the highest ordinal down to a partition.
	partition bool
	// replaces: the controller deletes the pods of other revisions by itself.
	replaces bool
	// allAtOnce: it deletes all of them at once, and creates new ones only when these have ended.
	allAtOnce bool
	// gate is the feature gate that must be enabled, empty for none.
	gate string
}

var strategies = map[appsv1.StatefulSetUpdateStrategyType]behavior{
	appsv1.RollingUpdateStatefulSetStrategyType: {partition: true, replaces: true},
	appsv1.OnDeleteStatefulSetStrategyType:      {},
	appsv1.RecreateStatefulSetStrategyType:      {replaces: true, allAtOnce: true, gate: "StatefulSetRecreateStrategy"}, // Kubernetes 1.37
}

// StrategyOf is the update strategy of the set. An empty type is the API server's default,
// RollingUpdate; one that is not known may replace any pod.
func StrategyOf(set *appsv1.StatefulSet) Strategy {
	kind := cmp.Or(set.Spec.UpdateStrategy.Type, appsv1.RollingUpdateStatefulSetStrategyType)
	how, known := strategies[kind]
	if !known {
		how.replaces = true
	}
	return Strategy{behavior: how, kind: kind, from: UpdateFrom(set)}
}

// String is spec.updateStrategy.type.
func (s Strategy) String() string { return string(s.kind) }

// Known says whether the program knows what the strategy does.
func (s Strategy) Known() bool {
	_, known := strategies[s.kind]
	return known
}

// HasPartition says whether an update stops at a partition, which makes canaries possible.
func (s Strategy) HasPartition() bool { return s.partition }

// ReplacesPods says whether the controller replaces pods of other revisions by itself. Otherwise
// they are updated when they are deleted.
func (s Strategy) ReplacesPods() bool { return s.replaces }

// ReplacesAllAtOnce says whether an update deletes all pods of other revisions at once and creates
// new ones only when these have ended.
func (s Strategy) ReplacesAllAtOnce() bool { return s.allAtOnce }

// Replaces says whether the controller replaces the ordinal's pod by itself if it has another
// revision.
func (s Strategy) Replaces(o Ordinal) bool { return s.replaces && (s.allAtOnce || o >= s.from) }

// Gate is the feature gate that the strategy needs, empty for none.
func (s Strategy) Gate() string { return s.gate }

// DueForUpdate says whether the controller will replace the replica's pod by itself, or create it
// with the update revision, now or when nothing blocks the update any more.
func (s *Snapshot) DueForUpdate(r Replica) bool {
	return r.Revision != s.Set.Status.UpdateRevision && StrategyOf(s.Set).Replaces(r.Ordinal)
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
	return StrategyOf(s.Set).Gate() != "" && slices.ContainsFunc(s.Events, func(e *corev1.Event) bool {
		return e.Reason == unknownStrategy && e.InvolvedObject.UID == s.Set.UID &&
			(!Observed(s.Set) || s.TakenAt.Sub(EventTime(e)) < strategyRetry)
	})
}
