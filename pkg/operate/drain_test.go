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

// resizingCases are other verbs while members leave or join.
func resizingCases() []decisionCase {
	on := func() []change { return []change{leaving(quorum(), 4, record.Draining)} }
	lost := func() []change { return []change{held(4)} }
	none := operate.Facts{}
	var out []decisionCase
	add := func(name string, from *sts.Inventory, changes []change, i operate.Intent, v operate.Verdict, reason string) {
		out = append(out, decisionCase{name, from, changes, i, none, v, reason})
	}
	add("start a canary", ststest.Web(5), on(), start("1", "web:2", 1), operate.Refused, operate.ReasonScaleOnItsWay)
	add("start a canary with a pod that has our finalizer and no record", ststest.Web(5), lost(), start("1", "web:2", 1), operate.Refused, operate.ReasonMemberLeft)
	add("start a canary while the record cannot be read", ststest.Web(5), []change{annotated(record.DrainAnnotation, "{")}, start("1", "web:2", 1), operate.Refused, operate.ReasonBadRecord)
	add("promote an update of another client", rolling(1), on(), promoting{Lock: holder("1")}, operate.Refused, operate.ReasonScaleOnItsWay)
	add("promote automatically", rolling(1), on(), operate.AutoPromote{Lock: holder("1")}, operate.Refused, operate.ReasonScaleOnItsWay)
	add("pause an update of another client", rolling(1), on(), operate.PauseUpdate{Lock: holder("1")}, operate.Refused, operate.ReasonScaleOnItsWay)
	add("resume", rolling(1), on(), operate.ResumeUpdate{Lock: holder("1")}, operate.Refused, operate.ReasonScaleOnItsWay)
	add("restart", ststest.Web(5), on(), restarter("1"), operate.Refused, operate.ReasonScaleOnItsWay)
	add("restart with a pod that has our finalizer and no record", ststest.Web(5), lost(), restarter("1"), operate.Refused, operate.ReasonMemberLeft)
	add("restart while members join", ststest.Web(5), []change{joining(quorum(), record.Announcing)}, restarter("1"), operate.Refused, operate.ReasonScaleOnItsWay)
	add("unpark", ststest.Web(5), append(on(), annotated(record.ParkedAnnotation, "5")), operate.Unpark{Lock: holder("1")}, operate.Refused, operate.ReasonScaleOnItsWay)
	// What a drain-scale may wait for.
	add("forget a restart", ststest.Web(5), append(on(), restarting("restart", []sts.Ordinal{0}, 0)), operate.ForgetRestart{Lock: holder("1")}, operate.Do, "Forget")
	add("roll back an update of another client", rolling(1), on(), operate.AbortCanary{Lock: holder("1")}, operate.Do, "Restore")
	stuck := func() []change { return append(on(), crashing(2), undone) }
	add("unstick another pod", rolling(3), stuck(), operate.NewUnstick(operate.UnstickOptions{Lock: holder("1"), AnyRemedy: true}, nil), operate.Do, "Lock")
	add("during a rollback, a pod has our finalizer", aborted(1), append(on(), held(4)), operate.AbortCanary{Lock: holder("1")}, operate.Stuck, operate.ReasonMemberLeft)
	add("during a rollback, a pod with our finalizer is being deleted", aborted(1), append(on(), held(4), going(4)), operate.AbortCanary{Lock: holder("1")}, operate.Stuck, operate.ReasonMemberLeft)
	add("during a rollback, a pod has our finalizer without any record", aborted(1), []change{held(4), going(4)}, operate.AbortCanary{Lock: holder("1")}, operate.Stuck, operate.ReasonMemberLeft)
	return out
}

