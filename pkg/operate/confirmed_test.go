package operate_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// TestConfirmed: between the plan and the first write the set is scaled by another client.
func TestConfirmed(t *testing.T) {
	scaled := func(n int32) *sts.Snapshot {
		inv := ststest.Web(n)
		noBudget(inv)
		return inv.Snapshots()[0]
	}
	start := func(*sts.Snapshot) operate.Intent {
		return operate.StartCanary{Lock: holder("1"), Images: []operate.ImageRequest{{Image: "app:v2"}}, Canaries: intstr.FromInt32(3)}
	}
	restart := func(*sts.Snapshot) operate.Intent { return restarter("1") }
	drain := func(s *sts.Snapshot) operate.Intent {
		return operate.NewDrainScale(operate.DrainOptions{Lock: holder("1"), Replicas: 2, NoHooks: true}, s)
	}
	for name, test := range map[string]struct {
		intent func(*sts.Snapshot) operate.Intent
		now    int32
		takes  string // the pod that it is refused for, empty if it is not refused
	}{
		"nothing has changed":             {start, 4, ""},
		"a canary of the highest moves":   {start, 3, "web-0"},
		"new pods were not there then":    {start, 5, ""},
		"a restart of what is left":       {restart, 3, ""},
		"a drain, and there is less left": {drain, 3, ""},
		"a drain, and there is more":      {drain, 5, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := scaled(4)
			i := operate.Confirmed(test.intent(before), before)
			d := operate.Next(i, scaled(test.now), operate.Facts{})
			if refused := d.Verdict == operate.Refused && d.Reason == operate.ReasonPlanChanged; refused != (test.takes != "") || refused && d.Message != operate.MsgPlanChanged("web", []string{test.takes}) {
				t.Errorf("%s %s: %s", d.Verdict, d.Reason, d.Message)
			}
			if d := operate.Next(i, scaled(test.now), operate.Facts{Wrote: true}); d.Reason == operate.ReasonPlanChanged {
				t.Errorf("after its first write: %s", d.Message)
			}
		})
	}
}
