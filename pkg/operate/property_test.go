package operate_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

var (
	seed    = flag.Uint64("seed", 0, "run the one random story of this seed")
	stories = flag.Int("stories", 150, "how many random stories to run")
)

// enoughStories is the number of stories that reach every kind, several times.
const enoughStories = 150

// Kinds of what stories reach, besides the decisions of their commands.
const (
	wasKilled         = "a command is killed"
	wasKilledAborting = "a command is killed while the canary is aborted"
	podLost           = "a pod is deleted by another client"
	scaledMeanwhile   = "the set is scaled by another client"
	revisionReencoded = "the server encodes the stable template differently"
	commandRuns       = "this command runs: "
	commandFails      = "this command fails: "
)

// tellStories tells the stories of many seeds, or the one that is asked for. Enough stories must
// reach each of the kinds.
func tellStories(t *testing.T, kinds []string, tell func(t *testing.T, seed uint64, met ststest.Kinds)) {
	if *seed != 0 {
		tell(t, *seed, ststest.Kinds{})
		return
	}
	var reached ststest.Reached
	told := 0
	for n := range ststest.AtMost(*stories) {
		t.Run(fmt.Sprintf("seed=%d", n+1), func(t *testing.T) {
			met := ststest.Kinds{}
			tell(t, n+1, met)
			reached.Add(met)
			told++
		})
	}
	if told < enoughStories {
		return
	}
	for _, kind := range reached.Rare(3, kinds) {
		t.Errorf("too few of %d stories reach this: %s", told, kind)
	}
}

// kindOf is a kind of decision.
func kindOf(v operate.Verdict, reason string) string { return string(v) + " " + reason }

func canaryKinds() []string {
	return []string{
		wasKilled, wasKilledAborting, podLost, scaledMeanwhile, revisionReencoded,
		"Do Start", "Do Step", "Do Check", "Do Lock", "Do HoldBack", "Do Restore", "Do DeleteBlocker", "Do Finish",
		kindOf(operate.Wait, operate.ReasonPodNotAvailable), kindOf(operate.Wait, operate.ReasonNotObserved),
		kindOf(operate.Wait, operate.ReasonBudgetShort), kindOf(operate.Wait, operate.ReasonSoaking), kindOf(operate.Wait, operate.ReasonChecking),
		kindOf(operate.Done, operate.ReasonPaused), kindOf(operate.Done, operate.ReasonComplete),
		kindOf(operate.Done, operate.ReasonAborted), kindOf(operate.Done, operate.ReasonNothingToDo),
		kindOf(operate.Failed, operate.ReasonGateFailed),
		kindOf(operate.Stuck, operate.ReasonPodFailing), kindOf(operate.Stuck, operate.ReasonRevisionReencoded),
	}
}

// A story is a canary in a random world: started, promoted or aborted, by commands
// that are killed at random, while another client scales from time to time.
func TestCanaryInRandomWorlds(t *testing.T) {
	tellStories(t, canaryKinds(), func(t *testing.T, seed uint64, met ststest.Kinds) { newStory(t, seed, met).tell() })
}

type story struct {
	t    *testing.T
	r    *rand.Rand
	w    *world
	seed uint64

	image     string
	before    int32 // the partition before the canary
	scaling   int   // how often others will scale meanwhile
	disturbed bool
	losses    int // how many pods will be lost meanwhile
	breaking  bool
	allowed   sts.Ordinal
	commands  int
	narration []string
	met       ststest.Kinds

	unreliable bool                 // checks fail now and then
	asked      []question           // by the command that runs now
	auto       *operate.AutoPromote // the one that runs now
}

// question is one that was asked, about the pods of that time.
type question struct {
	*operate.Exec
	from   sts.Ordinal
	pods   map[sts.Ordinal]types.UID
	answer *operate.ExecResult
}

