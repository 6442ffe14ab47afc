package claims

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Restore restores a claim that was deleted by [Collect], or by another client after
// [Rescue], on the volume that has retained its data.
type Restore struct {
	// UID is the volume's.
	UID types.UID
	// Replace: also if the StatefulSet controller has created a new claim of the name. That one
	// is set aside, with its volume retained, and deleted.
	Replace bool
	// By and At are the user and the start of the command.
	By string
	At time.Time
}

// Next implements Intent.
func (i Restore) Next(v View) ClaimDecision {
	gs := i.guards()
	if d := gs.Require(guard.Always, &v); d != nil {
		return *d
	}
	record := v.record()
	switch {
	case record == nil:
		if d := tidy(&v, ReasonClaimRestored); d != nil {
			return *d
		}
		return decide(operate.Done, ReasonClaimRestored, msgRestored(v.Volume.Name, v.sayOwners()), nil)
	case v.Claim != nil && v.Claim.DeletionTimestamp != nil:
		return leaving(&v, record)
	}
	if d := gs.Require(guard.BeforeStart, &v); d != nil {
		return *d
	}
	if v.replacedBy(record) {
		return i.replace(v)
	}
	return restore(v, record)
}

func (i Restore) guards() guardList {
	return guardList{
		guard.New(guard.NewRule("volume exists", "refuses if the volume no longer exists", guard.Always), i.requireVolume),
		guard.New(retainedRule, requireRetainedOrRestored),
		guard.New(guard.NewRule("purge", "refuses while the volume is being deleted", guard.Always), requireNotPurged),
		guard.New(reservedRule, requireNotElsewhere),
		guard.New(guard.NewRule("original volume", "refuses if the claim is still bound to its original volume, of which this one is a copy", guard.BeforeStart), requireNotOriginal),
		guard.New(guard.NewRule("new claim", "refuses if a new claim with the same name has a volume (`--replace` sets it aside)", guard.BeforeStart), i.requireReplace),
		guard.New(guard.NewRule("proof", "refuses to set a claim aside unless it is proven to be the StatefulSet controller's own", guard.BeforeStep), i.requireProven),
	}
}

func (i Restore) requireVolume(v *View) *ClaimDecision {
	if v.Volume != nil && v.Volume.UID == i.UID {
		return nil
	}
	d := decide(operate.Refused, ReasonNotRetained, msgVolumeGone(v.VolumeName), nil)
	return &d
}

// requireRetainedOrRestored refuses a volume without a record, unless the claim is on it: then the
// record was removed because the claim is restored.
func requireRetainedOrRestored(v *View) *ClaimDecision {
	if v.on() {
		return nil
	}
	return requireRetainedRecord(v)
}

func requireNotPurged(v *View) *ClaimDecision {
	record := v.record()
	if record == nil || v.Volume.DeletionTimestamp == nil && !purged(v.Volume, record) {
		return nil
	}
	d := decide(operate.Refused, ReasonPurging, msgPurgeInProgress(v.Volume.Name), stillThere(v))
	return &d
}

// requireNotElsewhere refuses a volume that is reserved for another claim than that of its record.
func requireNotElsewhere(v *View) *ClaimDecision {
	record := v.record()
	if record == nil || v.Volume.Spec.ClaimRef == nil || v.remembers(record) {
		return nil
	}
	d := refuseElsewhere(v)
	return &d
}

func requireNotOriginal(v *View) *ClaimDecision {
	record := v.record()
	if v.Claim == nil || v.Claim.UID != record.UID || record.CopyOf == "" {
		return nil
	}
	d := refuse(ReasonClaimExists)(msgClaimOnOriginal(v.Namespace, v.Name, record.CopyOf, v.Volume.Name, undoHint(v)))
	return &d
}

// replacedBy reports whether another claim has the name, on a volume of its own. One without a
// volume has no data yet, and gets this volume.
func (v *View) replacedBy(record *sts.Retained) bool {
	return v.Claim != nil && !v.on() && v.Claim.UID != record.UID && v.Claim.Spec.VolumeName != ""
}

