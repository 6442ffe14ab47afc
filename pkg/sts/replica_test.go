package sts_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestReplicas(t *testing.T) {
	tests := []struct {
		name   string
		change func(*sts.Inventory)
		want   []string // ordinal, then what holds
	}{
		{"healthy", func(*sts.Inventory) {},
			[]string{"0 desired ready available claims=1", "1 desired ready available claims=1", "2 desired ready available claims=1"}},
		{"terminating is not available", func(inv *sts.Inventory) { ststest.Terminating(inv.Pods[1], ststest.Now) },
			[]string{"0 desired ready available claims=1", "1 desired ready terminating claims=1", "2 desired ready available claims=1"}},
		{"missing in the middle", func(inv *sts.Inventory) { inv.Pods = append(inv.Pods[:1:1], inv.Pods[2]) },
			[]string{"0 desired ready available claims=1", "1 desired nopod claims=1", "2 desired ready available claims=1"}},
		{"orphaned above the range", func(inv *sts.Inventory) { *inv.Sets[0].Spec.Replicas = 1; inv.Claims = inv.Claims[:2] },
			[]string{"0 desired ready available claims=1", "1 ready available claims=1", "2 ready available claims=0"}},
		{"orphaned below the start", func(inv *sts.Inventory) { inv.Sets[0].Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 2} },
			[]string{"0 ready available claims=1", "1 ready available claims=1", "2 desired ready available claims=1", "3 desired nopod claims=0", "4 desired nopod claims=0"}},
		{"a pod of an earlier set does not belong to the set", func(inv *sts.Inventory) { inv.Pods[1].OwnerReferences[0].UID = "earlier" },
			[]string{"0 desired ready available claims=1", "1 desired nopod claims=1", "2 desired ready available claims=1"}},
		{"parked: claims alone are not replicas", func(inv *sts.Inventory) { *inv.Sets[0].Spec.Replicas = 0; inv.Pods = nil }, nil},
		{"a name that the controller does not write", func(inv *sts.Inventory) { inv.Pods[2].Name = "web-02" },
			[]string{"0 desired ready available claims=1", "1 desired ready available claims=1", "2 desired nopod claims=1"}},
		{"ready for less than minReadySeconds", func(inv *sts.Inventory) {
			inv.Sets[0].Spec.MinReadySeconds = 30
			ststest.Ready(inv.Pods[2], ststest.Now.Add(-29*time.Second))
			ststest.Ready(inv.Pods[1], ststest.Now.Add(-30*time.Second))
		}, []string{"0 desired ready available claims=1", "1 desired ready available claims=1", "2 desired ready claims=1"}},
		{"ready turned false", func(inv *sts.Inventory) { ststest.NotReady(inv.Pods[0], ststest.Now) },
			[]string{"0 desired claims=1", "1 desired ready available claims=1", "2 desired ready available claims=1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inv := ststest.Web(3)
			test.change(inv)
			var got []string
			for _, r := range inv.Snapshots()[0].Replicas() {
				got = append(got, describe(r))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func describe(r sts.Replica) string {
	out := r.Ordinal.String()
	for _, f := range []struct {
		word string
		is   bool
	}{{"desired", r.Desired}, {"nopod", r.Pod == nil}, {"ready", r.Ready}, {"available", r.Available}, {"terminating", r.Terminating}} {
		if f.is {
			out += " " + f.word
		}
	}
	return out + fmt.Sprintf(" claims=%d", len(r.Claims))
}

func TestReplicaClaimsInTheOrderOfTemplates(t *testing.T) {
	inv := ststest.Web(1)
	inv.Sets[0].Spec.VolumeClaimTemplates = append([]corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "wal"}}}, inv.Sets[0].Spec.VolumeClaimTemplates...)
	wal := ststest.Claim(inv.Sets[0], 0)
	wal.Name = "wal-web-0"
	inv.Claims = append(inv.Claims, wal)
	if diff := cmp.Diff([]string{"wal-web-0", "data-web-0"}, names(inv.Snapshots()[0].Replicas()[0].Claims)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// podutil.IsPodAvailable of Kubernetes 1.37: at exactly minReadySeconds it is.
func TestAvailable(t *testing.T) {
	now := ststest.Now
	tests := []struct {
		name       string
		ready      corev1.ConditionStatus
		since      time.Time
		minReady   int32
		want       bool
		noCondtion bool
	}{
		{"ready at once", corev1.ConditionTrue, now, 0, true, false},
		{"ready, no time, no minimum", corev1.ConditionTrue, time.Time{}, 0, true, false},
		{"ready, no time, a minimum", corev1.ConditionTrue, time.Time{}, 1, false, false},
		{"just before", corev1.ConditionTrue, now.Add(-9 * time.Second), 10, false, false},
		{"just reached", corev1.ConditionTrue, now.Add(-10 * time.Second), 10, true, false},
		{"server's clock is ahead", corev1.ConditionTrue, now.Add(time.Minute), 10, false, false},
		{"not ready for long", corev1.ConditionFalse, now.Add(-time.Hour), 0, false, false},
		{"unknown: the node is gone", corev1.ConditionUnknown, now.Add(-time.Hour), 0, false, false},
		{"no condition", "", now, 0, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{}
			if !test.noCondtion {
				pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: test.ready, LastTransitionTime: metav1.NewTime(test.since)}}
			}
			if got := sts.Available(pod, test.minReady, now); got != test.want {
				t.Errorf("Available = %t", got)
			}
		})
	}
}
