package sts_test

import (
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
			record := sts.NewRetained(claim, volume)
			c.change(claim, volume, &record)
			if record.UID != "" {
				volume.Annotations[sts.ClaimAnnotation] = sts.EncodeAnnotation(record)
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
