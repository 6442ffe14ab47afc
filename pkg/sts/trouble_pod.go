package sts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// podTrouble is why a pod that exists and is not terminating is not available. What comes
// first in a pod's life is asked first: a node, volumes and sandbox, containers, readiness.
func (s *Snapshot) podTrouble(r Replica) *Trouble {
	if t := s.schedulingTrouble(r); t != nil {
		return t
	}
	if t := s.containerTrouble(r.Pod); t != nil {
		return t
	}
	if t := s.nodeTrouble(r.Pod); t != nil {
		return t
	}
	return s.readinessTrouble(r)
}

// repeatedEventFresh is for how long a warning of the kubelet that has come twice still holds:
// after 25 of them a client sends one each 5 minutes.
const repeatedEventFresh = 12 * time.Minute

// sandboxRetry is the least time between two tries of a kubelet to create a sandbox.
const sandboxRetry = 10 * time.Second

// nodeTrouble reports what fails on the node before a container is started. It shows only as
// events, and passes often: a volume is detached elsewhere, a network plugin starts.
func (s *Snapshot) nodeTrouble(pod *corev1.Pod) *Trouble {
	if pod.Status.Phase != corev1.PodPending {
		return nil
	}
	for _, kind := range []struct {
		reason ReasonInfo
		what   string
	}{
		{failedAttachVolume, "cannot get its volume: "},
		{failedMount, "cannot get its volume: "},
		{failedCreatePodSandBox, "cannot get its sandbox: "},
	} {
		e := s.newestOf(pod, func(e *corev1.Event) bool { return e.Reason == kind.reason.Code })
		if e == nil || s.beforeSandbox(pod, e) {
			continue
		}
		n, lasted := eventCount(e), time.Duration(0)
		if n > 1 {
			lasted = s.TakenAt.Sub(cmp.Or(firstTime(e), pod.CreationTimestamp.Time))
		}
		if kind.reason.Code == failedCreatePodSandBox.Code { // also where the event does not say when it began
			lasted = max(lasted, time.Duration(n-1)*sandboxRetry)
		}
		t := kind.reason.trouble(lasted, kind.what).quote(e.Message)
		if n > 1 {
			t.Message += fmt.Sprintf(" (%d times in %s)", n, Age(lasted))
		}
		return t
	}
	return nil
}

// newestOf is the newest event about this very pod that fits. Not every client writes the pod's
// UID: then an event that is not older than the pod is about it.
func (s *Snapshot) newestOf(pod *corev1.Pod, fits func(*corev1.Event) bool) *corev1.Event {
	var newest *corev1.Event
	for _, e := range s.Events {
		ref := e.InvolvedObject
		about := ref.Kind == "Pod" && ref.Name == pod.Name &&
			(ref.UID == pod.UID || ref.UID == "" && !EventTime(e).Before(pod.CreationTimestamp.Time))
		if about && fits(e) && (newest == nil || EventTime(e).After(EventTime(newest))) {
			newest = e
		}
	}
	return newest
}

// beforeSandbox says whether the warning is about what the pod has behind it.
func (s *Snapshot) beforeSandbox(pod *corev1.Pod, e *corev1.Event) bool {
	age := s.TakenAt.Sub(EventTime(e))
	c := condition(pod, corev1.PodReadyToStartContainers)
	switch {
	case c == nil:
	case c.Status == corev1.ConditionTrue:
		return true // it has its volumes and its sandbox
	case c.Status == corev1.ConditionFalse && c.LastTransitionTime.After(EventTime(e)):
		return true // it had lost its sandbox since
	}
	if eventCount(e) > 1 {
		return age > repeatedEventFresh
	}
	return age > eventFresh
}

func (s *Snapshot) readinessTrouble(r Replica) *Trouble {
	pod := r.Pod
	if r.Ready {
		return minReadySeconds.trouble(0, fmt.Sprintf("is ready, available after %ds without interruption", s.Set.Spec.MinReadySeconds))
	}
	switch pod.Status.Phase {
	case corev1.PodPending:
		return s.pendingTrouble(pod)
	case corev1.PodRunning:
		return s.runningTrouble(pod)
	case corev1.PodFailed:
		return podFailed.trouble(0, fmt.Sprintf("is Failed (%s)", Age(s.TakenAt.Sub(readyChange(pod)))))
	case corev1.PodSucceeded:
		return podSucceeded.trouble(0, fmt.Sprintf("is Succeeded (%s)", Age(s.TakenAt.Sub(readyChange(pod)))))
	}
	age := s.TakenAt.Sub(readyChange(pod))
	return podUnknown.trouble(age, fmt.Sprintf("is Unknown (%s)", Age(age)))
}

