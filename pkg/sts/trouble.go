package sts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Trouble is why a wanted ordinal is not available.
type Trouble struct {
	// Reason is one word, Kubernetes' own where it has one: "CrashLoopBackOff".
	Reason string `json:"reason"`
	// Message says it for a person, without the pod's name.
	Message string `json:"message"`
	// Detail is the whole of what Kubernetes says, where Message has only its point.
	Detail string `json:"detail,omitempty"`
	// Failing: from what is seen it will not get better without a person or a
	// change. False for what is merely on its way.
	Failing bool `json:"failing"`
	// Claim is the PersistentVolumeClaim that the pod waits for.
	Claim string `json:"claim,omitempty"`
	// InitContainer is the init container, or the sidecar, that the pod waits for.
	InitContainer string `json:"initContainer,omitempty"`
	// Fix is a command that fixes it, where there is one.
	Fix string `json:"fix,omitempty"`
	// Until is when it counts as failing if nothing else is seen before, zero for unknown.
	Until time.Time `json:"-"`
}

// CrashLoop is the reason of a container that crashes again and again: the kubelet's word.
const CrashLoop = "CrashLoopBackOff"

// Grace periods after which a state that often passes by itself counts as failing.
const (
	unschedulableGrace = 30 * time.Second // a scheduler retry, a volume being provisioned
	terminatingGrace   = time.Minute      // beyond the pod's own grace period
	notReadyGrace      = 10 * time.Minute // running, never ready: Deployments' progressDeadlineSeconds
	eventFresh         = 5 * time.Minute  // older warnings speak of the past
	createRetry        = 20 * time.Minute // the controller retries after at most 1000 s
	crashFresh         = 6 * time.Minute  // the kubelet backs off for 5 at most, and a start takes time
)

// failingWaits are the container waiting reasons of the kubelet that repeat until
// something changes. ErrImagePull and the like come before their BackOff form and
// can still be a hiccup, so they are not here.
var failingWaits = map[string]bool{
	CrashLoop:                    true,
	"ImagePullBackOff":           true,
	"InvalidImageName":           true,
	"ErrImageNeverPull":          true,
	"ErrImageReferenceConflict":  true,
	"CreateContainerConfigError": true,
	"CreateContainerError":       true,
	"RunContainerError":          true,
	"PreCreateHookError":         true,
	"PostStartHookError":         true,
}

// Trouble says why the replica is not available, nil when it is, or when it is
// not wanted. It goes by what is seen: conditions, container states, claims and
// warnings, never by the bare age of a rollout.
func (s *Snapshot) Trouble(r Replica) *Trouble {
	switch {
	case !r.Desired || r.Available:
		return nil
	case r.Pod == nil:
		return s.missingTrouble(r)
	}
	if t := s.recreated(r); t != nil && (t.Failing || !r.Terminating) {
		return t
	}
	if r.Terminating {
		return s.terminatingTrouble(r)
	}
	if t := s.schedulingTrouble(r); t != nil {
		return t
	}
	if t := s.containerTrouble(r.Pod); t != nil {
		return t
	}
	if t := s.volumeTrouble(r); t != nil {
		return t
	}
	return s.readinessTrouble(r)
}

func (s *Snapshot) schedulingTrouble(r Replica) *Trouble {
	for _, c := range r.Pod.Status.Conditions {
		if c.Type != corev1.PodScheduled || c.Status != corev1.ConditionFalse {
			continue
		}
		since := s.TakenAt.Sub(c.LastTransitionTime.Time)
		scheduler := strings.TrimRight(c.Message, ". ")
		t := &Trouble{Reason: "Unschedulable", Failing: since > unschedulableGrace}
		for _, claim := range s.claimsFor(r) {
			if claim.Status.Phase != corev1.ClaimBound {
				t.Reason = "UnboundClaim"
				t.Message = fmt.Sprintf("waits for its claim %s, which is %s", claim.Name, claim.Status.Phase)
				s.explainUnbound(t, claim, scheduler)
				return t
			}
		}
		t.Message = fmt.Sprintf("cannot be scheduled (%s): %s", Age(since), scheduler)
		return t
	}
	return nil
}

