package operate_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// TestTrials: every command tries, before its first write, one pod for each revision that will
// replace another one.
func TestTrials(t *testing.T) {
	missing := func(o int) change {
		return func(inv *sts.Inventory) { inv.Pods = append(inv.Pods[:o:o], inv.Pods[o+1:]...) }
	}
	all := intstr.FromString("100%")
	drain := func(inv *sts.Inventory, to int32) operate.Intent {
		return operate.NewDrainScale(operate.DrainOptions{Lock: holder("1"), Replicas: to, NoHooks: true, ReuseClaims: true}, inv.Snapshots()[0])
	}
	parked := ststest.Web(5)
	parked.Pods = nil
	*parked.Sets[0].Spec.Replicas = 0
	annotate(parked.Sets[0], record.ParkedAnnotation, "5")
	unsized, other := ststest.Web(3), ststest.Web(3)
	abort := operate.AbortCanary{Lock: holder("1")}
	unstick := operate.NewUnstick(operate.UnstickOptions{Lock: holder("1"), AnyRemedy: true}, nil)
	promote := func(o operate.PromoteOptions, inv *sts.Inventory) operate.Intent {
		o.Lock = holder("1")
		return operate.NewPromoteCanary(o, inv.Snapshots()[0])
	}
	first := func(images string, n intstr.IntOrString, noWait bool) operate.Intent {
		return operate.StartCanary{Lock: holder("1"), Images: []operate.ImageRequest{{Image: images}}, Canaries: n, NoWait: noWait}
	}
	type trial = string // POD IMAGE (revision), instead of REVISION, xCOUNT, costs
	for name, test := range map[string]struct {
		from    *sts.Inventory
		changes []change
		intent  operate.Intent
		want    []trial
	}{
		"canary start":                     {ststest.Web(5), nil, first("web:2", intstr.FromInt32(2), false), []trial{"web-4 web:2 (new) for web-stable x2 costs"}},
		"canary start without waiting":     {ststest.Web(5), nil, first("web:2", all, true), []trial{"web-4 web:2 (new) for web-stable x5 costs"}},
		"undo":                             {standing(0), []change{undone, onSet(func(s *appsv1.StatefulSet) { s.Annotations = nil })}, operate.StartCanary{Lock: holder("1"), Template: revisionOf(t, standing(0), 1), Canaries: intstr.FromInt32(1)}, []trial{"web-4 web:2 (web-canary) for web-stable x1 costs"}},
		"promote by one":                   {standing(2), nil, promote(operate.PromoteOptions{}, standing(2)), []trial{"web-2 web:2 (web-canary) for web-stable x1 costs"}},
		"promote to the end":               {standing(2), nil, promote(operate.PromoteOptions{Full: true}, standing(2)), []trial{"web-2 web:2 (web-canary) for web-stable x3 costs"}},
		"promote by itself":                {standing(2), nil, operate.AutoPromote{Lock: holder("1")}, []trial{"web-2 web:2 (web-canary) for web-stable x3 costs"}},
		"resume":                           {standing(2), nil, operate.ResumeUpdate{Lock: holder("1")}, []trial{"web-2 web:2 (web-canary) for web-stable x3 costs"}},
		"abort":                            {standing(2), nil, abort, []trial{"web-4 web:1 (web-stable) for web-canary x2 costs"}},
		"abort of pods that fail":          {standing(2), []change{crashing(3), crashing(4)}, abort, []trial{"web-3 web:1 (web-stable) for web-canary x2"}},
		"abort of pods that are not ready": {standing(2), []change{starting(3), starting(4)}, abort, []trial{"web-3 web:1 (web-stable) for web-canary x2"}},
		"abort of a pod that is missing":   {standing(1), []change{missing(4)}, abort, []trial{"web-4 web:1 (web-stable) for  x1"}},
		"unstick goes back":                {rolling(1, crashing(4), undone), nil, unstick, []trial{"web-4 web:1 (web-stable) for web-canary x1"}},
		"restart":                          {standing(2), nil, restarter("1"), []trial{"web-4 web:2 (web-canary) for web-canary x2 costs", "web-2 web:1 (web-stable) for web-stable x3 costs"}},
		"restart of a pod that fails":      {ststest.Web(5), []change{crashing(1)}, operate.RestartPods{Lock: restarter("1").Lock, Ordinals: sts.Ordinals{{First: 1, Last: 1}}}, []trial{"web-1 web:1 (web-stable) for web-stable x1 costs"}},
		"scale up":                         {unsized, nil, drain(unsized, 5), []trial{"web-3 web:1 (web-stable) for  x2 costs claims 2"}},
		"scale up with a start ordinal": {other, []change{onSet(func(s *appsv1.StatefulSet) {
			s.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 1}
			*s.Spec.Replicas = 2
		}), missing(0)}, drain(other, 3), []trial{"web-3 web:1 (web-stable) for  x1 costs claims 1"}},
		"scale down":    {ststest.Web(5), nil, drain(ststest.Web(5), 3), nil},
		"unpark":        {parked, nil, operate.Unpark{Lock: holder("1")}, []trial{"web-0 web:1 (web-stable) for  x5 costs"}},
		"nothing to do": {ststest.Web(3), nil, abort, nil},
		"refused":       {standing(2), []change{owned("bob@desk", "7")}, abort, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, change := range test.changes {
				change(test.from)
			}
			s := test.from.Snapshots()[0]
			steps, trials := operate.PreviewTrials(test.intent, s)
			if diff := cmp.Diff(inFullAll(operate.Preview(test.intent, s)), inFullAll(steps)); diff != "" {
				t.Errorf("the plan is another one with trials (-want +got):\n%s", diff)
			}
			var got []trial
			for _, tr := range trials {
				revision, instead, costs := sts.PodRevision(tr.Pod), "", ""
				if tr.Unnamed {
					revision = "new"
				}
				if tr.Replaces != nil {
					instead = sts.PodRevision(tr.Replaces)
				}
				if tr.Costs {
					costs = " costs"
				}
				got = append(got, fmt.Sprintf("%s %s (%s) for %s x%d%s", tr.Pod.Name, tr.Pod.Spec.Containers[0].Image, revision, instead, tr.Count, costs))
				if n := tr.Claims["persistentvolumeclaims"]; n.Value() > 0 {
					got[len(got)-1] += " claims " + n.String()
				}
				if label := tr.Pod.Labels[appsv1.StatefulSetRevisionLabel]; len(label) == 0 || len(label) > 63 || label[len(label)-1] == ')' {
					t.Errorf("%s: no revision label: %q", tr.Pod.Name, label)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%v", diff, inFullAll(steps))
			}
		})
	}
}

