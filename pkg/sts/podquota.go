package sts

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
)

// PodUsage is what a ResourceQuota counts for a pod: the pod itself and, until it has ended, the
// requests and limits of its containers. A resize in progress is not counted.
func PodUsage(p *corev1.Pod, now time.Time) corev1.ResourceList {
	one := *resource.NewQuantity(1, resource.DecimalSI)
	out := corev1.ResourceList{"count/pods": one}
	overdue := p.DeletionTimestamp != nil && p.DeletionGracePeriodSeconds != nil && now.After(p.DeletionTimestamp.Time)
	if p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded || overdue {
		return out
	}
	out[corev1.ResourcePods] = one
	requests := resourcehelper.PodRequests(p, resourcehelper.PodResourcesOptions{})
	limits := resourcehelper.PodLimits(p, resourcehelper.PodResourcesOptions{})
	for name, q := range requests {
		out[name], out["requests."+name] = q, q
	}
	for name, q := range limits {
		out["limits."+name] = q
	}
	return out
}

// SameQuotas says whether two pods count for the same ResourceQuotas, whatever scopes these have.
func SameQuotas(a, b *corev1.Pod) bool {
	return bestEffort(a) == bestEffort(b) && a.Spec.PriorityClassName == b.Spec.PriorityClassName &&
		(a.Spec.ActiveDeadlineSeconds == nil) == (b.Spec.ActiveDeadlineSeconds == nil)
}

func bestEffort(p *corev1.Pod) bool {
	for name := range PodUsage(&corev1.Pod{Spec: p.Spec}, time.Time{}) {
		switch name {
		case corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory:
			return false
		}
	}
	return true
}
