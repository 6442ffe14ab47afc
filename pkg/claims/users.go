package claims

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Users are the names of all pods that mount the claim, sorted.
func (j *Judge) Users(c *corev1.PersistentVolumeClaim) []string {
	var out []string
	for _, pod := range j.mounts[objectKey{c.Namespace, c.Name}] {
		out = append(out, pod.Name)
	}
	slices.Sort(out)
	return out
}

// Stays is a pod on a node that mounts the claim and is not being deleted itself, empty when
// there is none: a claim that is being deleted stays until that pod is deleted.
func (j *Judge) Stays(c *corev1.PersistentVolumeClaim) string {
	for _, pod := range j.mounts[objectKey{c.Namespace, c.Name}] {
		if pod.Spec.NodeName != "" && pod.DeletionTimestamp == nil && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			return pod.Name
		}
	}
	return ""
}
