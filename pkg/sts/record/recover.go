package record

import (
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// RecoverAnnotation has a [Recover] in JSON while a pod is recovered from a lost node, and as long as a node
// has a taint of such a recovery.
const RecoverAnnotation = sts.AnnotationPrefix + "recover"

// RecoverAction is how a pod is recovered from a lost node.
type RecoverAction string

// The actions.
const (
	// OutOfService adds the taint node.kubernetes.io/out-of-service to the node.
	OutOfService RecoverAction = "out-of-service"
	// DeleteNode deletes the Node object.
	DeleteNode RecoverAction = "delete-node"
	// ForceDeletePod deletes the pod with grace period 0.
	ForceDeletePod RecoverAction = "force-delete-pod"
)

// RecoverActions are all actions, the default first.
func RecoverActions() []RecoverAction {
	return []RecoverAction{OutOfService, DeleteNode, ForceDeletePod}
}

// Recover is what is kept about recoveries from lost nodes.
type Recover struct {
	// Recovery is the one in progress, nil when there is none.
	Recovery *Recovery `json:"recovery,omitempty"`
	// Taints are those that recoveries have added to nodes and that were not removed yet.
	Taints []NodeTaint `json:"taints,omitempty"`
}

// Recovery is the recovery of one pod from a lost node.
type Recovery struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	// UID is that of the pod on the lost node.
	UID types.UID `json:"uid"`
	// Node is the lost node, NodeUID the UID of its Node object, empty if that did not exist.
	Node      string        `json:"node"`
	NodeUID   types.UID     `json:"nodeUID,omitempty"`
	Action    RecoverAction `json:"action"`
	StartedBy string        `json:"startedBy,omitempty"`
	StartedAt time.Time     `json:"startedAt"`
}

// NodeTaint is the out-of-service taint that a recovery has added to a node, or is about to add.
type NodeTaint struct {
	Node string    `json:"node"`
	UID  types.UID `json:"uid"`
	// AddedAt is the taint's timeAdded. It distinguishes the taint from one of another client.
	AddedAt time.Time `json:"addedAt"`
}

// TaintOf is the taint of the node, nil when there is none.
func (r *Recover) TaintOf(node string) *NodeTaint {
	for i := range r.Taints {
		if r.Taints[i].Node == node {
			return &r.Taints[i]
		}
	}
	return nil
}

// Copy is a copy that can be changed.
func (r *Recover) Copy() Recover {
	out := Recover{Taints: slices.Clone(r.Taints)}
	if r.Recovery != nil {
		one := *r.Recovery
		out.Recovery = &one
	}
	return out
}

// IsOn says at which index the node has this taint, -1 when it has not: it was removed, or another client has
// added its own.
func (t NodeTaint) IsOn(n *sts.NodeState) int {
	at := n.OutOfServiceAt()
	if at < 0 || n.Node.UID != t.UID {
		return -1
	}
	if added := n.Node.Spec.Taints[at].TimeAdded; added == nil || !added.Time.Equal(t.AddedAt) {
		return -1
	}
	return at
}

// ReadRecover reads the record of recoveries: an empty one when there is none, an error when it can't be read.
func ReadRecover(set *appsv1.StatefulSet) (*Recover, error) {
	r, err := readAnnotation[Recover](set, RecoverAnnotation)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return &Recover{}, nil
	case r.Recovery == nil && len(r.Taints) == 0,
		r.Recovery != nil && (r.Recovery.UID == "" || r.Recovery.Node == "" || !slices.Contains(RecoverActions(), r.Recovery.Action)),
		slices.ContainsFunc(r.Taints, func(t NodeTaint) bool { return t.Node == "" || t.UID == "" || t.AddedAt.IsZero() }):
		return nil, invalid(set, RecoverAnnotation, msgNoRecovery())
	}
	return r, nil
}

// Again is the command that resumes the recovery, for a hint.
func (r *Recovery) Again(set *appsv1.StatefulSet) sts.Hint {
	args := []string{set.Name, "--ordinal", r.Ordinal.String()}
	if r.Action != OutOfService {
		args = append(args, "--action", string(r.Action))
	}
	return sts.Kubectl(set.Namespace, "sts recover", args...)
}

// ReleaseCommand removes the taints of nodes that are back, for a hint.
func ReleaseCommand(set *appsv1.StatefulSet) sts.Hint {
	return sts.Kubectl(set.Namespace, "sts recover", set.Name, "--release")
}
