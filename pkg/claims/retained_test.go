package claims_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// after is a namespace in which web's data-web-2 was deleted, and its volume old retains
// the data.
func after(replicas int32, change func(inv *sts.Inventory)) *sts.Inventory {
	set := ststest.Web(replicas).Sets[0]
	record := &sts.RetainedClaim{
		UID: "first", DeletedAt: ststest.Now.Add(-time.Hour), Size: resource.MustParse("1Gi"), Claim: claim(set, "", ""),
	}
	inv := &sts.Inventory{
		TakenAt: ststest.Now, Sets: []*appsv1.StatefulSet{set},
		Volumes: []sts.Volume{{Name: "old", Retained: record}, {Name: "new"}},
	}
	change(inv)
	return inv
}

func claim(set *appsv1.StatefulSet, uid types.UID, volume string) *corev1.PersistentVolumeClaim {
	c := ststest.Claim(set, 2)
	c.UID, c.Spec.VolumeName = uid, volume
	return c
}

func TestRetained(t *testing.T) {
	there := func(uid types.UID, volume string) func(*sts.Inventory) {
		return func(inv *sts.Inventory) { inv.Claims = append(inv.Claims, claim(inv.Sets[0], uid, volume)) }
	}
	held := func(node string) func(*sts.Inventory) {
		return func(inv *sts.Inventory) {
			there("first", "old")(inv)
			inv.Claims[0].DeletionTimestamp = &metav1.Time{Time: ststest.Now}
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: inv.Sets[0].Namespace, Name: "web-2"}}
			pod.Spec.NodeName = node
			pod.Spec.Volumes = []corev1.Volume{{Name: "data"}}
			pod.Spec.Volumes[0].PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-web-2"}
			inv.Pods = append(inv.Pods, pod)
		}
	}
	for name, test := range map[string]struct {
		replicas int32
		change   func(inv *sts.Inventory)
		volumes  int
		state    claims.RetainedState
	}{
		"waits for undo or purge":          {2, func(*sts.Inventory) {}, 1, ""},
		"needed again":                     {3, func(*sts.Inventory) {}, 1, claims.RetainedMissing},
		"its new claim waits":              {3, there("second", ""), 1, claims.RetainedWaiting},
		"its new claim is elsewhere":       {3, there("second", "new"), 1, claims.RetainedReplaced},
		"a new claim that is not needed":   {2, there("second", "new"), 1, ""},
		"not deleted yet":                  {2, there("first", "old"), 0, claims.RetainedInterrupted},
		"an interrupted undo":              {3, there("second", "old"), 0, claims.RetainedInterrupted},
		"being deleted":                    {2, held(""), 1, ""},
		"being deleted, and a pod uses it": {3, held("node-1"), 1, claims.RetainedTerminating},
	} {
		t.Run(name, func(t *testing.T) {
			doc, _ := claims.NewReport(after(test.replicas, test.change), claims.Query{})
			want := &claims.RetainedSum{Volumes: test.volumes}
			if test.volumes > 0 {
				want.Namespaces, want.Size = []string{ststest.Namespace}, resource.MustParse("1Gi")
			}
			got := *doc.Retained
			if len(got.Notable) == 1 && got.Notable[0].Message == "" {
				t.Error("no message")
			}
			var states []claims.RetainedState
			for _, n := range got.Notable {
				states = append(states, n.State)
			}
			got.Notable = nil
			if diff := cmp.Diff(want, &got, cmp.Comparer(func(a, b resource.Quantity) bool { return a.Cmp(b) == 0 })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if test.state == "" && len(states) > 0 || test.state != "" && (len(states) != 1 || states[0] != test.state) {
				t.Errorf("%v, want %q", states, test.state)
			}
		})
	}

	// What is not selected is not counted, and what cannot be read is unknown.
	inv := after(3, func(*sts.Inventory) {})
	for name, q := range map[string]claims.Query{
		"another ordinal": {Ordinals: sts.Ordinals{{First: 0, Last: 1}}}, "another set": {Names: []string{"db"}},
	} {
		if report, _ := claims.NewReport(inv, q); report.Retained.Volumes > 0 || len(report.Retained.Notable) > 0 {
			t.Errorf("%s: %+v", name, report.Retained)
		}
	}
	inv.Missing = append(inv.Missing, sts.Missing{Resource: "persistentvolumes"})
	if report, _ := claims.NewReport(inv, claims.Query{}); report.Retained != nil {
		t.Errorf("volumes were not read: %+v", report.Retained)
	}
}
