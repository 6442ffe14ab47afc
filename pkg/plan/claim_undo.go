package plan

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// RestoreClaim brings a claim back that was deleted by [CollectClaim], on the volume
// that has kept its data.
type RestoreClaim struct {
	// UID is the volume's.
	UID types.UID
}

// Next implements ClaimIntent.
func (i RestoreClaim) Next(v ClaimView) Decision {
	if v.Volume == nil || v.Volume.UID != i.UID {
		return decide(Refused, ReasonNotRetained, "volume "+v.VolumeName+" is gone", "")
	}
	record := v.record()
	switch {
	case record == nil && v.on():
		if d := tidy(&v, ReasonClaimRestored); d != nil {
			return *d
		}
		return decide(Done, ReasonClaimRestored, "restored on volume "+v.Volume.Name, "")
	case record == nil:
		return decide(Refused, ReasonNotRetained, "volume "+v.Volume.Name+" keeps the data of no claim any more", "")
	case v.Volume.DeletionTimestamp != nil || purged(v.Volume, record):
		return decide(Refused, ReasonPurging, "volume "+v.Volume.Name+" is being purged", stillThere(&v))
	case v.Volume.Spec.ClaimRef != nil && !v.remembers(record):
		return elsewhere(&v)
	// One without a volume has no data yet, and gets this.
	case v.Claim != nil && !v.on() && v.Claim.UID != record.UID && v.Claim.Spec.VolumeName != "":
		return decide(Refused, ReasonClaimExists,
			fmt.Sprintf("another claim %s is there and is on volume %s; the old data stays on volume %s", v.Name, v.Claim.Spec.VolumeName, v.Volume.Name),
			"the claims cannot both have the name: scale the ordinal away that uses the new one, delete that claim, and "+undoHint(&v))
	}
	return restore(v, record)
}

// restore makes the claim anew and gives the volume its policy back. Whoever else makes
// a claim of that name meanwhile, such as the StatefulSet controller, gets the volume too.
func restore(v ClaimView, record *sts.Retained) Decision {
	c, ref := v.Claim, v.refUID()
	switch {
	case c != nil && c.DeletionTimestamp != nil:
		return going(c)
	case c != nil && c.UID == record.UID,
		c != nil && v.on() && ref == c.UID && v.Volume.Status.Phase == corev1.VolumeBound && c.Status.Phase == corev1.ClaimBound:
		return giveBack(&v, record, ReasonClaimRestored)
	case ref != "" && (c == nil || ref != c.UID):
		return do(Action{Why: "let claim " + v.Name + " have volume " + v.Volume.Name + " again", ClearClaimRef: clearRef(v.Volume)}, ReasonClaimRestored)
	case c == nil:
		again := record.Claim.DeepCopy()
		again.Spec.VolumeName = v.Volume.Name
		return do(Action{Why: "make claim " + v.Name + " again, on volume " + v.Volume.Name, CreateClaim: &CreateClaim{
			Namespace: v.Namespace, Name: v.Name, Volume: v.Volume.Name, Claim: again,
		}}, ReasonClaimRestored)
	case c.Spec.VolumeName != "" && !v.on():
		return decide(Stuck, ReasonClaimReplaced,
			fmt.Sprintf("made anew meanwhile on volume %s%s", c.Spec.VolumeName, sayKept(&v)), replacedHint(&v))
	}
	return Decision{Verdict: Wait, Reason: ReasonBinding, Subject: c.Name, Message: "for claim " + c.Name + " to be bound to volume " + v.Volume.Name}
}

// stillThere is the way back from a purge that has not got further.
func stillThere(v *ClaimView) string {
	if v.Volume.DeletionTimestamp != nil {
		return ""
	}
	return "when it does not go, its data may be whole: " + unpurge(v)
}

// FinishRestore takes away what an undo, or a deletion that was called off, has left on a
// claim and its volume when it was interrupted at its end.
type FinishRestore struct{}

// Next implements ClaimIntent.
func (FinishRestore) Next(v ClaimView) Decision {
	if v.Claim != nil && v.Volume != nil && v.record() == nil {
		if d := tidy(&v, ReasonClaimRestored); d != nil {
			return *d
		}
	}
	return decide(Done, ReasonClaimRestored, "restored on volume "+v.VolumeName, "")
}