func newStory(t *testing.T, seed uint64, met ststest.Kinds) *story {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // to be repeated
	s := &story{t: t, r: r, seed: seed, met: met}
	s.w = newWorld(int32(1+r.IntN(5)), func(set *appsv1.StatefulSet) {
		if r.IntN(3) == 0 {
			set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3}
		}
		if r.IntN(2) == 0 {
			set.Spec.PodManagementPolicy = appsv1.ParallelPodManagement
		}
		if r.IntN(3) == 0 {
			set.Spec.MinReadySeconds = 3
		}
		if r.IntN(3) == 0 {
			set.Spec.RevisionHistoryLimit = new(int32)
		}
		switch r.IntN(4) {
		case 0:
			*set.Spec.UpdateStrategy.RollingUpdate.Partition = int32(r.IntN(7))
		case 1:
			set.Spec.UpdateStrategy.RollingUpdate.Partition = nil
		}
	})
	s.before = sts.Partition(s.w.Set)
	s.w.Features.MaxUnavailable = r.IntN(3) == 0
	s.w.reencodes = r.IntN(4) == 0
	s.w.slow = time.Duration(r.IntN(4)) * time.Second
	s.image = []string{"web:2", "web:2", "web:2-crash", "web:2-never-ready", "web:2-flaky"}[r.IntN(5)]
	if s.image == "web:2-never-ready" {
		s.w.pace = 7 * time.Second // it takes ten minutes until that is proven
	}
	if r.IntN(4) == 0 {
		s.scaling = 1 + r.IntN(3)
		s.disturbed = true
	}
	if s.breaking = r.IntN(2) == 0; s.breaking {
		s.losses = 8
	}
	for n := range max(0, r.IntN(4)-1) {
		most := intstr.FromInt32(1)
		s.w.budgets = append(s.w.budgets, &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: fmt.Sprintf("budget-%d", n)},
			Spec:       policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &most, Selector: &metav1.LabelSelector{}},
		})
	}
	return s
}

func (s *story) say(format string, args ...any) {
	s.narration = append(s.narration, fmt.Sprintf(format, args...))
}

func (s *story) tell() {
	s.t.Cleanup(func() {
		if s.t.Failed() {
			for _, line := range s.narration {
				s.t.Log(line)
			}
			s.t.Logf("again: go test ./pkg/operate -run TestCanaryInRandomWorlds -seed %d", s.seed)
		}
	})
	set := s.w.Set
	s.say("%d replicas from ordinal %d, partition %d, %s, minReady %d, gate %t, reencodes %t, slow %s, image %s, %d budgets",
		sts.DesiredReplicas(set), sts.Start(set), sts.Partition(set), set.Spec.PodManagementPolicy, set.Spec.MinReadySeconds,
		s.w.Features.MaxUnavailable, s.w.reencodes, s.w.slow, s.image, len(s.w.budgets))
	s.w.tick()
	n := 1 + s.r.Int32N(sts.DesiredReplicas(set))
	s.allowed = sts.End(set) - sts.Ordinal(n)
	d := s.command(func(id string) operate.Intent { return start(id, s.image, n) })
	if s.r.IntN(2) == 0 {
		if s.promoteItself() {
			return
		}
	} else if d.Verdict != operate.Done {
		s.abort()
		return
	}
	for s.r.IntN(3) > 0 {
		if goal := s.allowed - sts.Ordinal(1+s.r.IntN(2)); goal >= sts.Start(s.w.Set) {
			s.allowed = goal
			if d := s.command(func(id string) operate.Intent { return promoting{Lock: holder(id), To: &goal} }); d.Reason == operate.ReasonComplete || d.Reason == operate.ReasonNothingToDo {
				s.promoted(d)
				return
			} else if d.Verdict != operate.Done {
				break
			}
		}
	}
	if s.r.IntN(2) == 0 {
		s.allowed = sts.Start(s.w.Set)
		d := s.command(func(id string) operate.Intent { return promoting{Lock: holder(id), Full: true} })
		if d.Verdict == operate.Done {
			s.promoted(d)
			return
		}
	}
	s.abort()
}

