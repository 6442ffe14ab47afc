package operate_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// A command takes the lock that an earlier one of the same owner left, or still has, before it waits,
// ends or does anything else: the earlier one stops then. Plans do not show it.
func TestTakesTheLockFirst(t *testing.T) {
	waiting := func(inv *sts.Inventory) { ststest.NotReady(inv.Pods[4], ststest.Now) }
	promote := func(l operate.Lock) operate.Intent {
		return operate.NewPromoteCanary(operate.PromoteOptions{Lock: l, Full: true}, standing(1).Snapshots()[0])
	}
	pause := func(l operate.Lock) operate.Intent { return operate.PauseUpdate{Lock: l} }
	for _, test := range []struct {
		name    string
		changes []change
		takes   bool // --take-over
		make    func(operate.Lock) operate.Intent
		want    string
		planned string // the first decision of the plan
	}{
		{"waits", []change{owned("alice@laptop", "0"), waiting}, false, promote, "Do Lock", "Wait PodNotAvailable"},
		{"waits with its own lock", []change{owned("alice@laptop", "1"), waiting}, false, promote, "Wait PodNotAvailable", "Wait PodNotAvailable"},
		{"waits without a lock", []change{waiting}, false, promote, "Wait PodNotAvailable", "Wait PodNotAvailable"},
		{"takes over from another owner", []change{owned("bob@desk", "0"), waiting}, true, promote, "Do Lock", "Wait PodNotAvailable"},
		{"is refused by another owner", []change{owned("bob@desk", "0"), waiting}, false, promote, "Refused Owned", "Refused Owned"},
		{"the next write takes it anyway", []change{owned("alice@laptop", "0")}, false, promote, "Do Step", "Do Step"},
		{"ends at once", []change{owned("alice@laptop", "0")}, false, pause, "Do Lock", "Done Paused"},
		{"finds nothing to do", []change{owned("alice@laptop", "0"), idle}, false, pause, "Done NothingToDo", "Done NothingToDo"},
		{"finds nothing to do, with --take-over", []change{owned("bob@desk", "0"), idle}, true, pause, "Do Lock", "Done NothingToDo"},
		{"is refused for another reason", []change{owned("alice@laptop", "0"), recreate}, false, pause, "Refused UpdateStrategy", "Refused UpdateStrategy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := standing(1)
			for _, change := range test.changes {
				change(inv)
			}
			l := holder("1")
			l.TakeOver = test.takes
			i, s := test.make(l), inv.Snapshots()[0]
			d := operate.Next(i, s, operate.Facts{})
			if got := string(d.Verdict) + " " + d.Reason; got != test.want {
				t.Fatalf("%s (%s), want %s", got, d.Message, test.want)
			}
			if first := operate.Preview(i, s)[0]; string(first.Verdict)+" "+first.Reason != test.planned {
				t.Errorf("the plan begins with %s %s, want %s", first.Verdict, first.Reason, test.planned)
			}
			if d.Reason != "Lock" {
				return
			}
			p := d.Action.(*operate.PatchSet)
			guarded(t, test.name, s.Set, p)
			if f := (operate.Facts{}).After(p); !p.LockOnly() || f.Wrote || f.TookOver == nil || f.TookOver.ID != "0" {
				t.Errorf("the facts are then %+v", f)
			}
			set, err := operate.Patched(s.Set, p.Ops)
			if err != nil {
				t.Fatal(err)
			}
			if o, err := record.ReadOwner(set); err != nil || o.ID != "1" {
				t.Errorf("the lock is then %+v, %v", o, err)
			}
		})
	}
}

// The lock of a command that started later is not taken: this one ends instead.
func TestALaterCommandKeepsItsLock(t *testing.T) {
	world := func(changes ...change) *sts.Snapshot {
		inv := standing(1)
		ststest.NotReady(inv.Pods[4], ststest.Now)
		for _, change := range changes {
			change(inv)
		}
		return inv.Snapshots()[0]
	}
	none, old, later := world(), world(owned("alice@laptop", "0")), world(owned("alice@laptop", "2"))
	for _, test := range []struct {
		name       string
		found, now *sts.Snapshot
		take       bool
		want       string
	}{
		{"there was none", none, later, false, "Refused TakenOver"},
		{"there was another", old, later, false, "Refused TakenOver"},
		{"it was there", old, old, false, "Do Lock"},
		{"of another owner", none, world(owned("bob@desk", "2")), false, "Refused Owned"},
		{"of another owner, with --take-over", none, world(owned("bob@desk", "2")), true, "Refused TakenOver"},
		{"of another owner, with --take-over, and it was there", world(owned("bob@desk", "2")), world(owned("bob@desk", "2")), true, "Do Lock"},
	} {
		l := holder("1")
		l.TakeOver = test.take
		d := operate.Next(operate.NewPromoteCanary(operate.PromoteOptions{Lock: l, Full: true}, test.found), test.now, operate.Facts{Found: test.found})
		if got := string(d.Verdict) + " " + d.Reason; got != test.want {
			t.Errorf("%s: %s (%s), want %s", test.name, got, d.Message, test.want)
		}
	}
}