// claimsFor are the replica's claims, also those that the pod template names in its volumes.
func (s *Snapshot) claimsFor(r Replica) []*corev1.PersistentVolumeClaim {
	out := slices.Clone(r.Claims)
	for i := range r.Pod.Spec.Volumes {
		if source := r.Pod.Spec.Volumes[i].PersistentVolumeClaim; source != nil {
			if c := s.Claim(source.ClaimName); c != nil && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// explainUnbound adds why the claim is not bound. Where nothing tells, the scheduler may: a
// claim whose StorageClass binds at the first consumer waits for the pod, not the pod for it.
func (s *Snapshot) explainUnbound(t *Trouble, claim *corev1.PersistentVolumeClaim, scheduler string) {
	switch why := s.WhyUnbound(claim); {
	case why != "":
		t.Claim = claim.Name
		t.Message += " (" + why + ")"
	case scheduler != "":
		if strings.Contains(scheduler, "PersistentVolumeClaim") {
			t.Claim = claim.Name
		}
		t.Message += " (scheduler: " + scheduler + ")"
	}
}

// LookCommand shows more about why the ordinal is not available, for a hint.
func (s *Snapshot) LookCommand(o Ordinal, t *Trouble) string {
	ns, name := s.Set.Namespace, s.Name(o)
	switch {
	case t.Fix != "":
		return t.Fix
	case t.Claim != "":
		return Kubectl(ns, "describe pvc", t.Claim)
	case t.InitContainer != "":
		return Kubectl(ns, "logs", name, "-c", t.InitContainer)
	case !slices.ContainsFunc(s.Pods, func(p *corev1.Pod) bool { return p.Name == name }):
		return Kubectl(ns, "describe statefulset", s.Set.Name)
	}
	return Kubectl(ns, "describe pod", name)
}

// FailingContainer is the container that keeps a pod from getting ready, nil when
// none is seen to: a pod that cannot be scheduled has none.
func (s *Snapshot) FailingContainer(pod *corev1.Pod) *corev1.ContainerStatus {
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			w, d := list[i].State.Waiting, list[i].State.Terminated
			if w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" ||
				d != nil && d.ExitCode != 0 || crashLoops(list[i], s.TakenAt) {
				return &list[i]
			}
		}
	}
	if c := runningInit(pod); c != nil {
		return c
	}
	i := slices.IndexFunc(pod.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool { return c.State.Running != nil && !c.Ready })
	if i < 0 {
		return nil
	}
	return &pod.Status.ContainerStatuses[i]
}

func (s *Snapshot) containerTrouble(pod *corev1.Pod) *Trouble {
	c := s.FailingContainer(pod)
	switch {
	case c == nil:
		return nil
	case c.State.Waiting != nil:
		reason := c.State.Waiting.Reason
		return &Trouble{Reason: reason, Failing: failingWaits[reason],
			Message: fmt.Sprintf("is in %s (%s)", reason, containerDetail(*c, c.State.Waiting.Message))}
	case crashLoops(*c, s.TakenAt):
		return &Trouble{Reason: CrashLoop, Failing: true, Message: fmt.Sprintf("keeps crashing (%s)", containerDetail(*c, ""))}
	case c.State.Terminated != nil:
		return &Trouble{Reason: "Terminated", Message: fmt.Sprintf("has container %s ended with exit code %d", c.Name, c.State.Terminated.ExitCode)}
	}
	return nil
}

// crashLoops says whether a container that is not ready is between two crashes. In a
// loop it is waiting (CrashLoopBackOff), running and ended in turn, and none of that
// makes it better. After the second restart it is one, until it has run for longer
// than the kubelet ever backs off. Where the run before was a long one the node was
// rebooted, or the like.
func crashLoops(c corev1.ContainerStatus, now time.Time) bool {
	last := c.State.Terminated
	if last == nil {
		last = c.LastTerminationState.Terminated
	}
	if c.Ready || c.RestartCount < 2 || last == nil || last.ExitCode == 0 {
		return false
	}
	long := !last.StartedAt.IsZero() && last.FinishedAt.Sub(last.StartedAt.Time) > notReadyGrace
	return !long && now.Sub(last.FinishedAt.Time) < crashFresh
}

func containerDetail(c corev1.ContainerStatus, message string) string {
	parts := []string{"container " + c.Name}
	last := c.LastTerminationState.Terminated
	if c.State.Terminated != nil {
		last = c.State.Terminated
	}
	if d := last; d != nil {
		end := fmt.Sprintf("exit code %d", d.ExitCode)
		if d.Reason != "" && d.Reason != "Error" && d.Reason != "Completed" {
			end = d.Reason + ", " + end
		}
		parts = append(parts, end)
	} else if message != "" {
		parts = append(parts, strings.TrimSpace(message))
	}
	if c.RestartCount > 0 {
		parts = append(parts, Count(c.RestartCount, "restart"))
	}
	return strings.Join(parts, ", ")
}

// volumeTrouble reports attach and mount failures, which show only as events.
func (s *Snapshot) volumeTrouble(r Replica) *Trouble {
	if r.Pod.Status.Phase != corev1.PodPending {
		return nil
	}
	for _, e := range s.Events {
		if (e.Reason == "FailedAttachVolume" || e.Reason == "FailedMount") && e.InvolvedObject.UID == r.Pod.UID &&
			s.TakenAt.Sub(EventTime(e)) < eventFresh {
			return &Trouble{Reason: e.Reason, Failing: eventCount(e) > 1, Message: "cannot get its volume: " + e.Message}
		}
	}
	return nil
}

func (s *Snapshot) readinessTrouble(r Replica) *Trouble {
	if r.Ready {
		return &Trouble{Reason: "MinReadySeconds", Message: fmt.Sprintf("is ready, available after %ds without interruption", s.Set.Spec.MinReadySeconds)}
	}
	since := r.Pod.CreationTimestamp.Time
	for _, c := range r.Pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.LastTransitionTime.After(since) {
			since = c.LastTransitionTime.Time
		}
	}
	age := s.TakenAt.Sub(since)
	if r.Pod.Status.Phase != corev1.PodRunning {
		t := &Trouble{Reason: string(r.Pod.Status.Phase), Message: fmt.Sprintf("is %s (%s)", r.Pod.Status.Phase, Age(age))}
		if c := runningInit(r.Pod); c != nil {
			ran := s.TakenAt.Sub(c.State.Running.StartedAt.Time)
			what := fmt.Sprintf("init container %s has not finished (running for %s)", c.Name, Age(ran))
			if isSidecar(r.Pod, c.Name) {
				what = fmt.Sprintf("sidecar container %s has not started (running for %s)", c.Name, Age(ran))
			}
			t.Failing, t.InitContainer = ran > notReadyGrace, c.Name
			t.Message = fmt.Sprintf("is %s: %s", r.Pod.Status.Phase, what)
		}
		return t
	}
	return &Trouble{Reason: "NotReady", Failing: age > notReadyGrace, Message: fmt.Sprintf("runs but is not ready (%s)", Age(age))}
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
	return slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool {
		return c.Name == name && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	})
}

// EventTime is when the event was last seen.
func EventTime(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

func eventCount(e *corev1.Event) int32 {
	if e.Series != nil {
		return e.Series.Count
	}
	return e.Count
}
