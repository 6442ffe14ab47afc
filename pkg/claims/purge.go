package claims

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Purge permanently deletes a volume that has retained the data of a deleted claim.
// If the volume's original reclaim policy was Delete the cluster deletes the data with it;
// else only the PersistentVolume is deleted, and the storage stays.
type Purge struct {
	// UID is the volume's.
	UID types.UID
	// Shared are other volumes for the same storage that may be in use.
	Shared []string
	// Replaced: also when the claim was recreated on another volume and is needed. Then this
	// is the earlier data of its ordinal.
	Replaced bool
}

// purged reports whether the purge of the volume has started: nothing else sets this policy
// on a volume with a record.
func purged(v *corev1.PersistentVolume, record *sts.Retained) bool {
	return v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete && v.Status.Phase != corev1.VolumeBound &&
		record.ReclaimPolicy == corev1.PersistentVolumeReclaimDelete
}

// unpurge are the commands that cancel a purge that nothing carries out.
func unpurge(v *View) sts.Hint {
	return hintUnpurge(v.Volume.Name, undoHint(v))
}

// Next implements Intent.
func (i Purge) Next(v View) ClaimDecision {
	if v.Volume == nil || v.Volume.UID != i.UID {
		return decide(operate.Done, ReasonPurged, msgPurged(), nil)
	}
	gs := i.guards()
	if d := gs.Require(guard.Always, &v); d != nil {
		return *d
	}
	record := v.record()
	switch {
	case v.Volume.DeletionTimestamp != nil || purged(v.Volume, record):
		if v.Volume.Status.Phase == corev1.VolumeFailed {
			message, hint := msgPurgeFailed(v.Volume.Name, v.Volume.Status.Message, unpurge(&v))
			return decide(operate.Stuck, ReasonPurgeFailed, message, hint)
		}
		message, hint := msgWaitVolumeGone(v.Volume.Name, unpurge(&v))
		return ClaimDecision{Verdict: operate.Wait, Reason: ReasonPurging, Subject: "persistentvolume/" + v.Volume.Name, Message: message, Hint: hint}
	case v.Volume.Status.Phase != corev1.VolumeReleased && (v.Volume.Status.Phase != corev1.VolumeAvailable || v.refUID() != ""):
		return ClaimDecision{Verdict: operate.Wait, Reason: ReasonNotReleased, Subject: "persistentvolume/" + v.Volume.Name,
			Message: msgWaitReleased(v.Volume.Name, string(v.Volume.Status.Phase))}
	case v.Around == nil:
		return checkUsage(&v, stepCheckDataUnused(v.Name))
	}
	if d := gs.Require(guard.BeforeStep, &v); d != nil {
		return *d
	}
	if record.ReclaimPolicy == corev1.PersistentVolumeReclaimDelete {
		return do(&PurgeVolume{purgePatch(v.Volume, record).because(stepPurge(v.Volume.Name))}, ReasonPurged)
	}
	return do(&DeleteVolume{
		Description: stepDeleteVolume(v.Volume.Name, string(record.ReclaimPolicy)),
		Name:        v.Volume.Name, UID: v.Volume.UID, ResourceVersion: v.Volume.ResourceVersion,
	}, ReasonPurged)
}

func (i Purge) guards() guardList {
	return guardList{
		guard.New(retainedRule, requireRetainedRecord),
		guard.New(reservedRule, requireReserved),
		guard.New(guard.NewRule("claim", "refuses while the claim exists, or another one may be bound to the volume", guard.Always), requireNoClaim),
		guard.New(guard.NewRule("data needed", "refuses if the data is needed, or if it cannot be determined whether it is", guard.BeforeStep), i.requireUnneeded),
		guard.New(guard.NewRule("shared volume", "refuses to delete storage that another volume uses", guard.BeforeStep), i.requireUnshared),
	}
}

var (
	retainedRule = guard.NewRule("retained", "refuses a volume that does not retain the data of a deleted claim", guard.Always)
	reservedRule = guard.NewRule("reserved", "refuses a volume that is reserved for another claim", guard.Always)
)

// requireRetainedRecord refuses a volume without the record of its claim.
func requireRetainedRecord(v *View) *ClaimDecision {
	if v.record() != nil {
		return nil
	}
	d := decide(operate.Refused, ReasonNotRetained, msgVolumeNotRetained(v.Volume.Name), nil)
	return &d
}

// requireReserved refuses a volume that is reserved for another claim than that of its record, or for
// none.
func requireReserved(v *View) *ClaimDecision {
	if v.Volume.Spec.ClaimRef != nil && v.remembers(v.record()) {
		return nil
	}
	d := refuseElsewhere(v)
	return &d
}

// requireNoClaim refuses while a claim has the volume, or may get it.
func requireNoClaim(v *View) *ClaimDecision {
	if v.Claim == nil {
		return nil
	}
	var d ClaimDecision
	switch record := v.record(); {
	case v.Claim.UID == record.UID && v.Claim.DeletionTimestamp != nil:
		d = decide(operate.Refused, ReasonClaimExists, msgClaimStillTerminating(), nil)
	case v.on() || v.Claim.UID == record.UID:
		d = refuse(ReasonClaimExists)(msgClaimBack(v.Volume.Name, undoHint(v)))
	case v.Claim.Spec.VolumeName == "" && v.refUID() == "":
		d = decide(operate.Refused, ReasonClaimExists, msgClaimMayGetVolume(v.Volume.Name), nil)
	default:
		return nil
	}
	return &d
}

// requireUnneeded refuses when a set or a pod needs the data.
func (i Purge) requireUnneeded(v *View) *ClaimDecision {
	var d ClaimDecision
	switch {
	case v.Around.Verdict.Unseen() != "":
		d = refuse(operate.ReasonUnseen)(msgNeedUnknown(v.Around.Verdict.Unseen()))
	case v.Claim != nil && v.Around.needed() && !i.Replaced && v.record().SetAsideFor == v.Claim.Spec.VolumeName:
		d = refuse(ReasonClaimReplaced)(msgSetAsideFor(v.Namespace, v.Claim.Spec.VolumeName, v.Volume.Name, v.Around.Verdict.Reason))
	case v.Claim != nil && v.Around.needed() && !i.Replaced:
		d = refuse(ReasonClaimReplaced)(msgRecreatedAndNeeded(v.Namespace, v.Claim.Spec.VolumeName, v.Volume.Name, v.Around.Verdict.Reason))
	case v.Claim == nil && v.Around.needed():
		d = refuse(ReasonClaimMissing)(msgDataNeeded(v.Around.Verdict.Reason, undoHint(v)))
	default:
		return nil
	}
	return &d
}

func (i Purge) requireUnshared(v *View) *ClaimDecision {
	if v.record().ReclaimPolicy != corev1.PersistentVolumeReclaimDelete || len(i.Shared) == 0 {
		return nil
	}
	d := refuse(ReasonVolumeShared)(msgVolumeShared(v.Volume.Name, i.Shared))
	return &d
}
