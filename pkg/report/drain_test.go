package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// scalingDown is a set being scaled from 5 to 3 with etcd, its member web-4 in that phase for three
// minutes.
func scalingDown(phase record.MemberPhase) *record.Drain {
	return &record.Drain{From: 5, To: 3, Profile: "etcd", StartedBy: "alice@laptop", StartedAt: ststest.Now.Add(-5 * time.Minute),
		Member: &record.Member{Ordinal: 4, UID: "web-4-uid", Phase: phase, Values: map[string]string{"MEMBER_ID": "8e9e"}, Since: ststest.Now.Add(-3 * time.Minute)}}
}

func scalingUp(phase record.MemberPhase, profile string) *record.Drain {
	return &record.Drain{From: 5, To: 7, Profile: profile, StartedBy: "alice@laptop", StartedAt: ststest.Now.Add(-5 * time.Minute),
		Member: &record.Member{Ordinal: 5, Phase: phase, Since: ststest.Now.Add(-20 * time.Second)}}
}

func wants(n int32) func(*sts.Inventory) {
	return func(inv *sts.Inventory) { *inv.Sets[0].Spec.Replicas = n }
}

// gone is a set that was scaled down to n pods.
func gone(n int32) func(*sts.Inventory) {
	return func(inv *sts.Inventory) {
		*inv.Sets[0].Spec.Replicas = n
		inv.Pods = inv.Pods[:n]
	}
}

func held(o int) func(*sts.Inventory) {
	return func(inv *sts.Inventory) { inv.Pods[o].Finalizers = []string{record.LeavingFinalizer} }
}

func ending(o int) func(*sts.Inventory) {
	return func(inv *sts.Inventory) { inv.Pods[o].DeletionTimestamp = &metav1.Time{Time: ststest.Now} }
}

func failing(o int) func(*sts.Inventory) {
	return func(inv *sts.Inventory) { ststest.Crashing(inv.Pods[o]) }
}

func ownedByAlice(inv *sts.Inventory) {
	inv.Sets[0].Annotations[record.OwnerAnnotation] = sts.EncodeAnnotation(record.Owner{Name: "alice@laptop", ID: "1", Command: "drain-scale --replicas 3", Since: ststest.Now})
}

func hidden(resource string) func(*sts.Inventory) {
	return func(inv *sts.Inventory) {
		inv.Missing = append(inv.Missing, sts.Missing{Resource: resource, Reason: "forbidden"})
	}
}

func parked(inv *sts.Inventory) {
	inv.Sets[0].Annotations = map[string]string{record.ParkedAnnotation: "5"}
}

type drainCase struct {
	name    string
	record  *record.Drain
	changes []func(*sts.Inventory)
	state   report.State
	message string
	hint    string // its commands
}

const (
	resume      = "kubectl sts drain-scale web --replicas 3 --profile etcd -n test"
	resumePlain = "kubectl sts drain-scale web --replicas 3 --profile none -n test"
	resumeUp    = "kubectl sts drain-scale web --replicas 7 --profile etcd -n test"
	resumeUpRaw = "kubectl sts drain-scale web --replicas 7 --profile none -n test"
	orCancel    = ", kubectl sts drain-scale web --cancel -n test"
	describe4   = "kubectl describe pod web-4 -n test"
)

// troubleOf is what is wrong with a pod of the set after these changes.
func troubleOf(ordinal int, changes ...func(*sts.Inventory)) string {
	inv := ststest.Web(5)
	for _, change := range changes {
		change(inv)
	}
	s := inv.Snapshots()[0]
	return diagnose.Replica(s, s.Replicas()[ordinal]).Message
}

