package operate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// TestNotStored compares our own patches of pods, claims and volumes with the answers of the API server.
func TestNotStored(t *testing.T) {
	pod := func(finalizers ...string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-3", UID: "u", Finalizers: finalizers}}
	}
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
	const leaving, other = record.LeavingFinalizer, "example.com/other"
	kept := sts.NewRetained(claim(nil), volume(corev1.PersistentVolumeReclaimDelete, nil))
	record := func(v *corev1.PersistentVolume) {
		v.Annotations = map[string]string{sts.ClaimAnnotation: sts.EncodeAnnotation(kept), "a": "b"}
		v.Labels = map[string]string{sts.RetainedLabel: "true", sts.RetainedIn: "test"}
	}
	retaining := retain(volume(corev1.PersistentVolumeReclaimDelete, nil), kept).because("").Ops
	owner := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "operator", UID: "o"}
	owning := []PatchOp{op("test", "/metadata/ownerReferences", nil), op("add", "/metadata/ownerReferences", []metav1.OwnerReference{owner})}
	owned := claim(nil)
	owned.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "x", UID: "x"}, owner}
	for name, test := range map[string]struct {
		ops    []PatchOp
		stored any
		want   []sts.Change
	}{
		"a finalizer":                            {newAddFinalizer("", pod(), 3).Ops, pod(leaving), nil},
		"a finalizer beside others":              {newAddFinalizer("", pod(other), 3).Ops, pod(other, leaving), nil},
		"a finalizer, and admission adds one":    {newAddFinalizer("", pod(), 3).Ops, pod(other, leaving), nil},
		"a finalizer is dropped":                 {newAddFinalizer("", pod(), 3).Ops, pod(), []sts.Change{{Path: "metadata.finalizers", From: `["` + leaving + `"]`}}},
		"a finalizer is dropped, others stay":    {newAddFinalizer("", pod(other), 3).Ops, pod(other), []sts.Change{{Path: "metadata.finalizers", From: leaving, To: `["` + other + `"]`}}},
		"all finalizers are dropped":             {newAddFinalizer("", pod(other), 3).Ops, pod(), []sts.Change{{Path: "metadata.finalizers", From: leaving}}},
		"the finalizer goes":                     {NewRemoveFinalizer("", pod(leaving), 3).Ops, pod(), nil},
		"the first finalizer goes":               {NewRemoveFinalizer("", pod(leaving, other), 3).Ops, pod(other), nil},
		"the finalizer stays":                    {NewRemoveFinalizer("", pod(leaving), 3).Ops, pod(leaving), []sts.Change{{Path: "metadata.finalizers", To: leaving}}},
		"the finalizer stays at another place":   {NewRemoveFinalizer("", pod(leaving, other), 3).Ops, pod(other, leaving), []sts.Change{{Path: "metadata.finalizers", To: leaving}}},
		"a mark":                                 {newMarkKept(claim(nil)).Ops, claim(map[string]string{claims.KeepAnnotation: claims.KeptMeanwhile, "a": "b"}), nil},
		"a mark is dropped":                      {newMarkKept(claim(nil)).Ops, claim(nil), []sts.Change{{Path: "metadata.annotations." + claims.KeepAnnotation, From: claims.KeptMeanwhile}}},
		"a mark has another value":               {newMarkKept(claim(map[string]string{"a": "b"})).Ops, claim(map[string]string{claims.KeepAnnotation: "x"}), []sts.Change{{Path: "metadata.annotations." + claims.KeepAnnotation, From: claims.KeptMeanwhile, To: "x"}}},
		"a mark stays":                           {newUnmarkKept(claim(map[string]string{claims.KeepAnnotation: claims.KeptMeanwhile})).Ops, claim(map[string]string{claims.KeepAnnotation: claims.KeptMeanwhile}), []sts.Change{{Path: "metadata.annotations." + claims.KeepAnnotation, To: claims.KeptMeanwhile}}},
		"a mark goes":                            {newUnmarkKept(claim(map[string]string{claims.KeepAnnotation: claims.KeptMeanwhile})).Ops, claim(map[string]string{"a": "b"}), nil},
		"a volume keeps its data":                {retaining, volume(corev1.PersistentVolumeReclaimRetain, record), nil},
		"a volume does not":                      {retaining, volume(corev1.PersistentVolumeReclaimDelete, record), []sts.Change{{Path: "spec.persistentVolumeReclaimPolicy", From: "Retain", To: "Delete"}}},
		"a volume without a label":               {retaining, volume(corev1.PersistentVolumeReclaimRetain, func(v *corev1.PersistentVolume) { record(v); delete(v.Labels, sts.RetainedIn) }), []sts.Change{{Path: "metadata.labels." + sts.RetainedIn, From: "test"}}},
		"a claimRef without UID":                 {clearRef(volume("Retain", nil)).because("").Ops, volume("Retain", func(v *corev1.PersistentVolume) { v.Spec.ClaimRef.UID, v.Spec.ClaimRef.ResourceVersion = "", "" }), nil},
		"a claimRef keeps its UID":               {clearRef(volume("Retain", nil)).because("").Ops, volume("Retain", func(v *corev1.PersistentVolume) { v.Spec.ClaimRef.ResourceVersion = "" }), []sts.Change{{Path: "spec.claimRef.uid", To: "u"}}},
		"managedFields are the API server's own": {[]PatchOp{op("test", "/metadata/managedFields/0/manager", sts.FieldManager), {Op: "remove", Path: "/metadata/managedFields/0"}}, &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "other"}}}}, nil},
		"an owner beside others":                 {owning, owned, nil},
		"an owner is dropped":                    {owning, claim(nil), []sts.Change{{Path: "metadata.ownerReferences", From: `[{"apiVersion":"apps/v1","kind":"Deployment","name":"operator","uid":"o"}]`}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := NotStored(test.ops, test.stored)
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

// TestNotStoredShort: a record is shortened.
func TestNotStoredShort(t *testing.T) {
	long := make([]byte, 500)
	for i := range long {
		long[i] = 'x'
	}
	got, err := NotStored([]PatchOp{op("add", "/metadata/annotations/a", string(long))}, &corev1.Pod{})
	if err != nil || len(got.Changes) != 1 || len([]rune(got.Changes[0].From)) != 81 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestNotCreated: defaults of the API server are no difference.
func TestNotCreated(t *testing.T) {
	sent := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data-web-3", Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"a": "b"}}}
	sent.Spec.VolumeName, sent.Spec.AccessModes = "volume", []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	for name, test := range map[string]struct {
		admit func(*corev1.PersistentVolumeClaim)
		want  []sts.Change
	}{
		"defaults": {func(c *corev1.PersistentVolumeClaim) {
			c.UID, c.Status.Phase, c.Finalizers = "u", "Pending", []string{protection}
		}, nil},
		"a label is added":  {func(c *corev1.PersistentVolumeClaim) { c.Labels["team"] = "x" }, nil},
		"the volume":        {func(c *corev1.PersistentVolumeClaim) { c.Spec.VolumeName = "" }, []sts.Change{{Path: "spec.volumeName", From: "volume"}}},
		"a label":           {func(c *corev1.PersistentVolumeClaim) { c.Labels = nil }, []sts.Change{{Path: "metadata.labels.app", From: "web"}}},
		"annotation, modes": {func(c *corev1.PersistentVolumeClaim) { c.Annotations["a"], c.Spec.AccessModes = "c", nil }, []sts.Change{{Path: "metadata.annotations.a", From: "b", To: "c"}, {Path: "spec.accessModes", From: `["ReadWriteOnce"]`}}},
	} {
		t.Run(name, func(t *testing.T) {
			stored := sent.DeepCopy()
			test.admit(stored)
			got, err := NotCreated(sent, stored)
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
