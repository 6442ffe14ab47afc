package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	coordinationv1apply "k8s.io/client-go/applyconfigurations/coordination/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// TestFidelityLostNode compares what happens to the pods of an unreachable node, and when, with the
// real node controllers.
func TestFidelityLostNode(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := cluster.Up(ctx, cluster.Config{
		Controllers: []string{"statefulset-controller", "node-lifecycle-controller", "taint-eviction-controller", "pod-garbage-collector-controller"},
		Log:         os.Stderr,
	})
	check(err)
	t.Cleanup(func() {
		if err := c.Down(); err != nil {
			t.Error(err)
		}
	})
	s, err := openStage(ctx, c)
	check(err)
	for _, name := range nodes {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}}
		_, err := s.kube.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		check(err)
	}
	silent := make(chan struct{})
	go beat(ctx, s, nodes[0], silent)
	go beat(ctx, s, nodes[1], nil)

	f := newRound(s, forecast.Features{}, 0)
	set := f.randomSet()
	two, stays := int32(2), int64(4)
	set.Spec = appsv1.StatefulSetSpec{Replicas: &two, ServiceName: set.Spec.ServiceName, Selector: set.Spec.Selector, Template: set.Spec.Template}
	set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: claimSpec()}}
	set.Spec.Template.Spec.NodeName = ""
	set.Spec.Template.Spec.TerminationGracePeriodSeconds = nil
	set.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &stays}}
	_, err = s.sets().Create(ctx, set, metav1.CreateOptions{})
	check(err)
	for o, node := range nodes {
		check(f.run(ctx, sts.Ordinal(o), node))
	}
	check(f.until(ctx, func() bool {
		for _, p := range f.podsByName {
			if sts.ReadySince(p).IsZero() {
				return false
			}
		}
		return f.set.Status.AvailableReplicas == two
	}))

	world := func() *forecast.World {
		f.mu.Lock()
		defer f.mu.Unlock()
		inv := &sts.Inventory{TakenAt: time.Now(), Sets: []*appsv1.StatefulSet{f.set}}
		for _, p := range f.podsByName {
			inv.Pods = append(inv.Pods, p)
		}
		for _, c := range f.claimsByName {
			inv.Claims = append(inv.Claims, c)
		}
		for _, r := range f.revisions {
			inv.Revisions = append(inv.Revisions, r)
		}
		return forecast.NewWorld(inv.Snapshots()[0], forecast.Features{}, forecast.Nodes{ReadyAfter: time.Second})
	}()
	lost := time.Now()
	close(silent)
	world.LoseNode(nodes[0])
	for world.Settle(); world.Advance(); {
	}
	pod := func() *corev1.Pod { return f.podsByName[sts.PodName(f.name, 0)] }
	for _, e := range world.Events() {
		var came func() bool
		switch e.Kind {
		case forecast.NodeLost:
			continue
		case forecast.PodUnready:
			came = func() bool { return sts.ReadySince(pod()).IsZero() }
		case forecast.PodDeleted:
			came = func() bool { return pod().DeletionTimestamp != nil }
		default:
			t.Fatalf("predicted: %s %s", e.Kind, e.Object)
		}
		check(f.until(ctx, came))
		// The controller looks every 5 s, and the last sign of life was up to 5 s before.
		predicted, seen := e.At.Sub(world.Events()[0].At), time.Since(lost)
		t.Logf("%s %s: predicted after %s, seen after %s", e.Kind, e.Object, predicted, seen.Round(time.Second/10))
		if seen < predicted-6*time.Second || seen > predicted+30*time.Second {
			t.Errorf("%s is predicted after %s but came after %s", e.Kind, predicted, seen)
		}
	}

	// The pod stays, and with it its ordinal, until the node is marked as out of service.
	f.mu.Lock()
	first, claim := pod(), f.claimsByName[sts.ClaimName("data", f.name, 0)].UID
	f.mu.Unlock()
	if !slices.ContainsFunc(first.Spec.Tolerations, func(t corev1.Toleration) bool {
		return t.Key == corev1.TaintNodeNotReady && t.TolerationSeconds != nil && *t.TolerationSeconds == 300
	}) {
		t.Errorf("the API server has set tolerations %v, want 300 s where the manifest has none", first.Spec.Tolerations)
	}
	time.Sleep(3 * time.Second)
	f.mu.Lock()
	still := pod()
	f.mu.Unlock()
	if still == nil || still.UID != first.UID {
		t.Fatal("the pod is gone, but its node was not marked as out of service")
	}
	world.RemoveNode(nodes[0])
	world.Settle()
	if p := world.Pods[first.Name]; p == nil || p.UID == first.UID || world.Claims[sts.ClaimName("data", f.name, 0)].UID != claim {
		t.Errorf("the prediction is not a new pod with the same claim")
	}
	patch := fmt.Appendf(nil, `{"spec":{"taints":[{"key":%q,"value":"nodeshutdown","effect":"NoExecute"}]}}`, corev1.TaintNodeOutOfService)
	_, err = s.kube.CoreV1().Nodes().Patch(ctx, nodes[0], types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	check(err)
	check(f.until(ctx, func() bool { return pod() != nil && pod().UID != first.UID }))
	f.mu.Lock()
	defer f.mu.Unlock()
	volumes := slices.ContainsFunc(pod().Spec.Volumes, func(v corev1.Volume) bool {
		return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == sts.ClaimName("data", f.name, 0)
	})
	if !volumes || f.claimsByName[sts.ClaimName("data", f.name, 0)].UID != claim {
		t.Error("the new pod has not got the claim of the old one")
	}
}

// beat renews the lease of a node like a kubelet, until stop.
func beat(ctx context.Context, s *stage, node string, stop <-chan struct{}) {
	leases := s.kube.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	every := time.NewTicker(5 * time.Second)
	defer every.Stop()
	for {
		// Applied, because the API server rejects an update of a lease without its resourceVersion.
		lease := coordinationv1apply.Lease(node, corev1.NamespaceNodeLease).WithSpec(coordinationv1apply.LeaseSpec().WithHolderIdentity(node).WithRenewTime(metav1.NowMicro()))
		_, _ = leases.Apply(ctx, lease, metav1.ApplyOptions{FieldManager: "kubelet"}) // the next beat tries again
		select {
		case <-every.C:
		case <-stop:
			return
		case <-ctx.Done():
			return
		}
	}
}

// run binds a pod to a node and sets it to Running.
func (f *fidelity) run(ctx context.Context, o sts.Ordinal, node string) error {
	name := sts.PodName(f.name, o)
	if err := f.until(ctx, func() bool { return f.podsByName[name] != nil }); err != nil {
		return err
	}
	binding := &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: name}, Target: corev1.ObjectReference{Kind: "Node", Name: node}}
	if err := f.stage.pods().Bind(ctx, binding, metav1.CreateOptions{}); err != nil {
		return err
	}
	f.mu.Lock()
	p := f.podsByName[name]
	f.mu.Unlock()
	return f.stage.setStatus(ctx, p, fare{phase: corev1.PodRunning, ready: true})
}

// until waits for a condition in the view of the round.
func (f *fidelity) until(ctx context.Context, holds func() bool) error {
	for {
		f.mu.Lock()
		ok := holds()
		f.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-f.changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
