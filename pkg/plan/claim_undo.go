package plan

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// RestoreClaim brings a claim back that was deleted by [CollectClaim], or by another client
// after [RescueClaim], on the volume that has kept its data.
type RestoreClaim struct {
	// UID is the volume's.
	UID types.UID
	// Replace: also where the StatefulSet controller has created a new claim of the name.
	// That one is set aside, with its volume kept, and deleted.
	Replace bool
	// By and At are who does this, and since when.
	By string
	At time.Time
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
		return decide(Done, ReasonClaimRestored, "restored on volume "+v.Volume.Name+v.sayOwners(), "")
	case record == nil:
		return decide(Refused, ReasonNotRetained, "volume "+v.Volume.Name+" keeps the data of no claim any more", "")
	case v.Volume.DeletionTimestamp != nil || purged(v.Volume, record):
		return decide(Refused, ReasonPurging, "volume "+v.Volume.Name+" is being purged", stillThere(&v))
	case v.Volume.Spec.ClaimRef != nil && !v.remembers(record):
		return elsewhere(&v)
	case v.Claim != nil && v.Claim.DeletionTimestamp != nil:
		return leaving(&v, record)
	case v.Claim != nil && v.Claim.UID == record.UID && record.CopyOf != "":
		return decide(Refused, ReasonClaimExists,
			fmt.Sprintf("the claim is on volume %s, which is being deleted; a new claim of this name is bound to volume %s, which has the same data", record.CopyOf, v.Volume.Name),
			fmt.Sprintf("%s, restart the pod that uses it, then %s", sts.Kubectl(v.Namespace, "delete", "pvc", v.Name, "--wait=false"), undoHint(&v)))
	// One without a volume has no data yet, and gets this.
	case v.Claim != nil && !v.on() && v.Claim.UID != record.UID && v.Claim.Spec.VolumeName != "":
		return i.replace(v, record)
	}
	return restore(v, record)
}

// leaving: a claim that is being deleted has the name. It is gone when the pods are that
// use it.
func leaving(v *ClaimView, record *sts.Retained) Decision {
	if v.Claim.UID != record.UID && !v.on() && v.refUID() != "" {
		return do(Action{Why: "let the next claim " + v.Name + " have volume " + v.Volume.Name + " again", ClearClaimRef: clearRef(v.Volume)}, ReasonClaimRestored)
	}
	if v.Around == nil {
		return lookAround(v, "see which pod uses claim "+v.Name)
	}
	if v.Around.Stays == "" {
		return going(v.Claim)
	}
	again := undoHint(v)
	if v.Claim.UID == record.UID && v.Around.Verdict.Set != "" {
		// The controller will create a new claim together with the new pod.
		again += " --replace"
	}
	return decide(Stuck, ReasonClaimHeld,
		fmt.Sprintf("pod %s still uses the claim that is being deleted, which is gone when that pod is%s", v.Around.Stays, sayKept(v)),
		fmt.Sprintf("%s, then %s", removePod(v), again))
}

// removePod is the command after which the claim is gone.
func removePod(v *ClaimView) string {
	if set, ordinal := v.Around.Verdict.Set, v.Around.Verdict.Ordinal; set != "" && sts.PodName(set, ordinal) == v.Around.Stays {
		return sts.Kubectl(v.Namespace, "sts", "restart", set, "--ordinal", ordinal.String())
	}
	return sts.Kubectl(v.Namespace, "delete", "pod", v.Around.Stays)
}