// A command that will be refused does not take the lock while the status is about an earlier spec.
func TestNoLockBeforeTheStatusIsKnown(t *testing.T) {
	inv := standing(1)
	owned("alice@laptop", "0")(inv)
	unobserved(inv)
	if d := operate.Next(start("1", "web:3", 1), inv.Snapshots()[0], operate.Facts{}); d.Reason != operate.ReasonNotObserved {
		t.Errorf("%s %s", d.Verdict, d.Reason)
	}
}

// A command that resumes ends when the record that it resumes is removed, also before its first write.
func TestTheResumedRecordIsRemoved(t *testing.T) {
	for name, test := range map[string]struct {
		found change
		make  operate.Intent
	}{
		"restart":     {restarting("canary", []sts.Ordinal{1, 3}, 3), restarter("1")},
		"drain-scale": {leaving(nil, 4, record.Draining), drain(4, nil)},
	} {
		inv := ststest.Web(5)
		test.found(inv)
		found := inv.Snapshots()[0]
		d := operate.Next(test.make, ststest.Web(5).Snapshots()[0], operate.Facts{Found: found})
		if d.Reason != operate.ReasonTakenOver {
			t.Errorf("%s: %s %s (%s)", name, d.Verdict, d.Reason, d.Message)
		}
	}
}

// idle is a set without an update.
func idle(inv *sts.Inventory) {
	o := inv.Sets[0].Annotations[record.OwnerAnnotation]
	*inv = *ststest.Web(5)
	annotate(inv.Sets[0], record.OwnerAnnotation, o)
}

// The command that has lost its lock names the one that has taken it, also where that has ended.
func TestLosesTheLock(t *testing.T) {
	lock := func(id, command string) string {
		return sts.EncodeAnnotation(record.Owner{Name: "alice@laptop", ID: id, Command: command, Since: ststest.Now})
	}
	took := operate.Facts{TookOver: &record.Owner{Name: "alice@laptop", ID: "0"}}
	for _, test := range []struct {
		name      string
		facts     operate.Facts
		now, last string
		want      string
	}{
		{"taken", operate.Facts{Wrote: true}, lock("2", "pause"), lock("2", "pause"), `lost the lock on statefulset/web: alice@laptop took it over with "pause"`},
		{"taken from one that has only taken it", took, lock("2", "pause"), "", `lost the lock on statefulset/web: alice@laptop took it over with "pause"`},
		{"taken and released", operate.Facts{Wrote: true}, "", lock("2", "pause"), `lost the lock on statefulset/web: alice@laptop took it over with "pause", which has ended`},
		{"removed", operate.Facts{Wrote: true}, "", lock("1", "canary"), "lost the lock on statefulset/web: annotation kubectl-sts.dev/owner was removed"},
		{"removed, and nothing was seen", took, "", "", "lost the lock on statefulset/web: annotation kubectl-sts.dev/owner was removed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := standing(1)
			if inv.Memory.Lock = test.last; test.now != "" {
				annotate(inv.Sets[0], record.OwnerAnnotation, test.now)
			}
			d := operate.Next(operate.NewPromoteCanary(operate.PromoteOptions{Lock: holder("1")}, inv.Snapshots()[0]), inv.Snapshots()[0], test.facts)
			if d.Reason != operate.ReasonTakenOver || d.Message != test.want {
				t.Errorf("%s: %s\nwant %s", d.Reason, d.Message, test.want)
			}
		})
	}
}

