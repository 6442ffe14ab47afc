package operate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// TestNoPodLeavesWithoutTheFinalizer: a member that has left gets the finalizer before its pod is evicted
// or deleted, because the controller would recreate the pod.
func TestNoPodLeavesWithoutTheFinalizer(t *testing.T) {
	for name, test := range map[string]struct {
		profile       *profile.Profile
		phase         record.MemberPhase
		ignoreBudgets bool
		held          bool
		want          string
	}{
		"without hooks":                           {nil, record.Removing, false, false, "hold"},
		"without hooks, with the finalizer":       {nil, record.Removing, false, true, "evict"},
		"without budgets":                         {nil, record.Removing, true, false, "hold"},
		"without budgets, with the finalizer":     {nil, record.Removing, true, true, "delete"},
		"with hooks, before it leaves":            {quorum(), record.Draining, false, false, "hold"},
		"with hooks, when it has left":            {quorum(), record.Removing, false, false, "hold"},
		"with hooks, left, and has the finalizer": {quorum(), record.Removing, false, true, "evict"},
	} {
		t.Run(name, func(t *testing.T) {
			inv := ststest.Web(5)
			leaving(test.profile, 4, test.phase)(inv)
			if test.held {
				held(4)(inv)
			}
			i := drainWith(3, test.profile, func(o *operate.DrainOptions) { o.IgnoreBudgets = test.ignoreBudgets })
			f := told(i, inv, nothing)
			f.Wrote = true
			d := i.Next(inv.Snapshots()[0], f)
			got := ""
			switch d.Action.(type) {
			case *operate.AddFinalizer:
				got = "hold"
			case *operate.EvictPod:
				got = "evict"
			case *operate.DeletePod:
				got = "delete"
			}
			if got != test.want {
				t.Errorf("%q, want %s: %s", got, test.want, text(d))
			}
		})
	}
}

// TestAPodThatLeavesIsNoSurvivor: commands do not run in a pod that has our finalizer, and are not told
// that it stays.
func TestAPodThatLeavesIsNoSurvivor(t *testing.T) {
	p := quorum()
	p.Precheck[0].Command = []string{"list", "$(SURVIVOR)", "$(SURVIVORS)"}
	inv := ststest.Web(5)
	leaving(p, 4, record.Draining, between)(inv)
	held(0)(inv)
	i := drain(3, p)
	f := told(i, inv, nothing)
	f.Wrote = true
	d := i.Next(inv.Snapshots()[0], f)
	command, ok := d.Action.(*operate.Exec)
	if !ok {
		t.Fatal(text(d))
	}
	if diff := cmp.Diff([]string{"list", "web-1", "web-1,web-2,web-3"}, command.Argv); diff != "" || command.Pod != "web-1" {
		t.Errorf("in pod %s (-want +got):\n%s", command.Pod, diff)
	}
}
