package plan

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ClaimIntent is a verb for one claim. Next looks at the claim and its volume as they
// are and says the one next thing; it keeps nothing between calls.
type ClaimIntent interface {
	Next(v ClaimView) Decision
}

// ClaimView is one claim, its volume, and what the rest of the namespace makes of it.
type ClaimView struct {
	Namespace, Name string
	// Claim is the one that has the name, nil when none has.
	Claim *corev1.PersistentVolumeClaim
	// VolumeName is the volume that it is about, empty for a claim that never had one;
	// Volume is nil when it does not exist.
	VolumeName string
	Volume     *corev1.PersistentVolume
	// Other is the volume that the claim is on, where that is not Volume.
	Other *corev1.PersistentVolume
	// Copy is the volume that has the name of a copy of Volume, read while Volume is being
	// deleted.
	Copy *corev1.PersistentVolume
	// Made is the UID of the claim that the StatefulSet controller is known to have created.
	Made types.UID
	// Owners are the recorded owners that the claim lacks, once they were looked for.
	Owners []Owner
	// Sent: this command has sent the claim's deletion, whether or not it was answered.
	Sent bool
	// Around is the last look at everything that has a say, nil when there was none since
	// the claim was deleted or has changed.
	Around *Around
}

// Around is what a look at the sets, pods and autoscalers of the namespace says about a
// claim, also about one that is gone or on its way out.
type Around struct {
	At      time.Time
	Verdict sts.ClaimVerdict
	// Holder is a pod on a node that mounts the claim: one that is being deleted stays
	// as long as it does. A pod without a node does not hold it.
	Holder string
	// Stays is a pod like that which is not being deleted.
	Stays string
	// Users are all pods that mount the claim.
	Users []string
}

// wanted says whether an ordinal or a pod wants the claim.
func (a *Around) wanted() bool {
	return a.Verdict.State == sts.ClaimWanted || a.Verdict.State == sts.ClaimInUse
}

// record is the volume's record of its claim, nil when there is none that can be read.
func (v *ClaimView) record() *sts.Retained {
	if v.Volume == nil {
		return nil
	}
	r, err := sts.ReadRetained(v.Volume)
	if err != nil {
		return nil
	}
	return r
}

// refUID is the UID of the claim that the volume is bound to, empty for any of its name.
func (v *ClaimView) refUID() types.UID {
	if v.Volume.Spec.ClaimRef == nil {
		return ""
	}
	return v.Volume.Spec.ClaimRef.UID
}

// remembers says whether the volume is still for the claim of the record.
func (v *ClaimView) remembers(r *sts.Retained) bool {
	ref := v.Volume.Spec.ClaimRef
	return ref.Namespace == r.Claim.Namespace && ref.Name == r.Claim.Name
}

// elsewhere refuses a volume that somebody has given to another claim, or to any.
func elsewhere(v *ClaimView) Decision {
	return decide(Refused, ReasonVolumeNotOurs, msgVolumeElsewhere(v.Volume.Name, sayRef(v.Volume.Spec.ClaimRef)), "")
}

// on says whether the claim of that name stands on the volume, or is to.
func (v *ClaimView) on() bool {
	return v.Claim != nil && v.Volume != nil && v.Claim.Spec.VolumeName == v.Volume.Name
}

// protection is the finalizer that every claim has.
const protection = "kubernetes.io/pvc-protection"

// going is what is waited for while a claim is being deleted.
func going(c *corev1.PersistentVolumeClaim) Decision {
	others := slices.DeleteFunc(slices.Clone(c.Finalizers), func(f string) bool { return f == protection })
	return Decision{Verdict: Wait, Reason: ReasonClaimTerminating, Subject: c.Name, Message: msgWaitClaimGone(c.Name, others)}
}

// PatchVolume changes a PersistentVolume with one JSON patch (RFC 6902), if it is still
// the one with this UID and as it was seen.
type PatchVolume struct {
	Name string    `json:"name"`
	UID  types.UID `json:"uid"`
	// ReclaimPolicy is what it becomes, empty when it stays.
	ReclaimPolicy corev1.PersistentVolumeReclaimPolicy `json:"reclaimPolicy,omitempty"`
	Ops           []PatchOp                            `json:"ops"`
}

