package operate_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func unstickKinds() []string {
	return []string{
		wasKilled, "Do Restore", "Do Lock", "Do DeleteBlocker", "Do Finish",
		kindOf(operate.Wait, operate.ReasonPodNotAvailable), kindOf(operate.Wait, operate.ReasonNotObserved),
		kindOf(operate.Done, operate.ReasonUnstuck), kindOf(operate.Done, operate.ReasonAborted), kindOf(operate.Done, operate.ReasonNothingToDo),
	}
}

// A rolling update by kubectl breaks, and is reverted, fixed or left alone.
// unstick gets it going, killed at random, and deletes only what stands in the way.
func TestUnstickInRandomWorlds(t *testing.T) {
	tellStories(t, unstickKinds(), unstickStory)
}

func unstickStory(t *testing.T, seed uint64, met ststest.Kinds) {
	r := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // to be repeated
	w := newWorld(int32(1+r.IntN(5)), func(set *appsv1.StatefulSet) {
		if r.IntN(3) == 0 {
			set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3}
		}
		if r.IntN(2) == 0 {
			set.Spec.PodManagementPolicy = appsv1.ParallelPodManagement
		}
		*set.Spec.UpdateStrategy.RollingUpdate.Partition = int32(max(0, r.IntN(4)-2))
	})
	w.Features.MaxUnavailable = r.IntN(3) == 0
	w.slow = time.Duration(r.IntN(3)) * time.Second
	apply := func(image string) {
		w.edit(func(set *appsv1.StatefulSet) { set.Spec.Template = ststest.Template(image) })
		for range 15 { // until it is seen whether it gets on
			w.tick()
		}
	}
	apply("web:2-crash")
	wanted := "web:2-crash"
	switch r.IntN(3) {
	case 0:
		wanted = ststest.StableImage
		apply(wanted)
	case 1:
		wanted = "web:3"
		apply(wanted)
	}
	before, spec := sts.Partition(w.Set), w.Set.Spec.DeepCopy()
	deleted := map[sts.Ordinal]int{}
	safe := func(s *sts.Snapshot, d operate.Decision) {
		del, ok := d.Action.(*operate.DeletePod)
		if !ok {
			return
		}
		pod := w.pod(del.Ordinal)
		if pod == nil || pod.UID != del.UID {
			t.Fatalf("deletes %s by the UID of another pod", del.Name)
		}
		if w.available(pod) {
			t.Fatalf("deletes %s, which is available", del.Name)
		}
		if sts.PodRevision(pod) == s.RevisionFor(del.Ordinal) {
			t.Fatalf("deletes %s, which runs its correct revision", del.Name)
		}
		deleted[del.Ordinal]++
	}
	var c *command
	var d operate.Decision
	for rounds, over := 0, false; !over; rounds++ {
		if rounds > 900 {
			t.Fatalf("it comes to no end: %s", d.Message)
		}
		if c == nil || r.IntN(8) == 0 {
			met[wasKilled] = met[wasKilled] || c != nil
			l := holder(fmt.Sprint(rounds))
			l.Command = "unstick"
			c = &command{t: t, w: w, intent: operate.NewUnstick(operate.UnstickOptions{Lock: l, AnyRemedy: true}, nil), before: safe, met: met}
		}
		d, over = c.step()
		for range r.IntN(4) {
			w.tick()
		}
	}
	for range 60 {
		w.tick()
	}
	if d.Verdict != operate.Done {
		t.Fatalf("%s %s: %s", d.Verdict, d.Reason, d.Message)
	}
	for o, n := range deleted {
		if n > 1 {
			t.Errorf("ordinal %d was deleted %d times", o, n)
		}
	}
	if sts.Partition(w.Set) != before {
		t.Errorf("the partition is %d, and was %d", sts.Partition(w.Set), before)
	}
	if c, err := record.ReadCanary(w.Set); c != nil || err != nil {
		t.Errorf("the record is left: %v, %v", c, err)
	}
	if wanted != "web:2-crash" && w.Set.Spec.Template.Spec.Containers[0].Image != spec.Template.Spec.Containers[0].Image {
		t.Errorf("the template was touched: it has %s", w.Set.Spec.Template.Spec.Containers[0].Image)
	}
	from := sts.UpdateFrom(w.Set)
	for o := sts.Start(w.Set); o < sts.End(w.Set); o++ {
		p := w.pod(o)
		if !w.available(p) {
			t.Errorf("%s, and ordinal %d is not available", d.Message, o)
		} else if image := p.Spec.Containers[0].Image; o >= from && image != w.Set.Spec.Template.Spec.Containers[0].Image {
			t.Errorf("%s, and ordinal %d runs %s", d.Message, o, image)
		}
	}
}

// What unstick does under Recreate comes to its end, and takes every pod of the update.
func TestUnstickUnderRecreate(t *testing.T) {
	inv := recreating(5)
	crashing(0)(inv)
	justPod(0)(inv)
	var got []string
	for _, d := range operate.Preview(operate.NewUnstick(operate.UnstickOptions{Lock: holder("1"), AnyRemedy: true}, nil), inv.Snapshots()[0]) {
		got = append(got, string(d.Verdict)+" "+d.Reason)
	}
	if diff := cmp.Diff([]string{"Do Restore", "Do Finish", "Done Unstuck"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
