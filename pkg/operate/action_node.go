package operate

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// NodePatch changes the taints of a node with one JSON patch (RFC 6902), if the node still has this UID.
type NodePatch struct {
	Description string `json:"-"`
	// Node is the name of the node.
	Node string `json:"node"`
	// UID is the UID of the node: another node of that name is not changed.
	UID types.UID `json:"uid"`
	// Ops are the JSON patch as it is sent, `test` operations included.
	Ops []PatchOp `json:"ops"`
}

// Describe implements [SetAction].
func (p *NodePatch) Describe() string { return p.Description }

// IsAPIWrite implements [SetAction].
func (*NodePatch) IsAPIWrite() bool { return true }

func (p *NodePatch) simulate(w *preview) error {
	return w.changeNode(p.Node, func(n *corev1.Node) (*corev1.Node, error) { return Patched(n, p.Ops) })
}

func (p *NodePatch) refusal(o *Objection, _, _ string) *Decision {
	d := o.RefuseObject("", "patch", nodeSubject(p.Node)).Decision
	return &d
}

func nodeSubject(name string) string { return "node/" + name }

// TaintNode adds the taint `node.kubernetes.io/out-of-service=nodeshutdown:NoExecute` to a node, if the node is
// unchanged. All pods on the node are removed, and its volumes are detached.
type TaintNode struct{ NodePatch }

// newTaintNode tests the resourceVersion: a node that becomes Ready, or gets another taint, is another one.
func newTaintNode(why string, n *sts.NodeState, t record.NodeTaint) *TaintNode {
	taint := sts.OutOfService()
	taint.TimeAdded = &metav1.Time{Time: t.AddedAt}
	ops := []PatchOp{Op("test", "/metadata/uid", n.Node.UID), Op("test", "/metadata/resourceVersion", n.Node.ResourceVersion)}
	if len(n.Node.Spec.Taints) == 0 {
		ops = append(ops, Op("test", taintsPath, nil), Op("add", taintsPath, []corev1.Taint{taint}))
	} else {
		ops = append(ops, Op("test", taintsPath, n.Node.Spec.Taints), Op("add", taintsPath+"/-", taint))
	}
	return &TaintNode{NodePatch{Description: why, Node: n.Name, UID: n.Node.UID, Ops: ops}}
}

const taintsPath = "/spec/taints"

func (*TaintNode) isSetAction() {}

// Type implements [SetAction].
func (*TaintNode) Type() string { return "TaintNode" }

// Disrupts implements [SetAction].
func (*TaintNode) Disrupts() bool { return true }

// Endangers implements [SetAction].
func (a *TaintNode) Endangers(s *sts.Snapshot) []sts.Replica { return endangeredByNode(s, a.Node) }

func (*TaintNode) after(f Facts) Facts { return f }

func (a *TaintNode) simulate(w *preview) error {
	if err := a.NodePatch.simulate(w); err != nil {
		return err
	}
	w.endOn(a.Node)
	return nil
}

// UntaintNode removes the taint `node.kubernetes.io/out-of-service` that a recovery has added to a node.
type UntaintNode struct{ NodePatch }

func newUntaintNode(why string, n *sts.NodeState, at int) *UntaintNode {
	path := taintsPath + "/" + sts.Ordinal(at).String()
	return &UntaintNode{NodePatch{Description: why, Node: n.Name, UID: n.Node.UID, Ops: []PatchOp{
		Op("test", "/metadata/uid", n.Node.UID), Op("test", path, n.Node.Spec.Taints[at]), {Op: "remove", Path: path},
	}}}
}

func (*UntaintNode) isSetAction() {}

// Type implements [SetAction].
func (*UntaintNode) Type() string { return "UntaintNode" }

// Disrupts implements [SetAction].
func (*UntaintNode) Disrupts() bool { return false }

// Endangers implements [SetAction].
func (*UntaintNode) Endangers(*sts.Snapshot) []sts.Replica { return nil }

func (*UntaintNode) after(f Facts) Facts { return f }

// DeleteNode deletes a Node object, if it is unchanged. All pods on the node are removed.
type DeleteNode struct {
	Description string `json:"-"`
	// Node is the name of the node.
	Node string `json:"node"`
	// UID is the UID of the node: another node of that name is not deleted.
	UID types.UID `json:"uid"`
	// ResourceVersion is that of the node: one that has become Ready is not deleted.
	ResourceVersion string `json:"resourceVersion"`
}

func (*DeleteNode) isSetAction() {}

