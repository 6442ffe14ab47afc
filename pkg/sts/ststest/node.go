package ststest

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// LostNode is a node whose kubelet has stopped a minute before the node was marked as Unknown.
func LostNode(name string, since time.Time, pods ...*corev1.Pod) sts.NodeState {
	seen := since.Add(-time.Minute)
	return sts.NodeState{
		Name: name, Pods: pods,
		Node: &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "70"},
			Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute}}},
			Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown,
				LastTransitionTime: metav1.NewTime(since), LastHeartbeatTime: metav1.NewTime(seen)}}},
		},
		Lease: Lease(name, seen),
	}
}

// Lease is that of a kubelet.
func Lease(name string, renewed time.Time) *coordinationv1.Lease {
	at := metav1.NewMicroTime(renewed)
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: corev1.NamespaceNodeLease, Name: name}, Spec: coordinationv1.LeaseSpec{RenewTime: &at}}
}

// ReadyNode is a node that is Ready.
func ReadyNode(name string) sts.NodeState {
	n := LostNode(name, Now.Add(-time.Hour))
	n.Node.Status.Conditions[0].Status = corev1.ConditionTrue
	n.Node.Spec.Taints, n.Lease = nil, Lease(name, Now)
	return n
}
