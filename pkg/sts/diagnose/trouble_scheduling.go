package diagnose

import (
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func schedulingTrouble(s *sts.Snapshot, r sts.Replica) *Trouble {
	pod := r.Pod
	if pod.Spec.NodeName == "" && len(pod.Spec.SchedulingGates) > 0 {
		names := make([]string, len(pod.Spec.SchedulingGates))
		for i, g := range pod.Spec.SchedulingGates {
			names[i] = g.Name
		}
		age := s.TakenAt.Sub(pod.CreationTimestamp.Time)
		return schedulingGated.trouble(age, msgGated(names, age))
	}
	c := sts.Condition(pod, corev1.PodScheduled)
	if c == nil || c.Status != corev1.ConditionFalse {
		return nil
	}
	prospect := outlook(s, pod, c)
	lasted := s.TakenAt.Sub(prospect.since)
	if claim, why := claimPending(s, r, c.Message); claim != nil {
		failing := unboundClaim.stuck(lasted)
		if why == "" {
			if !strings.Contains(c.Message, "immediate") { // it is bound once there is a node for it
				failing = reason(s, unschedulable).stuck(lasted) && !prospect.heals
			}
			why = msgUnboundByScheduler(c.Message)
		}
		t := unboundClaim.trouble(lasted, msgUnboundClaim(claim.Name, claim.Status.Phase, Point(why))).withDetail(why)
		t.Claim, t.Failing = claim.Name, failing
		return t
	}
	t := reason(s, unschedulable).trouble(lasted, msgUnschedulable(s.TakenAt.Sub(scheduleFailed(pod, c)), Point(c.Message), prospect.said)).withDetail(c.Message)
	t.Failing = prospect.never || t.Failing && !prospect.heals
	return t
}

// scheduleFailed is since when the scheduler has found no node for the pod.
func scheduleFailed(pod *corev1.Pod, c *corev1.PodCondition) time.Time {
	if c.LastTransitionTime.IsZero() {
		return pod.CreationTimestamp.Time
	}
	return c.LastTransitionTime.Time
}

// scaleUpTime is how long a requested node may take: an autoscaler gives up a node that has not
// registered after 15 minutes.
const scaleUpTime = 15 * time.Minute

// The events of autoscalers about a pod.
const (
	triggeredScaleUp  = "TriggeredScaleUp"  // cluster-autoscaler: a node group was scaled up for it
	notTriggerScaleUp = "NotTriggerScaleUp" // cluster-autoscaler: no node group would help
	nominatedByNode   = "Nominated"         // Karpenter: the node on which it will run
)

// ScaleUpEvents are the reasons of the events that are not warnings and show whether a pod
// that cannot be scheduled will get a node.
func ScaleUpEvents() []string { return []string{triggeredScaleUp, notTriggerScaleUp, nominatedByNode} }

// Unscheduled says whether the scheduler has found no node for one of the sets' pods.
func Unscheduled(inv *sts.Inventory) bool {
	return slices.ContainsFunc(inv.Pods, func(p *corev1.Pod) bool {
		c := sts.Condition(p, corev1.PodScheduled)
		return p.DeletionTimestamp == nil && sts.OwnerSet(p) != "" && len(p.Spec.SchedulingGates) == 0 && c != nil && c.Status == corev1.ConditionFalse
	})
}

// prospect is what is known of the nodes that a pod may get.
type prospect struct {
	// since is when the time that a node may take began.
	since time.Time
	// heals: a node is being added. never: no node that the pod could use can be added.
	heals, never bool
	// said is this for people.
	said string
}

func outlook(s *sts.Snapshot, pod *corev1.Pod, c *corev1.PodCondition) prospect {
	p := prospect{since: scheduleFailed(pod, c)}
	failed := p.since
	newest := func(reason string) *corev1.Event {
		return newestOf(s, pod, func(e *corev1.Event) bool { return e.Reason == reason })
	}
	if e := newest("FailedScheduling"); e != nil && sts.EventTime(e).After(failed) {
		failed = sts.EventTime(e)
	}
	up, not := newest(triggeredScaleUp), newest(notTriggerScaleUp)
	if e := newest(nominatedByNode); e != nil && (up == nil || sts.EventTime(e).After(sts.EventTime(up))) {
		up = e
	}
	switch {
	case not != nil && (up == nil || sts.EventTime(not).After(sts.EventTime(up))) && s.TakenAt.Sub(sts.EventTime(not)) < scaleUpTime:
		p.said = msgNoScaleUp(Point(strings.TrimPrefix(not.Message, "pod didn't trigger scale-up: ")))
		p.never = neverFits(c.Message) && neverFits(not.Message)
		return p
	case up != nil && sts.EventTime(up).After(p.since):
		p.since = sts.EventTime(up)
	case up != nil && sts.EventTime(up).Before(p.since.Truncate(time.Second)):
		up = nil // before it was unschedulable: of an earlier attempt
	}
	switch {
	case up != nil && !sts.EventTime(up).Before(failed.Truncate(time.Second)):
		p.said = msgNodeRequested(s.TakenAt.Sub(sts.EventTime(up)), up.Reason)
		p.heals = s.TakenAt.Sub(sts.EventTime(up)) < scaleUpTime
	case up != nil:
		p.said = msgNodeDidNotHelp(s.TakenAt.Sub(sts.EventTime(up)), up.Reason)
	case pod.Status.NominatedNodeName != "":
		p.said = msgNominated(pod.Status.NominatedNodeName)
		p.heals = s.TakenAt.Sub(p.since) < scaleUpTime
	}
	return p
}

var (
	// nodeReasons is how a message of the scheduler, or of the cluster autoscaler, about nodes begins.
	nodeReasons = regexp.MustCompile(`^(?:\d+/\d+ nodes are available|pod didn't trigger scale-up[^:]*): `)
	// noMatch is what does not change with time; roleTaint neither, and every cluster has some.
	noMatch   = regexp.MustCompile(`^\d+ node\(s\) (?:didn't match Pod's node affinity/selector|didn't match Pod's node affinity|had volume node affinity conflict)$`)
	roleTaint = regexp.MustCompile(`^\d+ node\(s\) had untolerated taint \{node-role\.kubernetes\.io/[^}]*\}$`)
)

// neverFits says whether the message gives, for every node, a reason that follows from the specs
// of the pod and the node.
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

// claimPending is the claim that keeps the pod from being scheduled, and why it is not bound
// as far as the claim shows. A claim whose StorageClass binds at the first consumer waits for
// the pod, not the pod for it: then the scheduler does not name claims.
func claimPending(s *sts.Snapshot, r sts.Replica, scheduler string) (claim *corev1.PersistentVolumeClaim, why string) {
	for _, c := range claimsFor(s, r) {
		if c.Status.Phase == corev1.ClaimBound {
			continue
		}
		if why := WhyUnbound(s, c); why != "" {
			return c, why
		}
		if claim == nil && aboutClaims.MatchString(scheduler) {
			claim = c
		}
	}
	return claim, ""
}

// aboutClaims matches the scheduler's messages about a claim that is not bound.
var aboutClaims = regexp.MustCompile(`(?i)PersistentVolumeClaim|persistent volumes? to bind|binding volumes`)

// claimsFor are the replica's claims, including those that the pod template names in its volumes.
func claimsFor(s *sts.Snapshot, r sts.Replica) []*corev1.PersistentVolumeClaim {
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
