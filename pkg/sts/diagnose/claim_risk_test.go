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

// What becomes of the data of a claim that is being deleted follows from its volume, if that was read.
func TestEffectOfADeletion(t *testing.T) {
	for name, test := range map[string]struct {
		volume string
		policy corev1.PersistentVolumeReclaimPolicy
		seen   bool
		want   string
	}{
		"no volume":   {"", "", true, diagnose.MsgEffectClaimOnly()},
		"not read":    {"pv-1", corev1.PersistentVolumeReclaimDelete, false, diagnose.MsgEffectUnknown("pv-1")},
		"is deleted":  {"pv-1", corev1.PersistentVolumeReclaimDelete, true, diagnose.MsgEffectDeleted("pv-1", "Delete")},
		"is retained": {"pv-1", corev1.PersistentVolumeReclaimRetain, true, diagnose.MsgEffectRetained("pv-1")},
	} {
		t.Run(name, func(t *testing.T) {
			c := ststest.Web(1).Claims[0]
			c.UID, c.Spec.VolumeName, c.DeletionTimestamp = "c", test.volume, &metav1.Time{Time: ststest.Now.Add(-time.Minute)}
			v := sts.Volume{Name: test.volume, ReclaimPolicy: test.policy}
			v.Claim.Namespace, v.Claim.Name, v.Claim.UID = c.Namespace, c.Name, c.UID
			read := func(string) (sts.Volume, bool) { return v, test.seen }
			got := diagnose.NewClaimRisk(c, read, test.seen, ststest.Now)
			if got == nil || got.Reason != diagnose.ClaimIsTerminating || got.Message != diagnose.MsgRiskClaimTerminating(c.Name, "60s", test.want) {
				t.Errorf("%+v, want %s", got, test.want)
			}
		})
	}
}
