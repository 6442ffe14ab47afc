package operate_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func restarter(id string) operate.RestartPods {
	i := operate.RestartPods{Lock: holder(id)}
	i.Command = "restart"
	return i
}

// restarting is a restart in progress; the pods of the ordinals in left are not
// restarted yet.
func restarting(command string, chosen []sts.Ordinal, left ...sts.Ordinal) change {
	return func(inv *sts.Inventory) {
		r := record.Restart{Pods: map[sts.Ordinal]types.UID{}, Command: command, StartedBy: "alice@laptop", StartedAt: ststest.Now.Add(-time.Hour)}
		for _, o := range chosen {
			r.Pods[o] = "of-then"
			if slices.Contains(left, o) {
				r.Pods[o] = inv.Pods[o].UID
			}
		}
		set := inv.Sets[0]
		if set.Annotations == nil {
			set.Annotations = map[string]string{}
		}
		set.Annotations[record.RestartAnnotation] = sts.EncodeAnnotation(r)
	}
}

func restartCases() []decisionCase {
	one := restarter("1")
	with := func(f func(*operate.RestartPods)) operate.RestartPods {
		i := one
		f(&i)
		return i
	}
	only := func(text string) operate.RestartPods {
		ordinals, err := sts.ParseOrdinals(text)
		if err != nil {
			panic(err)
		}
		return with(func(i *operate.RestartPods) { i.Ordinals = ordinals })
	}
	leader := with(func(i *operate.RestartPods) { i.LeaderExec = "am-i-leader" })
	all := []sts.Ordinal{0, 1, 2}
	mine := owned("alice@laptop", "1")
	none := []change(nil)
	onDelete := onSet(func(s *appsv1.StatefulSet) {
		s.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
	})
	newTemplate := onSet(func(s *appsv1.StatefulSet) { s.Status.UpdateRevision = "web-new" })
	budgets := func(inv *sts.Inventory) {
		second := inv.Budgets[0].DeepCopy()
		second.Name = "second"
		inv.Budgets = append(inv.Budgets, second)
	}
	pending := func(o int) change {
		return onPod(o, func(p *corev1.Pod) { p.Status = corev1.PodStatus{Phase: corev1.PodPending} })
	}
	always := func(inv *sts.Inventory) {
		policy := policyv1.AlwaysAllow
		inv.Budgets[0].Spec.UnhealthyPodEvictionPolicy = &policy
	}
	// asked are the answers of pods, by what each of them is asked.
	asked := func(from *sts.Inventory, changes []change, answers ...operate.ExecResult) operate.Facts {
		inv := from
		for _, change := range changes {
			change(inv)
		}
		f := operate.Facts{Wrote: true, Started: map[string]bool{}, Results: map[string]operate.ExecResult{}}
		for _, a := range answers {
			d := leader.Next(inv.Snapshots()[0], f)
			command, ok := d.Action.(*operate.Exec)
			if !ok {
				panic("nothing is asked: " + d.Message)
			}
			f.Started[command.Key] = true
			if a.ExitCode != 99 {
				f.Results[command.Key] = a
			}
		}
		return f
	}
	leads, follows, silent := operate.ExecResult{}, operate.ExecResult{ExitCode: 1}, operate.ExecResult{ExitCode: 99}
	onTheWay := func(left ...sts.Ordinal) []change { return []change{mine, restarting("restart", all, left...)} }
	ask := func(name string, left []sts.Ordinal, verdict operate.Verdict, reason string, answers ...operate.ExecResult) decisionCase {
		return decisionCase{name, ststest.Web(3), onTheWay(left...), leader, asked(ststest.Web(3), onTheWay(left...), answers...), verdict, reason}
	}
	return []decisionCase{
		{"begin", ststest.Web(3), none, one, operate.Facts{}, operate.Do, "Begin"},
		{"chosen ones", ststest.Web(5), none, only("1,3-4"), operate.Facts{}, operate.Do, "Begin"},
		{"OnDelete", ststest.Web(3), []change{onDelete}, one, operate.Facts{}, operate.Do, "Begin"},
		{"Recreate", ststest.Web(3), []change{recreate}, one, operate.Facts{}, operate.Do, "Begin"},
		{"Recreate, in the middle of an update", recreating(0), nil, one, operate.Facts{}, operate.Refused, operate.ReasonRevisionChange},
		{"Recreate, not all pods of an update are there", recreating(5), []change{justPod(0)}, one, operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"beside a canary", standing(2), none, one, operate.Facts{}, operate.Do, "Begin"},
		{"the highest", ststest.Web(3), onTheWay(0, 1, 2), one, operate.Facts{Wrote: true}, operate.Do, "Evict"},
		{"the lowest", ststest.Web(3), onTheWay(0, 1, 2), with(func(i *operate.RestartPods) { i.Ascending = true }), operate.Facts{Wrote: true}, operate.Do, "Evict"},
		{"the next", ststest.Web(3), onTheWay(0, 1), one, operate.Facts{Wrote: true}, operate.Do, "Evict"},
		{"resume an interrupted restart", ststest.Web(3), []change{restarting("restart", all, 0, 1)}, one, operate.Facts{}, operate.Do, "Begin"},
		{"resume a killed restart", ststest.Web(3), []change{owned("alice@laptop", "0"), restarting("restart", all, 0, 1)}, one, operate.Facts{}, operate.Do, "Begin"},
		{"scaled down meanwhile", ststest.Web(2), []change{mine, func(inv *sts.Inventory) {
			five := ststest.Web(5)
			restarting("restart", []sts.Ordinal{0, 1, 2, 3, 4}, 0, 4)(five)
			inv.Sets[0].Annotations[record.RestartAnnotation] = five.Sets[0].Annotations[record.RestartAnnotation]
		}}, one, operate.Facts{Wrote: true}, operate.Do, "Evict"},
		{"the next is starting", ststest.Web(3), append(onTheWay(0, 1), starting(2)), one, operate.Facts{Wrote: true}, operate.Wait, operate.ReasonPodNotAvailable},
		{"the last is starting", ststest.Web(3), append(onTheWay(), starting(0)), one, operate.Facts{Wrote: true}, operate.Wait, operate.ReasonPodNotAvailable},
		{"the last is terminating", ststest.Web(3), append(onTheWay(0), onPod(0, func(p *corev1.Pod) { ststest.Terminating(p, ststest.Now) })), one, operate.Facts{Wrote: true}, operate.Wait, operate.ReasonPodNotAvailable},
		{"the last fails", ststest.Web(3), append(onTheWay(), crashing(0)), one, operate.Facts{Wrote: true}, operate.Stuck, operate.ReasonPodFailing},
		{"finish", ststest.Web(3), onTheWay(), one, operate.Facts{Wrote: true}, operate.Do, "Finish"},
		{"the last has a label that was rewritten", ststest.Web(3), append(onTheWay(), onPod(0, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = "gitops" })), one, operate.Facts{Wrote: true}, operate.Wait, operate.ReasonUpdateOnItsWay},
		{"finish what was killed at its end", ststest.Web(3), []change{owned("alice@laptop", "0"), restarting("restart", all)}, one, operate.Facts{}, operate.Do, "Finish"},

		{"an ordinal that it has not", ststest.Web(3), none, only("1,3"), operate.Facts{}, operate.Refused, operate.ReasonBadRequest},
		{"below the start", ststest.Web(3), []change{onSet(func(s *appsv1.StatefulSet) { s.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3} })}, only("2-4"), operate.Facts{}, operate.Refused, operate.ReasonBadRequest},
		{"parked", ststest.Web(0), none, one, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
		{"a pod that is not there yet", ststest.Web(3), []change{func(inv *sts.Inventory) { inv.Pods = inv.Pods[:2] }}, only("2"), operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"another restart", ststest.Web(3), []change{restarting("restart --ordinal=0,2 --order=asc", all, 0)}, one, operate.Facts{}, operate.Refused, operate.ReasonRestartOnItsWay},
		{"another restart, all done", ststest.Web(3), []change{restarting("restart --ordinal=0", []sts.Ordinal{0})}, one, operate.Facts{}, operate.Refused, operate.ReasonRestartOnItsWay},
		{"a record that can't be read", ststest.Web(3), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{record.RestartAnnotation: "["} })}, one, operate.Facts{}, operate.Refused, operate.ReasonBadRecord},
		{"the record was removed", ststest.Web(3), []change{mine}, one, operate.Facts{Wrote: true}, operate.Refused, operate.ReasonTakenOver},
		{"locked by another owner", ststest.Web(3), []change{owned("bob@desk", "0")}, one, operate.Facts{}, operate.Refused, operate.ReasonOwned},
		{"an abort", aborted(2), none, one, operate.Facts{}, operate.Refused, operate.ReasonCanaryOnItsWay},
		{"another pod is failing", ststest.Web(3), []change{crashing(0)}, only("1-2"), operate.Facts{}, operate.Stuck, operate.ReasonPodFailing},
		{"another pod is starting", ststest.Web(3), []change{starting(0)}, only("1-2"), operate.Facts{}, operate.Wait, operate.ReasonPodNotAvailable},
		{"failing ones come first", ststest.Web(5), []change{mine, restarting("restart", []sts.Ordinal{0, 1, 3, 4}, 0, 1, 3, 4), crashing(1), crashing(3), budget(3, 3, 5)}, one, operate.Facts{Wrote: true}, operate.Do, "Evict"},

		{"OnDelete with a new template", ststest.Web(3), []change{onDelete, newTemplate}, one, operate.Facts{}, operate.Refused, operate.ReasonRevisionChange},
		{"an update that will come to it", ststest.Web(3), []change{newTemplate}, only("0"), operate.Facts{}, operate.Refused, operate.ReasonRevisionChange},
		{"an update that is stuck", rolling(1, crashing(4)), none, only("1"), operate.Facts{}, operate.Refused, operate.ReasonRevisionChange},
		{"an update of which another pod fails", rolling(2, onSet(func(s *appsv1.StatefulSet) { s.Spec.PodManagementPolicy = appsv1.ParallelPodManagement }), crashing(0)), none, only("1"), operate.Facts{}, operate.Refused, operate.ReasonRevisionChange},
		{"an update that has passed it", ststest.Web(3), []change{newTemplate, onPod(2, func(p *corev1.Pod) { p.Labels[appsv1.StatefulSetRevisionLabel] = "web-new" })}, only("2"), operate.Facts{}, operate.Wait, operate.ReasonUpdateOnItsWay},
		{"a canary below its partition", standing(2), []change{movedPartition(4)}, only("3"), operate.Facts{}, operate.Refused, operate.ReasonRevisionChange},
		{"the current revision is gone", standing(2), []change{func(inv *sts.Inventory) { inv.Revisions = inv.Revisions[1:] }}, only("0"), operate.Facts{}, operate.Refused, operate.ReasonRevisionChange},

		{"a budget that is short", ststest.Web(3), []change{budget(3, 3, 4)}, one, operate.Facts{}, operate.Wait, operate.ReasonBudgetShort},
		{"a budget that never allows it", ststest.Web(3), []change{budget(3, 3, 3)}, one, operate.Facts{}, operate.Refused, operate.ReasonBudgetAlwaysBlocks},
		{"a budget that has not counted the new pod", ststest.Web(3), []change{budget(2, 2, 2)}, one, operate.Facts{}, operate.Wait, operate.ReasonBudgetShort},
		{"two budgets", ststest.Web(3), []change{budgets}, one, operate.Facts{}, operate.Refused, operate.ReasonTwoBudgets},
		{"no budget is asked for a pending pod", ststest.Web(3), []change{budgets, pending(2)}, only("2"), operate.Facts{}, operate.Do, "Begin"},
		{"a failing pod that the budget holds", ststest.Web(3), []change{crashing(2), budget(2, 2, 3), func(inv *sts.Inventory) { inv.Budgets[0].Status.CurrentHealthy = 1 }}, only("2"), operate.Facts{}, operate.Stuck, operate.ReasonBudgetShort},
		{"the only pod, failing", ststest.Web(1), []change{crashing(0), budget(0, 0, 1)}, one, operate.Facts{}, operate.Stuck, operate.ReasonBudgetShort},
		{"the only pod, starting", ststest.Web(1), []change{starting(0), budget(0, 0, 1)}, one, operate.Facts{}, operate.Wait, operate.ReasonBudgetShort},
		{"the only pod, failing, always allowed", ststest.Web(1), []change{crashing(0), budget(0, 0, 1), always}, one, operate.Facts{}, operate.Do, "Begin"},

		ask("ask the highest", all, operate.Do, "CheckLeader"),
		ask("it has not answered", all, operate.Wait, operate.ReasonChecking, silent),
		ask("it does not lead", all, operate.Do, "Evict", follows),
		ask("it leads, so ask the next", all, operate.Do, "CheckLeader", leads),
		ask("the next does not lead", all, operate.Do, "Evict", leads, follows),
		ask("the next leads, too", all, operate.Stuck, operate.ReasonLeaderUnknown, leads, leads),
		ask("no answer in time", all, operate.Stuck, operate.ReasonLeaderUnknown, operate.ExecResult{ExitCode: -1, Problem: "timed out after 30s"}),
		ask("it went away while it was asked", all, operate.Wait, operate.ReasonChecking, operate.ExecResult{ExitCode: 137, PodGone: true}),
		ask("no such command", all, operate.Stuck, operate.ReasonLeaderUnknown, operate.ExecResult{ExitCode: 127}),
		ask("the last one is not asked", []sts.Ordinal{1}, operate.Do, "Evict"),
		{"an answer from before a pod was away", ststest.Web(3), append(onTheWay(0, 1), onPod(2, func(p *corev1.Pod) { ststest.Ready(p, ststest.Now.Add(-time.Minute)) })), leader,
			asked(ststest.Web(3), onTheWay(0, 1), follows), operate.Do, "CheckLeader"},
		{"one that is not ready for a moment is asked, too", ststest.Web(3), append(onTheWay(0, 1), starting(1)), leader, operate.Facts{Wrote: true}, operate.Do, "CheckLeader"},
		{"it does not lead, and is the next", ststest.Web(3), append(onTheWay(0, 1), starting(1)), leader, asked(ststest.Web(3), append(onTheWay(0, 1), starting(1)), follows), operate.Do, "Evict"},
		{"it leads, so it is waited for before another goes", ststest.Web(3), append(onTheWay(0, 1), starting(1)), leader,
			asked(ststest.Web(3), append(onTheWay(0, 1), starting(1)), leads, follows), operate.Wait, operate.ReasonPodNotAvailable},
		{"a pod that does not run is not asked", ststest.Web(3), append(onTheWay(0, 1), pending(1)), leader, operate.Facts{Wrote: true}, operate.Do, "Evict"},
		{"a failing pod is not asked", ststest.Web(3), append(onTheWay(0, 1), crashing(0)), leader, operate.Facts{Wrote: true}, operate.Do, "Evict"},
		{"the container that kubectl exec would take", ststest.Web(3), append(onTheWay(0, 1), onPod(1, func(p *corev1.Pod) {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "db"})
			p.Annotations = map[string]string{"kubectl.kubernetes.io/default-container": "db"}
		})), leader, operate.Facts{Wrote: true}, operate.Do, "CheckLeader"},

		{"forget", ststest.Web(3), []change{restarting("restart --ordinal=0", all, 0)}, operate.ForgetRestart{Lock: holder("1")}, operate.Facts{}, operate.Do, "Forget"},
		{"forget what can't be read", ststest.Web(3), []change{onSet(func(s *appsv1.StatefulSet) { s.Annotations = map[string]string{record.RestartAnnotation: "["} })}, operate.ForgetRestart{Lock: holder("1")}, operate.Facts{}, operate.Do, "Forget"},
		{"nothing to forget", ststest.Web(3), none, operate.ForgetRestart{Lock: holder("1")}, operate.Facts{}, operate.Done, operate.ReasonNothingToDo},
	}
}