func (i Restore) requireReplace(v *View) *ClaimDecision {
	if i.Replace || !v.replacedBy(v.record()) {
		return nil
	}
	d := refuse(ReasonClaimExists)(msgNewClaimExists(v.Claim.Spec.VolumeName, v.Volume.Name, undoHint(v)))
	return &d
}

func (i Restore) requireProven(v *View) *ClaimDecision {
	why := i.unproven(v, v.record())
	if why == "" {
		return nil
	}
	d := refuse(ReasonNotProven)(msgReplaceRefused(why, v.Volume.Name, undoHint(v)))
	return &d
}

// leaving: the claim of this name is being deleted. It is removed when the pods that use it
// are gone.
func leaving(v *View, record *sts.Retained) ClaimDecision {
	if v.Claim.UID != record.UID && !v.on() && v.refUID() != "" {
		return do(&ClearClaimRef{clearRefPatch(v.Volume).because(stepReserveVolume(v.Volume.Name, v.Name))}, ReasonClaimRestored)
	}
	if v.Around == nil {
		return checkUsage(v, stepCheckUser(v.Name))
	}
	if v.Around.Stays == "" {
		return waitClaimGone(v.Claim)
	}
	again := undoHint(v)
	if v.Claim.UID == record.UID && v.Around.Verdict.Set != "" {
		// The controller will create a new claim together with the new pod.
		again = undoHint(v, "--replace")
	}
	message, hint := msgOldClaimInUse(v.Around.Stays, sayKept(v), removePod(v), again)
	return decide(operate.Stuck, ReasonClaimHeld, message, hint)
}

// removePod is the command after which the claim is removed.
func removePod(v *View) sts.Hint {
	if set, ordinal := v.Around.Verdict.Set, v.Around.Verdict.Ordinal; set != "" && sts.PodName(set, ordinal) == v.Around.Stays {
		return sts.Kubectl(v.Namespace, "sts restart", set, "--ordinal", ordinal.String())
	}
	return sts.Kubectl(v.Namespace, "delete pod", v.Around.Stays)
}

// replace: another claim has the name, on a volume of its own. The StatefulSet controller
// creates such a claim, empty, when it recreates the pod that used the old one. The order is
// such that no data is lost wherever it is interrupted: the new volume is retained and
// recorded first; then the old volume is reserved for the next claim of this name, whichever
// client creates it; only then the new claim is deleted. Its pod is left alone.
func (i Restore) replace(v View) ClaimDecision {
	c := v.Claim
	if v.Around == nil {
		return checkUsage(&v, stepCheckNewClaim(v.Name))
	}
	if d := i.guards().Require(guard.BeforeStep, &v); d != nil {
		return *d
	}
	other, err := sts.ReadRetained(v.Other)
	kept := v.Other.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain
	aside := err == nil && other != nil && other.UID == c.UID && other.SetAsideFor == v.Volume.Name
	switch {
	case aside && !kept && other.DeletedAt.Equal(i.At):
		return refuseRetainIgnored(v.Other)
	case !aside || !kept:
		r := sts.NewRetained(c, v.Other)
		r.DeletedBy, r.DeletedAt, r.SetAsideFor = i.By, i.At, v.Volume.Name
		r.Reason = msgSetAsideReason()
		return do(&SetAsideVolume{rescuePatch(v.Other, r).because(stepRetainNew(v.Other.Name))}, ReasonClaimReplaced)
	case v.refUID() != "":
		return do(&ClearClaimRef{clearRefPatch(v.Volume).because(stepReserveVolume(v.Volume.Name, v.Name))}, ReasonClaimRestored)
	}
	return do(&DeleteClaim{
		Description: stepDeleteNewClaim(v.Name),
		Namespace:   v.Namespace, Name: v.Name, UID: c.UID, ResourceVersion: c.ResourceVersion,
	}, ReasonClaimReplaced)
}