// promoteItself runs a promotion with gates, and again after a gate that failed. It
// reports whether the canary is over.
func (s *story) promoteItself() bool {
	s.t.Helper()
	auto := operate.AutoPromote{Abort: s.r.IntN(2) == 0, Gates: operate.Gates{
		Soak:        time.Duration(s.r.IntN(3)*7) * time.Second,
		MaxRestarts: s.r.Int32N(2),
		Checks:      []string{"./smoke", "./more"}[:s.r.IntN(3)],
		Execs:       []string{"pg_isready", "df"}[:s.r.IntN(3)],
	}}
	s.unreliable = s.r.IntN(2) == 0
	n := int32(0)
	for range s.r.IntN(3) {
		n += 1 + s.r.Int32N(3)
		auto.Steps = append(auto.Steps, intstr.FromInt32(n))
	}
	if len(auto.Steps) > 0 && s.r.IntN(2) == 0 {
		auto.Steps = append(auto.Steps, intstr.FromString("100%"))
	}
	s.say("promote itself: %+v", auto)
	s.auto = &auto
	defer func() { s.auto = nil }()
	for range 4 {
		d := s.command(func(id string) operate.Intent {
			s.asked = nil // the results of a killed command are lost
			// Also where a killed one had aborted, with a revision encoded again.
			if goals := s.goals(auto); len(goals) > 0 {
				s.allowed = min(s.allowed, goals[len(goals)-1])
			}
			i := auto
			i.Lock = holder(id)
			return i
		})
		// One that was killed at the very end of its abort finds an update from one
		// spelling of the stable template to the other, and nothing of before.
		again := s.w.reencodes && s.w.Set.Spec.Template.Spec.Containers[0].Image == ststest.StableImage
		switch {
		case again && d.Verdict == operate.Done:
			return true
		case d.Reason == operate.ReasonPaused && d.Verdict == operate.Done:
			return false
		case d.Verdict == operate.Done && s.w.Set.Spec.Template.Spec.Containers[0].Image == s.image:
			s.promoted(d)
			return true
		case d.Verdict == operate.Failed && !auto.Abort:
			if aborting(s.w.Set) {
				s.t.Errorf("%s, and it goes back", d.Message)
			}
		case d.Verdict == operate.Failed, d.Verdict == operate.Done, d.Reason == operate.ReasonRevisionReencoded:
			s.aborted(d)
			return true
		default:
			s.t.Errorf("the promotion ended %s %s: %s", d.Verdict, d.Reason, d.Message)
		}
	}
	s.abort()
	return true
}

// goals are the lowest ordinals of the steps.
func (s *story) goals(auto operate.AutoPromote) []sts.Ordinal {
	out := []sts.Ordinal{}
	for _, c := range auto.Steps {
		out = append(out, max(sts.Start(s.w.Set), sts.End(s.w.Set)-sts.Ordinal(operate.CountOf(c, sts.DesiredReplicas(s.w.Set)))))
	}
	if len(out) == 0 {
		for o := sts.End(s.w.Set) - 1; o >= sts.Start(s.w.Set); o-- {
			out = append(out, o)
		}
	}
	return out
}

// ask remembers a question and the pods that it is about.
func (s *story) ask(snapshot *sts.Snapshot, run *operate.Exec) {
	q := question{Exec: run, from: sts.UpdateFrom(snapshot.Set), pods: map[sts.Ordinal]types.UID{}}
	for _, r := range snapshot.Replicas() {
		if r.Desired && r.Ordinal >= q.from && (run.Pod == "" || run.Pod == r.Pod.Name) {
			q.pods[r.Ordinal] = r.Pod.UID
		}
	}
	s.asked = append(s.asked, q)
}

// answer ends a question after a while, well or not.
func (s *story) answer(run *operate.Exec) *operate.ExecResult {
	if s.r.IntN(2) == 0 {
		return nil
	}
	a := &operate.ExecResult{}
	if s.unreliable && s.r.IntN(12) == 0 {
		a.ExitCode = 1
	}
	for k := range s.asked {
		if s.asked[k].Key == run.Key {
			s.asked[k].answer = a
		}
	}
	s.say("%s %q %s", run.Label(), run.Command, a)
	return a
}

