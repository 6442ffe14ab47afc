package operate

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// PurgeRetained permanently deletes a volume that has retained the data of a deleted claim.
// If the volume's original reclaim policy was Delete the cluster deletes the data with it;
// else only the PersistentVolume is deleted, and the storage stays.
type PurgeRetained struct {
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
func unpurge(v *ClaimView) sts.Hint {
	return hintUnpurge(v.Volume.Name, undoHint(v))
}

// Next implements ClaimIntent.
func (i PurgeRetained) Next(v ClaimView) ClaimDecision {
	if v.Volume == nil || v.Volume.UID != i.UID {
		return decideClaim(Done, ReasonPurged, msgPurged(v.VolumeName), nil)
	}
	record := v.record()
	switch {
	case record == nil:
		return decideClaim(Refused, ReasonNotRetained, msgVolumeNotRetained(v.Volume.Name), nil)
	case v.Volume.Spec.ClaimRef == nil || !v.remembers(record):
		return elsewhere(&v)
	case v.Claim != nil && v.Claim.UID == record.UID && v.Claim.DeletionTimestamp != nil:
		return decideClaim(Refused, ReasonClaimExists, msgClaimStillTerminating(), nil)
	case v.Claim != nil && (v.on() || v.Claim.UID == record.UID):
		return refuseClaim(ReasonClaimExists)(msgClaimBack(v.Volume.Name, undoHint(&v)))
	case v.Claim != nil && v.Claim.Spec.VolumeName == "" && v.refUID() == "":
		return decideClaim(Refused, ReasonClaimExists, msgClaimMayGetVolume(v.Volume.Name), nil)
	case v.Volume.DeletionTimestamp != nil || purged(v.Volume, record):
		if v.Volume.Status.Phase == corev1.VolumeFailed {
			message, hint := msgPurgeFailed(v.Volume.Name, v.Volume.Status.Message, unpurge(&v))
			return decideClaim(Stuck, ReasonPurgeFailed, message, hint)
		}
		message, hint := msgWaitVolumeGone(v.Volume.Name, unpurge(&v))
		return ClaimDecision{Verdict: Wait, Reason: ReasonPurging, Subject: v.Volume.Name, Message: message, Hint: hint}
	case v.Volume.Status.Phase != corev1.VolumeReleased && (v.Volume.Status.Phase != corev1.VolumeAvailable || v.refUID() != ""):
		return ClaimDecision{Verdict: Wait, Reason: ReasonNotReleased, Subject: v.Volume.Name,
			Message: msgWaitReleased(v.Volume.Name, string(v.Volume.Status.Phase))}
	case v.Around == nil:
		return checkUsage(&v, stepCheckDataUnused(v.Name))
	case v.Around.Verdict.Unseen() != "":
		return refuseClaim(ReasonUnseen)(msgNeedUnknown(v.Around.Verdict.Unseen()))
	case v.Claim != nil && v.Around.wanted() && !i.Replaced:
		return refuseClaim(ReasonClaimReplaced)(msgRecreatedAndNeeded(v.Namespace, v.Claim.Spec.VolumeName, v.Volume.Name, v.Around.Verdict.Reason))
	case v.Claim == nil && v.Around.wanted():
		return refuseClaim(ReasonClaimMissing)(msgDataNeeded(v.Around.Verdict.Reason, undoHint(&v)))
	case record.ReclaimPolicy == corev1.PersistentVolumeReclaimDelete && len(i.Shared) > 0:
		return refuseClaim(ReasonVolumeShared)(msgVolumeShared(v.Volume.Name, i.Shared))
	case record.ReclaimPolicy == corev1.PersistentVolumeReclaimDelete:
		return doClaim(&PurgeVolume{purge(v.Volume, record).because(stepPurge(v.Volume.Name))}, ReasonPurged)
	}
	return doClaim(&DeleteVolume{
		Why:  stepDeleteVolume(v.Volume.Name, string(record.ReclaimPolicy)),
		Name: v.Volume.Name, UID: v.Volume.UID, ResourceVersion: v.Volume.ResourceVersion,
	}, ReasonPurged)
}
