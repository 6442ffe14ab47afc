package operate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// quorum is a profile with a command in each section.
func quorum() *profile.Profile {
	one := func(name string, on profile.Where, argv ...string) []profile.Command {
		return []profile.Command{{Name: name, Why: "run " + name, On: on, Command: argv, ExitCodes: []int{0},
			Timeout: metav1.Duration{Duration: time.Minute}, Pause: metav1.Duration{Duration: 2 * time.Second}}}
	}
	p := &profile.Profile{
		Metadata: profile.Metadata{Name: "quorum"},
		Precheck: one("find", profile.Survivor, "list", "$(POD_NAME)"), Drain: one("leave", profile.Leaving, "leave", "$(MEMBER_ID)"),
		Until: &profile.Until{Commands: one("gone", profile.Survivor, "ask", "$(MEMBER_ID)"), Successes: 2,
			Interval: metav1.Duration{Duration: 3 * time.Second}, Timeout: metav1.Duration{Duration: time.Minute}},
		Cancel: one("come-back", profile.Leaving, "rejoin", "$(MEMBER_ID)"), After: one("forget", profile.Survivor, "forget", "$(MEMBER_ID)"),
		Join: &profile.Join{Before: one("add", profile.Survivor, "add", "$(POD_NAME)"), Started: one("promote", profile.Survivor, "promote", "$(POD_NAME)"),
			After: one("vote", profile.Joining, "vote")},
	}
	p.Precheck[0].Hint = "check the output of list"
	p.Precheck[0].Capture = map[string]string{"MEMBER_ID": "id=(.*)"}
	p.Drain[0].Retries = 1
	return p
}

// bare is quorum with only what is needed to leave.
func bare() *profile.Profile {
	p := quorum()
	p.Metadata.Name = "bare"
	p.Precheck, p.Until, p.Cancel, p.After, p.Join = nil, nil, nil, nil, nil
	p.Drain[0].Command = []string{"leave"}
	return p
}

func drainOptions(to int32, p *profile.Profile) operate.DrainOptions {
	return operate.DrainOptions{Lock: holder("1"), Replicas: to, Profile: p, Domain: "cluster.local"}
}

// drain is a drain-scale by a command that started before any member was leaving or joining.
func drain(to int32, p *profile.Profile) operate.Intent {
	return drainWith(to, p, func(*operate.DrainOptions) {})
}

func drainWith(to int32, p *profile.Profile, f func(*operate.DrainOptions)) operate.Intent {
	o := drainOptions(to, p)
	f(&o)
	return operate.NewDrainScale(o, ststest.Web(5).Snapshots()[0])
}

// leaving records that a member is leaving, from 5 to 3 or to another size.
func leaving(p *profile.Profile, o sts.Ordinal, phase record.MemberPhase, more ...func(*record.Drain)) change {
	return onSet(func(set *appsv1.StatefulSet) {
		d := record.Drain{From: 5, To: 3, StartedBy: "alice@laptop", StartedAt: ststest.Now.Add(-time.Hour),
			Member: &record.Member{Ordinal: o, UID: types.UID(sts.PodName("web", o) + "-uid"), Phase: phase, Since: ststest.Now.Add(-time.Minute)}}
		if p != nil {
			d.Profile = p.Metadata.Name
			d.Member.Values = map[string]string{"MEMBER_ID": "8e9e"}
		}
		for n := sts.Ordinal(4); n > o; n-- {
			d.Done = append(d.Done, record.Moved{Ordinal: n})
		}
		for _, f := range more {
			f(&d)
		}
		annotate(set, record.DrainAnnotation, sts.EncodeAnnotation(d))
		annotate(set, record.OwnerAnnotation, sts.EncodeAnnotation(holder("1").Owner))
	})
}

// joining records that a member is joining, from 5 to 7.
func joining(p *profile.Profile, phase record.MemberPhase) change {
	return leaving(p, 5, phase, func(d *record.Drain) {
		d.To, d.Member.UID, d.Member.Values = 7, "", nil
	})
}

func between(d *record.Drain) { d.Member = nil }

func wanted(n int32) change {
	return onSet(func(set *appsv1.StatefulSet) { *set.Spec.Replicas = n })
}