// HoldClaim marks a claim so that nobody's pvc-gc deletes it, or takes the mark off, if
// it is still the one with this UID.
type HoldClaim struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
	// Off takes the mark off.
	Off bool      `json:"off,omitempty"`
	Ops []PatchOp `json:"ops"`
}

// DeleteClaim deletes a claim, if it is still the one with this UID and nobody has
// changed it since it was seen.
type DeleteClaim struct {
	Namespace       string    `json:"namespace"`
	Name            string    `json:"name"`
	UID             types.UID `json:"uid"`
	ResourceVersion string    `json:"resourceVersion"`
}

// CreateClaim makes a claim anew, on the volume that it had.
type CreateClaim struct {
	Namespace string                        `json:"namespace"`
	Name      string                        `json:"name"`
	Volume    string                        `json:"volume"`
	Claim     *corev1.PersistentVolumeClaim `json:"-"`
}

// DeleteVolume deletes a PersistentVolume, and not the storage that it stands for.
type DeleteVolume struct {
	Name            string    `json:"name"`
	UID             types.UID `json:"uid"`
	ResourceVersion string    `json:"resourceVersion"`
}

// LookAround reads what has a say about a claim in its namespace.
type LookAround struct {
	Namespace string `json:"namespace"`
}

func lookAround(v *ClaimView, why string) Decision {
	return do(Action{Why: why, LookAround: &LookAround{Namespace: v.Namespace}}, ReasonClaimKept)
}

// volumePatch builds a PatchVolume. Every change is preceded by a test of what it
// replaces.
type volumePatch struct {
	volume *corev1.PersistentVolume
	p      PatchVolume
}

func newVolumePatch(v *corev1.PersistentVolume) *volumePatch {
	return &volumePatch{volume: v, p: PatchVolume{Name: v.Name, UID: v.UID, Ops: []PatchOp{op("test", "/metadata/uid", v.UID)}}}
}

func (b *volumePatch) add(ops ...PatchOp) *volumePatch {
	b.p.Ops = append(b.p.Ops, ops...)
	return b
}

// bound tests which claim the volume is bound to.
func (b *volumePatch) bound() *volumePatch {
	const path = "/spec/claimRef"
	switch ref := b.volume.Spec.ClaimRef; {
	case ref == nil:
		return b.add(op("test", path, nil))
	case ref.UID == "":
		return b.add(op("test", path+"/uid", nil))
	default:
		return b.add(op("test", path+"/uid", ref.UID))
	}
}

func (b *volumePatch) policy(to corev1.PersistentVolumeReclaimPolicy) *volumePatch {
	const path = "/spec/persistentVolumeReclaimPolicy"
	have := b.volume.Spec.PersistentVolumeReclaimPolicy
	b.add(op("test", path, have))
	if have != to {
		b.p.ReclaimPolicy = to
		b.add(op("replace", path, to))
	}
	return b
}

// set gives the map, annotations or labels, a value.
func (b *volumePatch) set(field string, have map[string]string, key, value string) *volumePatch {
	path := "/metadata/" + field
	if len(have) == 0 {
		return b.add(op("test", path, nil), op("add", path, map[string]string{key: value}))
	}
	return b.add(op("add", path+"/"+escapePointer(key), value)) // replaces, where there is one
}

func (b *volumePatch) unset(field string, have map[string]string, key string) *volumePatch {
	value, ok := have[key]
	if !ok {
		return b
	}
	path := "/metadata/" + field + "/" + escapePointer(key)
	return b.add(op("test", path, value), PatchOp{Op: "remove", Path: path})
}

// retain makes the volume keep its data, and writes down what was its claim.
func retain(v *corev1.PersistentVolume, r sts.Retained) *PatchVolume {
	return newVolumePatch(v).bound().policy(corev1.PersistentVolumeReclaimRetain).record(v, r)
}

// record writes down the claim, and the labels by which the volume is found.
func (b *volumePatch) record(v *corev1.PersistentVolume, r sts.Retained) *PatchVolume {
	b.set("annotations", v.Annotations, sts.ClaimAnnotation, sts.EncodeAnnotation(r)).
		set("labels", v.Labels, sts.RetainedLabel, "true")
	labels := v.Labels
	if len(labels) == 0 {
		labels = map[string]string{sts.RetainedLabel: "true"} // there is a map by then
	}
	return &b.set("labels", labels, sts.RetainedIn, r.Claim.Namespace).p
}

