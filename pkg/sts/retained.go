package sts

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// ClaimAnnotation on a PersistentVolume holds a [Retained] in JSON: the claim that was
	// deleted while the volume kept its data.
	ClaimAnnotation = AnnotationPrefix + "claim"
	// RetainedLabel is "true" on volumes with that annotation: by it they are found with
	// one list.
	RetainedLabel = AnnotationPrefix + "retained"
	// RetainedIn is their claim's namespace, as a label.
	RetainedIn = AnnotationPrefix + "namespace"
)

// RetainedSelector selects the volumes that keep the data of claims that were deleted
// in the namespace; in all of them when it is empty.
func RetainedSelector(namespace string) string {
	selector := RetainedLabel + "=true"
	if namespace != "" {
		selector += "," + RetainedIn + "=" + namespace
	}
	return selector
}

// Retained is what has to be remembered of a claim so that its deletion can be undone.
type Retained struct {
	// UID is the claim's.
	UID types.UID `json:"uid"`
	// ReclaimPolicy is the volume's before it was made to keep its data.
	ReclaimPolicy corev1.PersistentVolumeReclaimPolicy `json:"reclaimPolicy"`
	DeletedBy     string                               `json:"deletedBy,omitempty"`
	DeletedAt     time.Time                            `json:"deletedAt"`
	// Reason is why the claim could go.
	Reason string `json:"reason,omitempty"`
	// Claim is the manifest from which it is made again, bound to the volume.
	Claim *corev1.PersistentVolumeClaim `json:"claim"`
}

// RetainedVolume is a volume that keeps the data of a claim, and the record of that.
type RetainedVolume struct {
	Volume *corev1.PersistentVolume
	Record *Retained
}

// RetainedClaim is what a look at many volumes needs of a record.
type RetainedClaim struct {
	// UID is the deleted claim's, Claim its manifest.
	UID       types.UID
	Claim     *corev1.PersistentVolumeClaim
	DeletedAt time.Time
	Size      resource.Quantity
}

// NewRetained remembers the claim. Where the volume has such a record already, from a
// deletion that was not undone to the end, the policy before that one is what counts.
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
		err = errors.New("it says too little")
	}
	if err != nil {
		return nil, fmt.Errorf("annotation %s of persistentvolume %s: %w", ClaimAnnotation, v.Name, err)
	}
	return r, nil
}

// Restorable is the manifest of a claim from which it can be made again, for the same
// volume. Who has created a claim that the StatefulSet controller has not is noted in an
// annotation. What others fill in is left out: the marks of binding, which would have the
// new claim count as lost before it is bound; owners, whose controllers put themselves
// in again, and whose absence would be the claim's end; and finalizers.
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
		out.Annotations[MakerAnnotation] = maker // else it would be ours
	}
	if len(out.Annotations) == 0 {
		out.Annotations = nil
	}
	return out
}

// bindingMarks are the annotations that a claim gets while a volume is found for it.
var bindingMarks = []string{
	"pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller",
	"volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner",
	"volume.kubernetes.io/selected-node",
}