// unobserved is a set whose controller has not observed the last change of its spec.
func unobserved(inv *sts.Inventory) { inv.Sets[0].Generation = 9 }

// without removes the pods from an ordinal up.
func without(from int) change {
	return func(inv *sts.Inventory) { inv.Pods = inv.Pods[:from] }
}

func held(o int) change {
	return onPod(o, func(p *corev1.Pod) { p.Finalizers = append(p.Finalizers, "other.example/x", record.LeavingFinalizer) })
}

func going(o int) change {
	return onPod(o, func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })
}

// gap is a pod that is missing below others.
func gap(o int) change {
	return func(inv *sts.Inventory) { inv.Pods = slices.Delete(inv.Pods, o, o+1) }
}

// refused is the controller's warning that a quota refuses a pod.
func refused(pod string) change {
	return func(inv *sts.Inventory) {
		inv.Events = append(inv.Events, &corev1.Event{Reason: "FailedCreate", Type: corev1.EventTypeWarning, LastTimestamp: metav1.NewTime(ststest.Now.Add(-time.Minute)),
			InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: ststest.Namespace, Name: "web", UID: inv.Sets[0].UID},
			Message:        "create Pod " + pod + " in StatefulSet web failed error: exceeded quota"})
	}
}

// counted: the set's status counts so many pods.
func counted(n int32) change {
	return onSet(func(set *appsv1.StatefulSet) { set.Status.Replicas = n })
}

func parallel(inv *sts.Inventory) {
	inv.Sets[0].Spec.PodManagementPolicy = appsv1.ParallelPodManagement
}

// neverMade: the leaving member had no pod.
func neverMade(o sts.Ordinal) change {
	return leaving(nil, o, record.Removing, func(d *record.Drain) { d.Member.UID = "" })
}

func recreated(o int) change {
	return onPod(o, func(p *corev1.Pod) { p.UID = "recreated" })
}

func noBudget(inv *sts.Inventory) { inv.Budgets = nil }

func autoscaled(low, high int32) change {
	return func(inv *sts.Inventory) {
		inv.HPAs = append(inv.HPAs, &autoscalingv2.HorizontalPodAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "web-hpa"},
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{MinReplicas: &low, MaxReplicas: high,
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "web"}},
		})
	}
}

func deletesClaims(set *appsv1.StatefulSet) {
	set.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
		WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType, WhenScaled: appsv1.DeletePersistentVolumeClaimRetentionPolicyType}
}

// claimsOf adds the claims of removed members.
func claimsOf(ordinals ...sts.Ordinal) change {
	return func(inv *sts.Inventory) {
		for _, o := range ordinals {
			inv.Claims = append(inv.Claims, ststest.Claim(inv.Sets[0], o))
		}
	}
}

// notYet: the command was not run.
var notYet = &operate.ExecResult{}

// told are the facts when every command ended as say returns; nil is one that still runs. The API
// server would allow every eviction.
func told(i operate.Intent, inv *sts.Inventory, say func(*operate.Exec) *operate.ExecResult) operate.Facts {
	s := inv.Snapshots()[0]
	f := operate.Facts{Results: map[string]operate.ExecResult{}, Started: map[string]bool{}}
	for range 50 {
		switch command := i.Next(s, f).Action.(type) {
		case *operate.DryRunEviction:
			f = f.After(command)
		case *operate.Exec:
			a := say(command)
			if a == notYet {
				return f
			}
			f.Started[command.Key] = true
			if a == nil {
				return f
			}
			if a.At.IsZero() {
				a.At = s.TakenAt.Add(-10 * time.Second)
			}
			f.Results[command.Key] = *a
		default:
			return f
		}
	}
	panic("it runs commands endlessly")
}

func nothing(*operate.Exec) *operate.ExecResult { return notYet }

func fine(*operate.Exec) *operate.ExecResult { return &operate.ExecResult{Stdout: "id=8e9e"} }

// unless is fine, except for one command.
func unless(name string, a *operate.ExecResult) func(*operate.Exec) *operate.ExecResult {
	return func(run *operate.Exec) *operate.ExecResult {
		if run.For == name {
			if a == nil {
				return nil
			}
			answer := *a
			return &answer
		}
		return fine(run)
	}
}