// clearRef lets a new claim of the same name have the volume, and no other claim.
func clearRef(v *corev1.PersistentVolume) *PatchVolume {
	b := newVolumePatch(v).bound().add(PatchOp{Op: "remove", Path: "/spec/claimRef/uid"})
	if v.Spec.ClaimRef.ResourceVersion != "" {
		b.add(PatchOp{Op: "remove", Path: "/spec/claimRef/resourceVersion"})
	}
	return &b.p
}

// release gives the volume the reclaim policy back that it had, and forgets the claim. A
// policy that somebody else has set meanwhile stays.
func release(v *corev1.PersistentVolume, r *sts.Retained) *PatchVolume {
	to := v.Spec.PersistentVolumeReclaimPolicy
	if to == corev1.PersistentVolumeReclaimRetain {
		to = r.ReclaimPolicy
	}
	b := newVolumePatch(v).bound().policy(to).
		unset("annotations", v.Annotations, sts.ClaimAnnotation).
		unset("labels", v.Labels, sts.RetainedLabel).
		unset("labels", v.Labels, sts.RetainedIn)
	return &b.p
}

// giveBack gives the volume of a claim that lives its own reclaim policy back. Another
// pvc-gc may be about to delete that very claim, relying on the policy that it sees. So
// the claim is marked before: a deletion that does not know of the mark fails, because
// the claim has changed.
func giveBack(v *ClaimView, record *sts.Retained, reason string) Decision {
	if c := v.Claim; c.UID == record.UID && !sts.Keeps(c) {
		return do(Action{Why: stepHoldClaim(c.Name), HoldClaim: mark(c)}, reason)
	}
	return do(Action{Why: stepRestorePolicy(v.Volume.Name, v.Name),
		ReleaseVolume: release(v.Volume, record)}, reason)
}

// tidy takes away what is left of us when the volume is as it was: the mark, and the
// fields that managedFields records as ours. Nil when nothing is.
func tidy(v *ClaimView, reason string) *Decision {
	var a Action
	if v.Claim.Annotations[sts.KeepAnnotation] == sts.KeptMeanwhile {
		a = Action{Why: stepReleaseClaim(v.Name), HoldClaim: unmark(v.Claim)}
	} else if ops := disownOps(v.Volume); len(ops) > 0 {
		b := newVolumePatch(v.Volume).add(ops...)
		a = Action{Why: stepDisown(v.Volume.Name), ReleaseVolume: &b.p}
	} else {
		return nil
	}
	d := do(a, reason)
	return &d
}

const annotationsPath = "/metadata/annotations"

func mark(c *corev1.PersistentVolumeClaim) *HoldClaim {
	h := &HoldClaim{Namespace: c.Namespace, Name: c.Name, UID: c.UID, Ops: []PatchOp{
		op("test", "/metadata/uid", c.UID), op("test", "/metadata/deletionTimestamp", nil),
	}}
	if len(c.Annotations) == 0 {
		h.Ops = append(h.Ops, op("test", annotationsPath, nil), op("add", annotationsPath, map[string]string{sts.KeepAnnotation: sts.KeptMeanwhile}))
	} else {
		h.Ops = append(h.Ops, op("add", annotationsPath+"/"+escapePointer(sts.KeepAnnotation), sts.KeptMeanwhile))
	}
	return h
}

func unmark(c *corev1.PersistentVolumeClaim) *HoldClaim {
	path := annotationsPath + "/" + escapePointer(sts.KeepAnnotation)
	return &HoldClaim{Namespace: c.Namespace, Name: c.Name, UID: c.UID, Off: true, Ops: []PatchOp{
		op("test", "/metadata/uid", c.UID), op("test", path, sts.KeptMeanwhile), {Op: "remove", Path: path},
	}}
}

// purge has the cluster delete the volume and its data. A volume that an undo had begun
// to hand out is taken back first: only one whose claim is gone is deleted.
func purge(v *corev1.PersistentVolume, r *sts.Retained) *PatchVolume {
	b := newVolumePatch(v).bound().add(op("test", "/status/phase", v.Status.Phase))
	if v.Spec.ClaimRef.UID == "" {
		b.add(op("add", "/spec/claimRef/uid", r.UID))
	}
	return &b.policy(corev1.PersistentVolumeReclaimDelete).p
}