func restartKinds() []string {
	return []string{
		wasKilled, podLost, "Do Begin", "Do CheckLeader", "Do Evict", "Do Finish",
		kindOf(operate.Wait, operate.ReasonPodNotAvailable), kindOf(operate.Wait, operate.ReasonBudgetShort),
		kindOf(operate.Wait, operate.ReasonChecking), kindOf(operate.Done, operate.ReasonRestarted),
	}
}

// A restart in random worlds, by commands that are killed at random, while pods of
// others come and go.
func TestRestartInRandomWorlds(t *testing.T) {
	tellStories(t, restartKinds(), func(t *testing.T, seed uint64, met ststest.Kinds) { newRestartStory(t, seed, met).tell() })
}

type restartStory struct {
	t       *testing.T
	r       *rand.Rand
	w       *world
	intent  operate.RestartPods
	chosen  map[sts.Ordinal]types.UID
	before  map[sts.Ordinal]string // revisions
	evicted map[sts.Ordinal]int
	losses  int
	leader  sts.Ordinal
	met     ststest.Kinds
}

func newRestartStory(t *testing.T, seed uint64, met ststest.Kinds) *restartStory {
	r := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // to be repeated
	w := newWorld(int32(1+r.IntN(5)), func(set *appsv1.StatefulSet) {
		if r.IntN(3) == 0 {
			set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3}
		}
		if r.IntN(2) == 0 {
			set.Spec.PodManagementPolicy = appsv1.ParallelPodManagement
		}
		if r.IntN(3) == 0 {
			set.Spec.MinReadySeconds = 3
		}
	})
	w.slow = time.Duration(r.IntN(4)) * time.Second
	s := &restartStory{t: t, r: r, w: w, met: met, intent: restarter("0"), losses: r.IntN(3),
		chosen: map[sts.Ordinal]types.UID{}, before: map[sts.Ordinal]string{}, evicted: map[sts.Ordinal]int{}}
	switch r.IntN(3) {
	case 0: // a canary below its partition
		w.edit(func(set *appsv1.StatefulSet) {
			set.Spec.Template = ststest.Template("web:2")
			*set.Spec.UpdateStrategy.RollingUpdate.Partition = r.Int32N(sts.DesiredReplicas(set) + 1)
		})
	case 1:
		w.edit(func(set *appsv1.StatefulSet) {
			set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
		})
	}
	for range 60 {
		w.tick()
	}
	if r.IntN(2) == 0 {
		most := intstr.FromInt32(1)
		w.budgets = []*policyv1.PodDisruptionBudget{{
			ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "budget"},
			Spec:       policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &most, Selector: &metav1.LabelSelector{}},
		}}
		w.count()
	}
	s.intent.Ascending = r.IntN(2) == 0
	if r.IntN(2) == 0 {
		s.intent.LeaderExec = "am-i-leader"
	}
	s.leader = sts.Start(w.Set) + sts.Ordinal(r.IntN(int(sts.DesiredReplicas(w.Set))))
	for o, p := range w.pods() {
		s.before[o] = sts.PodRevision(p)
		if r.IntN(3) > 0 || len(s.chosen) == 0 {
			s.chosen[o] = p.UID
			s.intent.Ordinals = append(s.intent.Ordinals, struct{ First, Last sts.Ordinal }{o, o})
		}
	}
	return s
}

