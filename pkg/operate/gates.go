package operate

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// Gates are the checks that every updated pod must pass at each step of promote --auto,
// besides being available.
type Gates struct {
	// Soak is how long each pod must have been Ready without interruption. It counts from
	// the pods' own Ready times, so a resumed command does not start over.
	Soak time.Duration
	// MaxRestarts is how often the containers of one pod may have restarted.
	MaxRestarts int32
	// Checks are commands that run here, one after the other; Execs run inside each
	// of the pods. All must end with exit code 0, within Timeout.
	Checks, Execs []string
	Timeout       time.Duration
}

// execsAtOnce is in how many pods a check runs at the same time.
const execsAtOnce = 8

// takeTime says whether passing the gates takes more than a look.
func (g Gates) takeTime() bool { return g.Soak > 0 || len(g.Checks)+len(g.Execs) > 0 }

// step is one step of the promotion: its pods, and its number of how many.
type step struct {
	number, of int
	from       sts.Ordinal
	pods       []sts.Replica
}

// failed is the gate that has failed as far as the pods show it, empty for none. It is checked
// at every look, not only at the end of a step.
func (g Gates) failed(s *sts.Snapshot) string {
	for _, r := range s.Replicas() {
		// After a scale to zero there are canaries below the partition, too.
		if r.Pod == nil && !onCanary(s, r) || r.Pod != nil && r.Revision != s.Set.Status.UpdateRevision || !r.Desired {
			continue
		}
		t := diagnose.Replica(s, r)
		switch {
		case g.mayRestart(r, t):
		case t != nil && t.Failing:
			return msgPodTrouble(s.Name(r.Ordinal), t.Message)
		case r.Pod != nil && !r.Terminating && sts.Restarts(r.Pod) > g.MaxRestarts:
			trouble := ""
			if t != nil {
				trouble = t.Message
			}
			return msgTooManyRestarts(s.Name(r.Ordinal), sts.Restarts(r.Pod), g.MaxRestarts, trouble)
		}
	}
	return ""
}

// mayRestart says whether the pod is in a crash loop within the allowed restarts: the kubelet
// restarts it once more.
func (g Gates) mayRestart(r sts.Replica, t *diagnose.Trouble) bool {
	return t != nil && t.Reason == diagnose.CrashLoop && r.Pod != nil && sts.Restarts(r.Pod) < g.MaxRestarts
}

// tolerated turns the verdict on a pod that may still restart into a wait.
func (g Gates) tolerated(s *sts.Snapshot, d *Decision) *Decision {
	if d == nil || d.Verdict != Stuck {
		return d
	}
	for _, r := range s.Replicas() {
		if t := diagnose.Replica(s, r); onCanary(s, r) && g.mayRestart(r, t) && r.Revision == s.Set.Status.UpdateRevision {
			w := decide(Wait, ReasonPodNotAvailable, msgWaitTolerated(s.Name(r.Ordinal), t.Message, g.MaxRestarts), nil)
			w.Subject, w.Detail = podSubject(s.Name(r.Ordinal)), t.Reason
			return &w
		}
	}
	return d
}

// onCanary says whether the ordinal is at or above the partition.
func onCanary(s *sts.Snapshot, r sts.Replica) bool {
	return r.Desired && r.Ordinal >= sts.UpdateFrom(s.Set)
}

// times is how often something happened.
func times(n int32) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// pass checks the gates of a step that take time, once its pods are all available. The
// decision is nil when all are passed; failed is the one that was not.
func (g Gates) pass(s *sts.Snapshot, f Facts, at step) (d *Decision, failed string) {
	if len(at.pods) == 0 {
		return nil, "" // scaled away: there is nothing to check
	}
	if d := g.soak(s, at); d != nil {
		return d, ""
	}
	if d, failed := g.execs(f, at); d != nil || failed != "" {
		return d, failed
	}
	return g.checks(s, f, at)
}

// soak waits for the pod that has been ready for the shortest time.
func (g Gates) soak(s *sts.Snapshot, at step) *Decision {
	last := at.pods[0]
	for _, r := range at.pods {
		if sts.ReadySince(r.Pod).After(sts.ReadySince(last.Pod)) {
			last = r
		}
	}
	until := sts.ReadySince(last.Pod).Add(g.Soak)
	if !until.After(s.TakenAt) {
		return nil
	}
	d := decide(Wait, ReasonSoaking, msgWaitSoak(s.Name(last.Ordinal), g.Soak), nil)
	d.Subject, d.Until = podSubject(s.Name(last.Ordinal)), &until
	return &d
}

