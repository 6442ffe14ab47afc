package operate_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
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