func (s *restartStory) tell() {
	var c *command
	for rounds := 0; ; rounds++ {
		if rounds > 600 {
			s.t.Fatal("it comes to no end")
		}
		// One that is killed after its last write has done its work: the next would be
		// another restart.
		if c == nil || c.then == nil && s.r.IntN(10) == 0 {
			s.met[wasKilled] = s.met[wasKilled] || c != nil
			i := s.intent
			i.ID = fmt.Sprint(rounds)
			if steps := operate.Preview(i, s.w.snapshot()); steps[len(steps)-1].Verdict != operate.Done {
				s.t.Fatalf("the plan ends with %s", text(steps[len(steps)-1]))
			}
			c = &command{t: s.t, w: s.w, intent: i, before: s.safe, answer: s.answer, met: s.met}
		}
		if s.losses > 0 && s.r.IntN(8) == 0 && s.w.Set.Annotations[record.RestartAnnotation] != "" {
			s.losses--
			s.met[podLost] = true
			o := slices.Sorted(maps.Keys(s.w.pods()))[s.r.IntN(len(s.w.Pods))]
			s.w.delete(s.w.pod(o))
			s.w.count()
		}
		d, end := c.step()
		if end {
			c.release(d)
			s.ended(d)
			return
		}
		for range s.r.IntN(4) {
			s.w.strangers = s.r.Int32N(3) % 2
			s.w.tick()
			s.elect()
		}
	}
}

