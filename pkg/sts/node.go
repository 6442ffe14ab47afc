package sts

import (
	"slices"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// NodeState is what was read about one node. It is read only where a command works on a lost node.
type NodeState struct {
	Name string
	// Node is nil where the Node object does not exist.
	Node *corev1.Node
	// Lease is that of the kubelet, nil where it does not exist.
	Lease *coordinationv1.Lease
	// Pods run on the node, in all namespaces, sorted by namespace and name. PodsHidden: they could not be listed.
	Pods       []*corev1.Pod
	PodsHidden bool
	// Attached are the PersistentVolumes that are attached to the node, sorted.
	Attached []string
}

// NodeOf is what was read about a node, nil where it was not read.
func (s *Snapshot) NodeOf(name string) *NodeState {
	for i := range s.NodeStates {
		if s.NodeStates[i].Name == name {
			return &s.NodeStates[i]
		}
	}
	return nil
}

// NodeReady is the node's condition Ready, nil when it has none.
func NodeReady(node *corev1.Node) *corev1.NodeCondition {
	for i := range node.Status.Conditions {
		if c := &node.Status.Conditions[i]; c.Type == corev1.NodeReady {
			return c
		}
	}
	return nil
}

// IsReady says whether the Node object exists and is Ready.
func (n *NodeState) IsReady() bool {
	if n.Node == nil {
		return false
	}
	c := NodeReady(n.Node)
	return c != nil && c.Status == corev1.ConditionTrue
}

// UID is that of the Node object, empty where it does not exist.
func (n *NodeState) UID() types.UID {
	if n.Node == nil {
		return ""
	}
	return n.Node.UID
}

// OutOfService is the taint of a node whose machine is known to be off.
func OutOfService() corev1.Taint {
	return corev1.Taint{Key: corev1.TaintNodeOutOfService, Value: "nodeshutdown", Effect: corev1.TaintEffectNoExecute}
}

// OutOfServiceAt is the index of the node's out-of-service taint, -1 when it has none.
func (n *NodeState) OutOfServiceAt() int {
	if n.Node == nil {
		return -1
	}
	return slices.IndexFunc(n.Node.Spec.Taints, func(t corev1.Taint) bool {
		return t.Key == corev1.TaintNodeOutOfService && t.Effect == corev1.TaintEffectNoExecute
	})
}