// TestPreviewStored: where admission changes the stable template, the plan of a rollback ends as the
// command will: stuck, with an unchanged partition.
func TestPreviewStored(t *testing.T) {
	s := standing(2).Snapshots()[0]
	set := s.Set.DeepCopy()
	set.Spec.Template = *ststest.Web(5).Sets[0].Spec.Template.DeepCopy()
	set.Spec.Template.Labels["team"] = "payments"
	for name, intent := range map[string]operate.Intent{
		"abort":   operate.AbortCanary{Lock: holder("1")},
		"promote": operate.NewPromoteCanary(operate.PromoteOptions{Lock: holder("1"), Full: true}, s),
	} {
		steps, trials := operate.PreviewStored(intent, s, &set.Spec.Template)
		var moves []int32
		for _, d := range steps {
			if p, ok := d.Action.(*operate.PatchSet); ok && p.Partition != nil {
				moves = append(moves, p.Partition.To)
			}
		}
		end := steps[len(steps)-1]
		if name == "promote" { // it sets no template
			if end.Verdict != operate.Done {
				t.Errorf("%s: %s", name, inFull(end))
			}
			continue
		}
		if end.Verdict != operate.Stuck || end.Reason != operate.ReasonAdmission || len(moves) > 0 {
			t.Errorf("%s: partition to %v, %s", name, moves, inFull(end))
		}
		if len(trials) != 1 || trials[0].Pod.Labels["team"] != "payments" {
			t.Errorf("%s: pods to be tried: %v", name, trials)
		}
	}
}

func inFullAll(steps []operate.Decision) []string {
	var out []string
	for _, d := range steps {
		out = append(out, inFull(d))
	}
	return out
}

// revisionOf is the template of the n-th revision.
func revisionOf(t *testing.T, inv *sts.Inventory, n int) []byte {
	t.Helper()
	raw, err := sts.RevisionTemplate(inv.Revisions[n])
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