// elect: the leader stays the leader while it is available.
func (s *restartStory) elect() {
	if s.w.available(s.w.pod(s.leader)) {
		return
	}
	for _, o := range slices.Sorted(maps.Keys(s.w.pods())) {
		if s.w.available(s.w.pod(o)) {
			s.leader = o
		}
	}
}

func (s *restartStory) answer(run *operate.Exec) *operate.ExecResult {
	if run.Pod == sts.PodName("web", s.leader) {
		return &operate.ExecResult{}
	}
	return &operate.ExecResult{ExitCode: 1}
}

func (s *restartStory) safe(snapshot *sts.Snapshot, d operate.Decision) {
	s.t.Helper()
	if p, ok := d.Action.(*operate.PatchSet); ok && p.ChangesSpec() {
		s.t.Fatalf("changes the spec: %s", opsText(p.Ops))
	}
	e, ok := d.Action.(*operate.EvictPod)
	if !ok {
		return
	}
	if s.chosen[e.Ordinal] != e.UID {
		s.t.Fatalf("evicts %s with the UID %s, which is not one of the chosen pods", e.Name, e.UID)
	}
	s.evicted[e.Ordinal]++
	for _, o := range s.w.unavailable() {
		if o != e.Ordinal {
			s.t.Fatalf("evicts %s while ordinal %s is not available", e.Name, o)
		}
	}
	left := 0
	for o, uid := range s.chosen {
		if p := s.w.pod(o); p != nil && p.UID == uid {
			left++
		}
	}
	if s.intent.LeaderExec != "" && left > 1 && e.Ordinal == s.leader && !sts.ReadySince(s.w.pod(e.Ordinal)).IsZero() {
		s.t.Fatalf("evicts the leader %s with %d pods left", e.Name, left)
	}
}

func (s *restartStory) ended(d operate.Decision) {
	s.t.Helper()
	if d.Reason != operate.ReasonRestarted {
		s.t.Fatalf("it ended %s %s: %s", d.Verdict, d.Reason, d.Message)
	}
	for o, uid := range s.chosen {
		if p := s.w.pod(o); p == nil || p.UID == uid || s.evicted[o] > 1 {
			s.t.Errorf("ordinal %s was evicted %d times, and has the pod %v", o, s.evicted[o], p)
		}
	}
	for range 20 {
		s.w.tick()
	}
	for o, revision := range s.before {
		if p := s.w.pod(o); sts.PodRevision(p) != revision {
			s.t.Errorf("ordinal %s is on %s, and was on %s", o, sts.PodRevision(p), revision)
		}
	}
	if len(s.w.Set.Annotations) > 0 {
		s.t.Errorf("annotations are left: %v", s.w.Set.Annotations)
	}
}
