package doctor

import (
	"encoding/json"
	"errors"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

const partitionField = "spec.updateStrategy.rollingUpdate.partition"

func partitionLeft(l *Look) []DoctorFinding {
	set := l.Set
	partition := sts.Partition(set)
	_, ours := set.Annotations[record.CanaryAnnotation]
	if partition <= 0 || ours || !sts.StrategyOf(set).HasPartition() || sts.DesiredReplicas(set) <= 0 {
		return nil
	}
	held, all := l.heldOrdinals(), partition >= sts.DesiredReplicas(set)
	var found []DoctorFinding
	switch waiting := l.behindUpdate(); {
	case l.Offline:
		found = l.found(sts.SeverityInfo, partitionField, msgPartition(held, all), hintNoPartition())
	case len(waiting) > 0:
		found = l.found(sts.SeverityInfo, partitionField, msgPartitionHolds(waiting, set.Status.UpdateRevision), hintCompleteUpdate(set.Namespace, set.Name))
		held = waiting
	case l.updating():
		return nil
	case metav1.GetControllerOfNoCopy(set) != nil:
		found = l.found(sts.SeverityInfo, partitionField, msgPartition(held, all), nil)
	default:
		found = l.found("", partitionField, msgPartitionLeft(held, all), sts.Kubectl(set.Namespace, "patch statefulset", set.Name,
			"--type=merge", "-p", `{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}`))
	}
	found[0].Ordinals = held
	if l.Offline {
		found[0].Patch = patchAt("spec.updateStrategy.rollingUpdate.partition", 0)
	}
	return found
}

// heldOrdinals are those that are not updated.
func (l *Look) heldOrdinals() []sts.Ordinal {
	var out []sts.Ordinal
	for o := sts.Start(l.Set); o < min(sts.UpdateFrom(l.Set), sts.End(l.Set)); o++ {
		out = append(out, o)
	}
	return out
}

// behindUpdate are the ordinals below the partition whose pods run an earlier revision.
func (l *Look) behindUpdate() []sts.Ordinal {
	var out []sts.Ordinal
	for _, r := range l.Replicas() {
		if r.Desired && r.Pod != nil && r.Ordinal < sts.UpdateFrom(l.Set) && l.Set.Status.UpdateRevision != "" && r.Revision != l.Set.Status.UpdateRevision {
			out = append(out, r.Ordinal)
		}
	}
	return out
}

// updating: the controller still has something to do, or has not seen the spec.
func (l *Look) updating() bool {
	if !sts.Observed(l.Set) || l.Set.DeletionTimestamp != nil {
		return true
	}
	for _, r := range l.Replicas() {
		if r.Desired && (r.Pod == nil || r.Terminating || l.DueForUpdate(r)) {
			return true
		}
	}
	return false
}

func maxUnavailableDropped(l *Look) []DoctorFinding {
	const field = "spec.updateStrategy.rollingUpdate.maxUnavailable"
	if !sts.StrategyOf(l.Set).HasPartition() {
		return nil
	}
	has := maxUnavailable(l.Set)
	if l.Offline {
		if has == nil || *has == intstr.FromInt32(1) {
			return nil
		}
		return l.found("", field, msgMaxUnavailableMayBeDropped(has.String()), nil)
	}
	var applied appsv1.StatefulSet
	raw := l.Set.Annotations[corev1.LastAppliedConfigAnnotation]
	if has != nil || raw == "" || json.Unmarshal([]byte(raw), &applied) != nil {
		return nil
	}
	wanted := maxUnavailable(&applied)
	if wanted == nil || *wanted == intstr.FromInt32(1) {
		return nil
	}
	return l.found("", field, msgMaxUnavailableDropped(wanted.String()), hintMaxUnavailable())
}

func maxUnavailable(set *appsv1.StatefulSet) *intstr.IntOrString {
	if r := set.Spec.UpdateStrategy.RollingUpdate; r != nil {
		return r.MaxUnavailable
	}
	return nil
}

const (
	// unlockedFor is how long an operation may be without a command that resumes it.
	unlockedFor = 10 * time.Minute
	// lockedFor is how long a command may hold the lock.
	lockedFor = 6 * time.Hour
	// canaryFor is how long a canary may wait between two commands.
	canaryFor = 24 * time.Hour
)

func abandoned(l *Look) []DoctorFinding {
	set := l.Set
	owner, ownerErr := record.ReadOwner(set)
	drain, drainErr := record.ReadDrain(set)
	restart, restartErr := record.ReadRestart(set)
	canary, canaryErr := record.ReadCanary(set)
	var out []DoctorFinding
	for _, err := range []error{ownerErr, drainErr, restartErr, canaryErr} {
		if invalid, ok := errors.AsType[*record.InvalidError](err); ok {
			out = append(out, l.found("", "metadata.annotations."+invalid.Annotation, msgRecordInvalid(invalid.Annotation, invalid.Problem), invalid.Hint())...)
		}
	}
	idle := func(begun time.Time) time.Duration { return l.TakenAt.Sub(sts.Latest(begun, l.SpecWritten(""))) }
	switch {
	case ownerErr != nil:
	case owner != nil && l.TakenAt.Sub(owner.Since) >= lockedFor:
		out = append(out, l.found("", "metadata.annotations."+record.OwnerAnnotation, msgLockOld(owner, l.TakenAt), hintLockOld())...)
	case owner != nil:
	case drain != nil && idle(drain.StartedAt) >= unlockedFor:
		what := msgDrainAbandoned(drain, idle(drain.StartedAt))
		out = append(out, l.found("", "metadata.annotations."+record.DrainAnnotation, what, hintResumeOrCancel(drain.Again(set), record.GiveUpDrain(set.Namespace, set.Name)))...)
	case restart != nil && idle(restart.StartedAt) >= unlockedFor:
		_, left := restart.Split(l.Snapshot)
		forget := sts.Kubectl(set.Namespace, "sts restart", set.Name, "--forget")
		hint := hintResumeOrCancel(restart.Again(set), forget)
		if len(left) == 0 {
			hint = hintForgetRestart(forget)
		}
		found := l.found("", "metadata.annotations."+record.RestartAnnotation, msgRestartAbandoned(left, idle(restart.StartedAt)), hint)
		found[0].Ordinals = left
		out = append(out, found...)
	case canary != nil && canary.Aborting && idle(canary.StartedAt) >= unlockedFor:
		out = append(out, l.found("", "metadata.annotations."+record.CanaryAnnotation, msgAbortAbandoned(idle(canary.StartedAt)),
			hintResume(sts.Kubectl(set.Namespace, "sts canary abort", set.Name)))...)
	case canary != nil && idle(canary.StartedAt) >= canaryFor:
		out = append(out, l.found(sts.SeverityInfo, "metadata.annotations."+record.CanaryAnnotation, msgCanaryOld(idle(canary.StartedAt)),
			hintPromoteOrAbort(sts.Kubectl(set.Namespace, "sts canary promote", set.Name), sts.Kubectl(set.Namespace, "sts canary abort", set.Name)))...)
	}
	return out
}

func leavingFinalizer(l *Look) []DoctorFinding {
	drain, err := record.ReadDrain(l.Set)
	if drain != nil || err != nil {
		return nil
	}
	var ordinals []sts.Ordinal
	severity := sts.SeverityWarning
	for _, r := range l.Replicas() {
		if r.Pod == nil || !record.HoldsLeaving(r.Pod) {
			continue
		}
		ordinals = append(ordinals, r.Ordinal)
		if r.Terminating {
			severity = ""
		}
	}
	if len(ordinals) == 0 {
		return nil
	}
	found := l.found(severity, "", msgLeavingFinalizer(ordinals, severity == ""), record.LostDrain(l.Set, ordinals[0]))
	found[0].Ordinals = ordinals
	return found
}

// rolloutSettled is how long nothing must have changed until an update counts as stuck: a controller that
// replaces the pod by itself does so within seconds.
const rolloutSettled = 30 * time.Second

func rolloutStuck(l *Look) []DoctorFinding {
	t := diagnose.Rollout(l.Snapshot)
	if t == nil || l.TakenAt.Sub(l.LastMoved()) < rolloutSettled {
		return nil
	}
	severity := sts.Severity("")
	if owner, err := record.ReadOwner(l.Set); err == nil && owner != nil {
		severity = sts.SeverityWarning
	}
	o := t.Replica.Ordinal
	hint := diagnose.LookCommand(l.Snapshot, o, &t.Trouble)
	if _, canary := l.Set.Annotations[record.CanaryAnnotation]; canary || t.Remedy != diagnose.NoRemedy {
		hint = record.RollBackCommand(l.Set)
	}
	found := l.found(severity, "", msgRolloutStuck(l.Name(o), t.Trouble.Message, t.Blocks, t.Remedy == diagnose.NoRemedy), hint)
	found[0].Ordinals = []sts.Ordinal{o}
	return found
}
