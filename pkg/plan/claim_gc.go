package plan

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// CollectClaim deletes one claim so that this can be undone: its volume is made to keep
// the data before, and afterwards is looked whether anybody wants the claim by now.
type CollectClaim struct {
	// UID is that of the claim which was shown to whoever said yes.
	UID    types.UID
	Choice sts.ClaimChoice
	// By and At are who does this, and since when.
	By string
	At time.Time
}

// staleRecord is the age from which the record of a deletion that was interrupted is
// written anew: a purge goes by when the claim was deleted.
const staleRecord = time.Hour

// Next implements ClaimIntent.
func (i CollectClaim) Next(v ClaimView) Decision {
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
			return decide(Done, ReasonClaimKept, "stays: "+why, "")
		}
	}
	if v.Volume != nil {
		switch kept := v.Volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain; {
		case v.refUID() == "" && record != nil && v.Volume.Spec.ClaimRef != nil && v.remembers(record):
			return decide(Refused, ReasonVolumeNotOurs, fmt.Sprintf("an undo has begun to hand volume %s out, and was not finished", v.Volume.Name), undoHint(&v))
		case v.refUID() != i.UID:
			return decide(Refused, ReasonVolumeNotOurs,
				fmt.Sprintf("volume %s is bound to %s: whose the data is has to be sorted out first", v.Volume.Name, sayRef(v.Volume.Spec.ClaimRef)), "")
		case v.Volume.DeletionTimestamp != nil:
			return decide(Refused, ReasonVolumeNotOurs,
				fmt.Sprintf("volume %s is being deleted: it would be gone with its claim, and nothing could bring it back", v.Volume.Name), "")
		case ours && !kept && record.DeletedAt.Equal(i.At):
			return retainIgnored(v.Volume)
		case !ours || !kept || i.At.Sub(record.DeletedAt) > staleRecord:
			r := sts.NewRetained(v.Claim, v.Volume)
			r.DeletedBy, r.DeletedAt = i.By, i.At
			if v.Around != nil {
				r.Reason = v.Around.Verdict.Reason
			}
			return do(Action{Why: "have volume " + v.Volume.Name + " keep its data", RetainVolume: retain(v.Volume, r)}, ReasonClaimDeleted)
		}
	}
	if v.Around == nil {
		return lookAround(&v, "see that claim "+v.Name+" may still go")
	}
	return do(Action{Why: "delete claim " + v.Name + ": " + v.Around.Verdict.Reason, DeleteClaim: &DeleteClaim{
		Namespace: v.Namespace, Name: v.Name, UID: i.UID, ResourceVersion: v.Claim.ResourceVersion,
	}}, ReasonClaimDeleted)
}

func retainIgnored(v *corev1.PersistentVolume) Decision {
	return decide(Refused, ReasonRetainIgnored,
		fmt.Sprintf("volume %s was to get reclaim policy Retain and has %s: something sets it back", v.Name, v.Spec.PersistentVolumeReclaimPolicy),
		"look for an admission webhook or a controller that changes PersistentVolumes")
}

// may says whether the claim may go by the last look, and why not.
func (i CollectClaim) may(a *Around) (ok bool, why string) {
	ok, held := a.Verdict.Candidate(i.Choice, a.At)
	if held != "" {
		return ok, held
	}
	return ok, string(a.Verdict.State) + ", " + a.Verdict.Reason
}

func sayRef(ref *corev1.ObjectReference) string {
	if ref == nil {
		return "no claim"
	}
	return fmt.Sprintf("claim %s/%s (UID %s)", ref.Namespace, ref.Name, ref.UID)
}

// terminating: the claim has been deleted and is still there.
func (i CollectClaim) terminating(v ClaimView) Decision {
	if v.Around == nil {
		return lookAround(&v, "see whether anybody wants claim "+v.Name+" by now")
	}
	if v.Around.Holder != "" {
		return decide(Stuck, ReasonClaimHeld,
			fmt.Sprintf("deleted, and pod %s has begun to use it: the claim goes when that pod does%s", v.Around.Holder, sayKept(&v)),
			"when the pod has gone: "+undoHint(&v))
	}
	return going(v.Claim)
}

// sayKept says where the data is.
func sayKept(v *ClaimView) string {
	if v.record() == nil {
		return ""
	}
	return "; volume " + v.Volume.Name + " keeps its data"
}

func undoHint(v *ClaimView) string { return sts.Kubectl(v.Namespace, "sts", "pvc-gc", "undo", v.Name) }

// afterwards: the claim is gone, and another may have its name.
func (i CollectClaim) afterwards(v ClaimView) Decision {
	record := v.record()
	switch {
	case !v.Sent && (record == nil || record.UID != i.UID):
		return decide(Done, ReasonClaimGone, "was deleted by somebody else meanwhile", "")
	case v.VolumeName == "":
		return decide(Done, ReasonClaimDeleted, "deleted; it had no volume", "")
	case v.Volume == nil:
		return decide(Done, ReasonClaimDeleted, "deleted; its volume "+v.VolumeName+" was gone", "")
	case record == nil && v.on():
		if d := tidy(&v, ReasonClaimRestored); d != nil {
			return *d
		}
		return decide(Stuck, ReasonClaimRestored, "deleted, and restored with its data: it became wanted meanwhile"+v.sayOwners(), "")
	case record == nil || record.UID != i.UID:
		return decide(Stuck, ReasonClaimReplaced, "deleted, and somebody has changed volume "+v.Volume.Name+", which kept its data", "")
	case v.Around == nil:
		return lookAround(&v, "see whether anybody wants claim "+v.Name+" by now")
	case !v.Around.wanted() && v.Claim == nil && !v.Sent:
		return decide(Done, ReasonClaimGone, "was deleted by somebody else meanwhile"+sayKept(&v), undoHint(&v))
	case !v.Around.wanted() && v.Claim == nil:
		return decide(Done, ReasonClaimDeleted, "deleted"+sayKept(&v), undoHint(&v))
	case v.Claim != nil && v.Claim.Spec.VolumeName != "" && !v.on():
		return decide(Stuck, ReasonClaimReplaced,
			fmt.Sprintf("deleted, and made anew meanwhile on volume %s%s", v.Claim.Spec.VolumeName, sayKept(&v)), replacedHint(&v))
	}
	return restore(v, record)
}

func replacedHint(v *ClaimView) string {
	return "the new claim has none of the old data; to have that instead, scale its ordinal away, delete the new claim, and " + undoHint(v)
}
