package claims

import (
	"encoding/json"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Intent is a verb for one claim. Next decides on the next step by the current claim
// and volume; it keeps nothing between calls.
type Intent interface {
	Next(v View) ClaimDecision
}

// ClaimDecision is what to do next with a claim, or why there is nothing to do.
type ClaimDecision struct {
	// Verdict is the kind of the decision.
	Verdict operate.Verdict `json:"verdict"`
	// Reason is the reason, for programs.
	Reason string `json:"reason"`
	// Message is the same, in words.
	Message string `json:"message"`
	// Subject is the affected object, such as `persistentvolumeclaim/data-web-1`.
	Subject string `json:"subject,omitempty"`
	// Hint is what to do, often a command.
	Hint sts.Hint `json:"hint,omitempty"`
	// Alteration is how mutating admission would change the write, if that is the reason.
	Alteration *sts.Alteration `json:"alteration,omitempty"`
	// Action is set with Do.
	Action Action `json:"-"`
}

// MarshalJSON writes the message of a wait with its verb, as [operate.Decision] does.
func (d ClaimDecision) MarshalJSON() ([]byte, error) {
	type fields ClaimDecision
	d.Message = operate.WaitMessage(d.Verdict, d.Message)
	return json.Marshal(fields(d))
}

func decide(v operate.Verdict, reason, message string, hint sts.Hint) ClaimDecision {
	return ClaimDecision{Verdict: v, Reason: reason, Message: message, Hint: hint}
}

// refuse is a refusal with the message and the hint that it is given.
func refuse(reason string) func(message string, hint sts.Hint) ClaimDecision {
	return func(message string, hint sts.Hint) ClaimDecision {
		return decide(operate.Refused, reason, message, hint)
	}
}

func do(a Action, reason string) ClaimDecision {
	return ClaimDecision{Verdict: operate.Do, Reason: reason, Message: a.Describe(), Action: a}
}

// View is one claim, its volume, and how the rest of the namespace uses it.
type View struct {
	Namespace, Name string
	// Claim is the claim of that name, nil when there is none.
	Claim *corev1.PersistentVolumeClaim
	// VolumeName is the volume in question, empty for a claim that never had one; Volume is
	// nil when it does not exist.
	VolumeName string
	Volume     *corev1.PersistentVolume
	// Other is the volume that the claim is on, if that is not Volume.
	Other *corev1.PersistentVolume
	// Copy is the volume with the name of a copy of Volume, read while Volume is being deleted.
	Copy *corev1.PersistentVolume
	// Made is the UID of the claim that the StatefulSet controller is known to have created.
	Made types.UID
	// Owners are the recorded owners that the claim lacks, once they were read.
	Owners []Owner
	// Sent: this command has sent the claim's deletion, whether or not a response arrived.
	Sent bool
	// Around is the last look at everything that may need the claim, nil when there was none
	// since the claim was deleted or changed.
	Around *Around
}

// Around is the result of a look at the sets, pods and autoscalers of the namespace for a
// claim, also for one that is deleted or being deleted.
type Around struct {
	At      time.Time
	Verdict Judgment
	// MountedBy is a pod on a node that mounts the claim: a claim that is being deleted stays as
	// long as the pod does. A pod without a node does not hold it.
	MountedBy string
	// Stays is such a pod that is not being deleted itself.
	Stays string
	// Users are all pods that mount the claim.
	Users []string
}

// needed reports whether an ordinal or a pod needs the claim.
func (a *Around) needed() bool {
	return a.Verdict.State == ClaimDesired || a.Verdict.State == ClaimInUse
}

// record is the volume's record of its claim, nil when there is none that can be read.
func (v *View) record() *sts.Retained {
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
func (v *View) refUID() types.UID {
	if v.Volume.Spec.ClaimRef == nil {
		return ""
	}
	return v.Volume.Spec.ClaimRef.UID
}

// remembers reports whether the volume is still reserved for the claim of the record.
func (v *View) remembers(r *sts.Retained) bool {
	ref := v.Volume.Spec.ClaimRef
	return ref.Namespace == r.Claim.Namespace && ref.Name == r.Claim.Name
}

// refuseElsewhere refuses a volume that is reserved for another claim now, or for none.
func refuseElsewhere(v *View) ClaimDecision {
	return decide(operate.Refused, ReasonVolumeNotOurs, msgVolumeElsewhere(v.Volume.Name, sayRef(v.Volume.Spec.ClaimRef)), nil)
}

// on reports whether the claim names the volume.
func (v *View) on() bool {
	return v.Claim != nil && v.Volume != nil && v.Claim.Spec.VolumeName == v.Volume.Name
}

// protectionFinalizer is the finalizer that every claim has.
const protectionFinalizer = "kubernetes.io/pvc-protection"

// waitClaimGone waits while a claim is being deleted.
func waitClaimGone(c *corev1.PersistentVolumeClaim) ClaimDecision {
	others := slices.DeleteFunc(slices.Clone(c.Finalizers), func(f string) bool { return f == protectionFinalizer })
	return ClaimDecision{Verdict: operate.Wait, Reason: ReasonClaimTerminating, Subject: "persistentvolumeclaim/" + c.Name, Message: msgWaitClaimGone(c.Name, others)}
}

func checkUsage(v *View, why string) ClaimDecision {
	return do(&CheckUsage{Description: why, Namespace: v.Namespace}, ReasonClaimKept)
}

// volumePatch builds a VolumePatch. Every change is preceded by a test of the value that it
// replaces.
type volumePatch struct {
	volume *corev1.PersistentVolume
	p      VolumePatch
}

func newVolumePatch(v *corev1.PersistentVolume) *volumePatch {
	return &volumePatch{volume: v, p: VolumePatch{Name: v.Name, UID: v.UID, Ops: []operate.PatchOp{operate.Op("test", "/metadata/uid", v.UID)}}}
}

// because is the finished patch, with what it is for.
func (b *volumePatch) because(why string) VolumePatch {
	b.p.Description = why
	return b.p
}

func (b *volumePatch) add(ops ...operate.PatchOp) *volumePatch {
	b.p.Ops = append(b.p.Ops, ops...)
	return b
}

// bound tests which claim the volume is bound to.
func (b *volumePatch) bound() *volumePatch {
	const path = "/spec/claimRef"
	switch ref := b.volume.Spec.ClaimRef; {
	case ref == nil:
		return b.add(operate.Op("test", path, nil))
	case ref.UID == "":
		return b.add(operate.Op("test", path+"/uid", nil))
	default:
		return b.add(operate.Op("test", path+"/uid", ref.UID))
	}
}

func (b *volumePatch) policy(to corev1.PersistentVolumeReclaimPolicy) *volumePatch {
	const path = "/spec/persistentVolumeReclaimPolicy"
	have := b.volume.Spec.PersistentVolumeReclaimPolicy
	b.add(operate.Op("test", path, have))
	if have != to {
		b.p.ReclaimPolicy = to
		b.add(operate.Op("replace", path, to))
	}
	return b
}

// set gives the map, annotations or labels, a value.
func (b *volumePatch) set(field string, have map[string]string, key, value string) *volumePatch {
	path := "/metadata/" + field
	if len(have) == 0 {
		return b.add(operate.Op("test", path, nil), operate.Op("add", path, map[string]string{key: value}))
	}
	return b.add(operate.Op("add", path+"/"+operate.EscapePointer(key), value)) // replaces, where there is one
}

func (b *volumePatch) unset(field string, have map[string]string, key string) *volumePatch {
	value, ok := have[key]
	if !ok {
		return b
	}
	path := "/metadata/" + field + "/" + operate.EscapePointer(key)
	return b.add(operate.Op("test", path, value), operate.PatchOp{Op: "remove", Path: path})
}

// retainPatch sets the volume to reclaim policy Retain and records its claim.
func retainPatch(v *corev1.PersistentVolume, r sts.Retained) *volumePatch {
	return newVolumePatch(v).bound().policy(corev1.PersistentVolumeReclaimRetain).record(v, r)
}

// record adds the record of the claim, and the labels by which the volume is found.
func (b *volumePatch) record(v *corev1.PersistentVolume, r sts.Retained) *volumePatch {
	b.set("annotations", v.Annotations, sts.ClaimAnnotation, sts.EncodeAnnotation(r)).
		set("labels", v.Labels, sts.RetainedLabel, "true")
	labels := v.Labels
	if len(labels) == 0 {
		labels = map[string]string{sts.RetainedLabel: "true"} // the map exists by then
	}
	return b.set("labels", labels, sts.RetainedIn, r.Claim.Namespace)
}

// clearRefPatch reserves the volume for the next claim of the same name.
func clearRefPatch(v *corev1.PersistentVolume) *volumePatch {
	b := newVolumePatch(v).bound().add(operate.PatchOp{Op: "remove", Path: "/spec/claimRef/uid"})
	if v.Spec.ClaimRef.ResourceVersion != "" {
		b.add(operate.PatchOp{Op: "remove", Path: "/spec/claimRef/resourceVersion"})
	}
	return b
}

// releasePatch restores the reclaim policy of the volume and removes the record of the claim. A
// policy that another client has set meanwhile stays.
func releasePatch(v *corev1.PersistentVolume, r *sts.Retained) *volumePatch {
	to := v.Spec.PersistentVolumeReclaimPolicy
	if to == corev1.PersistentVolumeReclaimRetain {
		to = r.ReclaimPolicy
	}
	return newVolumePatch(v).bound().policy(to).
		unset("annotations", v.Annotations, sts.ClaimAnnotation).
		unset("labels", v.Labels, sts.RetainedLabel).
		unset("labels", v.Labels, sts.RetainedIn)
}

// giveBack restores the reclaim policy of the volume of an existing claim. Another pvc-gc
// may be about to delete that very claim, relying on the policy that it has read. So the
// claim is annotated before: that deletion fails, because the claim has changed.
func giveBack(v *View, record *sts.Retained, reason string) ClaimDecision {
	if c := v.Claim; c.UID == record.UID && !Keeps(c) {
		return do(newMarkKept(c), reason)
	}
	return do(&ReleaseVolume{releasePatch(v.Volume, record).because(stepRestorePolicy(v.Volume.Name, v.Name))}, reason)
}

// tidy removes what kubectl-sts has left when the volume is restored: the annotation, and
// its entries in managedFields. Nil when nothing is left.
func tidy(v *View, reason string) *ClaimDecision {
	var d ClaimDecision
	if v.Claim.Annotations[KeepAnnotation] == KeptMeanwhile {
		d = do(newUnmarkKept(v.Claim), reason)
	} else if ops := operate.DisownOps(v.Volume); len(ops) > 0 {
		d = do(&ReleaseVolume{newVolumePatch(v.Volume).add(ops...).because(stepDisown(v.Volume.Name))}, reason)
	} else {
		return nil
	}
	return &d
}

// purge makes the cluster delete the volume and its data. A volume that an undo has already
// reserved for the next claim is bound to the old one again first: only a volume whose
// claim is gone is deleted.
func purgePatch(v *corev1.PersistentVolume, r *sts.Retained) *volumePatch {
	b := newVolumePatch(v).bound().add(operate.Op("test", "/status/phase", v.Status.Phase))
	if v.Spec.ClaimRef.UID == "" {
		b.add(operate.Op("add", "/spec/claimRef/uid", r.UID))
	}
	return b.policy(corev1.PersistentVolumeReclaimDelete)
}
