package report_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// promoting is a canary of web-4 that is being promoted with a soak of 10 minutes and two checks;
// its pod has been Ready for so long.
func promoting(ready time.Duration) (*sts.Inventory, *record.Canary, *record.Owner) {
	inv := ststest.Web(5)
	set := inv.Sets[0]
	set.Spec.Template = ststest.Template("web:2")
	*set.Spec.UpdateStrategy.RollingUpdate.Partition = 4
	set.Status.UpdateRevision = "web-canary"
	inv.Revisions = append(inv.Revisions, ststest.Revision(set, "web-canary", 2, set.Spec.Template))
	inv.Pods[4] = ststest.Pod(set, 4, "web-canary")
	for n := range inv.Pods[4].Status.Conditions {
		inv.Pods[4].Status.Conditions[n].LastTransitionTime.Time = ststest.Now.Add(-ready)
	}
	goal := sts.Ordinal(4)
	return inv, &record.Canary{StableRevision: ststest.StableRevision, Partition: 4, Goal: &goal, GoalOf: "canary promote",
			Auto: &record.Auto{Soak: "10m0s", Checks: 2}},
		&record.Owner{Name: "alice@laptop", ID: "1", Command: "canary promote", Since: ststest.Now}
}

func annotate(set *appsv1.StatefulSet, c *record.Canary, o *record.Owner) {
	set.Annotations = map[string]string{record.CanaryAnnotation: sts.EncodeAnnotation(c)}
	if o != nil {
		set.Annotations[record.OwnerAnnotation] = sts.EncodeAnnotation(o)
	}
}

func TestStatusOfAutomaticPromotion(t *testing.T) {
	goalAt := func(o sts.Ordinal, of string) func(*sts.Inventory, *record.Canary) {
		return func(_ *sts.Inventory, c *record.Canary) { c.Goal, c.GoalOf = &o, of }
	}
	for _, test := range []struct {
		name   string
		ready  time.Duration
		change func(*sts.Inventory, *record.Canary)
		want   operate.Gate
		left   time.Duration // of the soak
	}{
		{"an updated pod is starting", time.Minute, func(inv *sts.Inventory, _ *record.Canary) { ststest.NotReady(inv.Pods[4], ststest.Now) }, operate.GatePods, 0},
		{"the updated pod does not exist yet", time.Minute, func(inv *sts.Inventory, _ *record.Canary) { inv.Pods = inv.Pods[:4] }, operate.GatePods, 0},
		{"a pod is not updated yet", time.Hour, func(inv *sts.Inventory, _ *record.Canary) {
			*inv.Sets[0].Spec.UpdateStrategy.RollingUpdate.Partition = 3
		}, operate.GatePods, 0},
		{"soaking", 7 * time.Minute, nil, operate.GateSoak, 3 * time.Minute},
		{"soaked", 10 * time.Minute, nil, operate.GateChecks, 0},
		{"soaked, without checks", time.Hour, func(_ *sts.Inventory, c *record.Canary) { c.Auto.Checks = 0 }, "", 0},
		{"in the middle of a step", time.Minute, goalAt(2, "canary promote"), "", 0},
		{"in the middle of a step of another command", 7 * time.Minute, goalAt(2, "canary promote --full"), operate.GateSoak, 3 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv, c, o := promoting(test.ready)
			if test.change != nil {
				test.change(inv, c)
			}
			annotate(inv.Sets[0], c, o)
			st := report.NewStatus(inv.Snapshots()[0])
			auto := st.Canary.Auto
			left := time.Duration(0)
			if auto.SoakedAt != nil {
				left = auto.SoakedAt.Sub(ststest.Now)
			}
			if diff := cmp.Diff([]any{test.want, test.left}, []any{auto.WaitingFor, left}); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, st.Message)
			}
		})
	}
}

// TestNoAutomaticPromotion: nothing is promoted where the command has ended or the canary is being aborted.
func TestNoAutomaticPromotion(t *testing.T) {
	inv, c, o := promoting(time.Hour)
	annotate(inv.Sets[0], c, nil)
	if st := report.NewStatus(inv.Snapshots()[0]); st.Canary.Auto != nil {
		t.Errorf("without a lock: %v", st.Canary.Auto)
	}
	c.Aborting = true
	annotate(inv.Sets[0], c, o)
	if st := report.NewStatus(inv.Snapshots()[0]); st.Canary.Auto != nil {
		t.Errorf("while it is being aborted: %v", st.Canary.Auto)
	}
}