func drainCases() []drainCase {
	scaling := func(from, to int32, done int) string { return "; " + report.MsgDrainScaling(from, to, done) }
	in := func(message string, phase record.MemberPhase, since time.Duration, profile string) string {
		return message + " (" + report.MsgMemberPhase(phase, since, profile) + ")"
	}
	crashes := troubleOf(4, failing(4))
	type on = []func(*sts.Inventory)
	between := scalingDown(record.Draining)
	between.Member = nil
	between.Done = []record.Moved{{Ordinal: 4, Took: map[record.MemberPhase]metav1.Duration{record.Draining: {Duration: time.Minute}, record.Removing: {Duration: 3 * time.Second}}}}
	finishing := *between
	finishing.Done = append(finishing.Done[:1:1], record.Moved{Ordinal: 3})
	second := *between
	second.Member = &record.Member{Ordinal: 3, Phase: record.Draining, Since: ststest.Now.Add(-time.Second)}
	plain := scalingDown(record.Removing)
	plain.Profile = ""
	byHand := scalingDown(record.Draining)
	byHand.Profile = "--drain-exec"
	betweenUp := scalingUp(record.Announcing, "")
	betweenUp.Member = nil
	park := scalingDown(record.Removing)
	park.To, park.Profile = 0, ""
	return []drainCase{
		{"it is leaving", scalingDown(record.Draining), nil, report.ScalingDown,
			in(report.MsgMemberLeaving("web-4"), record.Draining, 3*time.Minute, "etcd") + scaling(5, 3, 0), resume + orCancel},
		{"it is leaving, and the command is running", scalingDown(record.Draining), on{ownedByAlice}, report.ScalingDown,
			in(report.MsgMemberLeaving("web-4"), record.Draining, 3*time.Minute, "etcd") + scaling(5, 3, 0), ""},
		{"by an inline command", byHand, nil, report.ScalingDown,
			in(report.MsgMemberLeaving("web-4"), record.Draining, 3*time.Minute, "--drain-exec") + scaling(5, 3, 0),
			"kubectl sts drain-scale web --replicas 3 -n test" + orCancel},
		{"it is failing, and so may leave", scalingDown(record.Draining), on{failing(4)}, report.ScalingDown,
			in(report.MsgMemberLeaving("web-4"), record.Draining, 3*time.Minute, "etcd") + scaling(5, 3, 0), resume + orCancel},
		{"another one that will leave is failing", scalingDown(record.Draining), on{failing(3)}, report.ScalingDown,
			in(report.MsgMemberLeaving("web-4"), record.Draining, 3*time.Minute, "etcd") + scaling(5, 3, 0), resume + orCancel},
		{"one that stays is failing", scalingDown(record.Draining), on{failing(1)}, report.Stuck,
			report.MsgPod("web-1", crashes) + "; " + in(report.MsgMemberLeaving("web-4"), record.Draining, 3*time.Minute, "etcd") + scaling(5, 3, 0),
			"kubectl describe pod web-1 -n test"},
		{"it was reverted", scalingDown(record.Recalled), on{held(4)}, report.ScalingDown,
			in(report.MsgMemberReverted("web-4"), record.Recalled, 3*time.Minute, "etcd") + scaling(5, 3, 0), resume + orCancel},
		{"it has left", scalingDown(record.Removing), on{held(4)}, report.ScalingDown,
			in(report.MsgMemberStillThere("web-4"), record.Removing, 3*time.Minute, "etcd") + scaling(5, 3, 0), resume},
		{"it has left, and its pod is terminating", scalingDown(record.Removing), on{held(4), ending(4)}, report.ScalingDown,
			in(report.MsgMemberTerminating("web-4"), record.Removing, 3*time.Minute, "etcd") + scaling(5, 3, 0), resume},
		{"it has left, the set is scaled down, its pod is terminating", scalingDown(record.Removing), on{held(4), ending(4), wants(4)}, report.ScalingDown,
			in(report.MsgMemberTerminating("web-4"), record.Removing, 3*time.Minute, "etcd") + scaling(5, 3, 0), resume},
		{"it has left, and its pod is gone", scalingDown(record.Removing), on{gone(4)}, report.ScalingDown,
			in(report.MsgMemberGone("web-4"), record.Removing, 3*time.Minute, "etcd") + scaling(5, 3, 0), resume},
		{"after hooks", scalingDown(record.Finishing), on{gone(4)}, report.ScalingDown,
			in(report.MsgMemberFinishing("web-4"), record.Finishing, 3*time.Minute, "etcd") + scaling(5, 3, 0), resume + orCancel},
		{"without hooks", plain, nil, report.ScalingDown,
			in(report.MsgMemberRemoved("web-4"), "", 3*time.Minute, "") + scaling(5, 3, 0), resumePlain + orCancel},
		{"being parked", park, nil, report.ScalingDown,
			in(report.MsgMemberRemoved("web-4"), "", 3*time.Minute, "") + scaling(5, 0, 0), "kubectl sts drain-scale web --replicas 0 --park -n test" + orCancel},
		{"between two", between, on{gone(4)}, report.ScalingDown,
			report.MsgDrainNextToLeave("web-3") + scaling(5, 3, 1), resume + orCancel},
		{"the second", &second, on{gone(4)}, report.ScalingDown,
			in(report.MsgMemberLeaving("web-3"), record.Draining, time.Second, "etcd") + scaling(5, 3, 1), resume + orCancel},
		{"all are gone", &finishing, on{gone(3)}, report.ScalingDown,
			report.MsgDrainAlmostDone() + scaling(5, 3, 2), resume + orCancel},
		{"pods are hidden", scalingDown(record.Removing), on{func(inv *sts.Inventory) { inv.Pods = nil }, hidden("pods")}, report.ScalingDown,
			in(report.MsgMemberLeft("web-4"), record.Removing, 3*time.Minute, "etcd") + scaling(5, 3, 0) + "; " + report.MsgPodsUnreadable(0, 5, 0), resume},
		{"the record is missing", nil, on{held(4)}, report.ScalingDown,
			report.MsgDrainRecordLost("web-4"),
			"kubectl sts drain-scale web --replicas 4 --profile none -n test, kubectl sts drain-scale web --cancel -n test"},
		{"the record is missing, and the set is scaled down", nil, on{held(4), ending(4), wants(3)}, report.ScalingDown,
			report.MsgDrainRecordLost("web-4"),
			"kubectl sts drain-scale web --replicas 3 --profile none -n test, kubectl sts drain-scale web --cancel -n test"},
		{"will be added", scalingUp(record.Announcing, ""), nil, report.ScalingUp,
			in(report.MsgMemberAdded("web-5"), "", 20*time.Second, "") + scaling(5, 7, 0), resumeUpRaw + orCancel},
		{"will join", scalingUp(record.Announcing, "etcd"), nil, report.ScalingUp,
			in(report.MsgMemberJoining("web-5"), record.Announcing, 20*time.Second, "etcd") + scaling(5, 7, 0), resumeUp + orCancel},
		{"starting", scalingUp(record.Starting, "etcd"), on{wants(6)}, report.ScalingUp,
			in(report.MsgMemberStarting("web-5"), record.Starting, 20*time.Second, "etcd") + scaling(5, 7, 0), resumeUp + orCancel},
		{"between two that join", betweenUp, nil, report.ScalingUp,
			report.MsgDrainNextToJoin("web-5") + scaling(5, 7, 0), resumeUpRaw + orCancel},
		{"parked with a recorded size", nil, on{gone(0), parked}, report.Parked,
			report.MsgParked(5), "kubectl sts drain-scale web --unpark -n test"},
		{"parked by hand", nil, on{gone(0)}, report.Parked, report.MsgScaledToZero(), ""},
		{"a pod that fails without any of this", nil, on{failing(4)}, report.Stuck,
			report.MsgPod("web-4", crashes), describe4},
	}
}