// Type implements [SetAction].
func (*DeleteNode) Type() string { return "DeleteNode" }

// Describe implements [SetAction].
func (a *DeleteNode) Describe() string { return a.Description }

// IsAPIWrite implements [SetAction].
func (*DeleteNode) IsAPIWrite() bool { return true }

// Disrupts implements [SetAction].
func (*DeleteNode) Disrupts() bool { return true }

// Endangers implements [SetAction].
func (a *DeleteNode) Endangers(s *sts.Snapshot) []sts.Replica { return endangeredByNode(s, a.Node) }

func (*DeleteNode) after(f Facts) Facts { return f }

func (a *DeleteNode) simulate(w *preview) error {
	stays := false
	err := w.changeNode(a.Node, func(n *corev1.Node) (*corev1.Node, error) {
		if stays = len(n.Finalizers) > 0; !stays {
			return nil, nil
		}
		n = n.DeepCopy()
		n.DeletionTimestamp = &metav1.Time{Time: w.Now}
		return n, nil
	})
	switch {
	case err != nil:
		return err
	case stays:
		w.LoseNode(a.Node) // its pods stay, too
	default:
		w.endOn(a.Node)
	}
	return nil
}

func (a *DeleteNode) refusal(o *Objection, _, _ string) *Decision {
	d := o.RefuseObject("", "delete", nodeSubject(a.Node)).Decision
	return &d
}

// ForceDeletePod deletes one pod with grace period 0, if it still has this UID: without waiting for its kubelet.
type ForceDeletePod struct {
	Description string `json:"-"`
	PodRef
	// Node is the name of the pod's node.
	Node string `json:"node"`
}

func (*ForceDeletePod) isSetAction() {}

// Type implements [SetAction].
func (*ForceDeletePod) Type() string { return "ForceDeletePod" }

// Describe implements [SetAction].
func (a *ForceDeletePod) Describe() string { return a.Description }

// IsAPIWrite implements [SetAction].
func (*ForceDeletePod) IsAPIWrite() bool { return true }

// Disrupts implements [SetAction].
func (*ForceDeletePod) Disrupts() bool { return true }

// Endangers implements [SetAction].
func (a *ForceDeletePod) Endangers(s *sts.Snapshot) []sts.Replica {
	return endangeredByRemoval(s, a.UID)
}

func (*ForceDeletePod) after(f Facts) Facts { return f }

func (a *ForceDeletePod) simulate(w *preview) error {
	w.endPod(a.Ordinal, a.Name)
	return nil
}

func (a *ForceDeletePod) refusal(o *Objection, namespace, _ string) *Decision {
	d := o.RefuseRemoval(namespace, "delete", a.Name)
	return &d
}

// NodeOf is the name of the node that an action of a recovery is about, empty for other actions.
func NodeOf(a SetAction) string {
	switch a := a.(type) {
	case *TaintNode:
		return a.Node
	case *DeleteNode:
		return a.Node
	case *ForceDeletePod:
		return a.Node
	}
	return ""
}

// endangeredByNode are the replicas whose pods are removed with a node.
func endangeredByNode(s *sts.Snapshot, node string) []sts.Replica {
	due := dueForUpdate(s)
	return endangered(s, func(r sts.Replica) bool { return r.Pod.Spec.NodeName == node || due(r) })
}

// changeNode changes a node of the preview.
func (w *preview) changeNode(name string, change func(*corev1.Node) (*corev1.Node, error)) error {
	nodes := slices.Clone(w.beside.NodeStates)
	for i := range nodes {
		if nodes[i].Name != name || nodes[i].Node == nil {
			continue
		}
		var err error
		if nodes[i].Node, err = change(nodes[i].Node); err != nil {
			return err
		}
	}
	w.beside.NodeStates = nodes
	return nil
}

// endOn ends the pods on a node.
func (w *preview) endOn(node string) {
	for _, r := range w.snapshot().Replicas() {
		if r.Pod != nil && r.Pod.Spec.NodeName == node {
			w.endPod(r.Ordinal, r.Pod.Name)
		}
	}
}

// endPod ends a pod without its kubelet. One with finalizers stays.
func (w *preview) endPod(o sts.Ordinal, name string) {
	pod := w.Pods[name]
	if pod == nil || len(pod.Finalizers) == 0 {
		w.End(o)
		return
	}
	pod = pod.DeepCopy()
	pod.DeletionTimestamp, pod.DeletionGracePeriodSeconds = &metav1.Time{Time: w.Now}, new(int64)
	w.Pods[name] = pod
}
