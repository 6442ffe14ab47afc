package claims

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Collect deletes one claim so that it can be undone: before, its volume is set to
// reclaim policy Retain; afterwards, it is checked whether the claim is needed again.
type Collect struct {
	// UID is that of the claim that was confirmed.
	UID    types.UID
	Choice Choice
	// JudgeFirst: the claim is judged before its volume is changed, not only before it is deleted.
	JudgeFirst bool
	// By and At are the user and the start of the command.
	By string
	At time.Time
}

// staleRecord is the age at which the record of an interrupted deletion is replaced: a purge
// relies on when the claim was deleted.
const staleRecord = time.Hour

// Next implements Intent.
func (i Collect) Next(v View) ClaimDecision {
	switch {
	case v.Claim == nil || v.Claim.UID != i.UID:
		return i.afterwards(v)
	case v.Claim.DeletionTimestamp != nil:
		return i.terminating(v)
	}
	if d := i.guards().Require(guard.BeforeStep, &v); d != nil {
		return *d
	}
	if v.Volume != nil {
		record := v.record()
		kept := v.Volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain
		if record == nil || record.UID != i.UID || !kept || i.At.Sub(record.DeletedAt) > staleRecord {
			if v.Around == nil && i.JudgeFirst {
				return checkUsage(&v, stepCheckUnused(v.Name))
			}
			r := sts.NewRetained(v.Claim, v.Volume)
			r.DeletedBy, r.DeletedAt = i.By, i.At
			if v.Around != nil {
				r.Reason = v.Around.Verdict.Reason
			}
			return do(&RetainVolume{retainPatch(v.Volume, r).because(stepRetain(v.Volume.Name))}, ReasonClaimDeleted)
		}
	}
	if v.Around == nil {
		return checkUsage(&v, stepCheckUnused(v.Name))
	}
	return do(&DeleteClaim{
		Description: stepDeleteClaim(v.Name, v.Around.Verdict.Reason),
		Namespace:   v.Namespace, Name: v.Name, UID: i.UID, ResourceVersion: v.Claim.ResourceVersion,
	}, ReasonClaimDeleted)
}

func refuseRetainIgnored(v *corev1.PersistentVolume) ClaimDecision {
	message, hint := msgRetainIgnored(v.Name, string(v.Spec.PersistentVolumeReclaimPolicy))
	return decide(operate.Refused, ReasonRetainIgnored, message, hint)
}

func (i Collect) guards() guardList {
	return guardList{
		guard.New(guard.NewRule("candidate", "keeps a claim that is needed, or that the options do not select", guard.BeforeStep), i.requireCandidate),
		guard.New(guard.NewRule("volume", "refuses a volume that is bound to or reserved for another claim, or that is being deleted", guard.BeforeStep), i.requireVolume),
		guard.New(retainRule, i.requireRetained),
	}
}

// requireCandidate keeps a claim that is no candidate by the last look, and restores its volume.
func (i Collect) requireCandidate(v *View) *ClaimDecision {
	if v.Around == nil {
		return nil
	}
	may, why := i.may(v.Around)
	if may {
		return nil
	}
	record := v.record()
	if record != nil && record.UID == i.UID {
		d := giveBack(v, record, ReasonClaimKept)
		return &d
	}
	if record == nil && v.on() {
		if d := tidy(v, ReasonClaimKept); d != nil {
			return d
		}
	}
	d := decide(operate.Done, ReasonClaimKept, msgClaimKept(why), nil)
	return &d
}