// gatesPassed: at the end of a step the partition moves only when every gate says
// so about the very pods that are there.
func (s *story) gatesPassed(snapshot *sts.Snapshot) {
	s.t.Helper()
	from, g := sts.UpdateFrom(snapshot.Set), s.auto.Gates
	c, err := record.ReadCanary(snapshot.Set)
	if err != nil {
		s.t.Fatal(err)
	}
	underWay := c.Goal != nil && c.GoalOf == "canary" && *c.Goal < from
	if at := s.goals(*s.auto); !s.disturbed && underWay && slices.Contains(at, from) {
		s.t.Fatalf("ordinal %d is the end of a step, and the step continues to %d", from, *c.Goal)
	}
	for _, r := range snapshot.Replicas() {
		if !r.Desired || r.Ordinal < from {
			continue
		}
		if n := sts.Restarts(r.Pod); n > g.MaxRestarts {
			s.t.Fatalf("promotes though %s has restarted %d times", r.Pod.Name, n)
		}
		if soaked := snapshot.TakenAt.Sub(sts.ReadySince(r.Pod)); !underWay && soaked < g.Soak {
			s.t.Fatalf("promotes though %s has soaked for %s of %s", r.Pod.Name, soaked, g.Soak)
		}
		for _, command := range slices.Concat(g.Checks, g.Execs) {
			last := s.lastAnswer(command, from, r)
			if !underWay && (last == nil || !last.Succeeded()) {
				s.t.Fatalf("promotes though %q says %v about %s", command, last, r.Pod.Name)
			}
		}
	}
}

func (s *story) lastAnswer(command string, from sts.Ordinal, r sts.Replica) *operate.ExecResult {
	for _, q := range slices.Backward(s.asked) {
		if uid, there := q.pods[r.Ordinal]; q.Command == command && q.from == from && there && uid == r.Pod.UID {
			return q.answer
		}
	}
	return nil
}

// command runs an intent, killed now and then, to its end.
func (s *story) command(of func(id string) operate.Intent) operate.Decision {
	s.t.Helper()
	s.commands++
	var c *command
	last := ""
	for rounds := 0; ; rounds++ {
		if rounds > 900 {
			s.t.Fatalf("command %d comes to no end", s.commands)
		}
		if c == nil || s.r.IntN(10) == 0 {
			s.met[wasKilled] = s.met[wasKilled] || c != nil
			s.met[wasKilledAborting] = s.met[wasKilledAborting] || c != nil && aborting(s.w.Set)
			intent := of(fmt.Sprintf("%d-%d", s.commands, rounds))
			if p, ok := intent.(promoting); ok {
				intent = p.from(s.w.snapshot())
			}
			c = &command{t: s.t, w: s.w, intent: intent, before: s.safe, answer: s.answer, met: s.met}
			if i, ok := intent.(operate.StartCanary); ok {
				c.facts = stores(i.Images[0].Image)
			}
			s.checkPlan(intent)
		}
		if s.scaling > 0 && s.r.IntN(15) == 0 {
			s.scaling--
			s.scale()
		}
		if s.losses > 0 && s.r.IntN(2) == 0 && (s.commands > 1 || s.r.IntN(8) == 0) {
			s.losses--
			s.lose()
		}
		d, end := c.step()
		if d.Key() != last {
			last = d.Key()
			s.say("%s %s: %s", d.Verdict, d.Reason, d.Message)
		}
		if end {
			c.release(d)
			return d
		}
		for range s.r.IntN(4) {
			s.tick()
		}
	}
}

// scale is a write of another client: between 1 and 5 replicas, or briefly none.
func (s *story) scale() {
	n := s.r.Int32N(6)
	s.met[scaledMeanwhile] = true
	s.say("another client scales to %d", n)
	s.w.edit(func(set *appsv1.StatefulSet) { *set.Spec.Replicas = n })
	if n == 0 {
		for range 12 {
			s.tick()
		}
		n = 3
		s.say("and to %d", n)
		s.w.edit(func(set *appsv1.StatefulSet) { *set.Spec.Replicas = n })
	}
}