func drainCases() []decisionCase {
	type on = []change
	none, wrote := operate.Facts{}, operate.Facts{Wrote: true}
	q, b := quorum(), bare()
	down, plainDown := drain(3, q), drain(3, nil)
	park := drainWith(0, nil, func(i *operate.DrainOptions) { i.Park = true })
	refusing := quorum()
	refusing.Refuse = "members cannot leave one by one"
	ignoring := drainWith(3, nil, func(i *operate.DrainOptions) { i.IgnoreBudgets = true })
	taking := drainWith(3, q, func(i *operate.DrainOptions) { i.TakeOver = true })
	resumed := func(o operate.DrainOptions, inv *sts.Inventory, changes ...change) decisionCase {
		for _, change := range changes {
			change(inv)
		}
		return decisionCase{from: inv, intent: operate.NewDrainScale(o, inv.Snapshots()[0])}
	}
	named := func(name string, d decisionCase, v operate.Verdict, reason string) decisionCase {
		d.name, d.verdict, d.reason = name, v, reason
		return d
	}
	other := onSet(func(set *appsv1.StatefulSet) {
		set.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:replicas":{}}}`)}}
	})
	lostWay := []change{leaving(q, 4, record.Draining), held(4)}
	no := &operate.ExecResult{ExitCode: 1, Stdout: "id=8e9e"}
	lost := &operate.ExecResult{ExitCode: -1, Problem: "the connection was lost", Lost: true}
	return []decisionCase{
		// Before anything starts.
		{"the size is already the desired one", ststest.Web(3), nil, plainDown, none, operate.Done, operate.ReasonNothingToDo},
		{"the set is being deleted", ststest.Web(5), on{onSet(func(s *appsv1.StatefulSet) { s.DeletionTimestamp = &metav1.Time{Time: ststest.Now} })}, plainDown, none, operate.Refused, operate.ReasonDeleting},
		{"another user has the lock", ststest.Web(5), on{owned("bob@desk", "7")}, plainDown, none, operate.Refused, operate.ReasonOwned},
		{"the lock was taken over", ststest.Web(5), on{owned("bob@desk", "7")}, plainDown, wrote, operate.Refused, operate.ReasonTakenOver},
		{"not observed", ststest.Web(5), on{unobserved}, plainDown, none, operate.Wait, operate.ReasonNotObserved},
		{"a canary is in progress", standing(1), nil, plainDown, none, operate.Refused, operate.ReasonCanaryOnItsWay},
		{"an update is in progress", rolling(2), nil, plainDown, none, operate.Refused, operate.ReasonUpdateOnItsWay},
		{"an update is stuck", rolling(1, crashing(4)), nil, plainDown, none, operate.Refused, operate.ReasonUpdateOnItsWay},
		{"an update under Recreate is in progress", recreating(5), []change{justPod(0)}, plainDown, none, operate.Refused, operate.ReasonUpdateOnItsWay},
		{"an update under Recreate that starts", recreating(0), nil, plainDown, none, operate.Refused, operate.ReasonUpdateOnItsWay},
		{"under Recreate", ststest.Web(5), []change{recreate}, plainDown, none, operate.Do, "DryRunEviction"},
		{"a restart is in progress", ststest.Web(5), on{restarting("restart", []sts.Ordinal{1}, 1)}, plainDown, none, operate.Refused, operate.ReasonRestartOnItsWay},
		{"a restart with options is in progress", ststest.Web(5), on{restarting("restart --ordinal=1 --order=asc", []sts.Ordinal{1}, 1)}, plainDown, none, operate.Refused, operate.ReasonRestartOnItsWay},
		{"a restart's record cannot be read", ststest.Web(5), on{annotated(record.RestartAnnotation, "[")}, plainDown, none, operate.Refused, operate.ReasonRestartOnItsWay},
		{"the record cannot be read", ststest.Web(5), on{annotated(record.DrainAnnotation, "{}")}, plainDown, none, operate.Refused, operate.ReasonBadRecord},
		{"Argo CD would revert the size", ststest.Web(5), on{annotated("argocd.argoproj.io/tracking-id", "shop")}, plainDown, none, operate.Refused, operate.ReasonManaged},
		{"an operator would revert the size", ststest.Web(5), on{underOperator}, plainDown, none, operate.Refused, operate.ReasonManaged},
		{"an autoscaler would scale up again", ststest.Web(5), on{autoscaled(4, 9)}, plainDown, none, operate.Refused, operate.ReasonAutoscaler},
		{"an autoscaler would scale up again before 0 is reached", ststest.Web(5), on{autoscaled(3, 9)}, park, none, operate.Refused, operate.ReasonAutoscaler},
		{"an autoscaler that scales from 0", ststest.Web(5), on{autoscaled(0, 9)}, park, none, operate.Refused, operate.ReasonAutoscaler},
		{"KEDA scales from 0", ststest.Web(5), on{autoscaled(1, 9), func(inv *sts.Inventory) {
			inv.HPAs[0].Labels = map[string]string{"scaledobject.keda.sh/name": "queue"}
		}}, park, none, operate.Refused, operate.ReasonAutoscaler},
		allowed(decisionCase{"an autoscaler leaves 0 alone", ststest.Web(5), on{autoscaled(1, 9)}, park, none, operate.Do, "Begin"}),
		allowed(decisionCase{"from 1 to 0 there is no size below an autoscaler's minimum", ststest.Web(1), on{autoscaled(3, 9), noBudget}, park, none, operate.Do, "Begin"}),
		{"an autoscaler would scale down again", ststest.Web(5), on{autoscaled(2, 5)}, drain(7, nil), none, operate.Refused, operate.ReasonAutoscaler},
		{"the profile refuses", ststest.Web(5), nil, drain(3, refusing), none, operate.Refused, operate.ReasonProfileRefuses},
		{"to 0", ststest.Web(5), nil, drain(0, nil), none, operate.Refused, operate.ReasonParking},
		{"below the quorum", ststest.Web(5), nil, drainWith(2, nil, func(i *operate.DrainOptions) { i.Quorum = true }), none, operate.Refused, operate.ReasonQuorum},
		allowed(decisionCase{"to the quorum", ststest.Web(5), nil, drainWith(3, nil, func(i *operate.DrainOptions) { i.Quorum = true }), none, operate.Do, "Begin"}),
		{"below --min-healthy", ststest.Web(5), nil, drainWith(3, nil, func(i *operate.DrainOptions) { i.MinHealthy = 4 }), none, operate.Refused, operate.ReasonMinHealthy},
		{"the claims would be deleted", ststest.Web(5), on{onSet(deletesClaims)}, plainDown, none, operate.Refused, operate.ReasonDataLoss},
		allowed(decisionCase{"the claims are kept", ststest.Web(5), on{onSet(deletesClaims)}, drainWith(3, nil, func(i *operate.DrainOptions) { i.KeepClaims = true }), none, operate.Do, "Begin"}),
		allowed(decisionCase{"the claims may be deleted", ststest.Web(5), on{onSet(deletesClaims)}, drainWith(3, nil, func(i *operate.DrainOptions) { i.AcceptDataLoss = true }), none, operate.Do, "Begin"}),
		{"a pod has our finalizer, and scaling up", ststest.Web(5), on{held(4)}, drain(6, nil), none, operate.Refused, operate.ReasonMemberLeft},

		// Before each member.
		{"one that stays is failing", ststest.Web(5), on{crashing(1)}, plainDown, none, operate.Stuck, operate.ReasonPodFailing},
		{"one that stays is starting", ststest.Web(5), on{starting(1)}, plainDown, none, operate.Wait, operate.ReasonPodNotAvailable},
		{"the one that leaves is being deleted", ststest.Web(5), on{going(4)}, plainDown, none, operate.Wait, operate.ReasonPodNotAvailable},
		{"a pod of an earlier scale-down is terminating", ststest.Web(5), on{wanted(4)}, plainDown, none, operate.Wait, operate.ReasonScalingDown},
		allowed(decisionCase{"the one that leaves is failing", ststest.Web(5), on{crashing(4), budget(4, 4, 5)}, plainDown, none, operate.Do, "Begin"}),
		{"the one that leaves is failing, and the budget requires it to be ready", ststest.Web(5), on{crashing(4), budget(4, 5, 5)}, plainDown, none, operate.Refused, operate.ReasonBudgetAlwaysBlocks},
		allowed(decisionCase{"the one that leaves is failing, without a budget", ststest.Web(5), on{crashing(4), noBudget}, plainDown, none, operate.Do, "Begin"}),
		allowed(decisionCase{"one that will leave later is failing, too", ststest.Web(5), on{crashing(3), noBudget}, plainDown, none, operate.Do, "Begin"}),
		allowed(decisionCase{"the one that leaves has no pod", ststest.Web(5), on{without(4)}, plainDown, none, operate.Wait, operate.ReasonPodNotAvailable}),
		{"a pod that leaves was refused by a quota", ststest.Web(5), on{parallel, without(3), refused("web-3")}, plainDown, none, operate.Do, "Begin"},
		{"no event about the one that leaves, but about another", ststest.Web(5), on{parallel, without(4), refused("web-3")}, plainDown, none, operate.Wait, operate.ReasonPodNotAvailable},
		asked(decisionCase{"with hooks, they run for members that were never created", ststest.Web(5), on{parallel, without(3), refused("web-3")}, down, none, operate.Do, "Hook"}, nothing),
		{"the quota of an earlier set of the name", ststest.Web(5), on{parallel, without(3), refused("web-3"), func(inv *sts.Inventory) { inv.Events[0].InvolvedObject.UID = "earlier" }},
			plainDown, none, operate.Wait, operate.ReasonPodNotAvailable},
		{"refused, and the status counts one more pod than is seen", ststest.Web(5), on{parallel, without(3), refused("web-3"), counted(4)}, plainDown, none, operate.Wait, operate.ReasonNotObserved},
		{"the one that leaves was refused, and the status counts one more pod than is seen", ststest.Web(5), on{parallel, without(4), refused("web-4"), counted(5)}, plainDown, none, operate.Wait, operate.ReasonNotObserved},
		{"in order, and the status counts one more pod than is seen", ststest.Web(5), on{without(3), counted(4)}, plainDown, none, operate.Wait, operate.ReasonPodNotAvailable},
		{"in order, above one that is missing", ststest.Web(5), on{without(3)}, plainDown, none, operate.Do, "Begin"},
		{"nothing has changed for long, and no event has a reason", ststest.Web(5), on{parallel, without(3)}, plainDown, operate.Facts{Still: 10 * time.Second}, operate.Do, "Begin"},
		{"nothing has changed for a moment", ststest.Web(5), on{parallel, without(3)}, plainDown, operate.Facts{Still: 9 * time.Second}, operate.Wait, operate.ReasonPodNotAvailable},
		{"the controller has not seen the size", ststest.Web(5), on{parallel, without(3), refused("web-3"), onSet(func(s *appsv1.StatefulSet) { s.Generation = 9 })}, plainDown, none, operate.Wait, operate.ReasonNotObserved},
		allowed(decisionCase{"the one that leaves is there, one below it was refused", ststest.Web(5), on{parallel, gap(3), refused("web-3")}, plainDown, none, operate.Do, "Begin"}),
		allowed(decisionCase{"the one that leaves is there, of those below it only one is named", ststest.Web(6), on{parallel, gap(4), gap(3), refused("web-3")}, plainDown, none, operate.Do, "Begin"}),
		{"one that stays is missing, another was refused", ststest.Web(5), on{parallel, gap(3), gap(1), refused("web-3")}, plainDown, none, operate.Wait, operate.ReasonPodNotAvailable},
		{"the budget lacks only pods that were refused", ststest.Web(5), on{parallel, gap(3), refused("web-3"), budget(4, 4, 5)}, plainDown, operate.Facts{Still: time.Minute}, operate.Stuck, operate.ReasonBudgetShort},
		{"the budget lacks only pods that were refused, a moment ago", ststest.Web(5), on{parallel, gap(3), refused("web-3"), budget(4, 4, 5)}, plainDown, none, operate.Wait, operate.ReasonBudgetShort},
		{"a crash-looping one may never be evicted", ststest.Web(5), on{crashing(4), budget(4, 5, 5)}, plainDown, operate.Facts{Still: time.Minute}, operate.Refused, operate.ReasonBudgetAlwaysBlocks},
		{"the only one, crash-looping, with a budget that requires none", ststest.Web(1), on{crashing(0), budget(0, 0, 1)}, park, operate.Facts{Still: time.Minute}, operate.Stuck, operate.ReasonBudgetShort},
		{"the budget allows none now", ststest.Web(5), on{budget(4, 4, 5)}, plainDown, none, operate.Wait, operate.ReasonBudgetShort},
		{"the budget can never allow one", ststest.Web(5), on{budget(5, 5, 5)}, plainDown, operate.Facts{Still: time.Hour}, operate.Refused, operate.ReasonBudgetAlwaysBlocks},
		{"two budgets", ststest.Web(5), on{func(inv *sts.Inventory) { inv.Budgets = append(inv.Budgets, inv.Budgets[0].DeepCopy()) }}, plainDown, none, operate.Refused, operate.ReasonTwoBudgets},
		{"budgets are ignored", ststest.Web(5), on{budget(5, 5, 5)}, ignoring, none, operate.Do, "Begin"},
		{"one that stays is failing, with --min-healthy", ststest.Web(5), on{crashing(3), noBudget}, drainWith(3, nil, func(i *operate.DrainOptions) { i.MinHealthy = 4; i.Replicas = 4 }), none, operate.Stuck, operate.ReasonPodFailing},
		{"the eviction is checked", ststest.Web(5), nil, plainDown, none, operate.Do, "DryRunEviction"},
		allowed(decisionCase{"start without hooks", ststest.Web(5), nil, plainDown, none, operate.Do, "Begin"}),
		allowed(decisionCase{"parking: the first stops, whatever the others do", ststest.Web(5), on{starting(1), noBudget}, park, none, operate.Do, "Begin"}),
		asked(decisionCase{"the precheck runs on the lowest that stays", ststest.Web(5), nil, down, none, operate.Do, "Hook"}, nothing),
		asked(decisionCase{"start with hooks", ststest.Web(5), nil, down, none, operate.Do, "Begin"}, fine),
		allowed(decisionCase{"start with a profile from a file", ststest.Web(5), nil, drainWith(3, b, func(i *operate.DrainOptions) { i.ProfileFile = "profiles/bare.yaml" }), none, operate.Do, "Begin"}),
		asked(decisionCase{"the precheck fails", ststest.Web(5), nil, down, none, operate.Stuck, operate.ReasonHookFailed}, unless("find", no)),
		asked(decisionCase{"the precheck loses its connection", ststest.Web(5), nil, down, none, operate.Stuck, operate.ReasonHookFailed}, unless("find", lost)),

		// Leaving.
		{"add the finalizer before it leaves", ststest.Web(5), on{leaving(q, 4, record.Draining)}, down, wrote, operate.Do, "AddFinalizer"},
		asked(decisionCase{"its drain command runs", ststest.Web(5), lostWay, down, wrote, operate.Do, "Hook"}, nothing),
		asked(decisionCase{"it is leaving", ststest.Web(5), lostWay, down, wrote, operate.Wait, operate.ReasonHookRuns}, unless("leave", nil)),
		asked(decisionCase{"the check on another member runs", ststest.Web(5), lostWay, down, wrote, operate.Wait, operate.ReasonHookRuns}, unless("gone", nil)),
		asked(decisionCase{"not yet", ststest.Web(5), lostWay, down, wrote, operate.Wait, operate.ReasonMemberLeaving}, unless("gone", &operate.ExecResult{ExitCode: 1, At: ststest.Now.Add(-time.Second)})),
		asked(decisionCase{"it has left", ststest.Web(5), lostWay, down, wrote, operate.Do, "Note"}, fine),
		asked(decisionCase{"its command lost its connection, and it has left", ststest.Web(5), lostWay, down, wrote, operate.Do, "Note"}, unless("leave", lost)),
		asked(decisionCase{"its command failed, but it has left", ststest.Web(5), lostWay, down, wrote, operate.Do, "Note"}, unless("leave", no)),
		asked(decisionCase{"its command failed, and it has not left: revert", ststest.Web(5), lostWay, down, wrote, operate.Do, "Note"}, func(run *operate.Exec) *operate.ExecResult {
			if run.For == "gone" {
				return no
			}
			return unless("leave", no)(run)
		}),
		asked(decisionCase{"its command failed, and the profile has no cancel commands", ststest.Web(5), on{leaving(b, 4, record.Draining), held(4)}, drain(3, b), wrote, operate.Stuck, operate.ReasonHookFailed}, unless("leave", no)),
		asked(decisionCase{"no other member is available to check", ststest.Web(5), on{leaving(q, 4, record.Draining), held(4), starting(0), starting(1), starting(2), starting(3)}, down, wrote, operate.Wait, operate.ReasonMemberLeaving}, fine),
		{"it was reverted: remove the finalizer", ststest.Web(5), on{leaving(q, 4, record.Recalled, func(d *record.Drain) { d.Member.Problem = "leave in web-4: terminated with exit code 1" }), held(4)}, down, wrote, operate.Do, "RemoveFinalizer"},
		{"it was reverted", ststest.Web(5), on{leaving(q, 4, record.Recalled, func(d *record.Drain) { d.Member.Problem = "leave in web-4: terminated with exit code 1" })}, down, wrote, operate.Do, "Note"},
		{"its pod is being deleted before it has the finalizer", ststest.Web(5), on{leaving(q, 4, record.Draining), going(4)}, down, wrote, operate.Wait, operate.ReasonPodNotAvailable},
		{"its pod was deleted before it had the finalizer", ststest.Web(5), on{leaving(q, 4, record.Draining), without(4)}, down, wrote, operate.Wait, operate.ReasonPodNotAvailable},
		{"its pod was recreated", ststest.Web(5), on{leaving(q, 4, record.Draining), recreated(4)}, down, wrote, operate.Do, "Note"},
		asked(decisionCase{"its pod is being deleted, and it has left", ststest.Web(5), append(lostWay, going(4)), down, wrote, operate.Do, "Note"}, fine),
		asked(decisionCase{"its pod is being deleted, and its command failed: check whether it has left", ststest.Web(5), append(lostWay, going(4)), down, wrote, operate.Do, "Hook"}, func(run *operate.Exec) *operate.ExecResult {
			if run.For == "gone" {
				return notYet
			}
			return unless("leave", no)(run)
		}),
		asked(decisionCase{"its pod is being deleted before it has left", ststest.Web(5), append(lostWay, going(4)), down, wrote, operate.Do, "RemoveFinalizer"}, func(*operate.Exec) *operate.ExecResult {
			return &operate.ExecResult{ExitCode: 1}
		}),

		// An earlier command was killed.
		{"resumed with a --min-healthy that its size cannot keep", ststest.Web(5), on{leaving(q, 4, record.Draining), held(4)}, drainWith(3, q, func(i *operate.DrainOptions) { i.MinHealthy = 4 }), none, operate.Refused, operate.ReasonMinHealthy},
		{"resumed between two with a --min-healthy that its size cannot keep", ststest.Web(4), on{leaving(nil, 3, record.Removing, between)}, drainWith(3, nil, func(i *operate.DrainOptions) { i.MinHealthy = 4 }), none, operate.Refused, operate.ReasonMinHealthy},
		{"resumed with a --min-healthy that its size keeps", ststest.Web(5), on{leaving(q, 4, record.Draining)}, drainWith(3, q, func(i *operate.DrainOptions) { i.MinHealthy = 3 }), none, operate.Do, "AddFinalizer"},
		named("resumed: check first whether it has left", asked(resumed(drainOptions(3, q), ststest.Web(5), lostWay...), nothing), operate.Do, "Hook"),
		named("resumed: it has left", asked(resumed(drainOptions(3, q), ststest.Web(5), lostWay...), fine), operate.Do, "Note"),
		named("resumed: it has not, so its drain command runs again", asked(resumed(drainOptions(3, q), ststest.Web(5), lostWay...), func(run *operate.Exec) *operate.ExecResult {
			if run.For == "gone" {
				return &operate.ExecResult{ExitCode: 1}
			}
			return notYet
		}), operate.Do, "Hook"),
		{"resumed by another command of the same owner", ststest.Web(5), on{leaving(q, 4, record.Draining), held(4), owned("alice@laptop", "0")}, down, none, operate.Do, "Lock"},
		{"another size", ststest.Web(5), on{leaving(q, 4, record.Draining)}, drain(4, q), none, operate.Refused, operate.ReasonScaleOnItsWay},
		{"another size, and it has left", ststest.Web(5), on{leaving(q, 4, record.Removing), held(4)}, drain(4, q), none, operate.Refused, operate.ReasonScaleOnItsWay},
		{"another profile", ststest.Web(5), on{leaving(q, 4, record.Draining)}, drain(3, b), none, operate.Refused, operate.ReasonScaleOnItsWay},
		{"the user says that it has left", ststest.Web(5), on{leaving(q, 4, record.Draining), held(4)}, drainWith(3, nil, func(i *operate.DrainOptions) { i.TakeOver = true }), wrote, operate.Do, "DryRunEviction"},
		{"the record was removed during the command", ststest.Web(5), on{owned("alice@laptop", "1")}, down, wrote, operate.Refused, operate.ReasonTakenOver},
		{"the record is missing, its pod is terminating", ststest.Web(5), on{held(4), going(4)}, plainDown, none, operate.Refused, operate.ReasonMemberLeft},
		{"the record is missing, and the user says that it has left", ststest.Web(5), on{held(4), going(4)}, drainWith(3, nil, func(i *operate.DrainOptions) { i.NoHooks = true }), none, operate.Do, "Scale"},

		// It was never created.
		{"never created: scale down", ststest.Web(5), on{parallel, neverMade(4), without(4)}, plainDown, wrote, operate.Do, "Scale"},
		{"never created, and the status counts one more pod than is seen", ststest.Web(5), on{parallel, neverMade(4), without(4), counted(5)}, plainDown, wrote, operate.Wait, operate.ReasonNotObserved},
		{"never created, and created meanwhile", ststest.Web(5), on{parallel, neverMade(4)}, plainDown, wrote, operate.Do, "Note"},

		// It has left.
		allowed(decisionCase{"evict", ststest.Web(5), on{leaving(q, 4, record.Removing), held(4)}, down, wrote, operate.Do, "Evict"}),
		{"delete, where budgets are ignored", ststest.Web(5), on{leaving(nil, 4, record.Removing), held(4)}, ignoring, wrote, operate.Do, "Delete"},
		{"the budget allows none now, after it has left", ststest.Web(5), on{leaving(q, 4, record.Removing), held(4), budget(4, 4, 5)}, down, wrote, operate.Wait, operate.ReasonBudgetShort},
		{"one that stays is failing after it has left", ststest.Web(5), on{leaving(q, 4, record.Removing), held(4), crashing(1)}, down, wrote, operate.Stuck, operate.ReasonPodFailing},
		{"its pod is terminating: scale down", ststest.Web(5), on{leaving(q, 4, record.Removing), held(4), going(4)}, down, wrote, operate.Do, "Scale"},
		{"without hooks, its pod was recreated and is starting", ststest.Web(5), on{leaving(nil, 4, record.Removing), recreated(4), starting(4)}, plainDown, wrote, operate.Do, "Note"},
		{"without hooks, its pod was recreated and is ready", ststest.Web(5), on{leaving(nil, 4, record.Removing), recreated(4)}, plainDown, wrote, operate.Do, "Note"},
		{"with hooks, its pod was recreated", ststest.Web(5), on{leaving(q, 4, record.Removing), recreated(4)}, down, wrote, operate.Do, "Note"},
		{"the set is scaled down: remove the finalizer", ststest.Web(5), on{leaving(q, 4, record.Removing), wanted(4), held(4), going(4)}, down, wrote, operate.Do, "RemoveFinalizer"},
		{"the set is scaled down, and the controller has not observed it", ststest.Web(5), on{leaving(q, 4, record.Removing), wanted(4), held(4), going(4), unobserved}, down, wrote, operate.Wait, operate.ReasonNotObserved},
		{"without hooks, the set is scaled down, and the controller has not observed it", ststest.Web(5), on{leaving(nil, 4, record.Removing), wanted(4), held(4), going(4), unobserved}, plainDown, wrote, operate.Wait, operate.ReasonNotObserved},
		{"its pod is terminating", ststest.Web(5), on{leaving(q, 4, record.Removing), wanted(4), going(4)}, down, wrote, operate.Wait, operate.ReasonScalingDown},
		{"its pod does not terminate", ststest.Web(5), on{leaving(q, 4, record.Removing), wanted(4), onPod(4, func(p *corev1.Pod) {
			p.DeletionTimestamp = &metav1.Time{Time: ststest.Now.Add(-time.Hour)}
		})}, down, wrote, operate.Stuck, operate.ReasonPodFailing},
		{"its pod is gone", ststest.Web(5), on{leaving(q, 4, record.Removing), wanted(4), without(4)}, down, wrote, operate.Do, "Note"},
		{"its pod is gone, no after hooks", ststest.Web(5), on{leaving(b, 4, record.Removing), wanted(4), without(4)}, drain(3, b), wrote, operate.Do, "Note"},
		allowed(decisionCase{"its pod is gone, without hooks the next one starts at once", ststest.Web(5), on{leaving(nil, 4, record.Removing), wanted(4), without(4)}, plainDown, wrote, operate.Do, "Begin"}),
		asked(decisionCase{"after hooks", ststest.Web(5), on{leaving(q, 4, record.Finishing), wanted(4), without(4)}, down, wrote, operate.Do, "Hook"}, nothing),
		asked(decisionCase{"after hooks are done", ststest.Web(5), on{leaving(q, 4, record.Finishing), wanted(4), without(4)}, down, wrote, operate.Do, "Note"}, fine),
		asked(decisionCase{"after hooks failed", ststest.Web(5), on{leaving(q, 4, record.Finishing), wanted(4), without(4)}, down, wrote, operate.Stuck, operate.ReasonHookFailed}, unless("forget", no)),

		// Other clients scale the set meanwhile.
		{"scaled up while it leaves", ststest.Web(7), on{leaving(q, 4, record.Draining), other}, down, wrote, operate.Refused, operate.ReasonTakenOver},
		{"scaled down while it leaves", ststest.Web(5), on{leaving(q, 4, record.Draining), wanted(4), other}, down, wrote, operate.Refused, operate.ReasonTakenOver},
		{"scaled up again after it was removed", ststest.Web(5), on{leaving(q, 4, record.Removing), other}, down, operate.Facts{Wrote: true, Scaled: map[sts.Ordinal]bool{4: true}}, operate.Refused, operate.ReasonTakenOver},
		{"scaled between two", ststest.Web(6), on{leaving(q, 3, record.Draining, between), other}, down, wrote, operate.Refused, operate.ReasonTakenOver},
		asked(decisionCase{"scaled between two, and taken over", ststest.Web(6), on{leaving(q, 3, record.Draining, between), other}, taking, wrote, operate.Do, "Begin"}, fine),
		{"scaled below the size between two, and taken over", ststest.Web(2), on{leaving(q, 3, record.Draining, between), other}, taking, wrote, operate.Refused, operate.ReasonTakenOver},
		{"scaled far below the size between two, and taken over", ststest.Web(1), on{leaving(q, 3, record.Draining, between), other}, taking, wrote, operate.Refused, operate.ReasonTakenOver},
		{"scaled to the size between two, and taken over", ststest.Web(3), on{leaving(q, 3, record.Draining, between), other}, taking, wrote, operate.Do, "Finish"},
		{"scaled to the size before any was done, and taken over", ststest.Web(3), on{leaving(q, 4, record.Draining, between), other}, taking, wrote, operate.Refused, operate.ReasonTakenOver},

		// The end.
		{"all are gone", ststest.Web(3), on{leaving(nil, 2, record.Removing, between), claimsOf(3, 4)}, plainDown, wrote, operate.Do, "Finish"},
		{"all are gone, and the policy is restored", ststest.Web(3), on{onSet(deletesClaims), onSet(func(s *appsv1.StatefulSet) { s.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled = "Retain" }),
			leaving(nil, 2, record.Removing, between, func(d *record.Drain) { d.Retention = "Delete" }), claimsOf(3, 4)}, plainDown, wrote, operate.Do, "Finish"},
		{"all are gone, and one that stays is starting", ststest.Web(3), on{leaving(nil, 2, record.Removing, between), starting(1)}, plainDown, wrote, operate.Wait, operate.ReasonPodNotAvailable},

		// Members join.
		{"new members would start with old claims", ststest.Web(5), on{claimsOf(6)}, drain(7, q), none, operate.Refused, operate.ReasonStaleClaims},
		{"new members may start with old claims", ststest.Web(5), on{claimsOf(5, 6)}, drainWith(7, q, func(i *operate.DrainOptions) { i.ReuseClaims = true }), none, operate.Do, "Begin"},
		{"add one", ststest.Web(5), nil, drain(7, nil), none, operate.Do, "Begin"},
		{"an inline drain when scaling up", ststest.Web(5), nil, drain(7, &profile.Profile{Metadata: profile.Metadata{Name: "--drain-exec"}}), none, operate.Refused, operate.ReasonBadRequest},
		{"one is failing before any joins", ststest.Web(5), on{crashing(2)}, drain(7, q), none, operate.Stuck, operate.ReasonPodFailing},
		asked(decisionCase{"the join.before hooks run", ststest.Web(5), on{joining(q, record.Announcing)}, drain(7, q), wrote, operate.Do, "Hook"}, nothing),
		asked(decisionCase{"the join.before hooks failed", ststest.Web(5), on{joining(q, record.Announcing)}, drain(7, q), wrote, operate.Stuck, operate.ReasonHookFailed}, unless("add", no)),
		asked(decisionCase{"the join.before hooks are done", ststest.Web(5), on{joining(q, record.Announcing)}, drain(7, q), wrote, operate.Do, "Note"}, fine),
		{"scale up", ststest.Web(5), on{joining(q, record.Starting)}, drain(7, q), none, operate.Do, "Scale"},
		{"its pod was created before the join.before hooks were done", ststest.Web(6), on{joining(q, record.Announcing)}, drain(7, q), wrote, operate.Refused, operate.ReasonTakenOver},
		asked(decisionCase{"it runs", ststest.Web(6), on{joining(q, record.Starting), starting(5)}, drain(7, q), wrote, operate.Do, "Hook"}, nothing),
		asked(decisionCase{"it runs, and is not ready", ststest.Web(6), on{joining(q, record.Starting), starting(5)}, drain(7, q), wrote, operate.Wait, operate.ReasonPodNotAvailable}, fine),
		{"it fails", ststest.Web(6), on{joining(q, record.Starting), crashing(5)}, drain(7, q), wrote, operate.Stuck, operate.ReasonPodFailing},
		asked(decisionCase{"it has joined", ststest.Web(6), on{joining(q, record.Starting)}, drain(7, q), wrote, operate.Do, "Note"}, fine),
		asked(decisionCase{"it does not vote", ststest.Web(6), on{joining(q, record.Starting)}, drain(7, q), wrote, operate.Stuck, operate.ReasonHookFailed}, unless("vote", no)),
		{"scaled down while it starts", ststest.Web(5), on{joining(q, record.Starting), other}, drain(7, q), operate.Facts{Wrote: true, Scaled: map[sts.Ordinal]bool{5: true}}, operate.Refused, operate.ReasonTakenOver},
		{"scaled above the size between two that join, and taken over", ststest.Web(8), on{leaving(q, 5, record.Starting, between, func(d *record.Drain) { d.To = 7 }), other},
			drainWith(7, q, func(i *operate.DrainOptions) { i.TakeOver = true }), wrote, operate.Refused, operate.ReasonTakenOver},
		{"all have joined", ststest.Web(7), on{leaving(nil, 5, record.Starting, between, func(d *record.Drain) { d.To, d.Done = 7, []record.Moved{{Ordinal: 5}, {Ordinal: 6}} })}, drain(7, nil), wrote, operate.Do, "Finish"},
	}
}

