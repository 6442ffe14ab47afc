package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// simulated is the annotation of the nodes that kwok plays.
const simulated = "kwok.x-k8s.io/node"

// cmdNode makes a node of the scenario, stops it or starts it again. Other scenarios' pods do not run there.
func cmdNode(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && (len(args) == 1 || len(args) == 2), "node NAME [off|on|alive]")
	s, name := of(ts), args[0]
	ctx, cancel := requestContext()
	defer cancel()
	if len(args) == 1 {
		ts.Check(s.createNode(ctx, name))
		cmdUntil(ts, false, []string{"field", "node/" + name, `{.status.conditions[?(@.type=="Ready")].status}`, "True"})
		return
	}
	switch args[1] {
	case "off":
		ts.Check(s.switchOff(ctx, name, `"yes"`))
		ts.Check(s.stopNode(ctx, name))
		until(ts, func() error { return s.stopped(name) })
	case "on":
		ts.Check(s.switchOff(ctx, name, "null"))
		// kwok takes a lease that has expired.
		ts.Check(s.lease(ctx, name, `{"spec":{"leaseDurationSeconds":1}}`))
		cmdUntil(ts, false, []string{"field", "node/" + name, `{.status.conditions[?(@.type=="Ready")].status}`, "True"})
	case "alive":
		ts.Check(s.lease(ctx, name, fmt.Sprintf(`{"spec":{"renewTime":%q}}`, time.Now().UTC().Format(metav1.RFC3339Micro))))
	default:
		ts.Fatalf("node: off, on or alive, not %q", args[1])
	}
}

func (s *scenario) createNode(ctx context.Context, name string) error {
	nodes := s.cluster.Client().CoreV1().Nodes()
	_, err := nodes.Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Annotations: map[string]string{simulated: "fake"},
			// A zone of its own: where most of three or more nodes of a zone are down, their pods are not deleted.
			Labels: map[string]string{corev1.LabelHostname: name, corev1.LabelTopologyZone: name, "scenario": s.namespace},
		},
		Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: "scenario", Value: s.namespace, Effect: corev1.TaintEffectNoSchedule}}},
	}, metav1.CreateOptions{})
	s.atEnd = append(s.atEnd, func(ctx context.Context) { _ = nodes.Delete(ctx, name, metav1.DeleteOptions{}) })
	return err
}

// How long a node that is switched off has been unready and silent.
const offFor, silentFor = 4 * time.Minute, 5 * time.Minute

// stopNode is what is left when a machine is switched off: the lease is not renewed, and the node has been unready
// for some minutes. kwok plays a node only while it has its lease.
func (s *scenario) stopNode(ctx context.Context, name string) error {
	now := time.Now()
	err := s.lease(ctx, name, fmt.Sprintf(`{"spec":{"holderIdentity":"off","leaseDurationSeconds":36000,"renewTime":%q}}`,
		now.Add(-silentFor).UTC().Format(metav1.RFC3339Micro)))
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"status": corev1.NodeStatus{Conditions: []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionUnknown, Reason: "NodeStatusUnknown", Message: "Kubelet stopped posting node status.",
		LastHeartbeatTime: metav1.NewTime(now.Add(-silentFor)), LastTransitionTime: metav1.NewTime(now.Add(-offFor)),
	}}}})
	if err != nil {
		return err
	}
	_, err = s.cluster.Client().CoreV1().Nodes().Patch(ctx, name, types.StrategicMergePatchType, body, metav1.PatchOptions{}, "status")
	return err
}

// stopped is nil once the controller manager has tainted the node. A last report that kwok had begun before is undone.
func (s *scenario) stopped(name string) error {
	ctx, cancel := requestContext()
	defer cancel()
	node, err := s.cluster.Client().CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && time.Since(c.LastTransitionTime.Time) < offFor {
			return cmp.Or(s.stopNode(ctx, name), fmt.Errorf("node %s has reported once more", name))
		}
	}
	for _, t := range node.Spec.Taints {
		if t.Key == corev1.TaintNodeUnreachable && t.Effect == corev1.TaintEffectNoExecute {
			return nil
		}
	}
	return fmt.Errorf("node %s is not tainted", name)
}

// switchOff keeps kwok away from the pods of a node, or with null no longer.
func (s *scenario) switchOff(ctx context.Context, node, value string) error {
	_, err := s.cluster.Client().CoreV1().ConfigMaps(metav1.NamespaceSystem).Patch(ctx, cluster.NodesOff, types.MergePatchType,
		fmt.Appendf(nil, `{"data":{%q:%s}}`, node, value), metav1.PatchOptions{})
	return err
}

// lease patches the lease of a node, which kwok creates in its own time.
func (s *scenario) lease(ctx context.Context, node, patch string) error {
	for {
		_, err := s.cluster.Client().CoordinationV1().Leases(corev1.NamespaceNodeLease).Patch(ctx, node, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		if !apierrors.IsNotFound(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}
