package sts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Revision finds one of the set's revisions by name, nil when history has dropped it.
func (s *Snapshot) Revision(name string) *appsv1.ControllerRevision {
	i := slices.IndexFunc(s.Revisions, func(r *appsv1.ControllerRevision) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return s.Revisions[i]
}

// RevisionFor is the name of the revision from which the controller creates the ordinal's
// pod when it is missing: newVersionedStatefulSetPod in Kubernetes' StatefulSet controller.
func (s *Snapshot) RevisionFor(o Ordinal) string {
	set, below := s.Set, Start(s.Set)
	switch ru := set.Spec.UpdateStrategy.RollingUpdate; {
	case ru != nil:
		below = UpdateFrom(set)
	case StrategyOf(set).HasPartition():
		// Without a partition the number of pods on the current revision decides.
		below += Ordinal(set.Status.CurrentReplicas)
	}
	// A current revision that is gone from history is replaced by the update revision.
	if o < below && s.Revision(set.Status.CurrentRevision) != nil {
		return set.Status.CurrentRevision
	}
	return set.Status.UpdateRevision
}

// RevisionTemplate is the pod template of a ControllerRevision, as the server wrote it. It
// stays raw JSON so that a rollback keeps fields which this program does not know.
func RevisionTemplate(r *appsv1.ControllerRevision) (json.RawMessage, error) {
	var data struct {
		Spec struct {
			Template map[string]json.RawMessage `json:"template"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(r.Data.Raw, &data); err != nil {
		return nil, fmt.Errorf("controllerrevision/%s: %w", r.Name, err)
	}
	if len(data.Spec.Template) == 0 {
		return nil, fmt.Errorf("controllerrevision/%s has no pod template", r.Name)
	}
	// The revision is a strategic merge patch; its directive is not part of the template.
	delete(data.Spec.Template, "$patch")
	return json.Marshal(data.Spec.Template)
}

// ParseTemplate reads a pod template from JSON.
func ParseTemplate(raw json.RawMessage) (*corev1.PodTemplateSpec, error) {
	t := &corev1.PodTemplateSpec{}
	if err := json.Unmarshal(raw, t); err != nil {
		return nil, fmt.Errorf("pod template: %w", err)
	}
	return t, nil
}

// Observed says whether the controller has seen the set's current spec and has named its
// revision. Before that, status is about an older spec.
func Observed(set *appsv1.StatefulSet) bool {
	return set.Status.ObservedGeneration >= set.Generation && set.Status.UpdateRevision != ""
}

// Progress is a fingerprint of everything that changes when a rollout progresses: while it
// stays the same, the controller has done nothing. A crash loop's restarts do not change it.
func (s *Snapshot) Progress() string {
	var b strings.Builder
	st := s.Set.Status
	fmt.Fprintf(&b, "%d/%d/%s/%s", s.Set.Generation, st.ObservedGeneration, st.CurrentRevision, st.UpdateRevision)
	for _, r := range s.Replicas() {
		if r.Pod != nil {
			fmt.Fprintf(&b, " %s=%s,%t,%t", r.Ordinal, r.Pod.UID, r.Terminating, r.Available)
		}
	}
	for _, budget := range s.Budgets {
		fmt.Fprintf(&b, " %s=%d/%d", budget.Name, budget.Status.DisruptionsAllowed, budget.Status.ExpectedPods)
	}
	for _, n := range s.NodeStates {
		fmt.Fprintf(&b, " node %s=%s,%t,%d", n.Name, n.UID(), n.Node != nil && n.Node.DeletionTimestamp != nil, n.OutOfServiceAt())
	}
	return b.String()
}

// LastMoved is the last known change of the set: of its status or spec, or of one of its pods.
// Zero where the server does not record it.
func (s *Snapshot) LastMoved() time.Time {
	last := s.StatusWritten()
	if last.IsZero() {
		return last
	}
	last = Latest(last, s.SpecWritten("spec"))
	for _, p := range s.Pods {
		last = Latest(last, p.CreationTimestamp.Time)
		if p.DeletionTimestamp != nil {
			last = Latest(last, p.DeletionTimestamp.Time)
		}
		for _, c := range p.Status.Conditions {
			last = Latest(last, c.LastTransitionTime.Time)
		}
	}
	return last
}
