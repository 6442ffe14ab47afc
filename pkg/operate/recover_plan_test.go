package operate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// A plan ends with what finalizers keep: the action is one step, and then the command waits.
func TestPlanOfRecoverWithFinalizers(t *testing.T) {
	finalizedPod := onPod(1, func(p *corev1.Pod) { p.Finalizers = []string{"test.example/backup"} })
	finalizedNode := onNode(func(n *sts.NodeState) { n.Node.Finalizers = []string{"test.example/termination"} })
	taint, remove, force := recoverer(record.OutOfService, ""), recoverer(record.DeleteNode, ""), recoverer(record.ForceDeletePod, "")
	tests := []struct {
		name   string
		intent operate.Intent
		from   *sts.Inventory
		want   []string
	}{
		{"none, taint", taint, hanging(), []string{"Begin", "Taint", "Finish", operate.ReasonRecovered}},
		{"none, delete the node", remove, hanging(), []string{"Begin", "DeleteNode", "Finish", operate.ReasonRecovered}},
		{"none, delete the pod", force, hanging(), []string{"Begin", "ForceDelete", "Finish", operate.ReasonRecovered}},
		{"of the pod, taint", taint, hanging(finalizedPod), []string{"Begin", "Taint", operate.ReasonPodNotAvailable}},
		{"of the pod, delete the node", remove, hanging(finalizedPod), []string{"Begin", "DeleteNode", operate.ReasonPodNotAvailable}},
		{"of the pod, delete the pod", force, hanging(finalizedPod), []string{"Begin", "ForceDelete", operate.ReasonPodNotAvailable}},
		{"of the node, delete the node", remove, hanging(finalizedNode), []string{"Begin", "DeleteNode", operate.ReasonPodNotAvailable}},
		{"of the node, delete the pod", force, hanging(finalizedNode), []string{"Begin", "ForceDelete", "Finish", operate.ReasonRecovered}},
		{"a second node is lost", taint, recovering(record.OutOfService, ourTaint, lostAgain), []string{"Begin", "Taint", "Finish", operate.ReasonRecovered}},
	}
	for _, test := range tests {
		var got []string
		for _, d := range operate.Preview(test.intent, test.from.Snapshots()[0]) {
			got = append(got, d.Reason)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
