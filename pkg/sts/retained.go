package sts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// ClaimAnnotation on a PersistentVolume is a [Retained] in JSON: the deleted claim whose
	// data the volume retains.
	ClaimAnnotation = AnnotationPrefix + "claim"
	// RetainedLabel is "true" on volumes with that annotation, so that one list finds them.
	RetainedLabel = AnnotationPrefix + "retained"
	// RetainedIn is their claim's namespace, as a label.
	RetainedIn = AnnotationPrefix + "namespace"
)

// RetainedSelector selects the volumes that retain the data of deleted claims of the
// namespace, or of all namespaces when it is empty.
func RetainedSelector(namespace string) string {
	selector := RetainedLabel + "=true"
	if namespace != "" {
		selector += "," + RetainedIn + "=" + namespace
	}
	return selector
}

// Retained is the record of a claim by which its deletion can be undone.
type Retained struct {
	// UID is the claim's.
	UID types.UID `json:"uid"`
	// ReclaimPolicy is the volume's original one.
	ReclaimPolicy corev1.PersistentVolumeReclaimPolicy `json:"reclaimPolicy"`
	DeletedBy     string                               `json:"deletedBy,omitempty"`
	DeletedAt     time.Time                            `json:"deletedAt"`
	// Reason is why the claim was deleted.
	Reason string `json:"reason,omitempty"`
	// RescuedAt is set if another client deleted the claim, or its volume, and pvc-gc set the
	// volume to reclaim policy Retain before the claim was gone.
	RescuedAt *time.Time `json:"rescuedAt,omitempty"`
	RescuedBy string     `json:"rescuedBy,omitempty"`
	// Claim is the manifest from which it is recreated, bound to the volume.
	Claim *corev1.PersistentVolumeClaim `json:"claim"`
	// Copy names the PersistentVolume that was created for the same storage, if the volume
	// with this record is itself being deleted.
	Copy string `json:"copy,omitempty"`
	// CopyOf is the other direction: the name of the volume whose storage this one is for.
	CopyOf string `json:"copyOf,omitempty"`
	// SetAsideFor names the volume with the older data for which this claim, that the
	// StatefulSet controller created empty, was deleted.
	SetAsideFor string `json:"setAsideFor,omitempty"`
}

// RetainedKind is why the volume retains the data of a claim.
type RetainedKind string

// The kinds.
const (
	// RetainedDeleted: `pvc-gc --delete` deleted the claim.
	RetainedDeleted RetainedKind = "Deleted"
	// RetainedRescued: another client deleted the claim or the volume.
	RetainedRescued RetainedKind = "Rescued"
	// RetainedSetAside: `undo` deleted the claim in favor of an older one of the same name.
	RetainedSetAside RetainedKind = "SetAside"
)

// Kind is why the volume retains the data.
func (r *Retained) Kind() RetainedKind { return retainedKind(r.RescuedAt != nil, r.SetAsideFor) }

func retainedKind(rescued bool, setAsideFor string) RetainedKind {
	switch {
	case setAsideFor != "":
		return RetainedSetAside
	case rescued:
		return RetainedRescued
	}
	return RetainedDeleted
}

// RetainedVolume is a volume that retains the data of a claim, and the record.
type RetainedVolume struct {
	Volume *corev1.PersistentVolume
	Record *Retained
}

// RetainedClaim is the part of a record that a list of many volumes needs.
type RetainedClaim struct {
	// UID is the deleted claim's, Claim its manifest.
	UID       types.UID
	Claim     *corev1.PersistentVolumeClaim
	DeletedAt time.Time
	// Copy and CopyOf are those of the record.
	Copy, CopyOf string
	Kind         RetainedKind
	Size         resource.Quantity
}

// Rescued reports whether the data of a claim survives the claim: its volume has reclaim
// policy Retain and a record of this very claim, from which "pvc-gc undo" recreates it.
// If the volume itself is being deleted, the record must name the copy that was created for
// the same storage. This applies to claims that are being deleted and to those of which only
// the volume is.
func Rescued(c *corev1.PersistentVolumeClaim, v Volume) bool {
	return c != nil && c.UID != "" && v.Name != "" && c.Spec.VolumeName == v.Name && v.Claim.UID == c.UID &&
		v.ReclaimPolicy == corev1.PersistentVolumeReclaimRetain &&
		v.Retained != nil && v.Retained.UID == c.UID &&
		(v.DeletionTimestamp == nil || v.Retained.Copy != "")
}

// NewRetained records the claim. If the volume already has a record, from an interrupted undo,
// the policy of that record counts.
func NewRetained(c *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume) Retained {
	r := Retained{UID: c.UID, ReclaimPolicy: v.Spec.PersistentVolumeReclaimPolicy, Claim: Restorable(c)}
	if before, err := ReadRetained(v); err == nil && before != nil {
		r.ReclaimPolicy = before.ReclaimPolicy
	}
	return r
}

