package diagnose

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// Remedy is how a stuck update is fixed.
//
// See [StuckRollout].
type Remedy string

// The remedies.
const (
	// RollBack: the update is broken: roll back to the stable revision.
	RollBack Remedy = "RollBack"
	// DeletePods: the template was changed again: delete the failing pods that block it.
	//
	// The changed template is not known to be broken: only the pod blocks the update.
	DeletePods Remedy = "DeletePods"
	// NoRemedy: pods fail on the stable revision as well as on the update's.
	NoRemedy Remedy = "None"
)

// StuckRollout is an update that will never continue by itself: the controller waits for a
// pod that keeps failing (kubernetes#67250).
type StuckRollout struct {
	// Replica is the lowest ordinal whose pod blocks the update, Trouble is why. It has no
	// pod where the pod of the update cannot be created.
	Replica sts.Replica
	Trouble Trouble
	// Target is the revision that its pod should run.
	Target string
	// Blocks are the other ordinals that do not run the revision that they should.
	Blocks []sts.Ordinal
	Remedy Remedy
}

// Stable is the revision that the ordinals were on before the update: as recorded by a
// canary, otherwise as in the status.
func Stable(s *sts.Snapshot) string {
	if c, err := record.ReadCanary(s.Set); err == nil && c != nil {
		return c.StableRevision
	}
	return s.Set.Status.CurrentRevision
}

// Rollout finds out whether an update is stuck for good, and why: nil when it is not. It is
// based on the pods' own revisions. Whether the controller replaces such a pod by itself
// follows neither from the policy nor from the version of Kubernetes, so the caller must
// observe that nothing changes.
func Rollout(s *sts.Snapshot) *StuckRollout {
	if sts.StrategyOf(s.Set).ReplacesAllAtOnce() {
		return stuckRecreate(s)
	}
	if !sts.StrategyOf(s.Set).HasPartition() || s.Set.DeletionTimestamp != nil || !sts.Observed(s.Set) {
		return nil
	}
	stable, update := Stable(s), s.Set.Status.UpdateRevision
	_, recorded := s.Set.Annotations[record.CanaryAnnotation]
	var failing []sts.Replica
	updateFails := false
	for _, r := range s.Replicas() {
		t := Replica(s, r)
		switch {
		case t == nil || !t.Failing || r.Terminating:
			continue
		case t.Reason == reasonRecreated.Code && r.Revision != update:
			continue // another one is created as soon as it is deleted
		case r.Pod == nil && t.Reason == failedCreate:
			r.Revision = s.RevisionFor(r.Ordinal) // as it would be created
		case r.Pod == nil:
			continue
		}
		failing = append(failing, r)
		updateFails = updateFails || r.Revision == update
	}
	back := recorded || updateFails && stable != update
	wrong := func(r sts.Replica) bool {
		switch {
		case back:
			return r.Revision != stable
		case updateFails:
			return false // the only revision fails
		case r.Ordinal < sts.UpdateFrom(s.Set) && s.Revision(r.Revision) == nil:
			return false // below the partition, on a revision that cannot be restored
		}
		return r.Revision != s.RevisionFor(r.Ordinal)
	}
	i := slices.IndexFunc(failing, wrong)
	switch {
	case i < 0:
		return nil
	case i > 0 && !back && !sts.IsParallel(s.Set):
		return nil // the controller waits for a pod that runs the revision that it should
	}
	r := failing[i]
	t := &StuckRollout{Replica: r, Trouble: *Replica(s, r), Target: s.RevisionFor(r.Ordinal), Remedy: DeletePods}
	if back {
		t.Target, t.Remedy = stable, RollBack
		if slices.ContainsFunc(failing, func(r sts.Replica) bool { return r.Revision == stable }) {
			t.Remedy = NoRemedy
		}
	}
	for _, other := range s.Replicas() {
		due := other.Pod == nil || other.Ordinal >= sts.UpdateFrom(s.Set) && other.Revision != update
		if other.Desired && other.Ordinal != r.Ordinal && due {
			t.Blocks = append(t.Blocks, other.Ordinal)
		}
	}
	return t
}

// UpdateNeeds says whether an update needs what the server refuses: to create the pod with the
// update's template, or to delete the pod that has an earlier one. Rolling the update back helps.
func UpdateNeeds(s *sts.Snapshot, r sts.Replica, t *Trouble) bool {
	update := s.Set.Status.UpdateRevision
	if !r.Desired || !sts.StrategyOf(s.Set).HasPartition() || Stable(s) == update {
		return false
	}
	switch t.Reason {
	case failedCreate:
		return r.Pod == nil && s.RevisionFor(r.Ordinal) == update
	case failedDelete:
		return r.Pod != nil && r.Revision != update && r.Pod.Status.Phase != corev1.PodFailed
	}
	return false
}

// stuckRecreate is [Rollout] for the update strategy Recreate. If the update fails, no pod of an earlier
// revision exists, and none would block another template: the remedy is to restore the old template.
func stuckRecreate(s *sts.Snapshot) *StuckRollout {
	stable, update := s.Set.Status.CurrentRevision, s.Set.Status.UpdateRevision
	if s.Set.DeletionTimestamp != nil || !sts.Observed(s.Set) || stable == update || s.StrategyRefused() {
		return nil
	}
	var t *StuckRollout
	var blocks []sts.Ordinal
	for _, r := range s.Replicas() {
		trouble := Replica(s, r)
		switch {
		case t == nil && trouble != nil && trouble.Failing && r.Pod != nil && !r.Terminating && r.Revision == update:
			t = &StuckRollout{Replica: r, Trouble: *trouble, Target: stable, Remedy: RollBack}
		case r.Desired && r.Pod == nil:
			blocks = append(blocks, r.Ordinal)
		}
	}
	if t != nil {
		t.Blocks = blocks
	}
	return t
}
