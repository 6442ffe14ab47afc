package doctor

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

const (
	// lostAfter is how long a node may be unreachable: what pods tolerate by default.
	lostAfter = 5 * time.Minute
	// collected is how long a pod may exist without its node: the garbage collector removes it in a minute.
	collected = 3 * time.Minute
)

// lostNode is a node that does not report, or that was deleted, with what it holds of a set.
type lostNode struct {
	name    string
	node    *corev1.Node // nil if it was deleted
	since   time.Time    // it is not ready; zero if it was deleted
	why     string       // the reason of its condition
	outside bool         // it has the taint out-of-service

	pods     []heldPod
	ordinals []sts.Ordinal
	volumes  []string // claims whose volumes are attached to it
}

type heldPod struct {
	name  string
	state string // "Terminating since …", for people
}

func lostNodes(l *Look) []DoctorFinding {
	var lost []*lostNode
	at := func(name string) *lostNode {
		i := slices.IndexFunc(lost, func(n *lostNode) bool { return n.name == name })
		if i >= 0 {
			return lost[i]
		}
		n := l.lostNode(name)
		if n != nil {
			lost = append(lost, n)
		}
		return n
	}
	for _, r := range l.Replicas() {
		if r.Pod == nil || r.Pod.Spec.NodeName == "" || r.Pod.Status.Phase == corev1.PodSucceeded || r.Pod.Status.Phase == corev1.PodFailed {
			continue
		}
		n := at(r.Pod.Spec.NodeName)
		if n == nil || !l.heldTooLong(n, r.Pod) {
			continue
		}
		n.pods = append(n.pods, heldPod{r.Pod.Name, podState(r.Pod, l.TakenAt)})
		n.ordinals = append(n.ordinals, r.Ordinal)
	}
	for _, claim := range slices.Concat(l.Claims, l.Mounted) {
		for _, a := range l.Attachments {
			if claim.Spec.VolumeName == "" || a.Spec.Source.PersistentVolumeName == nil || *a.Spec.Source.PersistentVolumeName != claim.Spec.VolumeName || !a.Status.Attached {
				continue
			}
			if n := at(a.Spec.NodeName); n != nil && (len(n.pods) > 0 || l.waitsFor(claim.Name, n.name)) {
				n.volumes = append(n.volumes, claim.Name)
			}
		}
	}
	var out []DoctorFinding
	for _, n := range lost {
		if len(n.pods)+len(n.volumes) == 0 {
			continue
		}
		severity := sts.Severity("")
		if n.outside {
			severity = sts.SeverityInfo
		}
		found := l.found(severity, "", msgLostNode(n, l.TakenAt), hintLostNode(n, l.Set.Namespace))
		found[0].Ordinals = n.ordinals
		out = append(out, found...)
	}
	return out
}

// lostNode is what is known of the node, nil if it is not lost.
func (l *Look) lostNode(name string) *lostNode {
	out := &lostNode{name: name, node: l.node(name)}
	switch {
	case len(l.Nodes) == 0:
		return nil // pods run on nodes, so these are not known
	case out.node == nil:
		return out
	}
	out.outside = slices.ContainsFunc(out.node.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeOutOfService })
	c := readyCondition(out.node)
	if c == nil || c.Status == corev1.ConditionTrue || l.TakenAt.Sub(c.LastTransitionTime.Time) < lostAfter {
		return nil
	}
	out.since, out.why = c.LastTransitionTime.Time, c.Reason
	return out
}

// heldTooLong: the node is lost for longer than the pod tolerates.
func (l *Look) heldTooLong(n *lostNode, pod *corev1.Pod) bool {
	if n.node == nil {
		since := pod.CreationTimestamp.Time
		if c := sts.Condition(pod, corev1.PodScheduled); c != nil {
			since = sts.Latest(since, c.LastTransitionTime.Time)
		}
		if pod.DeletionTimestamp != nil {
			since = sts.Latest(since, pod.DeletionTimestamp.Time)
		}
		return l.TakenAt.Sub(since) >= collected
	}
	tolerated := time.Duration(0)
	for _, t := range pod.Spec.Tolerations {
		if (t.Key == corev1.TaintNodeUnreachable || t.Key == corev1.TaintNodeNotReady) && t.Effect != corev1.TaintEffectNoSchedule && t.TolerationSeconds != nil {
			tolerated = max(tolerated, time.Duration(*t.TolerationSeconds)*time.Second)
		}
	}
	return l.TakenAt.Sub(n.since) >= max(tolerated, lostAfter)
}

// waitsFor: a pod with this claim waits on another node, or for one.
func (l *Look) waitsFor(claim, node string) bool {
	return slices.ContainsFunc(l.Pods, func(p *corev1.Pod) bool {
		return slices.Contains(sts.MountedClaims(p), claim) && p.Spec.NodeName != node && p.Status.Phase == corev1.PodPending
	})
}

// podState is the state of a pod on a lost node.
func podState(pod *corev1.Pod, now time.Time) string {
	if pod.DeletionTimestamp != nil {
		deleted := pod.DeletionTimestamp.Time // when it should have ended
		if grace := pod.DeletionGracePeriodSeconds; grace != nil {
			deleted = deleted.Add(-time.Duration(*grace) * time.Second)
		}
		return msgTerminatingFor(now.Sub(deleted), pod.Finalizers)
	}
	if pod.Status.Phase == corev1.PodUnknown {
		return string(corev1.PodUnknown)
	}
	return msgPodNotReady()
}
