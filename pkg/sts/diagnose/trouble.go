package diagnose

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Trouble is why a desired ordinal is not available.
type Trouble struct {
	// Reason is the reason, Kubernetes' own if there is one: `CrashLoopBackOff`, `Unschedulable`,
	// `UnboundClaim`, `Missing` …; all of them are listed in docs/stuck.md#reasons.
	Reason string `json:"reason"`
	// Message is the same, in words, without the name of the pod.
	//
	// It follows the pod's name: "is Pending (12s)".
	Message string `json:"message"`
	// Detail is the complete message of the API server, the scheduler, the kubelet or a controller, if
	// [Trouble.Message] summarizes it.
	Detail string `json:"detail,omitempty"`
	// Failing is true if the evidence shows that it will not recover by itself; this makes a set
	// `Stuck`.
	//
	// False for what is merely in progress.
	Failing bool `json:"failing"`
	// Claim is the PersistentVolumeClaim that the pod waits for, if the claim is the cause.
	Claim string `json:"claim,omitempty"`
	// InitContainer is the init container that has not completed, or the sidecar that has not started.
	InitContainer string `json:"initContainer,omitempty"`
	// Fix is a command that fixes it, or lists what must be fixed, if there is one.
	Fix sts.Hint `json:"fix,omitempty"`
	// Until is when it counts as failing if nothing else is seen before, zero for unknown.
	Until time.Time `json:"-"`
}

// CrashLoop is the reason of a container that keeps crashing: the kubelet's word.
const CrashLoop = "CrashLoopBackOff"

// Grace periods of reasons that are not read from a pod.
const (
	terminatingGrace = time.Minute      // beyond the pod's own grace period
	eventFresh       = 5 * time.Minute  // older warnings are about the past
	createRetry      = 20 * time.Minute // the controller retries after at most 1000 s
)

// Replica says why the replica is not available, nil when it is, or when it is
// not desired. It is based on what is seen: conditions, container states, claims and
// warnings, never on the age of a rollout alone.
func Replica(s *sts.Snapshot, r sts.Replica) *Trouble {
	switch {
	case !r.Desired:
		return nil
	case r.Available: // for a moment only, where its label was changed
		if t := recreated(s, r); t != nil && t.Failing && leaves(s, r) && rewritten(s, r) != "" {
			return t
		}
		return nil
	case r.Pod == nil:
		return missingTrouble(s, r)
	}
	if t := recreated(s, r); t != nil && (t.Failing || !r.Terminating) {
		return t
	}
	if r.Terminating {
		return Terminating(s, r)
	}
	return podTrouble(s, r)
}

// LookCommand shows more about why the ordinal is not available, for a hint.
func LookCommand(s *sts.Snapshot, o sts.Ordinal, t *Trouble) sts.Hint {
	ns, name := s.Set.Namespace, s.Name(o)
	switch {
	case len(t.Fix) > 0:
		return t.Fix
	case t.Claim != "":
		return sts.Kubectl(ns, "describe pvc", t.Claim)
	case t.InitContainer != "":
		return sts.Kubectl(ns, "logs", name, "-c", t.InitContainer)
	case looksAt(t) == LookSet || !s.HasPod(o):
		return sts.Kubectl(ns, "describe statefulset", s.Set.Name)
	}
	return sts.Kubectl(ns, "describe pod", name)
}

func looksAt(t *Trouble) Look {
	r, _ := ReasonOf(t.Reason)
	return r.Look
}

// withDetail keeps the full message of Kubernetes where it is more than its [Point].
func (t *Trouble) withDetail(message string) *Trouble {
	if whole := strings.TrimSpace(message); whole != Point(message) {
		t.Detail = whole
	}
	return t
}

// firstTime is when the event was first seen.
func firstTime(e *corev1.Event) time.Time {
	switch {
	case !e.FirstTimestamp.IsZero():
		return e.FirstTimestamp.Time
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
