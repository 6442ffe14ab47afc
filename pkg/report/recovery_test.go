package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// A recovery that was interrupted, and a taint that remains, are shown with the command for them.
func TestStatusOfRecoveries(t *testing.T) {
	recovery := &record.Recovery{Ordinal: 1, UID: "u", Node: "node-1", Action: record.DeleteNode, StartedBy: "kim@laptop", StartedAt: ststest.Now}
	taints := []record.NodeTaint{{Node: "node-2", UID: "n", AddedAt: ststest.Now}}
	locked := func(inv *sts.Inventory) {
		inv.Sets[0].Annotations[record.OwnerAnnotation] = sts.EncodeAnnotation(record.Owner{Name: "kim@laptop", ID: "1"})
	}
	hangs := func(inv *sts.Inventory) {
		inv.Pods[1].Spec.NodeName = "node-1"
		ststest.Terminating(inv.Pods[1], ststest.Now.Add(-time.Hour))
	}
	for name, test := range map[string]struct {
		record  *record.Recover
		change  func(*sts.Inventory)
		want    *report.RecoveryStatus
		state   report.State
		hints   string
		message string
	}{
		"none": {nil, nil, nil, report.Complete, "", ""},
		"in progress": {&record.Recover{Recovery: recovery, Taints: taints}, nil,
			&report.RecoveryStatus{Pod: "web-1", Node: "node-1", Action: record.DeleteNode, StartedBy: "kim@laptop", StartedAt: &metav1.Time{Time: ststest.Now}, TaintedNodes: []string{"node-2"}},
			report.Progressing, "kubectl sts recover web --ordinal 1 --action delete-node -n test", report.MsgRecovering("web-1", "node-1")},
		"in progress, locked": {&record.Recover{Recovery: recovery}, locked,
			&report.RecoveryStatus{Pod: "web-1", Node: "node-1", Action: record.DeleteNode, StartedBy: "kim@laptop", StartedAt: &metav1.Time{Time: ststest.Now}},
			report.Progressing, "", report.MsgRecovering("web-1", "node-1")},
		"a taint remains": {&record.Recover{Taints: taints}, nil, &report.RecoveryStatus{TaintedNodes: []string{"node-2"}},
			report.Complete, "kubectl sts recover web --release -n test", report.MsgNodesOutOfService([]string{"node-2"})},
		"a pod hangs": {nil, hangs, nil, report.Stuck, "kubectl describe node node-1, kubectl sts recover web --ordinal 1 -n test", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inv := ststest.Web(2)
			if test.record != nil {
				inv.Sets[0].Annotations = map[string]string{record.RecoverAnnotation: sts.EncodeAnnotation(test.record)}
			}
			if test.change != nil {
				test.change(inv)
			}
			got := report.NewStatus(inv.Snapshots()[0])
			if diff := cmp.Diff(test.want, got.Recovery); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got.State != test.state || !strings.Contains(got.Message, test.message) || strings.Join(ststest.Commands(got.Hint), ", ") != test.hints {
				t.Errorf("%s: %s\n%s", got.State, got.Message, got.Hint)
			}
		})
	}
}
