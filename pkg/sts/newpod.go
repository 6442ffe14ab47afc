package sts

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NewPod is the pod that the StatefulSet controller creates for an ordinal from a revision's
// template (newVersionedStatefulSetPod, newStatefulSetPod, updateIdentity, updateStorage).
// It is the pod that the controller sends: admission and the API server's defaults add to it.
func NewPod(set *appsv1.StatefulSet, template *corev1.PodTemplateSpec, revision string, o Ordinal) *corev1.Pod {
	name := PodName(set.Name, o)
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: set.Namespace,
			GenerateName:    set.Name + "-", // has no effect beside a name, but the controller sends it
			Labels:          map[string]string{},
			Annotations:     maps.Clone(template.Annotations),
			Finalizers:      slices.Clone(template.Finalizers),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))},
		},
		Spec: *template.Spec.DeepCopy(),
	}
	maps.Copy(p.Labels, template.Labels)
	p.Labels[appsv1.StatefulSetPodNameLabel], p.Labels[appsv1.PodIndexLabel] = name, o.String()
	p.Labels[appsv1.StatefulSetRevisionLabel] = revision
	p.Spec.Hostname, p.Spec.Subdomain = name, set.Spec.ServiceName

	claims := map[string]bool{}
	volumes := make([]corev1.Volume, 0, len(set.Spec.VolumeClaimTemplates)+len(p.Spec.Volumes))
	for i := range set.Spec.VolumeClaimTemplates {
		v := corev1.Volume{Name: set.Spec.VolumeClaimTemplates[i].Name}
		v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: ClaimName(v.Name, set.Name, o)}
		claims[v.Name] = true
		volumes = append(volumes, v)
	}
	for _, v := range p.Spec.Volumes { // a claim's volume replaces one with the same name
		if !claims[v.Name] {
			volumes = append(volumes, v)
		}
	}
	p.Spec.Volumes = volumes
	return p
}
