package kube

import (
	"context"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// evidenceAgain is how often a view reads the nodes again that explain why pods hang. Kubelets renew their leases
// every 10 seconds.
const evidenceAgain = 10 * time.Second

// nodeEvidence is what was read about nodes, and when.
type nodeEvidence struct {
	names  []string
	states []sts.NodeState
	at     time.Time
}

// evidence reads the nodes that explain why pods hang, with the leases of their kubelets: usually none. They only
// explain: what cannot be read is left out.
func (c *Client) evidence(ctx context.Context, names []string) []sts.NodeState {
	own := &sts.Inventory{}
	r := reader{ctx: ctx, inv: own}
	nodes, leases := map[string]*corev1.Node{}, map[string]*coordinationv1.Lease{}
	r.byNames("nodes", names, listOf(c.kube.CoreV1().Nodes().List), func(o runtime.Object) {
		node := o.(*corev1.Node)
		nodes[node.Name] = node
	})
	r.byNames("leases", names, listOf(c.kube.CoordinationV1().Leases(corev1.NamespaceNodeLease).List), func(o runtime.Object) {
		lease := o.(*coordinationv1.Lease)
		leases[lease.Name] = lease
	})
	// Without its lease, a kubelet that is alive may count as silent.
	if err := r.wait(); err != nil || !own.Knows("nodes") || !own.Knows("leases") {
		return nil
	}
	states := make([]sts.NodeState, len(names))
	for i, name := range names {
		states[i] = sts.NodeState{Name: name, Node: nodes[name], Lease: leases[name]}
	}
	return states
}

// explainHanging adds what is known about the nodes of hanging pods to the inventory of a watch. Those of a recovery are
// in it already.
func (v *View) explainHanging(ctx context.Context, inv *sts.Inventory) {
	names := diagnose.Nodes(inv, inv.TakenAt)
	m := &v.hanging
	if !slices.Equal(names, m.names) || inv.TakenAt.Sub(m.at) >= evidenceAgain {
		called, cancel := context.WithTimeout(ctx, recordTimeout)
		*m = nodeEvidence{names: names, states: v.client.evidence(called, names), at: inv.TakenAt}
		cancel()
	}
	for _, state := range m.states {
		if !slices.ContainsFunc(inv.NodeStates, func(n sts.NodeState) bool { return n.Name == state.Name }) {
			inv.NodeStates = append(inv.NodeStates, state)
		}
	}
}
