package sts

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func (s *Snapshot) schedulingTrouble(r Replica) *Trouble {
	pod := r.Pod
	if pod.Spec.NodeName == "" && len(pod.Spec.SchedulingGates) > 0 {
		names := make([]string, len(pod.Spec.SchedulingGates))
		for i, g := range pod.Spec.SchedulingGates {
			names[i] = g.Name
		}
		age := s.TakenAt.Sub(pod.CreationTimestamp.Time)
		return schedulingGated.trouble(age, fmt.Sprintf("waits for its scheduling %s to be removed (%s)", gatesNamed(names), Age(age)))
	}
	c := condition(pod, corev1.PodScheduled)
	if c == nil || c.Status != corev1.ConditionFalse {
		return nil
	}
	prospect := s.prospect(pod, c)
	lasted := s.TakenAt.Sub(prospect.since)
	if claim, why := s.unboundClaim(r, c.Message); claim != nil {
		t := unboundClaim.trouble(lasted, fmt.Sprintf("waits for its claim %s, which is %s (", claim.Name, claim.Status.Phase))
		t.Claim = claim.Name
		if why == "" {
			if !strings.Contains(c.Message, "immediate") { // it is bound once there is a node for it
				t.Failing = s.reason(unschedulable).stuck(lasted) && !prospect.heals
			}
			why = "scheduler: " + c.Message
		}
		t.quote(why)
		t.Message += ")"
		return t
	}
	t := s.reason(unschedulable).trouble(lasted, fmt.Sprintf("cannot be scheduled (%s)", Age(s.TakenAt.Sub(scheduleFailed(pod, c)))))
	if c.Message != "" {
		t.Message += ": "
		t.quote(c.Message)
	}
	if prospect.said != "" {
		t.Message += "; " + prospect.said
	}
	t.Failing = prospect.never || t.Failing && !prospect.heals
	return t
}

func gatesNamed(names []string) string {
	if len(names) == 1 {
		return "gate " + names[0]
	}
	return "gates " + strings.Join(names, ", ")
}

// scheduleFailed is since when the scheduler finds no node for the pod.
func scheduleFailed(pod *corev1.Pod, c *corev1.PodCondition) time.Time {
	if c.LastTransitionTime.IsZero() {
		return pod.CreationTimestamp.Time
	}
	return c.LastTransitionTime.Time
}

// scaleUpTime is for how long a node that was asked for may take: an autoscaler gives up a
// node that has not come after 15 minutes.
const scaleUpTime = 15 * time.Minute

// The events of autoscalers about a pod.
const (
	triggeredScaleUp  = "TriggeredScaleUp"  // cluster-autoscaler: a node group was made larger for it
	notTriggerScaleUp = "NotTriggerScaleUp" // cluster-autoscaler: no node group would help
	nominatedByNode   = "Nominated"         // Karpenter: the node on which it will run
)

// ScaleUpEvents are the reasons of the events that are not warnings and tell whether a pod
// that cannot be scheduled will get a node.
func ScaleUpEvents() []string { return []string{triggeredScaleUp, notTriggerScaleUp, nominatedByNode} }

// Unscheduled says whether the scheduler finds no node for one of the sets' pods.
func (inv *Inventory) Unscheduled() bool {
	return slices.ContainsFunc(inv.Pods, func(p *corev1.Pod) bool {
		c := condition(p, corev1.PodScheduled)
		return p.DeletionTimestamp == nil && OwnerSet(p) != "" && len(p.Spec.SchedulingGates) == 0 && c != nil && c.Status == corev1.ConditionFalse
	})
}

// prospect is what is known of the nodes that a pod may get.
type prospect struct {
	// since is when the time began that a node may take.
	since time.Time
	// heals: a node is on its way. never: no node that the pod could use can come.
	heals, never bool
	// said is that in words.
	said string
}

