package diagnose

import (
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

const (
	crashFresh = 6 * time.Minute  // the kubelet backs off for at most 5 minutes, and a start takes time
	longRun    = 10 * time.Minute // a container that ran this long was in no crash loop
)

// FailingContainer is the container that keeps a pod from becoming ready, nil when
// there is none: a pod that cannot be scheduled has none.
func FailingContainer(s *sts.Snapshot, pod *corev1.Pod) *corev1.ContainerStatus {
	if c, t := brokenContainer(s, pod); t != nil {
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

func containerTrouble(s *sts.Snapshot, pod *corev1.Pod) *Trouble {
	_, t := brokenContainer(s, pod)
	return t
}

// brokenContainer is the first container in a state that does not lead to readiness, with its
// trouble: one that counts as stuck before others.
func brokenContainer(s *sts.Snapshot, pod *corev1.Pod) (*corev1.ContainerStatus, *Trouble) {
	var first *corev1.ContainerStatus
	var trouble *Trouble
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			t := stateTrouble(s, pod, list[i])
			if t != nil && (trouble == nil || t.Failing && !trouble.Failing) {
				first, trouble = &list[i], t
			}
		}
	}
	return first, trouble
}

// stateTrouble is the trouble of one container, nil in the usual states.
func stateTrouble(s *sts.Snapshot, pod *corev1.Pod, c corev1.ContainerStatus) *Trouble {
	waiting, ended := c.State.Waiting, c.State.Terminated
	switch {
	case waiting != nil && waiting.Reason != "" && waiting.Reason != "ContainerCreating" && waiting.Reason != "PodInitializing":
		return waitingTrouble(s, pod, c)
	case crashLoops(c, s.TakenAt):
		return crashLoop.trouble(0, msgCrashes(containerDetail(c, "")))
	case ended != nil && ended.ExitCode != 0:
		return terminated.trouble(since(s, ended.FinishedAt.Time), msgTerminatedContainer(c.Name, ended.ExitCode))
	}
	return nil
}

// since is how long ago that was, zero if unknown.
func since(s *sts.Snapshot, t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return s.TakenAt.Sub(t)
}

func waitingTrouble(s *sts.Snapshot, pod *corev1.Pod, c corev1.ContainerStatus) *Trouble {
	waiting := c.State.Waiting
	reason, known := waitReasons[waiting.Reason]
	if !known {
		reason = containerWaiting
	}
	t := reason.trouble(s.TakenAt.Sub(lastStep(pod)), msgContainerWaiting(waiting.Reason, containerDetail(c, Point(waiting.Message))))
	if reason.Grace == pullGrace && pullFails(s, pod, waiting) {
		t.Failing = true
	}
	return t.withDetail(waiting.Message)
}

// definite matches errors of a registry that a retry does not change.
var definite = regexp.MustCompile(`(?i)not found|manifest unknown|name unknown|unauthorized|authorization failed|access denied|denied:|forbidden|no match for platform|invalid reference`)

// pullFails says whether a pull that has failed will fail again: the registry's error is definite,
// or it has failed before. The kubelet reports ErrImagePull between two ImagePullBackOff.
func pullFails(s *sts.Snapshot, pod *corev1.Pod, waiting *corev1.ContainerStateWaiting) bool {
	if definite.MatchString(waiting.Message) {
		return true
	}
	return nil != newestOf(s, pod, func(e *corev1.Event) bool {
		pull := strings.Contains(e.Message, "pull") || strings.Contains(e.Message, "Pull") || strings.Contains(e.Message, waiting.Reason)
		again := eventCount(e) > 1 || strings.Contains(e.Message, "ImagePullBackOff")
		return (e.Reason == "Failed" || e.Reason == "BackOff" || e.Reason == "InspectFailed") && pull && again && s.TakenAt.Sub(sts.EventTime(e)) < repeatedEventFresh
	})
}

// crashLoops says whether a container that is not ready is between two crashes. In a
// crash loop it is waiting (CrashLoopBackOff), running and terminated in turn, and none
// of these is progress. It is in one after the second restart, until it has run for longer
// than the kubelet's longest back-off. After a long run it was something else, such as a
// reboot of the node.
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
	last := c.LastTerminationState.Terminated
	if c.State.Terminated != nil {
		last = c.State.Terminated
	}
	if last == nil {
		return msgContainerDetail(c.Name, message, "", nil, c.RestartCount)
	}
	reason := last.Reason
	if reason == "Error" || reason == "Completed" {
		reason = ""
	}
	return msgContainerDetail(c.Name, "", reason, &last.ExitCode, c.RestartCount)
}