func (g Gates) execs(f Facts, at step) (*Decision, string) {
	open, number := 0, 0
	var next *Exec
	for n, command := range g.Execs {
		for k, r := range at.pods {
			run := Exec{
				Key: fmt.Sprintf("check-exec %d from %s in %s", n, at.from, r.Pod.UID), For: "check-exec", Command: command,
				Pod: r.Pod.Name, UID: r.Pod.UID, Container: mainContainer(r.Pod), Timeout: g.Timeout,
			}
			answer, answered := f.Results[run.Key]
			switch {
			case answered && answer.PodGone:
				open++ // the watch does not show it yet
			case answered && !answer.Succeeded():
				return nil, msgCheckFailed(run.For, run.Command, run.Pod, answer)
			case answered:
			case f.Started[run.Key]:
				open++
			case next == nil:
				next, number = &run, k+1
			}
		}
	}
	switch {
	case next != nil && open < execsAtOnce:
		next.Description = stepCheckExec(next.Command, next.Pod, number, len(at.pods))
		d := do(next, "Check")
		return &d, ""
	case next != nil || open > 0:
		d := decide(Wait, ReasonChecking, msgWaitCheckExec(len(at.pods)), nil)
		return &d, ""
	}
	return nil, ""
}

func (g Gates) checks(s *sts.Snapshot, f Facts, at step) (*Decision, string) {
	var names, uids []string
	for _, r := range at.pods {
		names = append(names, r.Pod.Name)
		uids = append(uids, string(r.Pod.UID))
	}
	for n, command := range g.Checks {
		run := Exec{
			Description: stepCheck(command),
			Key:         fmt.Sprintf("check %d from %s of %s", n, at.from, strings.Join(uids, " ")), For: "check", Command: command,
			Env: []string{
				"KUBECTL_STS_NAMESPACE=" + s.Set.Namespace,
				"KUBECTL_STS_NAME=" + s.Set.Name,
				"KUBECTL_STS_REVISION=" + s.Set.Status.UpdateRevision,
				fmt.Sprintf("KUBECTL_STS_STEP=%d", at.number),
				fmt.Sprintf("KUBECTL_STS_STEPS=%d", at.of),
				"KUBECTL_STS_PODS=" + strings.Join(names, " "),
			},
			Timeout: g.Timeout,
		}
		answer, answered := f.Results[run.Key]
		switch {
		case answered && !answer.Succeeded():
			return nil, msgCheckFailed(run.For, run.Command, run.Pod, answer)
		case answered:
			continue
		case f.Started[run.Key]:
			d := decide(Wait, ReasonChecking, msgWaitCheck(command), nil)
			return &d, ""
		}
		d := do(&run, "Check")
		return &d, ""
	}
	return nil, ""
}

// mainContainer is where kubectl exec would run: the pod's default container if it has
// that one, or its first.
func mainContainer(pod *corev1.Pod) string {
	for _, c := range pod.Spec.Containers {
		if c.Name == pod.Annotations[defaultContainerAnnotation] {
			return c.Name
		}
	}
	return pod.Spec.Containers[0].Name
}

// Gate is what a canary that is promoted automatically waits for.
type Gate string

// The gates, in their order.
const (
	// GatePods: an updated pod is not available yet.
	GatePods Gate = "Pods"
	// GateSoak: an updated pod has not been Ready for long enough.
	GateSoak Gate = "Soak"
	// GateChecks: commands are running.
	GateChecks Gate = "Checks"
)

// AutoGate is the gate that the running promote --auto with this lock waits for, by the options that
// it has recorded; empty between two steps. soaked is when the soak ends, with GateSoak.
func AutoGate(s *sts.Snapshot, c *record.Canary, lock record.Owner) (gate Gate, soaked time.Time) {
	i := autoPromote{Lock: Lock{Owner: lock}, Gates: Gates{
		Soak: c.Auto.SoakTime(), MaxRestarts: c.Auto.MaxRestarts,
		Checks: make([]string, c.Auto.Checks), // only their number is recorded
	}}
	d, _ := i.waits(s, Facts{}, c, step{from: min(sts.UpdateFrom(s.Set), sts.End(s.Set)), pods: canaryReplicas(s)})
	switch {
	case d == nil:
		return "", time.Time{}
	case d.Reason == ReasonSoaking:
		return GateSoak, *d.Until
	case d.Action != nil:
		return GateChecks, time.Time{}
	}
	return GatePods, time.Time{}
}