func (s *Snapshot) pendingTrouble(pod *corev1.Pod) *Trouble {
	age := s.TakenAt.Sub(lastStep(pod))
	switch c := runningInit(pod); {
	case c != nil:
		ran := s.TakenAt.Sub(c.State.Running.StartedAt.Time)
		t := initContainerRunning.trouble(ran, fmt.Sprintf("is Pending: init container %s has not finished (running for %s)", c.Name, Age(ran)))
		if isSidecar(pod, c.Name) {
			t = sidecarNotStarted.trouble(ran, fmt.Sprintf("is Pending: sidecar container %s has not started (running for %s)", c.Name, Age(ran)))
		}
		t.InitContainer = c.Name
		return t
	case pod.Spec.NodeName == "" && condition(pod, corev1.PodScheduled) == nil:
		if t := s.reason(notScheduled).trouble(age, fmt.Sprintf("is Pending: no scheduler has tried it (%s)", Age(age))); t.Failing {
			return t
		}
	case len(pod.Status.InitContainerStatuses)+len(pod.Status.ContainerStatuses) == 0 && pod.Spec.NodeName != "":
		if t := notStarted.trouble(age, fmt.Sprintf("is Pending: the kubelet of node %s does not report it (%s)", pod.Spec.NodeName, Age(age))); t.Failing {
			return t
		}
	}
	// Also what every pod is in for a moment.
	return pending.trouble(age, fmt.Sprintf("is Pending (%s)", Age(age)))
}

// runningTrouble names what is not ready, where that is not the only container.
func (s *Snapshot) runningTrouble(pod *corev1.Pod) *Trouble {
	since := readyChange(pod)
	var unready []string
	for _, c := range pod.Status.InitContainerStatuses {
		if isSidecar(pod, c.Name) && !c.Ready {
			unready = append(unready, "sidecar container "+c.Name)
			since = firstRun(c, since)
		}
	}
	for _, c := range pod.Status.ContainerStatuses {
		if !c.Ready {
			unready = append(unready, "container "+c.Name)
			since = firstRun(c, since)
		}
	}
	age := s.TakenAt.Sub(since)
	if gates := gatesNotReady(pod); len(unready) == 0 && len(gates) > 0 {
		t := readinessGates.trouble(age, "")
		t.Message = fmt.Sprintf("has ready containers but waits for %s (%s)", strings.Join(gates, ", "), Age(age))
		return t
	}
	named := ""
	if len(pod.Spec.Containers)+sidecars(pod) > 1 {
		named = strings.Join(unready, ", ")
	}
	if named != "" {
		named = ": " + named
	}
	return notReady.trouble(age, fmt.Sprintf("runs but is not ready (%s)%s", Age(age), named))
}

// firstRun is when the container's only run began, where that is later: a pod may have waited
// for long for its first start.
func firstRun(c corev1.ContainerStatus, since time.Time) time.Time {
	if run := c.State.Running; run != nil && c.RestartCount == 0 && run.StartedAt.After(since) {
		return run.StartedAt.Time
	}
	return since
}

// gatesNotReady are the readiness gates that are not met, each with what its condition says.
func gatesNotReady(pod *corev1.Pod) []string {
	var out []string
	for _, gate := range pod.Spec.ReadinessGates {
		c := condition(pod, gate.ConditionType)
		text := "readiness gate " + string(gate.ConditionType)
		switch {
		case c == nil:
			text += ", whose condition does not exist"
		case c.Status == corev1.ConditionTrue:
			continue
		default:
			text += ", which is " + string(c.Status)
			if c.Reason != "" {
				text += ": " + c.Reason
			}
			if c.Message != "" {
				text += ": " + Point(c.Message)
			}
		}
		out = append(out, text)
	}
	return out
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	i := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == kind })
	if i < 0 {
		return nil
	}
	return &pod.Status.Conditions[i]
}

// readyChange is when the pod's condition Ready changed last, at the earliest when its init
// containers were through.
func readyChange(pod *corev1.Pod) time.Time {
	since := pod.CreationTimestamp.Time
	for _, c := range pod.Status.Conditions {
		if (c.Type == corev1.PodReady || c.Type == corev1.PodInitialized && c.Status == corev1.ConditionTrue) && c.LastTransitionTime.After(since) {
			since = c.LastTransitionTime.Time
		}
	}
	return since
}

// lastStep is when a pod that is starting was last seen to get on.
func lastStep(pod *corev1.Pod) time.Time {
	since := pod.CreationTimestamp.Time
	later := func(t time.Time) {
		if t.After(since) {
			since = t
		}
	}
	for _, c := range pod.Status.Conditions {
		later(c.LastTransitionTime.Time)
	}
	for _, c := range pod.Status.InitContainerStatuses {
		for _, state := range []corev1.ContainerState{c.State, c.LastTerminationState} {
			if state.Terminated != nil {
				later(state.Terminated.FinishedAt.Time)
			}
			if state.Running != nil {
				later(state.Running.StartedAt.Time)
			}
		}
	}
	return since
}

// runningInit is the init container that a pod waits for while it runs: one that has not
// finished, or a sidecar whose startup probe has not succeeded. Kubelets write started: true
// for every plain init container that runs, so only the pod's spec tells the two apart.
func runningInit(pod *corev1.Pod) *corev1.ContainerStatus {
	if pod.Status.Phase != corev1.PodPending {
		return nil
	}
	for i := range pod.Status.InitContainerStatuses {
		c := &pod.Status.InitContainerStatuses[i]
		started := c.Started != nil && *c.Started
		if c.State.Running != nil && (!isSidecar(pod, c.Name) || !started) {
			return c
		}
	}
	return nil
}

// isSidecar says whether the init container keeps running beside the others (KEP-753).
func isSidecar(pod *corev1.Pod, name string) bool {
	return slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == name && restartsAlways(c) })
}

func restartsAlways(c corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

func sidecars(pod *corev1.Pod) int {
	n := 0
	for _, c := range pod.Spec.InitContainers {
		if restartsAlways(c) {
			n++
		}
	}
	return n
}
