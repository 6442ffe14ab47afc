package sts_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Each case takes one part of the proof away.
func TestRescued(t *testing.T) {
	now := metav1.NewTime(time.Unix(1_700_000_000, 0))
	for name, c := range map[string]struct {
		change func(c *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume, r *sts.Retained)
		want   bool
	}{
		"rescued": {func(*corev1.PersistentVolumeClaim, *corev1.PersistentVolume, *sts.Retained) {}, true},
		"the claim is not deleted": {func(c *corev1.PersistentVolumeClaim, _ *corev1.PersistentVolume, _ *sts.Retained) {
			c.DeletionTimestamp = nil
		}, true},
		"reclaim policy Delete": {func(_ *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume, _ *sts.Retained) {
			v.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimDelete
		}, false},
		"the record of another claim": {func(_ *corev1.PersistentVolumeClaim, _ *corev1.PersistentVolume, r *sts.Retained) { r.UID = "other" }, false},
		"no record":                   {func(_ *corev1.PersistentVolumeClaim, _ *corev1.PersistentVolume, r *sts.Retained) { r.UID = "" }, false},
		"bound to another claim": {func(_ *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume, _ *sts.Retained) {
			v.Spec.ClaimRef.UID = "other"
		}, false},
		"handed out to any claim": {func(_ *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume, _ *sts.Retained) {
			v.Spec.ClaimRef.UID = ""
		}, false},
		"the claim is on another volume": {func(c *corev1.PersistentVolumeClaim, _ *corev1.PersistentVolume, _ *sts.Retained) {
			c.Spec.VolumeName = "pvc-2"
		}, false},
		"the volume is being deleted": {func(_ *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume, _ *sts.Retained) {
			v.DeletionTimestamp = &now
		}, false},
		"the volume is deleted and copied": {func(_ *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume, r *sts.Retained) {
			v.DeletionTimestamp, r.Copy = &now, "pvc-1-copy"
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "data-web-1", UID: "claim-1", DeletionTimestamp: &now}}
			claim.Spec.VolumeName = "pvc-1"
			volume := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pvc-1", Annotations: map[string]string{}}}
			volume.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
			volume.Spec.ClaimRef = &corev1.ObjectReference{Namespace: "shop", Name: "data-web-1", UID: "claim-1"}
			retained := sts.NewRetained(claim, volume)
			c.change(claim, volume, &retained)
			if retained.UID != "" {
				volume.Annotations[sts.ClaimAnnotation] = sts.EncodeAnnotation(retained)
			}
			if got := sts.Rescued(claim, sts.NewVolume(volume)); got != c.want {
				t.Errorf("rescued: %t, want %t", got, c.want)
			}
		})
	}
	if sts.Rescued(&corev1.PersistentVolumeClaim{}, sts.Volume{}) || sts.Rescued(nil, sts.Volume{}) {
		t.Error("nothing is rescued")
	}
}

// A claim is the StatefulSet controller's own only where managedFields prove it.
func TestControllerMade(t *testing.T) {
	entry := func(manager, subresource, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	spec := `{"f:spec":{"f:accessModes":{}}}`
	made, bound := entry("kube-controller-manager", "", spec), entry("kube-controller-manager", "status", `{"f:status":{}}`)
	node := entry("kube-scheduler", "", `{"f:metadata":{"f:annotations":{"f:volume.kubernetes.io/selected-node":{}}}}`)
	for name, c := range map[string]struct {
		fields []metav1.ManagedFieldsEntry
		want   bool
	}{
		"the controller":          {[]metav1.ManagedFieldsEntry{made, bound, node}, true},
		"k3s":                     {[]metav1.ManagedFieldsEntry{entry("k3s", "", spec)}, true},
		"nothing is known":        {nil, false},
		"without fields":          {[]metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager"}}, false},
		"kubectl":                 {[]metav1.ManagedFieldsEntry{entry("kubectl-create", "", spec), bound}, false},
		"kubectl-sts":             {[]metav1.ManagedFieldsEntry{entry(sts.FieldManager, "", spec)}, false},
		"annotated by a person":   {[]metav1.ManagedFieldsEntry{made, entry("kubectl-annotate", "", `{"f:metadata":{}}`)}, false},
		"resized by a driver":     {[]metav1.ManagedFieldsEntry{made, entry("csi-resizer", "status", `{"f:status":{}}`)}, true},
		"only bound by the class": {[]metav1.ManagedFieldsEntry{bound, node}, false},
	} {
		if got := sts.ControllerMade(c.fields); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
	for volume, want := range map[string]string{"pvc-1": "pvc-1-copy", "pvc-1-copy": "pvc-1-copy-copy"} {
		if got := sts.CopyName(volume); got != want {
			t.Errorf("copy of %s: %s", volume, got)
		}
	}
	long := strings.Repeat("x", 253)
	if a, b := sts.CopyName(long), sts.CopyName(long[:252]+"y"); len(a) > 253 || a == b {
		t.Errorf("copies of long names: %d characters, %s", len(a), a)
	}
}
