package diagnose

import (
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

const (
	// ToleratedByDefault is how long a pod stays on an unreachable node by default: the API server adds a
	// toleration of that length.
	ToleratedByDefault = 300 * time.Second
	// leaseDuration is that of a kubelet by default.
	leaseDuration = 40 * time.Second
)

// Lost is the evidence about a node that is not Ready.
type Lost struct {
	Node string
	// Deleted: the Node object does not exist.
	Deleted bool
	// Status is that of the condition Ready: Unknown when the kubelet does not report, False when it reports
	// that it is not ready. Since is when it changed.
	Status corev1.ConditionStatus
	Since  time.Time
	// Seen is when the kubelet last renewed its lease, or reported. Zero for unknown.
	Seen time.Time
	// Alive: the kubelet has renewed its lease, or reported, after the node became not ready, and not long ago.
	Alive bool
	// Tolerated is how long the pod tolerates such a node. Due is when the node counts as lost for the pod.
	Tolerated time.Duration
	Due       time.Time
	// Message is the evidence in words.
	Message string
}

// Proven says whether the node counts as lost: it is gone, or has been silent for longer than the pod
// tolerates.
func (l *Lost) Proven(now time.Time) bool { return l.Deleted || !l.Alive && !now.Before(l.Due) }

// LostNode is the evidence that the node of a pod is lost, nil when the node is Ready or the pod has no
// node. node is nil where the Node object does not exist, lease where the kubelet has none.
//
// The controller manager marks a node as Unknown when its lease has not been renewed for
// --node-monitor-grace-period. A lease that is renewed later than that shows that the kubelet runs, although
// the status has not followed yet.
func LostNode(node *corev1.Node, lease *coordinationv1.Lease, pod *corev1.Pod, now time.Time) *Lost {
	l := &Lost{Tolerated: ToleratedByDefault}
	if pod != nil {
		if pod.Spec.NodeName == "" {
			return nil
		}
		l.Node = pod.Spec.NodeName
		if after, leaves := Toleration(pod); leaves {
			l.Tolerated = after
		}
	}
	if node == nil {
		l.Deleted, l.Message = true, msgNodeDeleted(l.Node)
		return l
	}
	l.Node, l.Status, l.Since = node.Name, corev1.ConditionUnknown, node.CreationTimestamp.Time
	if ready := sts.NodeReady(node); ready != nil {
		if ready.Status == corev1.ConditionTrue {
			return nil
		}
		l.Status, l.Since, l.Seen = ready.Status, ready.LastTransitionTime.Time, ready.LastHeartbeatTime.Time
	}
	quiet := leaseDuration
	if lease != nil {
		if renewed := lease.Spec.RenewTime; renewed != nil {
			l.Seen = sts.Latest(l.Seen, renewed.Time)
		}
		if seconds := lease.Spec.LeaseDurationSeconds; seconds != nil {
			quiet = time.Duration(*seconds) * time.Second
		}
	}
	l.Due = l.Since.Add(l.Tolerated)
	if l.Seen.After(l.Since) {
		l.Due = l.Seen.Add(max(l.Tolerated, quiet))
		l.Alive = now.Before(l.Due)
	}
	l.Message = msgNodeNotReady(l.Node, string(l.Status), now.Sub(l.Since), l.Seen, now)
	return l
}

// Nodes are the nodes whose state explains why a pod of the inventory does not terminate, or is not ready at this
// time, sorted: few, because a pod that its kubelet reports on has another reason.
func Nodes(inv *sts.Inventory, now time.Time) []string {
	var names []string
	for _, p := range inv.Pods {
		if p.Spec.NodeName != "" && (deletedLongAgo(p, now) || silent(p)) {
			names = append(names, p.Spec.NodeName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// deletedLongAgo: only its kubelet keeps the pod from being gone.
func deletedLongAgo(pod *corev1.Pod, now time.Time) bool {
	return pod.DeletionTimestamp != nil && len(pod.Finalizers) == 0 && now.Sub(pod.DeletionTimestamp.Time) > terminatingGrace
}

// silent: the pod was marked as not ready although its kubelet has last reported that all its containers are, as the
// controller manager does for the pods of a node that is not ready.
func silent(pod *corev1.Pod) bool {
	ready, containers := sts.Condition(pod, corev1.PodReady), sts.Condition(pod, corev1.ContainersReady)
	return pod.DeletionTimestamp == nil && pod.Status.Phase == corev1.PodRunning && len(gatesNotReady(pod)) == 0 &&
		ready != nil && ready.Status != corev1.ConditionTrue && containers != nil && containers.Status == corev1.ConditionTrue
}

// nodeOf is what is known about the node of a pod that hangs, and what to do.
func nodeOf(s *sts.Snapshot, r sts.Replica) (string, sts.Hint) {
	name := r.Pod.Spec.NodeName
	if name == "" {
		return "", nil
	}
	why := msgNodeMayBeDown(name)
	if n := s.NodeOf(name); n != nil {
		lost := LostNode(n.Node, n.Lease, r.Pod, s.TakenAt)
		if lost == nil {
			return msgNodeReady(name), nil
		}
		why = lost.Message
	}
	return why, hintNodeMayBeLost(sts.Kubectl("", "describe node", name), sts.Kubectl(s.Set.Namespace, "sts recover", s.Set.Name, "--ordinal", r.Ordinal.String()))
}

// Toleration is how long a pod stays on an unreachable node, and whether it is ever evicted from one.
func Toleration(pod *corev1.Pod) (after time.Duration, leaves bool) {
	var matches bool
	for _, t := range pod.Spec.Tolerations {
		if !tolerates(t, corev1.TaintNodeUnreachable) {
			continue
		}
		matches = true
		if seconds := t.TolerationSeconds; seconds != nil && (!leaves || time.Duration(*seconds)*time.Second < after) {
			after, leaves = max(0, time.Duration(*seconds)*time.Second), true
		}
	}
	if !matches {
		return ToleratedByDefault, true
	}
	return after, leaves
}

// ToleratesOutOfService says whether the taint node.kubernetes.io/out-of-service does not remove the pod.
func ToleratesOutOfService(pod *corev1.Pod) bool {
	for _, t := range pod.Spec.Tolerations {
		if tolerates(t, corev1.TaintNodeOutOfService) && t.TolerationSeconds == nil {
			return true
		}
	}
	return false
}

// tolerates: the value of the taint is not looked at, because a toleration of a value is not useful for these.
func tolerates(t corev1.Toleration, key string) bool {
	return (t.Effect == "" || t.Effect == corev1.TaintEffectNoExecute) &&
		(t.Key == key || t.Key == "" && t.Operator == corev1.TolerationOpExists)
}
