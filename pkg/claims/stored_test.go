package claims

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// TestPatchesAreStored compares our own patches of claims and volumes with the answers of the API server.
func TestPatchesAreStored(t *testing.T) {
	claim := func(annotations map[string]string) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: "data-web-3", UID: "u", Annotations: annotations}}
	}
	volume := func(policy corev1.PersistentVolumeReclaimPolicy, change func(*corev1.PersistentVolume)) *corev1.PersistentVolume {
		v := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "volume", UID: "v"}}
		v.Spec.PersistentVolumeReclaimPolicy = policy
		v.Spec.ClaimRef = &corev1.ObjectReference{Namespace: "test", Name: "data-web-3", UID: "u", ResourceVersion: "7"}
		if change != nil {
			change(v)
		}
		return v
	}
	kept := sts.NewRetained(claim(nil), volume(corev1.PersistentVolumeReclaimDelete, nil))
	record := func(v *corev1.PersistentVolume) {
		v.Annotations = map[string]string{sts.ClaimAnnotation: sts.EncodeAnnotation(kept), "a": "b"}
		v.Labels = map[string]string{sts.RetainedLabel: "true", sts.RetainedIn: "test"}
	}
	retaining := retainPatch(volume(corev1.PersistentVolumeReclaimDelete, nil), kept).because("").Ops
	for name, test := range map[string]struct {
		ops    []operate.PatchOp
		stored any
		want   []sts.Change
	}{
		"a mark":                   {newMarkKept(claim(nil)).Ops, claim(map[string]string{KeepAnnotation: KeptMeanwhile, "a": "b"}), nil},
		"a mark is dropped":        {newMarkKept(claim(nil)).Ops, claim(nil), []sts.Change{{Path: "metadata.annotations." + KeepAnnotation, From: KeptMeanwhile}}},
		"a mark has another value": {newMarkKept(claim(map[string]string{"a": "b"})).Ops, claim(map[string]string{KeepAnnotation: "x"}), []sts.Change{{Path: "metadata.annotations." + KeepAnnotation, From: KeptMeanwhile, To: "x"}}},
		"a mark stays":             {newUnmarkKept(claim(map[string]string{KeepAnnotation: KeptMeanwhile})).Ops, claim(map[string]string{KeepAnnotation: KeptMeanwhile}), []sts.Change{{Path: "metadata.annotations." + KeepAnnotation, To: KeptMeanwhile}}},
		"a mark goes":              {newUnmarkKept(claim(map[string]string{KeepAnnotation: KeptMeanwhile})).Ops, claim(map[string]string{"a": "b"}), nil},
		"a volume keeps its data":  {retaining, volume(corev1.PersistentVolumeReclaimRetain, record), nil},
		"a volume does not":        {retaining, volume(corev1.PersistentVolumeReclaimDelete, record), []sts.Change{{Path: "spec.persistentVolumeReclaimPolicy", From: "Retain", To: "Delete"}}},
		"a volume without a label": {retaining, volume(corev1.PersistentVolumeReclaimRetain, func(v *corev1.PersistentVolume) { record(v); delete(v.Labels, sts.RetainedIn) }), []sts.Change{{Path: "metadata.labels." + sts.RetainedIn, From: "test"}}},
		"a claimRef without UID":   {clearRefPatch(volume("Retain", nil)).because("").Ops, volume("Retain", func(v *corev1.PersistentVolume) { v.Spec.ClaimRef.UID, v.Spec.ClaimRef.ResourceVersion = "", "" }), nil},
		"a claimRef keeps its UID": {clearRefPatch(volume("Retain", nil)).because("").Ops, volume("Retain", func(v *corev1.PersistentVolume) { v.Spec.ClaimRef.ResourceVersion = "" }), []sts.Change{{Path: "spec.claimRef.uid", To: "u"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := operate.NotStored(test.ops, test.stored)
			if err != nil {
				t.Fatal(err)
			}
			var changes []sts.Change
			if got != nil {
				changes = got.Changes
			}
			if diff := cmp.Diff(test.want, changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}