// A command that finds its work done by another one says so.
func TestEndedByAnother(t *testing.T) {
	found := standing(1).Snapshots()[0]
	for name, test := range map[string]struct {
		revision string
		want     string
	}{
		"completed":   {found.Set.Status.UpdateRevision, "another command or client has completed the update to revision web-canary"},
		"rolled back": {ststest.StableRevision, "another command or client has rolled the update back to revision web-stable"},
	} {
		t.Run(name, func(t *testing.T) {
			inv := ststest.Web(5)
			inv.Sets[0].Status.UpdateRevision, inv.Sets[0].Status.CurrentRevision = test.revision, test.revision
			for _, p := range inv.Pods {
				p.Labels[appsv1.StatefulSetRevisionLabel] = test.revision
			}
			s := inv.Snapshots()[0]
			i := operate.NewPromoteCanary(operate.PromoteOptions{Lock: holder("1")}, found)
			if d := operate.Next(i, s, operate.Facts{Found: found}); d.Reason != operate.ReasonNothingToDo || d.Message != test.want {
				t.Errorf("%s %s: %s", d.Verdict, d.Reason, d.Message)
			}
			if d := operate.Next(i, s, operate.Facts{Found: s}); d.Message != "nothing to promote: no canary in progress" {
				t.Errorf("found without a canary: %s", d.Message)
			}
		})
	}
	// A rolling update ends without the help of any command.
	found, now := rolling(1).Snapshots()[0], ststest.Web(5).Snapshots()[0]
	i := operate.NewPromoteCanary(operate.PromoteOptions{Lock: holder("1")}, found)
	if d := operate.Next(i, now, operate.Facts{Found: found}); d.Message != operate.MsgEndedByItself(ststest.StableRevision) {
		t.Errorf("an update without a record: %s", d.Message)
	}
}

// A lock that was just taken from another command does not make up for the record of the restart, or
// for the start of a recovery.
func TestLockTakenIsNoStart(t *testing.T) {
	inv := ststest.Web(3)
	owned("alice@laptop", "1")(inv)
	took := operate.Facts{TookOver: &record.Owner{Name: "alice@laptop", ID: "0", Command: "canary promote"}}
	if d := operate.Next(restarter("1"), inv.Snapshots()[0], took); d.Reason != "Begin" {
		t.Errorf("restart: %s %s", d.Verdict, d.Reason)
	}
	l := holder("1")
	l.Command = "unstick"
	unstick := operate.NewUnstick(operate.UnstickOptions{Lock: l, AnyRemedy: true}, inv.Snapshots()[0])
	annotate(inv.Sets[0], record.OwnerAnnotation, sts.EncodeAnnotation(l.Owner))
	if d := operate.Next(unstick, inv.Snapshots()[0], took); d.Reason != operate.ReasonNothingToDo {
		t.Errorf("unstick after another command: %s %s", d.Verdict, d.Reason)
	}
	took.TookOver.Command = "unstick"
	if d := operate.Next(unstick, inv.Snapshots()[0], took); d.Reason != "Finish" {
		t.Errorf("unstick after another unstick: %s %s", d.Verdict, d.Reason)
	}
}

// The result of a pause claims the new revision only for pods that run it.
func TestPausedBeforeTheControllerIsThrough(t *testing.T) {
	inv := standing(2)
	inv.Pods[3].Labels[appsv1.StatefulSetRevisionLabel] = ststest.StableRevision
	d := operate.Next(operate.PauseUpdate{Lock: holder("1")}, inv.Snapshots()[0], operate.Facts{})
	const want = "paused: ordinals 0-2 not updated, ordinal 4 on the new revision, ordinal 3 still to be updated by the controller; nothing was reverted"
	if d.Message != want {
		t.Errorf("%s\nwant %s", d.Message, want)
	}
}

// The number of restarts in a message does not make a deletion another one.
func TestKeyOfADeletion(t *testing.T) {
	key := func(message, uid string) string {
		return operate.Decision{Verdict: operate.Do, Reason: "DeleteBlocker", Message: message,
			Action: &operate.DeletePod{Description: message, PodRef: operate.PodRef{Name: "web-2", UID: types.UID(uid)}}}.Key()
	}
	if key("delete pod web-2: 2 restarts", "a") != key("delete pod web-2: 3 restarts", "a") {
		t.Error("two keys for one deletion")
	}
	if key("delete pod web-2", "a") == key("delete pod web-2", "b") {
		t.Error("one key for two pods")
	}
}

// While a canary is in progress, a stuck update is rolled back by aborting it.
func TestHintAtAStuckCanary(t *testing.T) {
	for name, test := range map[string]struct {
		inv  *sts.Inventory
		want string
	}{
		"a canary":         {standing(1), "kubectl sts canary abort web -n test"},
		"a rolling update": {rolling(1), "kubectl sts unstick web -n test"},
	} {
		crashing(4)(test.inv)
		if hint := operate.FinishUpdate(test.inv.Snapshots()[0]).String(); !strings.Contains(hint, test.want) {
			t.Errorf("%s: %s", name, hint)
		}
	}
}
