package operate

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// CollectClaim deletes one claim so that it can be undone: before, its volume is set to
// reclaim policy Retain; afterwards, it is checked whether the claim is needed again.
type CollectClaim struct {
	// UID is that of the claim that was confirmed.
	UID    types.UID
	Choice sts.ClaimChoice
	// By and At are the user and the start of the command.
	By string
	At time.Time
}

// staleRecord is the age at which the record of an interrupted deletion is replaced: a purge
// relies on when the claim was deleted.
const staleRecord = time.Hour

// Next implements ClaimIntent.
func (i CollectClaim) Next(v ClaimView) ClaimDecision {
	switch {
	case v.Claim == nil || v.Claim.UID != i.UID:
		return i.afterwards(v)
	case v.Claim.DeletionTimestamp != nil:
		return i.terminating(v)
	}
	record := v.record()
	ours := record != nil && record.UID == i.UID
	if v.Around != nil {
		if may, why := i.may(v.Around); !may {
			if ours {
				return giveBack(&v, record, ReasonClaimKept)
			}
			if record == nil && v.on() {
				if d := tidy(&v, ReasonClaimKept); d != nil {
					return *d
				}
			}
			return decideClaim(Done, ReasonClaimKept, msgClaimKept(why), nil)
		}
	}
	if v.Volume != nil {
		switch kept := v.Volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain; {
		case v.refUID() == "" && record != nil && v.Volume.Spec.ClaimRef != nil && v.remembers(record):
			return decideClaim(Refused, ReasonVolumeNotOurs, msgUndoInterrupted(v.Volume.Name), undoHint(&v))
		case v.refUID() != i.UID:
			return decideClaim(Refused, ReasonVolumeNotOurs, msgVolumeOfOther(v.Volume.Name, sayRef(v.Volume.Spec.ClaimRef)), nil)
		case v.Volume.DeletionTimestamp != nil:
			return decideClaim(Refused, ReasonVolumeNotOurs, msgVolumeTerminating(v.Volume.Name), nil)
		case ours && !kept && record.DeletedAt.Equal(i.At):
			return retainIgnored(v.Volume)
		case !ours || !kept || i.At.Sub(record.DeletedAt) > staleRecord:
			r := sts.NewRetained(v.Claim, v.Volume)
			r.DeletedBy, r.DeletedAt = i.By, i.At
			if v.Around != nil {
				r.Reason = v.Around.Verdict.Reason
			}
			return doClaim(&RetainVolume{retain(v.Volume, r).because(stepRetain(v.Volume.Name))}, ReasonClaimDeleted)
		}
	}
	if v.Around == nil {
		return checkUsage(&v, stepCheckUnused(v.Name))
	}
	return doClaim(&DeleteClaim{
		Why:       stepDeleteClaim(v.Name, v.Around.Verdict.Reason),
		Namespace: v.Namespace, Name: v.Name, UID: i.UID, ResourceVersion: v.Claim.ResourceVersion,
	}, ReasonClaimDeleted)
}

func retainIgnored(v *corev1.PersistentVolume) ClaimDecision {
	message, hint := msgRetainIgnored(v.Name, string(v.Spec.PersistentVolumeReclaimPolicy))
	return decideClaim(Refused, ReasonRetainIgnored, message, hint)
}

// may reports whether the claim is a candidate by the last look, and why not.
func (i CollectClaim) may(a *Around) (ok bool, why string) {
	ok, held := a.Verdict.Candidate(i.Choice, a.At)
	if held != "" {
		return ok, held
	}
	return ok, a.Verdict.Reason
}

func sayRef(ref *corev1.ObjectReference) string {
	if ref == nil {
		return msgNoClaimRef()
	}
	return msgClaimRef(ref.Namespace, ref.Name, string(ref.UID))
}

// terminating: the claim has a deletion timestamp and still exists.
func (i CollectClaim) terminating(v ClaimView) ClaimDecision {
	if v.Around == nil {
		return checkUsage(&v, stepCheckNeeded(v.Name))
	}
	if v.Around.Holder != "" {
		message, hint := msgClaimDeletedInUse(v.Namespace, v.Name, v.Around.Holder, sayKept(&v))
		return decideClaim(Stuck, ReasonClaimHeld, message, hint)
	}
	return going(v.Claim)
}

// sayKept is where the data is.
func sayKept(v *ClaimView) string {
	if v.record() == nil {
		return ""
	}
	return msgDataRetained(v.Volume.Name)
}

func undoHint(v *ClaimView, flags ...string) sts.Hint { return hintUndo(v.Namespace, v.Name, flags...) }

// afterwards: the claim is gone, and another may have its name.
func (i CollectClaim) afterwards(v ClaimView) ClaimDecision {
	record := v.record()
	switch {
	case !v.Sent && (record == nil || record.UID != i.UID):
		return decideClaim(Done, ReasonClaimGone, msgClaimDeletedByOther(""), nil)
	case v.VolumeName == "":
		return decideClaim(Done, ReasonClaimDeleted, msgClaimDeletedNoVolume(), nil)
	case v.Volume == nil:
		return decideClaim(Done, ReasonClaimDeleted, msgClaimDeletedVolumeGone(v.VolumeName), nil)
	case record == nil && v.on():
		if d := tidy(&v, ReasonClaimRestored); d != nil {
			return *d
		}
		return decideClaim(Stuck, ReasonClaimRestored, msgClaimDeletedRestored(v.sayOwners()), nil)
	case record == nil || record.UID != i.UID:
		return decideClaim(Stuck, ReasonClaimReplaced, msgClaimDeletedVolumeChanged(v.Volume.Name), nil)
	case v.Around == nil:
		return checkUsage(&v, stepCheckNeeded(v.Name))
	case !v.Around.wanted() && v.Claim == nil && !v.Sent:
		return decideClaim(Done, ReasonClaimGone, msgClaimDeletedByOther(sayKept(&v)), undoHint(&v))
	case !v.Around.wanted() && v.Claim == nil:
		return decideClaim(Done, ReasonClaimDeleted, msgClaimDeleted(sayKept(&v)), undoHint(&v))
	case v.Claim != nil && v.Claim.Spec.VolumeName != "" && !v.on():
		return decideClaim(Stuck, ReasonClaimReplaced, msgClaimDeletedRecreated(v.Claim.Spec.VolumeName, sayKept(&v)), hintRecreated(undoHint(&v)))
	}
	return restore(v, record)
}