func cancelCases() []decisionCase {
	type on = []change
	none, wrote := operate.Facts{}, operate.Facts{Wrote: true}
	q := quorum()
	cancel := operate.CancelDrain{Lock: holder("1"), Profile: q, Domain: "cluster.local"}
	plain := operate.CancelDrain{Lock: holder("1")}
	way := func() []change { return on{leaving(q, 4, record.Draining), held(4)} }
	stays := func(run *operate.Exec) *operate.ExecResult {
		if run.For == "gone" {
			return &operate.ExecResult{ExitCode: 1}
		}
		return fine(run)
	}
	return []decisionCase{
		{"nothing is in progress", ststest.Web(5), nil, plain, none, operate.Done, operate.ReasonNothingToDo},
		{"another user has the lock", ststest.Web(5), on{leaving(q, 4, record.Draining), owned("bob@desk", "7")}, plain, none, operate.Refused, operate.ReasonOwned},
		{"the record cannot be read", ststest.Web(5), on{annotated(record.DrainAnnotation, "{")}, plain, none, operate.Refused, operate.ReasonBadRecord},
		{"a pod has our finalizer, and the record is missing", ststest.Web(5), on{held(4)}, plain, none, operate.Do, "RemoveFinalizer"},
		{"between two", ststest.Web(4), on{leaving(q, 3, record.Draining, between)}, plain, none, operate.Do, "Cancel"},
		{"between two, the policy is restored", ststest.Web(4), on{onSet(deletesClaims), onSet(func(s *appsv1.StatefulSet) { s.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled = "Retain" }),
			leaving(nil, 3, record.Removing, between, func(d *record.Drain) { d.Retention = "Delete" })}, plain, none, operate.Do, "Cancel"},
		{"of parking", ststest.Web(4), on{leaving(nil, 3, record.Removing, func(d *record.Drain) { d.To = 0 }), annotated(record.ParkedAnnotation, "5")}, plain, none, operate.Do, "Cancel"},
		{"nothing was done to it yet", ststest.Web(5), on{leaving(q, 4, record.Draining)}, plain, none, operate.Do, "Cancel"},
		{"it is leaving, and no profile is given", ststest.Web(5), way(), plain, none, operate.Refused, operate.ReasonScaleOnItsWay},
		asked(decisionCase{"check whether it has left", ststest.Web(5), way(), cancel, none, operate.Do, "Hook"}, nothing),
		asked(decisionCase{"it has left meanwhile", ststest.Web(5), way(), cancel, none, operate.Refused, operate.ReasonMemberLeft}, fine),
		asked(decisionCase{"it is reverted: remove the finalizer", ststest.Web(5), way(), cancel, wrote, operate.Do, "RemoveFinalizer"}, stays),
		asked(decisionCase{"it cannot be reverted", ststest.Web(5), way(), cancel, wrote, operate.Stuck, operate.ReasonHookFailed}, func(run *operate.Exec) *operate.ExecResult { return &operate.ExecResult{ExitCode: 1} }),
		asked(decisionCase{"the check loses its connection", ststest.Web(5), way(), cancel, none, operate.Wait, operate.ReasonMemberLeaving}, unless("gone", &operate.ExecResult{ExitCode: -1, Problem: "the connection was lost", At: ststest.Now.Add(-time.Second)})),
		{"it has left", ststest.Web(5), on{leaving(q, 4, record.Removing), held(4)}, cancel, none, operate.Refused, operate.ReasonMemberLeft},
		{"it has left, and the set is scaled down", ststest.Web(5), on{leaving(q, 4, record.Removing), wanted(4), without(4)}, cancel, none, operate.Refused, operate.ReasonMemberLeft},
		{"without hooks", ststest.Web(5), on{leaving(nil, 4, record.Removing)}, plain, none, operate.Do, "Cancel"},
		{"it is gone, and its after hooks are skipped", ststest.Web(5), on{leaving(q, 4, record.Finishing), wanted(4), without(4)}, cancel, none, operate.Do, "Cancel"},
		{"one that joins may already be registered", ststest.Web(5), on{joining(q, record.Announcing)}, cancel, none, operate.Do, "Cancel"},
		{"one will be added", ststest.Web(5), on{joining(nil, record.Announcing)}, plain, none, operate.Do, "Cancel"},
	}
}

