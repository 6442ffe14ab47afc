package diagnose_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// A node counts as lost when it has been silent for longer than the pod tolerates, and never while its kubelet
// renews the lease.
func TestLostNode(t *testing.T) {
	const lost, waiting, alive, ready = "lost", "not yet", "alive", "ready"
	ago := func(d time.Duration) time.Time { return ststest.Now.Add(-d) }
	renewed := func(at time.Time) func(*sts.NodeState, *corev1.Pod) {
		return func(n *sts.NodeState, _ *corev1.Pod) { n.Lease = ststest.Lease(n.Name, at) }
	}
	tolerates := func(key string, seconds ...int64) func(*sts.NodeState, *corev1.Pod) {
		return func(_ *sts.NodeState, p *corev1.Pod) {
			x := corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists}
			if len(seconds) > 0 {
				x.TolerationSeconds = &seconds[0]
			}
			p.Spec.Tolerations = append(p.Spec.Tolerations, x)
		}
	}
	const unreachable = corev1.TaintNodeUnreachable
	type changes = []func(*sts.NodeState, *corev1.Pod)
	for name, test := range map[string]struct {
		since   time.Duration
		changes changes
		want    string
	}{
		"longer than the default":           {301 * time.Second, nil, lost},
		"exactly the default":               {300 * time.Second, nil, lost},
		"shorter than the default":          {299 * time.Second, nil, waiting},
		"the pod tolerates less":            {11 * time.Second, changes{tolerates(unreachable, 10)}, lost},
		"the pod tolerates more":            {600 * time.Second, changes{tolerates(unreachable, 900)}, waiting},
		"the shortest toleration counts":    {20 * time.Second, changes{tolerates(unreachable, 900), tolerates(unreachable, 10)}, lost},
		"it tolerates forever: the default": {301 * time.Second, changes{tolerates("")}, lost},
		"it tolerates forever, and not yet": {299 * time.Second, changes{tolerates("")}, waiting},
		"the toleration of another taint":   {299 * time.Second, changes{tolerates("node.kubernetes.io/not-ready", 10)}, waiting},
		"the lease was renewed since":       {time.Hour, changes{renewed(ago(time.Minute))}, alive},
		"renewed by a clock that is ahead":  {time.Hour, changes{renewed(ststest.Now.Add(time.Hour))}, alive},
		"renewed since, but longer ago":     {time.Hour, changes{renewed(ago(301 * time.Second))}, lost},
		"renewed 20s ago, tolerates 1s":     {time.Hour, changes{renewed(ago(20 * time.Second)), tolerates(unreachable, 1)}, alive},
		"renewed 41s ago, tolerates 1s":     {time.Hour, changes{renewed(ago(41 * time.Second)), tolerates(unreachable, 1)}, lost},
		"it has no lease":                   {301 * time.Second, changes{func(n *sts.NodeState, _ *corev1.Pod) { n.Lease = nil }}, lost},
		"it has no lease, and reports": {301 * time.Second, changes{func(n *sts.NodeState, _ *corev1.Pod) {
			n.Lease = nil
			n.Node.Status.Conditions[0].LastHeartbeatTime = metav1.NewTime(ago(time.Second))
		}}, alive},
		"it reports that it is not ready":          {time.Hour, changes{func(n *sts.NodeState, _ *corev1.Pod) { n.Node.Status.Conditions[0].Status = corev1.ConditionFalse }, renewed(ago(time.Second))}, alive},
		"it has reported that, and then is silent": {time.Hour, changes{func(n *sts.NodeState, _ *corev1.Pod) { n.Node.Status.Conditions[0].Status = corev1.ConditionFalse }}, lost},
		"it is Ready": {time.Hour, changes{func(n *sts.NodeState, _ *corev1.Pod) { n.Node.Status.Conditions[0].Status = corev1.ConditionTrue }}, ready},
		"it has never reported": {time.Hour, changes{func(n *sts.NodeState, _ *corev1.Pod) {
			n.Node.Status.Conditions = nil
			n.Node.CreationTimestamp = metav1.NewTime(ago(time.Hour))
			n.Lease = nil
		}}, lost},
		"it is gone":          {0, changes{func(n *sts.NodeState, _ *corev1.Pod) { n.Node, n.Lease = nil, nil }}, lost},
		"the pod has no node": {time.Hour, changes{func(_ *sts.NodeState, p *corev1.Pod) { p.Spec.NodeName = "" }}, ready},
	} {
		t.Run(name, func(t *testing.T) {
			pod := ststest.Web(1).Pods[0]
			n := ststest.LostNode("node-0", ago(test.since))
			for _, change := range test.changes {
				change(&n, pod)
			}
			l := diagnose.LostNode(n.Node, n.Lease, pod, ststest.Now)
			got := waiting
			switch {
			case l == nil:
				got = ready
			case l.Alive:
				got = alive
			case l.Proven(ststest.Now):
				got = lost
			}
			if got != test.want {
				t.Errorf("%s, want %s: %+v", got, test.want, l)
			}
			if l != nil && (l.Alive && l.Proven(ststest.Now) || l.Node != "node-0" || l.Message == "") {
				t.Errorf("%+v", l)
			}
		})
	}
}

func TestToleratesOutOfService(t *testing.T) {
	for _, test := range []struct {
		t    corev1.Toleration
		want bool
	}{
		{corev1.Toleration{Operator: corev1.TolerationOpExists}, true},
		{corev1.Toleration{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}, false},
		{corev1.Toleration{Key: corev1.TaintNodeOutOfService, Operator: corev1.TolerationOpExists}, true},
		{corev1.Toleration{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists}, false},
		{corev1.Toleration{Operator: corev1.TolerationOpExists, TolerationSeconds: new(int64)}, false},
	} {
		if got := diagnose.ToleratesOutOfService(&corev1.Pod{Spec: corev1.PodSpec{Tolerations: []corev1.Toleration{test.t}}}); got != test.want {
			t.Errorf("%+v: %t", test.t, got)
		}
	}
}