// ReadRetained reads the record on the volume, nil when there is none.
func ReadRetained(v *corev1.PersistentVolume) (*Retained, error) {
	text, ok := v.Annotations[ClaimAnnotation]
	if !ok {
		return nil, nil
	}
	r := &Retained{}
	err := json.Unmarshal([]byte(text), r)
	if err == nil && (r.Claim == nil || r.Claim.Name == "" || r.Claim.Namespace == "" || r.UID == "" || r.ReclaimPolicy == "") {
		err = errors.New("incomplete record")
	}
	if err != nil {
		return nil, fmt.Errorf("annotation %s of persistentvolume %s: %w", ClaimAnnotation, v.Name, err)
	}
	return r, nil
}

// Restorable is the manifest from which a claim can be recreated for the same volume. If
// another client than the StatefulSet controller created the claim, an annotation names it.
// What other programs fill in is left out: the annotations of binding, with which the new
// claim would be Lost before it is bound; finalizers; and the owners that the StatefulSet
// controller itself adds for the retention policy. Other owners stay: they are checked
// before they are restored, because the garbage collector deletes an object whose owners do
// not exist.
func Restorable(c *corev1.PersistentVolumeClaim) *corev1.PersistentVolumeClaim {
	out := &corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: c.Name, Labels: maps.Clone(c.Labels), Annotations: maps.Clone(c.Annotations)},
		Spec:       *c.Spec.DeepCopy(),
	}
	for _, key := range bindingMarks {
		delete(out.Annotations, key)
	}
	if maker := ClaimMaker(c); maker != "" && !MadeByController(c) {
		if out.Annotations == nil {
			out.Annotations = map[string]string{}
		}
		out.Annotations[MakerAnnotation] = maker // else it would be kubectl-sts
	}
	if len(out.Annotations) == 0 {
		out.Annotations = nil
	}
	for _, ref := range c.OwnerReferences {
		if !controllersOwn(ref) {
			out.OwnerReferences = append(out.OwnerReferences, *ref.DeepCopy())
		}
	}
	return out
}

// CopyName is the name of the volume that is created for the storage of one that is being
// deleted.
func CopyName(volume string) string {
	const suffix, most = "-copy", 253
	if len(volume) > most-len(suffix) {
		sum := sha256.Sum256([]byte(volume))
		tail := "-" + hex.EncodeToString(sum[:8])
		volume = strings.TrimRight(volume[:most-len(suffix)-len(tail)], "-.") + tail
	}
	return volume + suffix
}

// controllersOwn reports whether the StatefulSet controller manages the reference itself, for
// its retention policy: to its set, or to a pod.
func controllersOwn(ref metav1.OwnerReference) bool {
	group, _, _ := strings.Cut(ref.APIVersion, "/")
	return ref.Kind == "StatefulSet" && (group == "apps" || ref.APIVersion == "") || ref.Kind == "Pod" && (ref.APIVersion == "v1" || ref.APIVersion == "")
}

// ControllerMade reports whether the StatefulSet controller created the claim and no
// other client has written to it since, by its managedFields.
func ControllerMade(fields []metav1.ManagedFieldsEntry) bool {
	made := false
	for i := range fields {
		e := &fields[i]
		switch {
		case e.Subresource != "":
		case !slices.Contains(controllers, e.Manager):
			if !slices.Contains(claimBinders, e.Manager) {
				return false
			}
		case e.FieldsV1 != nil && bytes.Contains(e.FieldsV1.GetRawBytes(), []byte(`"f:accessModes"`)):
			made = true
		}
	}
	return made
}

// claimBinders write to claims while they are bound: the scheduler, which selects a node.
var claimBinders = []string{"kube-scheduler"}

// bindingMarks are the annotations that a claim gets while it is bound.
var bindingMarks = []string{
	"pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller",
	"volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner",
	"volume.kubernetes.io/selected-node",
}

// MakerAnnotation is on a claim that kubectl-sts has recreated and that the StatefulSet
// controller had not created: it names the field manager that had created it.
const MakerAnnotation = AnnotationPrefix + "made-by"

// controllers are the field managers by which the StatefulSet controller writes: the names of
// the programs that it runs in.
var controllers = []string{"kube-controller-manager", "k3s", "kubelite", "hyperkube"}

// ClaimMaker is the field manager that has created the claim: its access modes are only
// written on creation. It is empty if managedFields do not show it. If a later server-side
// apply has them, too, the StatefulSet controller counts.
func ClaimMaker(c *corev1.PersistentVolumeClaim) string {
	maker := ""
	for i := range c.ManagedFields {
		e := &c.ManagedFields[i]
		if e.Subresource != "" || e.FieldsV1 != nil && !bytes.Contains(e.FieldsV1.GetRawBytes(), []byte(`"f:accessModes"`)) {
			continue
		}
		if maker == "" || slices.Contains(controllers, e.Manager) {
			maker = e.Manager
		}
	}
	if before := c.Annotations[MakerAnnotation]; before != "" && maker == FieldManager {
		return before
	}
	return maker
}

// MadeByController reports whether the StatefulSet controller has created the claim, or
// kubectl-sts has recreated one that it had created. false also if the maker is unknown.
func MadeByController(c *corev1.PersistentVolumeClaim) bool {
	maker := ClaimMaker(c)
	return maker == FieldManager || slices.Contains(controllers, maker)
}