func unparkCases() []decisionCase {
	type on = []change
	none := operate.Facts{}
	unpark := operate.Unpark{Lock: holder("1")}
	parked := annotated(record.ParkedAnnotation, "5")
	return []decisionCase{
		{"it is not parked", ststest.Web(3), nil, unpark, none, operate.Done, operate.ReasonNothingToDo},
		{"it was parked by hand", ststest.Web(0), nil, unpark, none, operate.Refused, operate.ReasonParked},
		{"its size is no number", ststest.Web(0), on{annotated(record.ParkedAnnotation, "many")}, unpark, none, operate.Refused, operate.ReasonParked},
		{"another user has the lock", ststest.Web(0), on{parked, owned("bob@desk", "7")}, unpark, none, operate.Refused, operate.ReasonOwned},
		{"Argo CD would revert the size", ststest.Web(0), on{parked, annotated("argocd.argoproj.io/tracking-id", "shop")}, unpark, none, operate.Refused, operate.ReasonManaged},
		{"an operator would revert the size", ststest.Web(0), on{parked, underOperator}, unpark, none, operate.Refused, operate.ReasonManaged},
		{"all start at once", ststest.Web(0), on{parked}, unpark, none, operate.Do, "Scale"},
		{"some were started by other means", ststest.Web(2), on{parked}, unpark, none, operate.Do, "Scale"},
		{"one is starting", ststest.Web(5), on{parked, starting(4)}, unpark, none, operate.Wait, operate.ReasonPodNotAvailable},
		{"one is failing", ststest.Web(5), on{parked, crashing(0)}, unpark, none, operate.Stuck, operate.ReasonPodFailing},
		{"all are available", ststest.Web(5), on{parked}, unpark, none, operate.Do, "Finish"},
	}
}

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
		if holds != 3 || d.Verdict != operate.Stuck || d.Reason != operate.ReasonFinalizerRemoved || d.Subject != "web-4" || !strings.Contains(d.Hint.String(), "get pod web-4 -o yaml --show-managed-fields") {
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
				operate.StepDrainFirst(false, 6, 3, operate.StepDrainRemoveMissing("web-5", "create Pod web-4 in StatefulSet web failed error: exceeded quota")),
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