// requireVolume refuses a volume that is not the claim's, or will not be for long.
func (i Collect) requireVolume(v *View) *ClaimDecision {
	if v.Volume == nil {
		return nil
	}
	var d ClaimDecision
	switch record := v.record(); {
	case v.refUID() == "" && record != nil && v.Volume.Spec.ClaimRef != nil && v.remembers(record):
		d = decide(operate.Refused, ReasonVolumeNotOurs, msgUndoInterrupted(v.Volume.Name), undoHint(v))
	case v.refUID() != i.UID:
		d = decide(operate.Refused, ReasonVolumeNotOurs, msgVolumeOfOther(v.Volume.Name, sayRef(v.Volume.Spec.ClaimRef)), nil)
	case v.Volume.DeletionTimestamp != nil:
		d = decide(operate.Refused, ReasonVolumeNotOurs, msgVolumeTerminating(v.Volume.Name), nil)
	default:
		return nil
	}
	return &d
}

var retainRule = guard.NewRule("retain", "refuses if the API server does not store the reclaim policy Retain", guard.BeforeStep)

// requireRetained refuses when the policy that this command has written was not stored.
func (i Collect) requireRetained(v *View) *ClaimDecision {
	record := v.record()
	if record == nil || record.UID != i.UID || !record.DeletedAt.Equal(i.At) ||
		v.Volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain {
		return nil
	}
	d := refuseRetainIgnored(v.Volume)
	return &d
}

// may reports whether the claim is a candidate by the last look, and why not.
func (i Collect) may(a *Around) (ok bool, why string) {
	ok, excluded := a.Verdict.Candidate(i.Choice, a.At)
	if excluded != "" {
		return ok, excluded
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
func (i Collect) terminating(v View) ClaimDecision {
	if v.Around == nil {
		return checkUsage(&v, stepCheckNeeded(v.Name))
	}
	if v.Around.MountedBy != "" {
		message, hint := msgClaimDeletedInUse(v.Namespace, v.Name, v.Around.MountedBy, sayKept(&v))
		return decide(operate.Stuck, ReasonClaimHeld, message, hint)
	}
	return waitClaimGone(v.Claim)
}

// sayKept is where the data is.
func sayKept(v *View) string {
	if v.record() == nil {
		return ""
	}
	return msgDataRetained(v.Volume.Name)
}

func undoHint(v *View, flags ...string) sts.Hint { return hintUndo(v.Namespace, v.Name, flags...) }

// afterwards: the claim is gone, and another may have its name.
func (i Collect) afterwards(v View) ClaimDecision {
	record := v.record()
	switch {
	case !v.Sent && (record == nil || record.UID != i.UID):
		return decide(operate.Done, ReasonClaimGone, msgClaimDeletedByOther(""), nil)
	case v.VolumeName == "":
		return decide(operate.Done, ReasonClaimDeleted, msgClaimDeletedNoVolume(), nil)
	case v.Volume == nil:
		return decide(operate.Done, ReasonClaimDeleted, msgClaimDeletedVolumeGone(v.VolumeName), nil)
	case record == nil && v.on():
		if d := tidy(&v, ReasonClaimRestored); d != nil {
			return *d
		}
		return decide(operate.Stuck, ReasonClaimRestored, msgClaimDeletedRestored(v.sayOwners()), nil)
	case record == nil || record.UID != i.UID:
		return decide(operate.Stuck, ReasonClaimReplaced, msgClaimDeletedVolumeChanged(v.Volume.Name), nil)
	case v.Around == nil:
		return checkUsage(&v, stepCheckNeeded(v.Name))
	case !v.Around.needed() && v.Claim == nil && !v.Sent:
		return decide(operate.Done, ReasonClaimGone, msgClaimDeletedByOther(sayKept(&v)), undoHint(&v))
	case !v.Around.needed() && v.Claim == nil:
		return decide(operate.Done, ReasonClaimDeleted, msgClaimDeleted(sayKept(&v)), undoHint(&v))
	case v.Claim != nil && v.Claim.Spec.VolumeName != "" && !v.on():
		return decide(operate.Stuck, ReasonClaimReplaced, msgClaimDeletedRecreated(v.Claim.Spec.VolumeName, sayKept(&v)), hintRecreated(undoHint(&v)))
	}
	return restore(v, record)
}
