package claims

import (
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Rescue sets the volume of a claim to reclaim policy Retain and records the claim on it,
// after another client has deleted the claim or the volume and while a pod still holds
// both. It deletes nothing. A volume that is being deleted itself gets a copy: a second
// PersistentVolume for the same storage, to which a new claim of the same name is bound.
type Rescue struct {
	// UID is that of the claim that was confirmed.
	UID types.UID
	// By and At are the user and the start of the command.
	By string
	At time.Time
}

// Next implements [Intent].
func (i Rescue) Next(v View) ClaimDecision {
	c := v.Claim
	if c == nil || c.UID != i.UID {
		return i.gone(&v)
	}
	gs := i.guards()
	if d := gs.Require(guard.Always, &v); d != nil {
		return *d
	}
	volume, deleted := v.Volume, v.Volume.DeletionTimestamp != nil
	record, ours, kept := i.kept(&v)
	switch {
	case sts.Rescued(c, sts.NewVolume(volume)) && (!deleted || v.Copy != nil && !v.foreignCopy(record)):
		return decide(operate.Done, ReasonRescued, i.sayRescued(&v, record), nil)
	case c.DeletionTimestamp == nil && !deleted:
		return decide(operate.Done, ReasonNothingToRescue, msgNothingToRescue(volume.Name), nil)
	}
	if d := gs.Require(guard.BeforeStep, &v); d != nil {
		return *d
	}
	switch {
	case !ours || !kept:
		return do(&RescueVolume{rescuePatch(volume, i.record(&v)).because(stepRescue(volume.Name))}, ReasonRescued)
	case v.Copy == nil:
		name := sts.CopyName(volume.Name)
		return do(&CopyVolume{Description: stepCopyVolume(name, volume.Name), Volume: copyOf(volume, name, *record)}, ReasonRescued)
	}
	next := *record
	next.Copy = v.Copy.Name
	return do(&RescueVolume{rescuePatch(volume, next).because(stepRecordCopy(volume.Name, v.Copy.Name))}, ReasonRescued)
}

func (i Rescue) guards() guardList {
	return guardList{
		guard.New(guard.NewRule("rescue", "ends for a claim without a volume; refuses if the volume is gone or bound to another claim", guard.Always), i.requireRescuable),
		guard.New(guard.NewRule("bound", "refuses a volume that is no longer bound: the cluster may be deleting the data", guard.BeforeStep), requireBound),
		guard.New(retainRule, i.requireRetained),
		guard.New(guard.NewRule("copy", "refuses if another volume has the name of the copy", guard.BeforeStep), i.requireOwnCopy),
	}
}

func requireBound(v *View) *ClaimDecision {
	phase := v.Volume.Status.Phase
	if phase == corev1.VolumeBound {
		return nil
	}
	d := refuse(ReasonVolumeReclaimed)(msgReclaiming(v.Volume.Name, string(phase)))
	return &d
}

// kept reports whether the volume is retained with the record of the claim.
func (i Rescue) kept(v *View) (record *sts.Retained, ours, kept bool) {
	record = v.record()
	return record, record != nil && record.UID == i.UID, v.Volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain
}

// requireRetained refuses when the policy that this command has written was not stored.
func (i Rescue) requireRetained(v *View) *ClaimDecision {
	record, ours, kept := i.kept(v)
	if !ours || kept || record.RescuedAt == nil || !record.RescuedAt.Equal(i.At) {
		return nil
	}
	d := refuseRetainIgnored(v.Volume)
	return &d
}

func (i Rescue) requireOwnCopy(v *View) *ClaimDecision {
	record, ours, kept := i.kept(v)
	if !ours || !kept || v.Copy == nil || !v.foreignCopy(record) {
		return nil
	}
	d := refuse(ReasonVolumeNotOurs)(msgForeignCopy(v.Copy.Name, v.Volume.Name, v.Name))
	return &d
}

// record is the record of the claim. Its deletion is the other client's.
func (i Rescue) record(v *View) sts.Retained {
	r := sts.NewRetained(v.Claim, v.Volume)
	at := i.At
	r.RescuedAt, r.RescuedBy, r.DeletedAt = &at, i.By, i.At
	r.Reason = msgRescueReason(v.Volume.Name)
	if t := v.Claim.DeletionTimestamp; t != nil {
		r.DeletedAt, r.Reason = t.Time, msgRescueReason("")
	}
	return r
}

// requireRescuable is the result for a claim that needs no rescue, or that can no longer be rescued.
func (i Rescue) requireRescuable(v *View) *ClaimDecision {
	end := func(d ClaimDecision) *ClaimDecision { return &d }
	c := v.Claim
	switch {
	case c.Spec.VolumeName == "":
		return end(decide(operate.Done, ReasonNothingToRescue, msgNothingToRescueNoVolume(), nil))
	case v.Volume == nil:
		return end(refuse(ReasonVolumeLost)(msgVolumeLost(c.Spec.VolumeName, c.Namespace, c.Name, string(c.UID))))
	case v.Volume.Spec.ClaimRef == nil || v.refUID() != c.UID:
		return end(decide(operate.Refused, ReasonVolumeNotOurs, msgVolumeOfOther(v.Volume.Name, sayRef(v.Volume.Spec.ClaimRef)), nil))
	}
	return nil
}

// gone: the claim to rescue no longer exists.
func (i Rescue) gone(v *View) ClaimDecision {
	record := v.record()
	switch {
	case record != nil && record.UID == i.UID && v.Volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain:
		return decide(operate.Done, ReasonRescued, msgRescuedAndGone(sayKept(v)), nil)
	case v.Volume == nil:
		return decide(operate.Refused, ReasonVolumeLost, msgRescueTooLate(v.VolumeName), nil)
	}
	return refuse(ReasonVolumeReclaimed)(msgReclaimed(v.Volume.Name, string(v.Volume.Status.Phase), string(v.Volume.Spec.PersistentVolumeReclaimPolicy)))
}

// sayRescued is what was done, and what happens next.
func (i Rescue) sayRescued(v *View, record *sts.Retained) string {
	if v.Volume.DeletionTimestamp == nil {
		return msgRescued(v.Volume.Name)
	}
	return msgRescuedByCopy(v.Volume.Name, record.Copy, v.Claim.DeletionTimestamp != nil)
}

// foreignCopy reports whether the volume that has the name of the copy is another one.
func (v *View) foreignCopy(record *sts.Retained) bool {
	have, err := sts.ReadRetained(v.Copy)
	ref := v.Copy.Spec.ClaimRef
	return err != nil || have == nil || have.UID != record.UID || have.CopyOf != v.Volume.Name || v.Copy.DeletionTimestamp != nil ||
		ref == nil || ref.Namespace != v.Namespace || ref.Name != v.Name
}

// rescuePatch sets the volume to reclaim policy Retain and records its claim, if it is still
// bound: once it is released, the cluster may be deleting the data.
func rescuePatch(v *corev1.PersistentVolume, r sts.Retained) *volumePatch {
	b := newVolumePatch(v).bound().add(operate.Op("test", "/status/phase", corev1.VolumeBound)).policy(corev1.PersistentVolumeReclaimRetain)
	if v.DeletionTimestamp != nil {
		// Only the copy is found by its labels.
		return b.set("annotations", v.Annotations, sts.ClaimAnnotation, sts.EncodeAnnotation(r))
	}
	return b.record(v, r)
}

// copyOf is a new volume for the storage of one that is being deleted. It is reserved for
// a claim of the recorded name, whatever its UID, and has reclaim policy Retain.
func copyOf(v *corev1.PersistentVolume, name string, r sts.Retained) *corev1.PersistentVolume {
	out := &corev1.PersistentVolume{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolume"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: maps.Clone(v.Labels), Annotations: maps.Clone(v.Annotations)},
		Spec:       *v.Spec.DeepCopy(),
	}
	r.CopyOf, r.Copy = v.Name, ""
	if out.Labels == nil {
		out.Labels = map[string]string{}
	}
	out.Labels[sts.RetainedLabel], out.Labels[sts.RetainedIn] = "true", r.Claim.Namespace
	delete(out.Annotations, "pv.kubernetes.io/bound-by-controller")
	delete(out.Annotations, corev1.LastAppliedConfigAnnotation)
	if out.Annotations == nil {
		out.Annotations = map[string]string{}
	}
	out.Annotations[sts.ClaimAnnotation] = sts.EncodeAnnotation(r)
	out.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	out.Spec.ClaimRef = &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: r.Claim.Namespace, Name: r.Claim.Name}
	return out
}
