package plan

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// PurgeRetained deletes a volume for good that has kept the data of a deleted claim.
// Where the volume's own policy was Delete the cluster deletes the data with it; else
// only the PersistentVolume goes, and the storage stays.
type PurgeRetained struct {
	// UID is the volume's.
	UID types.UID
	// Shared are other volumes that stand for the same storage and may be in use.
	Shared []string
	// Replaced: also when the claim was made anew on another volume, and is wanted. Then
	// this is what its ordinal had before.
	Replaced bool
}

// purged says whether the purge of the volume has begun: nothing else gives a volume
// with a record this policy.
func purged(v *corev1.PersistentVolume, record *sts.Retained) bool {
	return v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete && v.Status.Phase != corev1.VolumeBound &&
		record.ReclaimPolicy == corev1.PersistentVolumeReclaimDelete
}

// unpurge are the commands that take a purge back which nothing carries out.
func unpurge(v *ClaimView) string {
	return fmt.Sprintf(`kubectl patch persistentvolume %s -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}' && %s`, v.Volume.Name, undoHint(v))
}

// Next implements ClaimIntent.
func (i PurgeRetained) Next(v ClaimView) Decision {
	if v.Volume == nil || v.Volume.UID != i.UID {
		return decide(Done, ReasonPurged, "volume "+v.VolumeName+" is gone for good", "")
	}
	record := v.record()
	switch {
	case record == nil:
		return decide(Refused, ReasonNotRetained, "volume "+v.Volume.Name+" keeps the data of no claim any more", "")
	case v.Volume.Spec.ClaimRef == nil || !v.remembers(record):
		return elsewhere(&v)
	case v.Claim != nil && v.Claim.UID == record.UID && v.Claim.DeletionTimestamp != nil:
		return decide(Refused, ReasonClaimExists, fmt.Sprintf("claim %s is being deleted and not gone yet", v.Name), "")
	case v.Claim != nil && (v.on() || v.Claim.UID == record.UID):
		return decide(Refused, ReasonClaimExists, fmt.Sprintf("claim %s is there again and stands on volume %s", v.Name, v.Volume.Name),
			"to finish what has begun: "+undoHint(&v))
	case v.Claim != nil && v.Claim.Spec.VolumeName == "" && v.refUID() == "":
		return decide(Refused, ReasonClaimExists, fmt.Sprintf("claim %s waits for a volume and may get volume %s", v.Name, v.Volume.Name), "")
	case v.Volume.DeletionTimestamp != nil || purged(v.Volume, record):
		if v.Volume.Status.Phase == corev1.VolumeFailed {
			return decide(Stuck, ReasonPurgeFailed, fmt.Sprintf("volume %s could not be deleted: %s", v.Volume.Name, v.Volume.Status.Message),
				"its provisioner tells more: kubectl describe persistentvolume "+v.Volume.Name+"; to keep it: "+unpurge(&v))
		}
		return Decision{Verdict: Wait, Reason: ReasonPurging, Subject: v.Volume.Name, Message: "for volume " + v.Volume.Name + " to be gone",
			Hint: "when nothing deletes volumes of its kind: " + unpurge(&v)}
	case v.Volume.Status.Phase != corev1.VolumeReleased && (v.Volume.Status.Phase != corev1.VolumeAvailable || v.refUID() != ""):
		return Decision{Verdict: Wait, Reason: ReasonNotReleased, Subject: v.Volume.Name,
			Message: fmt.Sprintf("for volume %s, which is %s, to be released", v.Volume.Name, v.Volume.Status.Phase)}
	case v.Around == nil:
		return lookAround(&v, "see that nobody wants the data of claim "+v.Name)
	case v.Around.Verdict.Unseen() != "":
		return decide(Refused, ReasonUnseen, fmt.Sprintf("whether claim %s is wanted is not known: %s", v.Name, v.Around.Verdict.Unseen()),
			"ask for permission to list it, or run the command as a user who may")
	case v.Claim != nil && v.Around.wanted() && !i.Replaced:
		return decide(Refused, ReasonClaimReplaced,
			fmt.Sprintf("claim %s was made anew on volume %s without this data, and is wanted: %s", v.Name, v.Claim.Spec.VolumeName, v.Around.Verdict.Reason),
			"when the old data is not: "+sts.Kubectl(v.Namespace, "sts", "pvc-gc", "purge", v.Volume.Name))
	case v.Claim == nil && v.Around.wanted():
		return decide(Refused, ReasonClaimMissing, fmt.Sprintf("claim %s is wanted, and this is its data: %s", v.Name, v.Around.Verdict.Reason),
			"to bring it back: "+undoHint(&v))
	case record.ReclaimPolicy == corev1.PersistentVolumeReclaimDelete && len(i.Shared) > 0:
		return decide(Refused, ReasonVolumeShared,
			fmt.Sprintf("volume %s has the same data as volume %s: it would be gone for both", v.Volume.Name, strings.Join(i.Shared, ", ")),
			"to delete only the volume and leave the data: kubectl delete persistentvolume "+v.Volume.Name)
	case record.ReclaimPolicy == corev1.PersistentVolumeReclaimDelete:
		return do(Action{Why: "delete volume " + v.Volume.Name + " and its data", PurgeVolume: purge(v.Volume, record)}, ReasonPurged)
	}
	return do(Action{Why: fmt.Sprintf("delete volume %s, whose own reclaim policy is %s: the storage behind it stays", v.Volume.Name, record.ReclaimPolicy),
		DeleteVolume: &DeleteVolume{Name: v.Volume.Name, UID: v.Volume.UID, ResourceVersion: v.Volume.ResourceVersion}}, ReasonPurged)
}
