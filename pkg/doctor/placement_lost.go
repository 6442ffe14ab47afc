package doctor

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// collected is how long a pod may exist without its node: the garbage collector removes it in a minute.
const collected = 3 * time.Minute

// lostNode is a node that does not report, or that was deleted, with what it holds of a set.
type lostNode struct {
	name    string
	lost    *diagnose.Lost // the evidence
	outside bool           // it has the taint out-of-service

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
			if n := at(a.Spec.NodeName); n != nil && (len(n.pods) > 0 || n.lost.Proven(l.TakenAt) && l.waitsFor(claim.Name, n.name)) {
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
		found := l.found(severity, "", msgLostNode(n), hintLostNode(n, l.Set.Namespace, l.Set.Name))
		found[0].Ordinals = n.ordinals
		out = append(out, found...)
	}
	return out
}

// lostNode is what is known of the node, nil if it is ready.
func (l *Look) lostNode(name string) *lostNode {
	if len(l.Nodes) == 0 {
		return nil // pods run on nodes, so these are not known
	}
	node := l.node(name)
	lost := diagnose.LostNode(node, nil, nil, l.TakenAt)
	if lost == nil {
		return nil
	}
	out := &lostNode{name: name, lost: lost}
	if node == nil {
		lost.Node, lost.Message = name, diagnose.LostNode(nil, nil, &corev1.Pod{Spec: corev1.PodSpec{NodeName: name}}, l.TakenAt).Message
		return out
	}
	out.outside = slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeOutOfService })
	return out
}

// heldTooLong: the node is lost for longer than the pod tolerates.
func (l *Look) heldTooLong(n *lostNode, pod *corev1.Pod) bool {
	if !n.lost.Deleted {
		lost := diagnose.LostNode(l.node(n.name), nil, pod, l.TakenAt)
		return lost != nil && lost.Proven(l.TakenAt)
	}
	since := pod.CreationTimestamp.Time
	if c := sts.Condition(pod, corev1.PodScheduled); c != nil {
		since = sts.Latest(since, c.LastTransitionTime.Time)
	}
	if pod.DeletionTimestamp != nil {
		since = sts.Latest(since, pod.DeletionTimestamp.Time)
	}
	return l.TakenAt.Sub(since) >= collected
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
