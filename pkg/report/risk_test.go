package report_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// sharing is a set of two whose pods mount their own claims and one that they share.
func sharing() *sts.Inventory {
	inv := ststest.Web(2)
	shared := inv.Claims[0].DeepCopy()
	shared.Name = "shared"
	inv.Claims, inv.Volumes = append(inv.Claims, shared), []sts.Volume{}
	for _, c := range inv.Claims {
		c.UID, c.Spec.VolumeName = types.UID(c.Name+"-uid"), "pv-"+c.Name
		v := sts.Volume{Name: "pv-" + c.Name, ReclaimPolicy: corev1.PersistentVolumeReclaimDelete}
		v.Claim.Namespace, v.Claim.Name, v.Claim.UID = c.Namespace, c.Name, c.UID
		inv.Volumes = append(inv.Volumes, v)
	}
	for k, pod := range inv.Pods {
		for _, name := range []string{inv.Claims[k].Name, "shared"} {
			pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}})
		}
	}
	return inv
}

func TestStatusOfClaimsAtRisk(t *testing.T) {
	deleted := &metav1.Time{Time: ststest.Now.Add(-time.Minute)}
	for _, c := range []struct {
		name    string
		change  func(*sts.Inventory)
		state   report.State
		atRisk  []sts.Ordinal
		reason  diagnose.ClaimRiskReason
		message string // besides the risk
		hint    string
	}{
		{"all is well", func(*sts.Inventory) {}, report.Complete, nil, "", report.MsgComplete(2, ststest.StableRevision), ""},
		{"a claim is being deleted", func(inv *sts.Inventory) { inv.Claims[1].DeletionTimestamp = deleted }, report.DataAtRisk,
			[]sts.Ordinal{1}, diagnose.ClaimIsTerminating, "pv-data-web-1", "kubectl sts pvc-gc rescue data-web-1 -n test"},
		{"a shared claim is being deleted", func(inv *sts.Inventory) { inv.Claims[2].DeletionTimestamp = deleted }, report.DataAtRisk,
			[]sts.Ordinal{0, 1}, diagnose.ClaimIsTerminating, "", "kubectl sts pvc-gc rescue shared -n test"},
		{"a shared claim is rescued", func(inv *sts.Inventory) {
			inv.Claims[2].DeletionTimestamp = deleted
			inv.Volumes[2].ReclaimPolicy, inv.Volumes[2].Retained = corev1.PersistentVolumeReclaimRetain, &sts.RetainedClaim{UID: inv.Claims[2].UID}
		}, report.Complete, nil, "", report.MsgClaimsRescued([]string{"shared"}), "kubectl sts pvc-gc undo shared -n test"},
		{"two claims are rescued, and a restart was interrupted", func(inv *sts.Inventory) {
			for k := range 2 {
				inv.Claims[k].DeletionTimestamp = deleted
				inv.Volumes[k].ReclaimPolicy, inv.Volumes[k].Retained = corev1.PersistentVolumeReclaimRetain, &sts.RetainedClaim{UID: inv.Claims[k].UID}
			}
			restart := record.Restart{Pods: map[sts.Ordinal]types.UID{0: inv.Pods[0].UID}, Command: "restart", StartedAt: ststest.Now}
			inv.Sets[0].Annotations = map[string]string{record.RestartAnnotation: sts.EncodeAnnotation(restart)}
		}, report.Progressing, nil, "", report.MsgClaimsRescued([]string{"data-web-1", "data-web-0"}),
			"kubectl sts restart web -n test, kubectl sts pvc-gc undo data-web-1 data-web-0 -n test"},
		{"a volume is being deleted", func(inv *sts.Inventory) { inv.Volumes[0].DeletionTimestamp = deleted }, report.DataAtRisk,
			[]sts.Ordinal{0}, diagnose.VolumeIsTerminating, "pv-data-web-0", "kubectl sts pvc-gc rescue data-web-0 -n test"},
		{"a claim is lost, and a canary stands", func(inv *sts.Inventory) {
			inv.Claims[0].Status.Phase = corev1.ClaimLost
			inv.Sets[0].Generation = 9
		}, report.DataAtRisk, []sts.Ordinal{0}, diagnose.ClaimIsLost, "; " + report.MsgNotObserved(), "kubectl describe pvc data-web-0 -n test"},
		{"volumes were not read", func(inv *sts.Inventory) {
			inv.Volumes = nil
			inv.Claims[1].DeletionTimestamp = deleted
		}, report.DataAtRisk, []sts.Ordinal{1}, diagnose.ClaimIsTerminating, "pv-data-web-1", "kubectl sts pvc-gc rescue data-web-1 -n test"},
		{"the set is being deleted", func(inv *sts.Inventory) {
			inv.Claims[1].DeletionTimestamp, inv.Sets[0].DeletionTimestamp = deleted, deleted
		}, report.Deleting, nil, "", report.MsgDeleting(2), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inv := sharing()
			c.change(inv)
			snapshot := inv.Snapshots()[0]
			got := report.NewStatus(snapshot)
			if c.atRisk != nil {
				risk := diagnose.ClaimRisks(snapshot, snapshot.Replicas()[c.atRisk[0]])[0]
				if want := report.MsgDoNotRestart(c.atRisk, risk.Message, 1); risk.Reason != c.reason || !strings.HasPrefix(got.Message, want) {
					t.Errorf("risk %s: %q, want %q", risk.Reason, got.Message, want)
				}
			}
			if got.State != c.state || !strings.Contains(got.Message, c.message) || strings.Join(ststest.Commands(got.Hint), ", ") != c.hint {
				t.Errorf("%s: %s\n%s", got.State, got.Message, got.Hint)
			}
			if got.State.NeedsPerson() != (c.state == report.DataAtRisk) {
				t.Errorf("%s needs a person: %t", got.State, got.State.NeedsPerson())
			}
			for _, r := range got.Replicas {
				for _, claim := range r.Claims {
					if claim.Name == "shared" && claim.DeletionTimestamp == nil && claim.Risk == nil {
						t.Errorf("a shared claim that is well is no claim of %s", r.Pod)
					}
				}
			}
		})
	}
}