// asked is a case in which the commands of the hooks ended as say returns.
func asked(test decisionCase, say func(*operate.Exec) *operate.ExecResult) decisionCase {
	for _, change := range test.changes {
		change(test.from)
	}
	test.changes = nil
	wrote := test.facts
	test.facts = told(test.intent, test.from, say)
	test.facts.Wrote, test.facts.Still, test.facts.Scaled = wrote.Wrote, wrote.Still, wrote.Scaled
	return test
}

// allowed: the API server would evict the pods.
func allowed(test decisionCase) decisionCase { return asked(test, fine) }

func TestDrainDecisionsHaveHints(t *testing.T) {
	for _, test := range slices.Concat(drainCases(), cancelCases(), unparkCases(), resizingCases()) {
		for _, change := range test.changes {
			change(test.from)
		}
		d := test.intent.Next(test.from.Snapshots()[0], test.facts)
		if (d.Verdict == operate.Refused || d.Verdict == operate.Stuck) && len(d.Hint) == 0 && d.Reason != operate.ReasonProfileRefuses && d.Reason != operate.ReasonMinHealthy && d.Reason != operate.ReasonDeleting {
			t.Errorf("%s: %s %s without a hint: %s", test.name, d.Verdict, d.Reason, d.Message)
		}
	}
}

// TestHooksHaveEveryVariable: every documented variable has a value, also for a new member.
func TestHooksHaveEveryVariable(t *testing.T) {
	all := []string{"hook"}
	for _, v := range profile.Variables {
		all = append(all, v.Name+"=$("+v.Name+")")
	}
	p := quorum()
	p.Drain[0].Command, p.Join.Before[0].Command = all, all
	leaves, joins := ststest.Web(5), ststest.Web(5)
	leaving(p, 4, record.Draining)(leaves)
	held(4)(leaves)
	joining(p, record.Announcing)(joins)
	for _, test := range []struct {
		name   string
		from   *sts.Inventory
		intent operate.Intent
		want   []string
	}{
		{"leaves", leaves, drain(3, p), []string{"hook", "POD_NAME=web-4", "ORDINAL=4", "NAMESPACE=test", "SERVICE_NAME=web", "CLUSTER_DOMAIN=cluster.local",
			"SURVIVOR=web-0", "SURVIVORS=web-0,web-1,web-2,web-3", "REPLICAS=5", "TARGET_REPLICAS=4"}},
		{"joins", joins, drain(7, p), []string{"hook", "POD_NAME=web-5", "ORDINAL=5", "NAMESPACE=test", "SERVICE_NAME=web", "CLUSTER_DOMAIN=cluster.local",
			"SURVIVOR=web-0", "SURVIVORS=web-0,web-1,web-2,web-3,web-4", "REPLICAS=5", "TARGET_REPLICAS=6"}},
	} {
		f := told(test.intent, test.from, nothing)
		f.Wrote = true
		d := test.intent.Next(test.from.Snapshots()[0], f)
		command, ok := d.Action.(*operate.Exec)
		if !ok {
			t.Errorf("a member that %s: %s %s: %s", test.name, d.Verdict, d.Reason, d.Message)
			continue
		}
		if diff := cmp.Diff(test.want, command.Argv); diff != "" {
			t.Errorf("a member that %s (-want +have):\n%s", test.name, diff)
		}
	}
}

// TestAFinalizerThatIsRemovedAgain: the finalizer is not added endlessly when another client removes
// it each time.
func TestAFinalizerThatIsRemovedAgain(t *testing.T) {
	for _, phase := range []record.MemberPhase{record.Draining, record.Removing} {
		inv := ststest.Web(5)
		leaving(quorum(), 4, phase)(inv)
		f, holds := operate.Facts{Wrote: true}, 0
		var d operate.Decision
		for range 9 {
			d = operate.NewDrainScale(drainOptions(3, quorum()), ststest.Web(5).Snapshots()[0]).Next(inv.Snapshots()[0], f)
			if d.Action == nil {
				break
			}
			if _, ok := d.Action.(*operate.AddFinalizer); ok {
				holds++
			}
			f = f.After(d.Action)
		}
		if holds != 3 || d.Verdict != operate.Stuck || d.Reason != operate.ReasonFinalizerRemoved || d.Subject != "pod/web-4" || !strings.Contains(d.Hint.String(), "get pod web-4 -o yaml --show-managed-fields") {
			t.Errorf("%s: %s %s of %s (%s) after %d times", phase, d.Verdict, d.Reason, d.Subject, d.Hint, holds)
		}
	}
}

