package sts

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	crashFresh = 6 * time.Minute  // the kubelet backs off for 5 at most, and a start takes time
	longRun    = 10 * time.Minute // a run of a container that was no crash loop
)

// FailingContainer is the container that keeps a pod from getting ready, nil when
// none is seen to: a pod that cannot be scheduled has none.
func (s *Snapshot) FailingContainer(pod *corev1.Pod) *corev1.ContainerStatus {
	if c, t := s.brokenContainer(pod); t != nil {
		return c
	}
	if c := runningInit(pod); c != nil {
		return c
	}
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			if c := &list[i]; c.State.Running != nil && !c.Ready {
				return c
			}
		}
	}
	return nil
}

func (s *Snapshot) containerTrouble(pod *corev1.Pod) *Trouble {
	_, t := s.brokenContainer(pod)
	return t
}

// brokenContainer is the first container whose state is no way to getting ready, with what it
// has: one that counts as stuck before others.
func (s *Snapshot) brokenContainer(pod *corev1.Pod) (*corev1.ContainerStatus, *Trouble) {
	var first *corev1.ContainerStatus
	var trouble *Trouble
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			t := s.stateTrouble(pod, list[i])
			if t != nil && (trouble == nil || t.Failing && !trouble.Failing) {
				first, trouble = &list[i], t
			}
		}
	}
	return first, trouble
}

// stateTrouble is what one container has, nil for what is the usual way.
func (s *Snapshot) stateTrouble(pod *corev1.Pod, c corev1.ContainerStatus) *Trouble {
	waiting, ended := c.State.Waiting, c.State.Terminated
	switch {
	case waiting != nil && waiting.Reason != "" && waiting.Reason != "ContainerCreating" && waiting.Reason != "PodInitializing":
		return s.waitingTrouble(pod, c)
	case crashLoops(c, s.TakenAt):
		return crashLoop.trouble(0, fmt.Sprintf("keeps crashing (%s)", containerDetail(c, "")))
	case ended != nil && ended.ExitCode != 0:
		return terminated.trouble(s.since(ended.FinishedAt.Time), fmt.Sprintf("has container %s ended with exit code %d", c.Name, ended.ExitCode))
	}
	return nil
}

// since is how long ago that was; no time at all where it is not known.
func (s *Snapshot) since(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return s.TakenAt.Sub(t)
}

func (s *Snapshot) waitingTrouble(pod *corev1.Pod, c corev1.ContainerStatus) *Trouble {
	waiting := c.State.Waiting
	reason, known := waitReasons[waiting.Reason]
	if !known {
		reason = containerWaiting
	}
	t := reason.trouble(s.TakenAt.Sub(lastStep(pod)), fmt.Sprintf("is in %s (%s)", waiting.Reason, containerDetail(c, Point(waiting.Message))))
	if reason.Grace == pullGrace && s.pullFails(pod, waiting) {
		t.Failing = true
	}
	if whole := strings.TrimSpace(waiting.Message); whole != Point(whole) {
		t.Detail = whole
	}
	return t
}

// definite is the answer of a registry that another try does not change.
var definite = regexp.MustCompile(`(?i)not found|manifest unknown|name unknown|unauthorized|authorization failed|access denied|denied:|forbidden|no match for platform|invalid reference`)

// pullFails says whether a pull that has failed will fail again: the registry has said so, or
// it has failed before. The kubelet's ErrImagePull stands between two ImagePullBackOff.
func (s *Snapshot) pullFails(pod *corev1.Pod, waiting *corev1.ContainerStateWaiting) bool {
	if definite.MatchString(waiting.Message) {
		return true
	}
	return nil != s.newestOf(pod, func(e *corev1.Event) bool {
		pull := strings.Contains(e.Message, "pull") || strings.Contains(e.Message, "Pull") || strings.Contains(e.Message, waiting.Reason)
		again := eventCount(e) > 1 || strings.Contains(e.Message, "ImagePullBackOff")
		return (e.Reason == "Failed" || e.Reason == "BackOff" || e.Reason == "InspectFailed") && pull && again && s.TakenAt.Sub(EventTime(e)) < repeatedEventFresh
	})
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
	long := !last.StartedAt.IsZero() && last.FinishedAt.Sub(last.StartedAt.Time) > longRun
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
		parts = append(parts, message)
	}
	if c.RestartCount > 0 {
		parts = append(parts, Count(c.RestartCount, "restart"))
	}
	return strings.Join(parts, ", ")
}