func (s *Snapshot) prospect(pod *corev1.Pod, c *corev1.PodCondition) prospect {
	p := prospect{since: scheduleFailed(pod, c)}
	failed := p.since
	newest := func(reason string) *corev1.Event {
		return s.newestOf(pod, func(e *corev1.Event) bool { return e.Reason == reason })
	}
	if e := newest("FailedScheduling"); e != nil && EventTime(e).After(failed) {
		failed = EventTime(e)
	}
	up, not := newest(triggeredScaleUp), newest(notTriggerScaleUp)
	if e := newest(nominatedByNode); e != nil && (up == nil || EventTime(e).After(EventTime(up))) {
		up = e
	}
	switch {
	case not != nil && (up == nil || EventTime(not).After(EventTime(up))) && s.TakenAt.Sub(EventTime(not)) < scaleUpTime:
		why := Point(strings.TrimPrefix(not.Message, "pod didn't trigger scale-up: "))
		p.said = "the cluster autoscaler adds no node: " + why
		p.never = neverFits(c.Message) && neverFits(not.Message)
		return p
	case up != nil && EventTime(up).After(p.since):
		p.since = EventTime(up)
	case up != nil && EventTime(up).Before(p.since.Truncate(time.Second)):
		up = nil // before it was unschedulable: of another try
	}
	switch {
	case up != nil && !EventTime(up).Before(failed.Truncate(time.Second)):
		p.said = fmt.Sprintf("a node was requested for it %s ago (%s)", Age(s.TakenAt.Sub(EventTime(up))), up.Reason)
		p.heals = s.TakenAt.Sub(EventTime(up)) < scaleUpTime
	case up != nil:
		p.said = fmt.Sprintf("a node was requested for it %s ago (%s), and it did not fit since", Age(s.TakenAt.Sub(EventTime(up))), up.Reason)
	case pod.Status.NominatedNodeName != "":
		p.said = "it is nominated to node " + pod.Status.NominatedNodeName + ", where other pods end for it"
		p.heals = s.TakenAt.Sub(p.since) < scaleUpTime
	}
	return p
}

var (
	// nodeReasons begins what the scheduler, or the cluster autoscaler, says of nodes.
	nodeReasons = regexp.MustCompile(`^(?:\d+/\d+ nodes are available|pod didn't trigger scale-up[^:]*): `)
	// noMatch is what no time changes of a node; roleTaint neither, and every cluster has some.
	noMatch   = regexp.MustCompile(`^\d+ node\(s\) (?:didn't match Pod's node affinity/selector|didn't match Pod's node affinity|had volume node affinity conflict)$`)
	roleTaint = regexp.MustCompile(`^\d+ node\(s\) had untolerated taint \{node-role\.kubernetes\.io/[^}]*\}$`)
)

// neverFits says whether the message has, for every node, a reason that lies in the pod's and
// the node's own description.
func neverFits(message string) bool {
	text := Point(message)
	head := nodeReasons.FindString(text)
	if head == "" {
		return false
	}
	matches := 0
	for part := range strings.SplitSeq(strings.TrimPrefix(text, head), ", ") {
		switch {
		case noMatch.MatchString(part):
			matches++
		case !roleTaint.MatchString(part):
			return false
		}
	}
	return matches > 0
}

// unboundClaim is the claim that keeps the pod from being scheduled, and why it is not bound
// as far as the claim tells. A claim whose StorageClass binds at the first consumer waits for
// the pod, not the pod for it: then the scheduler does not name claims.
func (s *Snapshot) unboundClaim(r Replica, scheduler string) (claim *corev1.PersistentVolumeClaim, why string) {
	for _, c := range s.claimsFor(r) {
		if c.Status.Phase == corev1.ClaimBound {
			continue
		}
		if why := s.WhyUnbound(c); why != "" {
			return c, why
		}
		if claim == nil && aboutClaims.MatchString(scheduler) {
			claim = c
		}
	}
	return claim, ""
}

// aboutClaims are the scheduler's words for a claim that is not bound.
var aboutClaims = regexp.MustCompile(`(?i)PersistentVolumeClaim|persistent volumes? to bind|binding volumes`)

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
