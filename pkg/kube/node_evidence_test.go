package kube

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// The nodes of pods that hang are read, with the leases of their kubelets, and only these.
func TestReadExplainsHangingPods(t *testing.T) {
	lost := ststest.LostNode("node-1", ststest.Now.Add(-20*time.Minute))
	for _, test := range []struct {
		name   string
		hangs  bool
		refuse string // a resource that must not be listed
		want   []string
	}{
		{name: "no pod hangs"},
		{name: "a pod hangs", hangs: true, want: []string{"node-1 Unknown, lease"}},
		{name: "nodes are forbidden", hangs: true, refuse: "nodes"},
		{name: "leases are forbidden", hangs: true, refuse: "leases"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			inv.Pods[1].Spec.NodeName = "node-1"
			if test.hangs {
				ststest.Terminating(inv.Pods[1], ststest.Now.Add(-5*time.Minute))
			}
			r, client := recordRequests(t, inv, lost.Node, lost.Lease)
			r.refuse = func(q request) *metav1.Status {
				if q.resource != test.refuse {
					return nil
				}
				return &metav1.Status{Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: "no"}
			}
			got, err := client.Read(t.Context(), Query{Namespace: ststest.Namespace, Names: []string{"web"}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, saidOf(got.NodeStates)); diff != "" {
				t.Errorf("nodes (-want +got):\n%s", diff)
			}
			if !got.Knows("nodes") || !got.Knows("leases") {
				t.Errorf("the nodes only explain, but count as missing: %v", got.Missing)
			}
			asked := 0
			for _, q := range r.reads() {
				if q.resource == "nodes" || q.resource == "leases" {
					asked++
				}
			}
			if want := 2 * len(strings.Fields(map[bool]string{true: "node-1"}[test.hangs])); asked != want {
				t.Errorf("%d requests for nodes and leases, want %d", asked, want)
			}
		})
	}
}

// A watch reads them again after a while, and not at every snapshot.
func TestWatchExplainsHangingPods(t *testing.T) {
	lost := ststest.LostNode("node-1", ststest.Now.Add(-20*time.Minute))
	inv := ststest.Web(3)
	inv.Pods[1].Spec.NodeName = "node-1"
	ststest.Terminating(inv.Pods[1], ststest.Now.Add(-5*time.Minute))
	r, client := recordRequests(t, inv, lost.Node, lost.Lease)
	view := open(t, r, client)
	now := ststest.Now
	for _, step := range []struct {
		after time.Duration
		asks  int
	}{{0, 2}, {evidenceAgain - time.Second, 2}, {time.Second, 4}} {
		now = now.Add(step.after)
		next := *inv
		next.TakenAt = now
		view.explainHanging(t.Context(), &next)
		if diff := cmp.Diff([]string{"node-1 Unknown, lease"}, saidOf(next.NodeStates)); diff != "" || len(r.reads()) != step.asks {
			t.Errorf("after %s: asked %v, nodes (-want +got):\n%s", now.Sub(ststest.Now), r.urls(), diff)
		}
	}
	inv.TakenAt, inv.NodeStates = now, []sts.NodeState{ststest.ReadyNode("node-1")}
	view.explainHanging(t.Context(), inv)
	if diff := cmp.Diff([]string{"node-1 True, lease"}, saidOf(inv.NodeStates)); diff != "" {
		t.Errorf("nodes of a recovery (-want +got):\n%s", diff)
	}
}

func saidOf(states []sts.NodeState) (out []string) {
	for _, n := range states {
		text := n.Name
		if n.Node != nil {
			text += " " + string(n.Node.Status.Conditions[0].Status)
		}
		if n.Lease != nil {
			text += ", lease"
		}
		out = append(out, text)
	}
	return out
}