// replace: another claim has the name, on a volume of its own. The StatefulSet controller
// creates one like that, empty, with the pod that comes after the one which held the old
// claim. The order is such that no data is lost wherever it ends: the new volume is kept
// and recorded first; then the old volume is handed out to the next claim of this name,
// whoever creates that; only then the new claim is deleted. Its pod is left alone.
func (i RestoreClaim) replace(v ClaimView, record *sts.Retained) Decision {
	c := v.Claim
	if !i.Replace {
		return decide(Refused, ReasonClaimExists,
			fmt.Sprintf("another claim %s is there and is on volume %s; the old data stays on volume %s", v.Name, c.Spec.VolumeName, v.Volume.Name),
			"the claims cannot both have the name: scale the ordinal away that uses the new one, delete that claim, and "+undoHint(&v)+
				"; where the StatefulSet controller created it, that command with --replace sets it aside")
	}
	if v.Around == nil {
		return lookAround(&v, "see what claim "+v.Name+" is")
	}
	if why := i.unproven(&v, record); why != "" {
		return decide(Refused, ReasonNotProven,
			fmt.Sprintf("--replace sets aside only an empty claim that the StatefulSet controller created after the old one: %s; the old data stays on volume %s", why, v.Volume.Name),
			"scale the ordinal away that uses the new claim, delete that claim, and "+undoHint(&v))
	}
	other, err := sts.ReadRetained(v.Other)
	kept := v.Other.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain
	aside := err == nil && other != nil && other.UID == c.UID && other.SetAsideFor == v.Volume.Name
	switch {
	case aside && !kept && other.DeletedAt.Equal(i.At):
		return retainIgnored(v.Other)
	case !aside || !kept:
		r := sts.NewRetained(c, v.Other)
		r.DeletedBy, r.DeletedAt, r.SetAsideFor = i.By, i.At, v.Volume.Name
		r.Reason = "the older claim of this name is restored"
		return do(Action{Why: "make volume " + v.Other.Name + " of the new claim keep its data, too", SetAsideVolume: rescue(v.Other, r)}, ReasonClaimReplaced)
	case v.refUID() != "":
		return do(Action{Why: "let the next claim " + v.Name + " have volume " + v.Volume.Name + " again", ClearClaimRef: clearRef(v.Volume)}, ReasonClaimRestored)
	}
	return do(Action{Why: "delete the new claim " + v.Name + ", which gives way to the old one", DeleteClaim: &DeleteClaim{
		Namespace: v.Namespace, Name: v.Name, UID: c.UID, ResourceVersion: c.ResourceVersion,
	}}, ReasonClaimReplaced)
}

// unproven says why it is not certain that the claim is the StatefulSet controller's own
// and gives way without loss, empty when it is.
func (i RestoreClaim) unproven(v *ClaimView, record *sts.Retained) string {
	c, verdict := v.Claim, &v.Around.Verdict
	since := record.DeletedAt
	if record.RescuedAt != nil {
		since = *record.RescuedAt
	}
	switch {
	case v.Made != c.UID:
		return "its managedFields do not show that kube-controller-manager alone has written it"
	case c.CreationTimestamp.Time.Before(since.Truncate(time.Second)):
		return "it is older than the record of the old one"
	case c.Spec.DataSource != nil || c.Spec.DataSourceRef != nil:
		return "it was filled from a data source"
	case sts.Keeps(c):
		return "it has the annotation " + sts.KeepAnnotation
	case verdict.Unseen() != "":
		return verdict.Unseen()
	case verdict.Set == "" || !v.Around.wanted():
		return "no StatefulSet has this ordinal"
	case v.Other == nil:
		return "its volume " + c.Spec.VolumeName + " does not exist"
	case v.Other.Spec.ClaimRef == nil || v.Other.Spec.ClaimRef.UID != c.UID:
		return fmt.Sprintf("its volume %s is bound to %s", v.Other.Name, sayRef(v.Other.Spec.ClaimRef))
	case v.Other.DeletionTimestamp != nil:
		return "its volume " + v.Other.Name + " is being deleted"
	}
	pod := sts.PodName(verdict.Set, verdict.Ordinal)
	for _, user := range v.Around.Users {
		if user != pod {
			return "pod " + user + " uses it"
		}
	}
	return misfit(v.Volume, c)
}

// misfit says why the server would not bind a claim like c to the volume, which the
// StatefulSet controller will create again.
func misfit(volume *corev1.PersistentVolume, c *corev1.PersistentVolumeClaim) string {
	have, want := volume.Spec.Capacity[corev1.ResourceStorage], c.Spec.Resources.Requests[corev1.ResourceStorage]
	mode := func(m *corev1.PersistentVolumeMode) corev1.PersistentVolumeMode {
		if m == nil {
			return corev1.PersistentVolumeFilesystem
		}
		return *m
	}
	switch {
	case have.Cmp(want) < 0:
		return fmt.Sprintf("its template asks for %s, and volume %s has %s", want.String(), volume.Name, have.String())
	case mode(volume.Spec.VolumeMode) != mode(c.Spec.VolumeMode):
		return "its template asks for another volumeMode than that of volume " + volume.Name
	}
	for _, m := range c.Spec.AccessModes {
		if !slices.Contains(volume.Spec.AccessModes, m) {
			return fmt.Sprintf("its template asks for access mode %s, which volume %s does not have", m, volume.Name)
		}
	}
	return ""
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
		if d := own(&v, record); d != nil {
			return *d
		}
		return giveBack(&v, record, ReasonClaimRestored)
	case ref != "" && (c == nil || ref != c.UID):
		return do(Action{Why: "let claim " + v.Name + " have volume " + v.Volume.Name + " again", ClearClaimRef: clearRef(v.Volume)}, ReasonClaimRestored)
	case c == nil:
		again := record.Claim.DeepCopy()
		again.Spec.VolumeName, again.OwnerReferences = v.Volume.Name, nil
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
