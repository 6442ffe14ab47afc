package sts

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// PodUsage is what a ResourceQuota counts for a pod: the pod itself and, until it has ended, what
// its containers request and are limited to. A resize in progress is not counted.
func PodUsage(p *corev1.Pod, now time.Time) corev1.ResourceList {
	one := *resource.NewQuantity(1, resource.DecimalSI)
	out := corev1.ResourceList{"count/pods": one}
	overdue := p.DeletionTimestamp != nil && p.DeletionGracePeriodSeconds != nil && now.After(p.DeletionTimestamp.Time)
	if p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded || overdue {
		return out
	}
	out[corev1.ResourcePods] = one
	requests := sumOf(p, func(r *corev1.ResourceRequirements) corev1.ResourceList { return r.Requests })
	limits := sumOf(p, func(r *corev1.ResourceRequirements) corev1.ResourceList { return r.Limits })
	for name, q := range requests {
		out[name], out["requests."+name] = q, q
	}
	for name, q := range limits {
		out["limits."+name] = q
	}
	return out
}

// sumOf adds up a pod's resources: those of all containers, or of an init container with the
// sidecars that were started before it where that is more.
func sumOf(p *corev1.Pod, of func(*corev1.ResourceRequirements) corev1.ResourceList) corev1.ResourceList {
	sum, sidecars, most := corev1.ResourceList{}, corev1.ResourceList{}, corev1.ResourceList{}
	for i := range p.Spec.Containers {
		addTo(sum, of(&p.Spec.Containers[i].Resources))
	}
	for i := range p.Spec.InitContainers {
		c := &p.Spec.InitContainers[i]
		at := of(&c.Resources)
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			addTo(sum, at)
			addTo(sidecars, at)
			at = sidecars
		} else {
			at = at.DeepCopy()
			if at == nil {
				at = corev1.ResourceList{}
			}
			addTo(at, sidecars)
		}
		raiseTo(most, at)
	}
	raiseTo(sum, most)
	if p.Spec.Resources != nil { // of the pod as a whole
		for name, q := range of(p.Spec.Resources) {
			sum[name] = q
		}
	}
	for name, q := range p.Spec.Overhead {
		if have, counted := sum[name]; counted {
			have.Add(q)
			sum[name] = have
		} else if of(&corev1.ResourceRequirements{Requests: corev1.ResourceList{name: q}}) != nil { // not a limit
			sum[name] = q
		}
	}
	return sum
}

func addTo(sum, more corev1.ResourceList) {
	for name, q := range more {
		have := sum[name]
		have.Add(q)
		sum[name] = have
	}
}

func raiseTo(least, other corev1.ResourceList) {
	for name, q := range other {
		if have, counted := least[name]; !counted || have.Cmp(q) < 0 {
			least[name] = q
		}
	}
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
