package sts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// TestNewPod: test/e2e holds the same function against pods of the real controller.
func TestNewPod(t *testing.T) {
	set := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", UID: "set-uid"},
		Spec:       appsv1.StatefulSetSpec{ServiceName: "web-headless"},
	}
	for _, name := range []string{"data", "logs"} {
		set.Spec.VolumeClaimTemplates = append(set.Spec.VolumeClaimTemplates, corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	empty := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	claim := func(name string) corev1.VolumeSource {
		return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}
	}
	template := &corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{
			Name: "ignored", Labels: map[string]string{"app": "web", appsv1.PodIndexLabel: "of the template"},
			Annotations: map[string]string{"a": "b"}, Finalizers: []string{"example.com/f"},
		},
		Spec: corev1.PodSpec{
			Hostname: "of-the-template", Subdomain: "of-the-template", ServiceAccountName: "web",
			Containers: []corev1.Container{{Name: "app", Image: "app:v1"}},
			Volumes:    []corev1.Volume{{Name: "tmp", VolumeSource: empty}, {Name: "logs", VolumeSource: empty}},
		},
	}
	kept := template.DeepCopy()
	got := sts.NewPod(set, template, "web-5d4f", 12)
	want := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "web-12", Namespace: "shop", GenerateName: "web-",
			Labels: map[string]string{
				"app": "web", "statefulset.kubernetes.io/pod-name": "web-12",
				"apps.kubernetes.io/pod-index": "12", "controller-revision-hash": "web-5d4f",
			},
			Annotations: map[string]string{"a": "b"}, Finalizers: []string{"example.com/f"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "web", UID: "set-uid",
				Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true)}},
		},
		Spec: corev1.PodSpec{
			Hostname: "web-12", Subdomain: "web-headless", ServiceAccountName: "web",
			Containers: []corev1.Container{{Name: "app", Image: "app:v1"}},
			Volumes: []corev1.Volume{{Name: "data", VolumeSource: claim("data-web-12")}, {Name: "logs", VolumeSource: claim("logs-web-12")},
				{Name: "tmp", VolumeSource: empty}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got.Labels["app"], got.Annotations["a"], got.Spec.Containers[0].Image = "x", "x", "x"
	if diff := cmp.Diff(kept, template); diff != "" {
		t.Errorf("the template is shared (-before +after):\n%s", diff)
	}
}
