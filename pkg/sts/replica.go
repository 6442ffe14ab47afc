package sts

import (
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Replica is one ordinal of a set: desired, or beyond the set's range. Its pod and claims may
// exist or not.
type Replica struct {
	Ordinal Ordinal
	// Desired: the ordinal is in the set's range.
	Desired bool
	// Pod is nil when it does not exist.
	Pod *corev1.Pod
	// Claims that exist for the ordinal, in the order of the set's templates.
	Claims []*corev1.PersistentVolumeClaim
	// Revision is the name of the ControllerRevision that the pod was created from,
	// from its controller-revision-hash label. Empty without a pod.
	Revision string
	// Ready is the pod's Ready condition. Available adds minReadySeconds.
	Ready, Available bool
	// Terminating: the pod has a deletion timestamp. It counts as unavailable.
	Terminating bool
}

// Name is the name of the ordinal's pod, whether it exists or not.
func (s *Snapshot) Name(o Ordinal) string { return PodName(s.Set.Name, o) }

// Replicas is every ordinal that is desired or has a pod, sorted, lowest first.
// An ordinal of which only claims exist is not a replica.
func (s *Snapshot) Replicas() []Replica {
	start := Start(s.Set)
	wanted := max(0, int(End(s.Set))-int(start))
	out := make([]Replica, wanted, max(len(s.Pods), wanted))
	for i := range out {
		out[i] = Replica{Ordinal: start + Ordinal(i), Desired: true}
	}
	for _, pod := range s.Pods {
		o, ok := ParsePodName(s.Set.Name, pod.Name)
		if !ok {
			continue // the controller ignores it too
		}
		at := int(o) - int(start)
		if at < 0 || at >= wanted {
			at = len(out)
			out = append(out, Replica{Ordinal: o, Desired: Wants(s.Set, o)})
		}
		r := &out[at]
		r.Pod = pod
		r.Revision = PodRevision(pod)
		r.Ready = readyCondition(pod) != nil
		r.Terminating = pod.DeletionTimestamp != nil
		r.Available = !r.Terminating && Available(pod, s.Set.Spec.MinReadySeconds, s.TakenAt)
	}
	slices.SortFunc(out, func(a, b Replica) int { return int(a.Ordinal) - int(b.Ordinal) })
	claims := make(map[string]*corev1.PersistentVolumeClaim, len(s.Claims))
	for _, c := range s.Claims {
		claims[c.Name] = c
	}
	for k := range out {
		for i := range s.Set.Spec.VolumeClaimTemplates {
			if c := claims[ClaimName(s.Set.Spec.VolumeClaimTemplates[i].Name, s.Set.Name, out[k].Ordinal)]; c != nil {
				out[k].Claims = append(out[k].Claims, c)
			}
		}
	}
	return out
}

// HasPod says whether the ordinal has a pod.
func (s *Snapshot) HasPod(o Ordinal) bool {
	name := s.Name(o)
	return slices.ContainsFunc(s.Pods, func(p *corev1.Pod) bool { return p.Name == name })
}

// PodRevision is the name of the ControllerRevision that the pod was created from.
func PodRevision(pod *corev1.Pod) string { return pod.Labels[appsv1.StatefulSetRevisionLabel] }

func readyCondition(pod *corev1.Pod) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if c := &pod.Status.Conditions[i]; c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

// ReadySince is the time of the pod's last change to Ready, zero when it is not.
func ReadySince(pod *corev1.Pod) time.Time {
	if c := readyCondition(pod); c != nil {
		return c.LastTransitionTime.Time
	}
	return time.Time{}
}

// Restarts is what kubectl shows in its column RESTARTS: the restarts of the pod's containers and
// its sidecars or, until the pod is initialized, of its init containers up to the present one.
// Restarts of init containers that have finished do not count.
func Restarts(pod *corev1.Pod) int32 {
	var sidecars, init, n int32
	initializing := false
	for i := range pod.Status.InitContainerStatuses {
		c := &pod.Status.InitContainerStatuses[i]
		sidecar := IsSidecar(pod, c.Name)
		if sidecar {
			sidecars += c.RestartCount
		}
		if initializing {
			continue
		}
		init += c.RestartCount
		done := c.State.Terminated != nil && c.State.Terminated.ExitCode == 0
		initializing = !done && (!sidecar || c.Started == nil || !*c.Started)
	}
	initialized := Condition(pod, corev1.PodInitialized)
	if initializing && (initialized == nil || initialized.Status != corev1.ConditionTrue) {
		return init
	}
	for _, c := range pod.Status.ContainerStatuses {
		n += c.RestartCount
	}
	return n + sidecars
}

// Available says whether the pod has been Ready for at least minReadySeconds
// (seconds) at the time now: podutil.IsPodAvailable of Kubernetes. It does not
// look at the deletion timestamp.
func Available(pod *corev1.Pod, minReadySeconds int32, now time.Time) bool {
	since := ReadySince(pod)
	if readyCondition(pod) == nil {
		return false
	}
	if minReadySeconds == 0 {
		return true
	}
	return !since.IsZero() && !since.Add(time.Duration(minReadySeconds)*time.Second).After(now)
}

// Condition is the pod's condition of this type, nil when it has none.
func Condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	i := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == kind })
	if i < 0 {
		return nil
	}
	return &pod.Status.Conditions[i]
}

// IsSidecar says whether the init container keeps running beside the others (KEP-753).
func IsSidecar(pod *corev1.Pod, name string) bool {
	return slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == name && RestartsAlways(c) })
}

// RestartsAlways says whether an init container has restartPolicy Always (a native sidecar, KEP-753).
func RestartsAlways(c corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}