// lose removes one pod: its node fails or is drained.
func (s *story) lose() {
	pods := slices.Sorted(maps.Keys(s.w.pods()))
	if len(pods) == 0 {
		return
	}
	o := pods[s.r.IntN(len(pods))]
	s.met[podLost] = true
	s.say("another client deletes web-%d", o)
	s.w.delete(s.w.pod(o))
	s.w.count()
}

// tick advances the world and checks which pods the controller deleted.
func (s *story) tick() {
	s.t.Helper()
	s.w.deleted = nil
	if s.breaking {
		s.w.strangers = s.r.Int32N(3) % 2
	}
	s.w.tick()
	if s.disturbed {
		return // another client's doing: a larger set or a scale to zero changes what is due
	}
	for _, r := range s.w.deleted {
		if r.ordinal < s.allowed {
			s.t.Fatalf("ordinal %d was taken down for an update, and %d is the lowest that was requested", r.ordinal, s.allowed)
		}
		aborting := aborting(s.w.Set)
		if aborting && !s.w.reencodes && r.revision == ststest.StableRevision {
			s.t.Fatalf("the abort took down ordinal %d, which was on stable", r.ordinal)
		}
		if !aborting && len(r.down) > 0 && s.commands > 1 && !s.breaking {
			s.t.Fatalf("ordinal %d was taken down for an update while %v were not available", r.ordinal, r.down)
		}
	}
}

func aborting(set *appsv1.StatefulSet) bool {
	c, err := record.ReadCanary(set)
	return err == nil && c != nil && c.Aborting
}

// safe looks at a decision before it is carried out.
func (s *story) safe(snapshot *sts.Snapshot, d operate.Decision) {
	s.t.Helper()
	if run, ok := d.Action.(*operate.Exec); ok {
		s.ask(snapshot, run)
		return
	}
	if del, ok := d.Action.(*operate.DeletePod); ok {
		pod := s.w.pod(del.Ordinal)
		if pod == nil || pod.UID != del.UID {
			s.t.Fatalf("deletes %s by the UID %q of another pod", del.Name, del.UID)
		}
		if sts.PodRevision(pod) == ststest.StableRevision {
			s.t.Fatalf("deletes %s, which is on stable", del.Name)
		}
		if !aborting(s.w.Set) {
			s.t.Fatalf("deletes %s outside of an abort", del.Name)
		}
	}
	p, _ := d.Action.(*operate.PatchSet)
	if p != nil && p.RestoreRevision != "" {
		s.allowed = s.lowestOffStable()
		s.met[revisionReencoded] = s.met[revisionReencoded] || s.w.reencodes
	}
	if p == nil || p.Partition == nil || p.Partition.To >= p.Partition.From || p.RestoreRevision != "" || len(p.Images) > 0 {
		return
	}
	var touched []sts.Ordinal
	for _, r := range snapshot.Replicas() {
		if r.Desired && r.Ordinal >= p.Partition.ToOrdinal && r.Ordinal < p.Partition.FromOrdinal && r.Revision != snapshot.Set.Status.UpdateRevision {
			touched = append(touched, r.Ordinal)
		}
	}
	if aborting(snapshot.Set) {
		return // what is touched goes back to stable, one after the other
	}
	if s.auto != nil {
		s.gatesPassed(snapshot)
	}
	if len(touched) > 1 {
		s.t.Fatalf("one step of the partition from ordinal %d to %d gives the ordinals %v away at once", p.Partition.FromOrdinal, p.Partition.ToOrdinal, touched)
	}
	for _, r := range snapshot.Replicas() {
		if len(touched) == 1 && r.Desired && !r.Available && r.Ordinal != touched[0] {
			s.t.Fatalf("the partition goes to ordinal %d while %d is not available", touched[0], r.Ordinal)
		}
	}
	for _, b := range snapshot.Budgets {
		if len(touched) == 1 && b.Status.DisruptionsAllowed < 1 && !sts.ReadySince(s.w.pod(touched[0])).IsZero() {
			s.t.Fatalf("the partition goes to ordinal %d while %s allows no disruption", touched[0], b.Name)
		}
	}
}

