package diagnose

import (
	"cmp"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// podTrouble is why a pod that exists and is not terminating is not available, checked in the
// order of a pod's life: a node, volumes and sandbox, containers, readiness.
func podTrouble(s *sts.Snapshot, r sts.Replica) *Trouble {
	if t := schedulingTrouble(s, r); t != nil {
		return t
	}
	if t := containerTrouble(s, r.Pod); t != nil {
		return t
	}
	if t := nodeTrouble(s, r.Pod); t != nil {
		return t
	}
	return readinessTrouble(s, r)
}

// repeatedEventFresh is how long a warning that the kubelet has repeated still holds: after 25 of
// them a client sends one every 5 minutes.
const repeatedEventFresh = 12 * time.Minute

// sandboxRetry is the shortest time between two attempts of a kubelet to create a sandbox.
const sandboxRetry = 10 * time.Second

// nodeTrouble reports what fails on the node before a container is started. It shows only as
// events and often passes: a volume is detached elsewhere, a network plugin starts.
func nodeTrouble(s *sts.Snapshot, pod *corev1.Pod) *Trouble {
	if pod.Status.Phase != corev1.PodPending {
		return nil
	}
	about := func(r ReasonInfo) *corev1.Event {
		return newestOf(s, pod, func(e *corev1.Event) bool { return e.Reason == r.Code })
	}
	sandbox := about(failedCreatePodSandBox)
	for _, kind := range []struct {
		reason  ReasonInfo
		message func(why string) string
	}{
		{failedAttachVolume, msgCannotAttach},
		{failedMount, msgCannotMount},
		{failedCreatePodSandBox, msgNoSandbox},
	} {
		e := about(kind.reason)
		if e == nil || beforeSandbox(s, pod, e) {
			continue
		}
		if sandbox != nil && kind.reason.Code != sandbox.Reason && sts.EventTime(sandbox).After(sts.EventTime(e)) {
			continue // the volumes were mounted before the sandbox
		}
		n, lasted := eventCount(e), time.Duration(0)
		if n > 1 {
			lasted = s.TakenAt.Sub(cmp.Or(firstTime(e), pod.CreationTimestamp.Time))
		}
		if kind.reason.Code == failedCreatePodSandBox.Code { // also where the event has no first time
			lasted = max(lasted, time.Duration(n-1)*sandboxRetry)
		}
		t := kind.reason.trouble(lasted, kind.message(Point(e.Message))).withDetail(e.Message)
		if n > 1 {
			t.Message += msgRepeated(n, lasted)
		}
		return t
	}
	return nil
}

// newestOf is the newest event about exactly this pod that fits. Not every client writes the pod's
// UID: without it, an event that is not older than the pod is about it.
func newestOf(s *sts.Snapshot, pod *corev1.Pod, fits func(*corev1.Event) bool) *corev1.Event {
	var newest *corev1.Event
	for _, e := range s.Events {
		ref := e.InvolvedObject
		about := ref.Kind == "Pod" && ref.Name == pod.Name &&
			(ref.UID == pod.UID || ref.UID == "" && !sts.EventTime(e).Before(pod.CreationTimestamp.Time))
		if about && fits(e) && (newest == nil || sts.EventTime(e).After(sts.EventTime(newest))) {
			newest = e
		}
	}
	return newest
}

// LatestWarning is the newest warning about exactly this pod, nil if there is none or it is about the past.
func LatestWarning(s *sts.Snapshot, pod *corev1.Pod) *corev1.Event {
	e := newestOf(s, pod, func(e *corev1.Event) bool { return e.Type == corev1.EventTypeWarning })
	if e == nil || s.TakenAt.Sub(sts.EventTime(e)) > fresh(e) {
		return nil
	}
	return e
}

// fresh is how long a warning holds.
func fresh(e *corev1.Event) time.Duration {
	if eventCount(e) > 1 {
		return repeatedEventFresh
	}
	return eventFresh
}

// beforeSandbox says whether the warning is about a step that the pod has completed since.
func beforeSandbox(s *sts.Snapshot, pod *corev1.Pod, e *corev1.Event) bool {
	age := s.TakenAt.Sub(sts.EventTime(e))
	c := sts.Condition(pod, corev1.PodReadyToStartContainers)
	switch {
	case c == nil:
	case c.Status == corev1.ConditionTrue:
		return true // it has its volumes and its sandbox
	case c.Status == corev1.ConditionFalse && c.LastTransitionTime.After(sts.EventTime(e)):
		return true // it had lost its sandbox since
	}
	return age > fresh(e)
}

func readinessTrouble(s *sts.Snapshot, r sts.Replica) *Trouble {
	pod := r.Pod
	if r.Ready {
		return minReadySeconds.trouble(0, msgMinReadySeconds(s.Set.Spec.MinReadySeconds))
	}
	switch pod.Status.Phase {
	case corev1.PodPending:
		return pendingTrouble(s, pod)
	case corev1.PodRunning:
		return runningTrouble(s, r)
	case corev1.PodFailed:
		return podFailed.trouble(0, msgPhase(corev1.PodFailed, s.TakenAt.Sub(readyChange(pod))))
	case corev1.PodSucceeded:
		return podSucceeded.trouble(0, msgPhase(corev1.PodSucceeded, s.TakenAt.Sub(readyChange(pod))))
	}
	age := s.TakenAt.Sub(readyChange(pod))
	return podUnknown.trouble(age, msgPhase(corev1.PodUnknown, age))
}

func pendingTrouble(s *sts.Snapshot, pod *corev1.Pod) *Trouble {
	age := s.TakenAt.Sub(lastStep(pod))
	switch c := runningInit(pod); {
	case c != nil:
		ran := s.TakenAt.Sub(c.State.Running.StartedAt.Time)
		t := initContainerRunning.trouble(ran, msgInitContainer(c.Name, ran))
		if sts.IsSidecar(pod, c.Name) {
			t = sidecarNotStarted.trouble(ran, msgSidecar(c.Name, ran))
		}
		t.InitContainer = c.Name
		return t
	case pod.Spec.NodeName == "" && sts.Condition(pod, corev1.PodScheduled) == nil:
		if t := notScheduled.trouble(age, msgNotScheduled(age)); t.Failing {
			return t
		}
	case len(pod.Status.InitContainerStatuses)+len(pod.Status.ContainerStatuses) == 0 && pod.Spec.NodeName != "":
		if t := notStarted.trouble(age, msgNotStarted(pod.Spec.NodeName, age)); t.Failing {
			return t
		}
	}
	// Every pod is Pending for a moment.
	return pending.trouble(age, msgPhase(corev1.PodPending, age))
}

// runningTrouble names the containers that are not ready, where the pod has more than one.
func runningTrouble(s *sts.Snapshot, r sts.Replica) *Trouble {
	pod := r.Pod
	since := readyChange(pod)
	var unready []string
	for _, c := range pod.Status.InitContainerStatuses {
		if sts.IsSidecar(pod, c.Name) && !c.Ready {
			unready = append(unready, msgUnreadySidecar(c.Name))
			since = firstRun(c, since)
		}
	}
	for _, c := range pod.Status.ContainerStatuses {
		if !c.Ready {
			unready = append(unready, msgUnreadyContainer(c.Name))
			since = firstRun(c, since)
		}
	}
	age := s.TakenAt.Sub(since)
	if n := s.NodeOf(pod.Spec.NodeName); n != nil && silent(pod) {
		if lost := LostNode(n.Node, n.Lease, pod, s.TakenAt); lost != nil {
			t := notReady.trouble(age, msgNodeSaysNotReady(age, lost.Message))
			_, t.Fix = nodeOf(s, r)
			return t
		}
	}
	if gates := gatesNotReady(pod); len(unready) == 0 && len(gates) > 0 {
		return readinessGates.trouble(age, msgReadinessGates(age, gates))
	}
	if len(pod.Spec.Containers)+sidecars(pod) == 1 {
		unready = nil
	}
	return notReady.trouble(age, msgNotReady(age, unready))
}

// firstRun is when the container's only run began, where that is later: a pod may have waited
// a long time for its first start.
func firstRun(c corev1.ContainerStatus, since time.Time) time.Time {
	if run := c.State.Running; run != nil && c.RestartCount == 0 && run.StartedAt.After(since) {
		return run.StartedAt.Time
	}
	return since
}

// gatesNotReady are the readiness gates that are not met, each with its condition.
func gatesNotReady(pod *corev1.Pod) []string {
	var out []string
	for _, gate := range pod.Spec.ReadinessGates {
		c := sts.Condition(pod, gate.ConditionType)
		switch {
		case c == nil:
			out = append(out, msgGateWithoutCondition(string(gate.ConditionType)))
		case c.Status != corev1.ConditionTrue:
			out = append(out, msgGateNotTrue(string(gate.ConditionType), c.Status, c.Reason, Point(c.Message)))
		}
	}
	return out
}

// readyChange is when the pod's condition Ready last changed, but not before its init containers
// had finished.
func readyChange(pod *corev1.Pod) time.Time {
	since := pod.CreationTimestamp.Time
	for _, c := range pod.Status.Conditions {
		if (c.Type == corev1.PodReady || c.Type == corev1.PodInitialized && c.Status == corev1.ConditionTrue) && c.LastTransitionTime.After(since) {
			since = c.LastTransitionTime.Time
		}
	}
	return since
}

// lastStep is when a pod that is starting last made progress.
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
		if c.State.Running != nil && (!sts.IsSidecar(pod, c.Name) || !started) {
			return c
		}
	}
	return nil
}

func sidecars(pod *corev1.Pod) int {
	n := 0
	for _, c := range pod.Spec.InitContainers {
		if sts.RestartsAlways(c) {
			n++
		}
	}
	return n
}