// A member may have left under an earlier command: a resumed one checks that before it runs the
// drain commands again.
func TestAResumedDrainChecksBeforeItDrainsAgain(t *testing.T) {
	q := quorum()
	first := func(found *sts.Inventory) string {
		inv := ststest.Web(5)
		leaving(q, 4, record.Draining)(inv)
		held(4)(inv)
		if found == nil {
			found = inv
		}
		d := operate.NewDrainScale(drainOptions(3, q), found.Snapshots()[0]).Next(inv.Snapshots()[0], operate.Facts{Wrote: true})
		command, ok := d.Action.(*operate.Exec)
		if !ok {
			t.Fatalf("no command is run: %s", text(d))
		}
		return command.For
	}
	if got := first(nil); got != "gone" {
		t.Errorf("a resumed drain runs %q first, want gone", got)
	}
	if got := first(ststest.Web(5)); got != "leave" {
		t.Errorf("a new drain runs %q first, want leave", got)
	}
}

// The plan of backing out names the members without a pod, and evicts only those that have one.
func TestPreviewBackingOutOfAQuota(t *testing.T) {
	for name, policy := range map[string]appsv1.PodManagementPolicyType{"in order": appsv1.OrderedReadyPodManagement, "parallel": appsv1.ParallelPodManagement} {
		t.Run(name, func(t *testing.T) {
			inv := ststest.Web(6)
			inv.Sets[0].Spec.PodManagementPolicy = policy
			without(4)(inv)
			refused("web-4")(inv)
			noBudget(inv)
			s := inv.Snapshots()[0]
			var got []string
			for _, d := range operate.Preview(operate.NewDrainScale(drainOptions(3, nil), s), s) {
				got = append(got, d.Message)
			}
			kept, _ := operate.MsgDrainKeptClaims([]string{"data-web-3", "data-web-4", "data-web-5"}, nil)
			want := []string{
				operate.StepDrainFirst(false, 6, 3, operate.StepDrainRemoveMissing("web-5", "pod web-4 cannot be created: exceeded quota")),
				operate.StepDrainScaleDown(5, "web-5"),
				operate.StepDrainRemoveMissing("web-4", ""), operate.StepDrainScaleDown(4, "web-4"),
				operate.StepDrainRemove("web-3"), operate.StepAddFinalizer("web-3"), operate.StepEvict("web-3"), operate.StepDrainScaleDown(3, "web-3"), operate.StepRemoveFinalizer("web-3"),
				operate.StepDrainFinish(false, []sts.Ordinal{3, 4, 5}),
				operate.MsgDrainScaled(3, false, []sts.Ordinal{3, 4, 5}) + "; " + kept,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A pause before a retry is not the same wait as the command that runs, and one pod is not another.
func TestKeysOfWaits(t *testing.T) {
	q := quorum()
	key := func(say func(*operate.Exec) *operate.ExecResult) string {
		test := asked(decisionCase{from: ststest.Web(5), changes: []change{leaving(q, 4, record.Draining), held(4)}, intent: drain(3, q)}, say)
		d := test.intent.Next(test.from.Snapshots()[0], test.facts)
		if d.Reason != operate.ReasonHookRuns {
			t.Errorf("%s %s (%s)", d.Verdict, d.Reason, d.Message)
		}
		return d.Key()
	}
	if key(unless("leave", nil)) == key(unless("leave", &operate.ExecResult{ExitCode: 1, At: ststest.Now})) {
		t.Error("one key for a command that runs and for its retry")
	}
	updating := rolling(1).Snapshots()[0]
	promote := operate.NewPromoteCanary(operate.PromoteOptions{Lock: holder("1")}, updating)
	if d := operate.Next(promote, updating, operate.Facts{}); d.Subject != "pod/web-3" || d.Reason != operate.ReasonPodNotAvailable {
		t.Errorf("a pod that waits for its replacement: %s %s", d.Reason, d.Subject)
	}
}