func (c drainCase) inventory() *sts.Inventory {
	inv := ststest.Web(5)
	if c.record != nil {
		inv.Sets[0].Annotations = map[string]string{record.DrainAnnotation: sts.EncodeAnnotation(*c.record)}
	}
	for _, change := range c.changes {
		change(inv)
	}
	return inv
}

func TestStatusOfDrainScale(t *testing.T) {
	for _, test := range drainCases() {
		t.Run(test.name, func(t *testing.T) {
			st := report.NewStatusReport(test.inventory(), nil).Items[0]
			got := []string{string(st.State), st.Message, strings.Join(ststest.Commands(st.Hint), ", ")}
			if diff := cmp.Diff([]string{string(test.state), test.message, test.hint}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDrainStatus(t *testing.T) {
	drain := scalingDown(record.Draining)
	drain.From, drain.Retention = 6, "Delete"
	drain.Done = []record.Moved{{Ordinal: 5, Took: map[record.MemberPhase]metav1.Duration{record.Draining: {Duration: time.Minute}, record.Removing: {Duration: 3 * time.Second}}}}
	drain.Member.Took = map[record.MemberPhase]metav1.Duration{record.Draining: {Duration: time.Second}}
	inv := ststest.Web(5)
	kept := ststest.Claim(inv.Sets[0], 5)
	inv.Claims = append(inv.Claims, kept)
	inv.Pods[4].Finalizers = []string{"other.example/x", record.LeavingFinalizer}
	s := inv.Snapshots()[0]
	started, since := metav1.NewTime(drain.StartedAt), metav1.NewTime(drain.Member.Since)
	want := &report.DrainStatus{From: 6, To: 3, Profile: "etcd", Retention: "Delete", StartedBy: "alice@laptop", StartedAt: &started,
		Member: &report.MemberStatus{Ordinal: 4, Pod: "web-4", Phase: record.Draining, Since: &since, Held: true,
			Took: drain.Member.Took, Values: map[string]string{"MEMBER_ID": "8e9e"}},
		Done: []report.MovedStatus{{Ordinal: 5, Pod: "web-5", Took: drain.Done[0].Took}}, Left: []sts.Ordinal{3}, Claims: []string{"data-web-5"}}
	got := report.NewDrainStatus(s, drain)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if total := got.Done[0].Total(); total != 63*time.Second {
		t.Errorf("web-5 took %s", total)
	}
	// A claim that will be deleted with its pod is not listed.
	for name, change := range map[string]func(*corev1.PersistentVolumeClaim){
		"owned by its pod": func(c *corev1.PersistentVolumeClaim) {
			c.OwnerReferences = []metav1.OwnerReference{{Kind: "Pod", Name: "web-5"}}
		},
		"being deleted": func(c *corev1.PersistentVolumeClaim) { c.DeletionTimestamp = &metav1.Time{Time: ststest.Now} },
	} {
		c := kept.DeepCopy()
		change(c)
		inv.Claims[5] = c
		if got := report.NewDrainStatus(inv.Snapshots()[0], drain).Claims; len(got) != 0 {
			t.Errorf("%s: %s is listed as kept", name, strings.Join(got, ", "))
		}
	}
	up := *drain
	up.From, up.To, up.Done, up.Member = 4, 7, []record.Moved{{Ordinal: 4}}, nil
	if got := report.NewDrainStatus(s, &up); !cmp.Equal(got.Left, []sts.Ordinal{5, 6}) || len(got.Claims) != 0 {
		t.Errorf("scaling up: left %v, claims %v", got.Left, got.Claims)
	}
	if got := report.NewDrainStatus(ststest.Web(3).Snapshots()[0], nil); got != nil {
		t.Errorf("of nothing: %+v", got)
	}
}
