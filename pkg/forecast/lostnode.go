package forecast

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// noticed is how long a node is unreachable until its pods are marked as not ready, and it gets
// the taint node.kubernetes.io/unreachable (--node-monitor-grace-period).
const noticed = 50 * time.Second

// LoseNode makes a node unreachable. Its pods become not ready and are deleted in the end; but without
// its kubelet they do not terminate, so their names and claims are in use until RemoveNode. New pods of
// the set run on other nodes.
func (w *World) LoseNode(node string) {
	w.cause = nil
	w.tell(NodeLost, NoOrdinal, node, "")
	for _, p := range w.Pods {
		if _, already := w.lost[p.UID]; p.Spec.NodeName == node && !already {
			w.lost[p.UID] = w.Now
		}
	}
}

// RemoveNode confirms that a lost node will not return: its Node object is deleted, or gets the taint
// node.kubernetes.io/out-of-service. That removes its pods.
func (w *World) RemoveNode(node string) {
	w.cause = nil
	w.tell(NodeRemoved, NoOrdinal, node, "")
	removed := len(w.events) - 1
	for _, o := range w.ordinals() {
		p := w.pod(o)
		if _, lost := w.lost[p.UID]; !lost || p.Spec.NodeName != node {
			continue
		}
		w.cause = []int{removed}
		w.End(o)
		gone := &w.events[w.last[p.Name]]
		if !slices.Contains(gone.After, removed) {
			gone.After = append(gone.After, removed)
			slices.Sort(gone.After)
		}
	}
}

// End removes an ordinal's pod at once, without its kubelet. This is how the pods of a removed node
// end, one after the other, in no guaranteed order.
func (w *World) End(o sts.Ordinal) {
	w.Delete(o)
	if p := w.pod(o); p != nil {
		w.gone(o, p)
	}
}

// nextOfLost is what happens next to a pod on a lost node: it becomes not ready, then it is evicted
// because of the taint, and then nothing.
func (w *World) nextOfLost(p *corev1.Pod) (at time.Time, happen func(sts.Ordinal, *corev1.Pod)) {
	at = w.lost[p.UID].Add(noticed)
	if !sts.ReadySince(p).IsZero() {
		return at, w.unready
	}
	if after, evicted := diagnose.Toleration(p); evicted && p.DeletionTimestamp == nil {
		return at.Add(after), w.evict
	}
	return time.Time{}, nil
}

func (w *World) unready(o sts.Ordinal, p *corev1.Pod) {
	p = w.replacePod(p)
	p.Status.Conditions = slices.Clone(p.Status.Conditions)
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodReady {
			c.Status, c.LastTransitionTime = corev1.ConditionFalse, metav1.NewTime(w.Now)
		}
	}
	delete(w.told, p.UID)
	w.cause = []int{w.last[p.Spec.NodeName]}
	w.tell(PodUnready, o, p.Name, sts.PodRevision(p))
}

func (w *World) evict(o sts.Ordinal, p *corev1.Pod) {
	if last, ok := w.last[p.Name]; ok {
		w.cause = []int{last}
	}
	w.Delete(o)
}
