package operate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// TestNotStored compares patches of pods and other objects with the answers of the API server.
func TestNotStored(t *testing.T) {
	pod := func(finalizers ...string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-3", UID: "u", Finalizers: finalizers}}
	}
	claim := func(annotations map[string]string) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: "data-web-3", UID: "u", Annotations: annotations}}
	}
	const leaving, other = record.LeavingFinalizer, "example.com/other"
	owner := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "operator", UID: "o"}
	owning := []PatchOp{Op("test", "/metadata/ownerReferences", nil), Op("add", "/metadata/ownerReferences", []metav1.OwnerReference{owner})}
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
		"managedFields are the API server's own": {[]PatchOp{Op("test", "/metadata/managedFields/0/manager", sts.FieldManager), {Op: "remove", Path: "/metadata/managedFields/0"}}, &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "other"}}}}, nil},
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
	got, err := NotStored([]PatchOp{Op("add", "/metadata/annotations/a", string(long))}, &corev1.Pod{})
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
			c.UID, c.Status.Phase, c.Finalizers = "u", "Pending", []string{"kubernetes.io/pvc-protection"}
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