// unproven is why it is not certain that the StatefulSet controller created the claim and
// that it can be deleted without loss, empty when it is.
func (i Restore) unproven(v *View, record *sts.Retained) string {
	c, verdict := v.Claim, &v.Around.Verdict
	since := record.DeletedAt
	if record.RescuedAt != nil {
		since = *record.RescuedAt
	}
	switch {
	case v.Made != c.UID:
		return msgNewClaimMakerUnknown()
	case c.CreationTimestamp.Time.Before(since.Truncate(time.Second)):
		return msgNewClaimOlder()
	case c.Spec.DataSource != nil || c.Spec.DataSourceRef != nil:
		return msgNewClaimFilled()
	case Keeps(c):
		return msgNewClaimKept()
	case verdict.Unseen() != "":
		return verdict.Unseen()
	case verdict.Set == "" || !v.Around.needed():
		return msgNewClaimNotNeeded()
	case v.Other == nil:
		return msgNewVolumeGone(c.Spec.VolumeName)
	case v.Other.Spec.ClaimRef == nil || v.Other.Spec.ClaimRef.UID != c.UID:
		return msgNewVolumeOfOther(v.Other.Name, sayRef(v.Other.Spec.ClaimRef))
	case v.Other.DeletionTimestamp != nil:
		return msgNewVolumeTerminating(v.Other.Name)
	}
	pod := sts.PodName(verdict.Set, verdict.Ordinal)
	for _, user := range v.Around.Users {
		if user != pod {
			return msgNewClaimOtherPod(user)
		}
	}
	return misfit(v.Volume, c)
}

// misfit is why a claim like c, which the StatefulSet controller will recreate, would not be
// bound to the volume.
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
		return msgTooSmall(want.String(), volume.Name, have.String())
	case mode(volume.Spec.VolumeMode) != mode(c.Spec.VolumeMode):
		return msgOtherVolumeMode(volume.Name)
	}
	for _, m := range c.Spec.AccessModes {
		if !slices.Contains(volume.Spec.AccessModes, m) {
			return msgNoAccessMode(string(m), volume.Name)
		}
	}
	return ""
}

// restore recreates the claim and restores the reclaim policy of the volume. A claim of that
// name that another client creates meanwhile, such as the StatefulSet controller, gets the
// volume too.
func restore(v View, record *sts.Retained) ClaimDecision {
	c, ref := v.Claim, v.refUID()
	switch {
	case c != nil && c.DeletionTimestamp != nil:
		return waitClaimGone(c)
	case c != nil && c.UID == record.UID,
		c != nil && v.on() && ref == c.UID && v.Volume.Status.Phase == corev1.VolumeBound && c.Status.Phase == corev1.ClaimBound:
		if d := own(&v, record); d != nil {
			return *d
		}
		return giveBack(&v, record, ReasonClaimRestored)
	case ref != "" && (c == nil || ref != c.UID):
		return do(&ClearClaimRef{clearRefPatch(v.Volume).because(stepReserveVolume(v.Volume.Name, v.Name))}, ReasonClaimRestored)
	case c == nil:
		again := record.Claim.DeepCopy()
		again.Spec.VolumeName, again.OwnerReferences = v.Volume.Name, nil
		return do(&CreateClaim{Description: stepRecreateClaim(v.Name, v.Volume.Name), Claim: again}, ReasonClaimRestored)
	case c.Spec.VolumeName != "" && !v.on():
		return decide(operate.Stuck, ReasonClaimReplaced, msgRecreatedMeanwhile(c.Spec.VolumeName, sayKept(&v)), hintRecreated(undoHint(&v)))
	}
	return ClaimDecision{Verdict: operate.Wait, Reason: ReasonBinding, Subject: "persistentvolumeclaim/" + c.Name, Message: msgWaitBound(c.Name, v.Volume.Name)}
}

// stillThere is the hint for a purge that makes no progress.
func stillThere(v *View) sts.Hint {
	if v.Volume.DeletionTimestamp != nil {
		return nil
	}
	return hintPurgeStalled(unpurge(v))
}

// FinishRestore removes what an undo, or a cancelled deletion, has left on a claim and its
// volume when it was interrupted at its end.
type FinishRestore struct{}

// Next implements Intent.
func (FinishRestore) Next(v View) ClaimDecision {
	if v.Claim != nil && v.Volume != nil && v.record() == nil {
		if d := tidy(&v, ReasonClaimRestored); d != nil {
			return *d
		}
	}
	return decide(operate.Done, ReasonClaimRestored, msgRestored(v.VolumeName, ""), nil)
}
