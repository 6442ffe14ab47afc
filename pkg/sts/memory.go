package sts

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Memory is what a watch has seen of pods and of a set, and a single read of the cluster cannot show.
type Memory struct {
	// Gone are the pods that no longer exist, by namespace and name, oldest first.
	Gone map[types.NamespacedName][]GonePod
	// Released is when the last finalizer of a terminating pod was removed.
	Released map[types.UID]time.Time
	// Accepted is when the API server accepted, in a dry run, a pod that the controller could not
	// create: older warnings prove nothing any more.
	Accepted map[types.NamespacedName]time.Time
	// Lock is the last value of the set's lock annotation, where one set is watched.
	Lock string
}

// GonePod is a pod that no longer exists.
type GonePod struct {
	UID types.UID
	At  time.Time
	// WasReady: it was ready at some time.
	WasReady bool
	// Reason and Message are why it failed, from the kubelet; empty where it did not.
	Reason, Message string
}

// gonePods is how many pods of one name are kept.
const gonePods = 10

// Forget notes that the pod no longer exists.
func (m *Memory) Forget(pod *corev1.Pod, at time.Time, wasReady bool) {
	if m.Gone == nil {
		m.Gone = map[types.NamespacedName][]GonePod{}
	}
	g := GonePod{UID: pod.UID, At: at, WasReady: wasReady}
	if pod.Status.Phase == corev1.PodFailed {
		g.Reason, g.Message = pod.Status.Reason, pod.Status.Message
	}
	k := types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
	list := append(slices.Clone(m.Gone[k]), g)
	m.Gone[k] = list[max(0, len(list)-gonePods):]
	delete(m.Released, pod.UID)
}

// Release notes that the last finalizer of a terminating pod was removed.
func (m *Memory) Release(uid types.UID, at time.Time) {
	if m.Released == nil {
		m.Released = map[types.UID]time.Time{}
	}
	m.Released[uid] = at
}

// Accept notes that the API server would create the pod now.
func (m *Memory) Accept(pod types.NamespacedName, at time.Time) {
	if m.Accepted == nil {
		m.Accepted = map[types.NamespacedName]time.Time{}
	}
	m.Accepted[pod] = at
}

// Clone is a copy that later changes do not affect.
func (m *Memory) Clone() Memory {
	return Memory{Gone: maps.Clone(m.Gone), Released: maps.Clone(m.Released), Accepted: maps.Clone(m.Accepted), Lock: m.Lock}
}

// Accepted is when the API server accepted the pod in a dry run, zero where it was not tried.
func (s *Snapshot) Accepted(pod string) time.Time {
	return s.Memory.Accepted[types.NamespacedName{Namespace: s.Set.Namespace, Name: pod}]
}

// Gone are the earlier pods of that name whose removal a watch has seen.
func (s *Snapshot) Gone(name string) []GonePod {
	return s.Memory.Gone[types.NamespacedName{Namespace: s.Set.Namespace, Name: name}]
}
