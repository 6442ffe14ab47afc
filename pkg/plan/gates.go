package plan

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Gates are what every updated pod has to pass at each step of a canary that
// promotes itself. That it is available is one of them always.
type Gates struct {
	// Soak is for how long each must have been Ready without interruption. It counts
	// from the pods' own Ready times, so a resumed command does not start over.
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

// step is one place where the gates are passed: which pods, and which step of how many.
type step struct {
	number, of int
	from       sts.Ordinal
	pods       []sts.Replica
}

// failed says which gate a look at the pods shows to have failed, empty for none. It
// is asked at every look, not only at the end of a step.
func (g Gates) failed(s *sts.Snapshot) string {
	for _, r := range s.Replicas() {
		// After a scale to zero there are canaries below the partition, too.
		if r.Pod == nil && !onCanary(s, r) || r.Pod != nil && r.Revision != s.Set.Status.UpdateRevision || !r.Desired {
			continue
		}
		t := s.Trouble(r)
		switch {
		case g.mayRestart(r, t):
		case t != nil && t.Failing:
			return s.Name(r.Ordinal) + " " + t.Message
		case r.Pod != nil && !r.Terminating && sts.Restarts(r.Pod) > g.MaxRestarts:
			why := fmt.Sprintf("%s has restarted %s, %d allowed by --max-restarts", s.Name(r.Ordinal), times(sts.Restarts(r.Pod)), g.MaxRestarts)
			if t != nil {
				why += "; it " + t.Message
			}
			return why
		}
	}
	return ""
}

// mayRestart says whether the pod is in a crash loop that is still within the
// restarts that are allowed: the kubelet starts it once more.
func (g Gates) mayRestart(r sts.Replica, t *sts.Trouble) bool {
	return t != nil && t.Reason == sts.CrashLoop && r.Pod != nil && sts.Restarts(r.Pod) < g.MaxRestarts
}

// tolerated turns the verdict on a pod that may still restart into a wait.
func (g Gates) tolerated(s *sts.Snapshot, d *Decision) *Decision {
	if d == nil || d.Verdict != Stuck {
		return d
	}
	for _, r := range s.Replicas() {
		if t := s.Trouble(r); onCanary(s, r) && g.mayRestart(r, t) && r.Revision == s.Set.Status.UpdateRevision {
			w := decide(Wait, ReasonPodNotAvailable, fmt.Sprintf("for %s, which %s, %d allowed", s.Name(r.Ordinal), t.Message, g.MaxRestarts), "")
			w.Subject = s.Name(r.Ordinal) + " " + t.Reason
			return &w
		}
	}
	return d
}

// onCanary says whether the partition gives the ordinal to the canary.
func onCanary(s *sts.Snapshot, r sts.Replica) bool {
	return r.Desired && r.Ordinal >= sts.UpdateFrom(s.Set)
}

func times(n int32) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// pass asks the gates of a step that take time, when its pods are all available. The
// decision is nil when all are passed; failed says which one was not.
func (g Gates) pass(s *sts.Snapshot, f Facts, at step) (d *Decision, failed string) {
	if len(at.pods) == 0 {
		return nil, "" // scaled away: there is nothing to ask about
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
	d := decide(Wait, ReasonSoaking, fmt.Sprintf("for %s to have been ready for %s", s.Name(last.Ordinal), sts.Duration(g.Soak)), "")
	d.Subject, d.Until = s.Name(last.Ordinal), &until
	return &d
}

func (g Gates) execs(f Facts, at step) (*Decision, string) {
	open, which := 0, ""
	var next *Run
	for n, command := range g.Execs {
		for k, r := range at.pods {
			run := Run{
				Key: fmt.Sprintf("check-exec %d from %s in %s", n, at.from, r.Pod.UID), For: "check-exec", Command: command,
				Pod: r.Pod.Name, UID: r.Pod.UID, Container: mainContainer(r.Pod), Timeout: g.Timeout,
			}
			answer, answered := f.Answers[run.Key]
			switch {
			case answered && answer.PodGone:
				open++ // the watch has still to show it
			case answered && !answer.Good():
				return nil, said(run, answer)
			case answered:
			case f.Asked[run.Key]:
				open++
			case next == nil:
				next = &run
				if len(at.pods) > 1 {
					which = fmt.Sprintf(" (%d of %d)", k+1, len(at.pods))
				}
			}
		}
	}
	switch {
	case next != nil && open < execsAtOnce:
		d := do(Action{Why: fmt.Sprintf("run --check-exec %q inside %s%s", next.Command, next.Pod, which), Run: next}, "Check")
		return &d, ""
	case next != nil || open > 0:
		d := decide(Wait, ReasonChecking, "for --check-exec inside "+sts.Count(len(at.pods), "pod"), "")
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
		run := Run{
			Key: fmt.Sprintf("check %d from %s of %s", n, at.from, strings.Join(uids, " ")), For: "check", Command: command,
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
		answer, answered := f.Answers[run.Key]
		switch {
		case answered && !answer.Good():
			return nil, said(run, answer)
		case answered:
			continue
		case f.Asked[run.Key]:
			d := decide(Wait, ReasonChecking, fmt.Sprintf("for --check %q", command), "")
			return &d, ""
		}
		d := do(Action{Why: fmt.Sprintf("run --check %q", command), Run: &run}, "Check")
		return &d, ""
	}
	return nil, ""
}

// said is a bad answer in a sentence.
func said(run Run, a Answer) string {
	return fmt.Sprintf("%s %q %s", run.Label(), run.Command, a)
}

// mainContainer is where kubectl would exec: the pod's default container if it has
// that one, or its first.
func mainContainer(pod *corev1.Pod) string {
	for _, c := range pod.Spec.Containers {
		if c.Name == pod.Annotations[defaultContainerAnnotation] {
			return c.Name
		}
	}
	return pod.Spec.Containers[0].Name
}
