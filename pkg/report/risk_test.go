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
		message string
		hint    string
	}{
		{"all is well", func(*sts.Inventory) {}, report.Complete, "all 2 pods available", ""},
		{"a claim is being deleted", func(inv *sts.Inventory) { inv.Claims[1].DeletionTimestamp = deleted }, report.DataAtRisk,
			"do not restart ordinal 1: persistentvolumeclaim/data-web-1 is being deleted (requested 60s ago): when its pod is gone, persistentvolume/pv-data-web-1 will be deleted with its data (reclaim policy Delete)",
			"kubectl sts pvc-gc rescue data-web-1 -n test"},
		{"a shared claim is being deleted", func(inv *sts.Inventory) { inv.Claims[2].DeletionTimestamp = deleted }, report.DataAtRisk,
			"do not restart ordinals 0-1: persistentvolumeclaim/shared is being deleted", "kubectl sts pvc-gc rescue shared -n test"},
		{"a shared claim is rescued", func(inv *sts.Inventory) {
			inv.Claims[2].DeletionTimestamp = deleted
			inv.Volumes[2].ReclaimPolicy, inv.Volumes[2].Retained = corev1.PersistentVolumeReclaimRetain, &sts.RetainedClaim{UID: inv.Claims[2].UID}
		}, report.Complete, "claim shared is being deleted, but its volume retains the data: when its pods are gone, run pvc-gc undo to restore it", "when its pods are gone: kubectl sts pvc-gc undo shared -n test"},
		{"a volume is being deleted", func(inv *sts.Inventory) { inv.Volumes[0].DeletionTimestamp = deleted }, report.DataAtRisk,
			"do not restart ordinal 0: persistentvolume/pv-data-web-0 of persistentvolumeclaim/data-web-0 is being deleted (requested 60s ago)", "kubectl sts pvc-gc rescue data-web-0 -n test"},
		{"a claim is lost, and a canary stands", func(inv *sts.Inventory) {
			inv.Claims[0].Status.Phase = corev1.ClaimLost
			inv.Sets[0].Generation = 9
		}, report.DataAtRisk, "no new pod can mount it; waiting for the StatefulSet controller to observe the last change", "kubectl describe pvc data-web-0 -n test"},
		{"volumes were not read", func(inv *sts.Inventory) {
			inv.Volumes = nil
			inv.Claims[1].DeletionTimestamp = deleted
		}, report.DataAtRisk, "cannot determine whether persistentvolume/pv-data-web-1 keeps the data", "kubectl sts pvc-gc rescue data-web-1 -n test"},
		{"the set is being deleted", func(inv *sts.Inventory) {
			inv.Claims[1].DeletionTimestamp, inv.Sets[0].DeletionTimestamp = deleted, deleted
		}, report.Deleting, "being deleted", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inv := sharing()
			c.change(inv)
			got := report.NewStatus(inv.Snapshots()[0])
			if got.State != c.state || !strings.Contains(got.Message, c.message) || got.Hint.String() != c.hint {
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