// checkPlan: the plan comes to an end, and begins with what Next says now.
func (s *story) checkPlan(i operate.Intent) {
	s.t.Helper()
	snapshot := s.w.snapshot()
	steps := operate.Preview(i, snapshot)
	if len(steps) == 0 {
		s.t.Fatal("a plan without a step")
	}
	first := i.Next(snapshot, operate.Facts{Still: time.Hour})
	if !reflect.DeepEqual(first, steps[0]) {
		s.t.Fatalf("the plan does not begin with what would be done (-Next +plan):\n%s", cmp.Diff(text(first), text(steps[0])))
	}
	if last := steps[len(steps)-1]; last.Verdict == operate.Do {
		s.t.Fatalf("the plan does not come to an end: %s", last.Message)
	}
	if !reflect.DeepEqual(s.w.snapshot(), snapshot) {
		s.t.Fatalf("the prediction changed the snapshot:\n%s", cmp.Diff(s.w.snapshot(), snapshot))
	}
}

func (s *story) abort() {
	s.t.Helper()
	s.aborted(s.command(func(id string) operate.Intent { return operate.AbortCanary{Lock: holder(id)} }))
}

func (s *story) aborted(d operate.Decision) {
	s.t.Helper()
	s.checkForgotten(d)
	switch {
	case d.Verdict == operate.Done, d.Verdict == operate.Failed:
		for n := 0; n < 5 || n < 60 && len(s.w.unavailable()) > 0; n++ {
			s.tick()
		}
		for o, p := range s.w.pods() {
			if !sts.Wants(s.w.Set, o) {
				continue
			}
			if p.Spec.Containers[0].Image != ststest.StableImage || !s.w.available(p) {
				s.t.Errorf("%s, and ordinal %d runs %s, available %t", d.Message, o, p.Spec.Containers[0].Image, s.w.available(p))
			}
		}
		if (d.Reason == operate.ReasonAborted || d.Reason == operate.ReasonGateFailed) && sts.Partition(s.w.Set) != s.before {
			s.t.Errorf("the partition is %d, and was %d before the canary", sts.Partition(s.w.Set), s.before)
		}
	case d.Reason != operate.ReasonRevisionReencoded:
		s.t.Errorf("the abort ended %s %s: %s", d.Verdict, d.Reason, d.Message)
	}
}

// lowestOffStable is where an abort may begin; all pods below it run stable.
func (s *story) lowestOffStable() sts.Ordinal {
	for o := sts.Start(s.w.Set); o < sts.End(s.w.Set); o++ {
		p := s.w.pod(o)
		if p == nil || p.DeletionTimestamp != nil {
			if o >= sts.UpdateFrom(s.w.Set) {
				return o
			}
		} else if sts.PodRevision(p) != ststest.StableRevision {
			return o
		}
	}
	return sts.End(s.w.Set)
}

func (s *story) promoted(d operate.Decision) {
	s.t.Helper()
	s.checkForgotten(d)
	for range 5 {
		s.tick()
	}
	for o, p := range s.w.pods() {
		if p.Spec.Containers[0].Image != s.image && s.w.Set.Spec.Template.Spec.Containers[0].Image == s.image {
			s.t.Errorf("%s, and ordinal %d runs %s", d.Message, o, p.Spec.Containers[0].Image)
		}
	}
	if sts.Partition(s.w.Set) != s.before {
		s.t.Errorf("the partition is %d, and was %d before the canary", sts.Partition(s.w.Set), s.before)
	}
}

func (s *story) checkForgotten(d operate.Decision) {
	s.t.Helper()
	for _, key := range []string{record.CanaryAnnotation, record.OwnerAnnotation} {
		if v, there := s.w.Set.Annotations[key]; there && (d.Verdict == operate.Done || d.Verdict == operate.Failed) {
			s.t.Errorf("%s, and the annotation %s is still there: %s", d.Message, key, v)
		}
	}
}
