package operate_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
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

func drainKinds() []string {
	kinds := []string{
		wasKilled, podLost,
		"Do Begin", "Do Hook", "Do AddFinalizer", "Do Note", "Do Lock", "Do DryRunEviction", "Do Evict", "Do Scale", "Do RemoveFinalizer", "Do Finish",
		kindOf(operate.Wait, operate.ReasonHookRuns), kindOf(operate.Wait, operate.ReasonMemberLeaving),
		kindOf(operate.Wait, operate.ReasonPodNotAvailable), kindOf(operate.Wait, operate.ReasonScalingDown), kindOf(operate.Wait, operate.ReasonNotObserved),
		kindOf(operate.Stuck, operate.ReasonHookFailed), kindOf(operate.Done, operate.ReasonScaled),
	}
	for _, name := range []string{"find", "leave", "gone", "come-back", "forget", "add", "promote", "vote"} {
		kinds = append(kinds, commandRuns+name)
	}
	for _, name := range []string{"find", "leave", "gone", "add", "promote", "vote"} {
		kinds = append(kinds, commandFails+name)
	}
	return kinds
}

// A story is a set whose members form a cluster of their own and which is scaled, by commands that
// are killed at random, while pods are deleted and commands in them fail at random.
func TestDrainScaleInRandomWorlds(t *testing.T) {
	tellStories(t, drainKinds(), func(t *testing.T, seed uint64, met ststest.Kinds) { newDrainStory(t, seed, met).tell() })
}

type drainStory struct {
	t         *testing.T
	r         *rand.Rand
	w         *world
	seed      uint64
	options   operate.DrainOptions
	from      int32
	last      map[sts.Ordinal]types.UID // the pods that there were last
	left      map[types.UID]bool        // members that have left their cluster
	known     map[string]bool           // members that were announced
	losses    int                       // how many pods other clients will delete
	failures  int                       // how many commands will fail
	failing   string                    // the section of the only ones that do, without an effect; empty for any
	quota     int                       // how many pods there may be, 0 for any number
	narration []string
	met       ststest.Kinds
}

func newDrainStory(t *testing.T, seed uint64, met ststest.Kinds) *drainStory {
	r := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // to be repeated
	s := &drainStory{t: t, r: r, seed: seed, met: met, from: 2 + r.Int32N(4), last: map[sts.Ordinal]types.UID{}, left: map[types.UID]bool{}, known: map[string]bool{}}
	s.w = newWorld(s.from, func(set *appsv1.StatefulSet) {
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
	s.w.slow = time.Duration(r.IntN(4)) * time.Second
	s.options = drainOptions(1+r.Int32N(7), nil)
	if s.options.Replicas == s.from {
		s.options.Replicas--
	}
	if r.IntN(3) > 0 {
		s.options.Profile = quorum()
		if r.IntN(2) == 0 {
			s.options.Profile.Cancel = nil
		}
		if r.IntN(2) == 0 {
			s.options.Profile.After = nil
		}
		s.failures = r.IntN(4)
	}
	if r.IntN(2) == 0 {
		s.losses = r.IntN(7)
	}
	if s.options.Profile == nil && r.IntN(3) == 0 {
		s.scaleUpUnderAQuota()
	}
	if s.options.Profile != nil && r.IntN(3) == 0 {
		s.failures, s.failing = 6, "leave" // several times, because it is retried
		s.options.Profile.Cancel = quorum().Cancel
	}
	if r.IntN(2) == 0 {
		most := intstr.FromInt32(1)
		s.w.budgets = []*policyv1.PodDisruptionBudget{{
			ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "budget"},
			Spec:       policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &most, Selector: &metav1.LabelSelector{}},
		}}
	}
	return s
}

// scaleUpUnderAQuota scales up further than a quota allows pods to be created. The controller warns
// about the first pod that is refused, and not every warning is seen.
func (s *drainStory) scaleUpUnderAQuota() {
	s.quota = int(s.from) + s.r.IntN(3)
	s.options.Replicas = 1 + s.r.Int32N(s.from)
	s.from = int32(s.quota) + 1 + s.r.Int32N(5)
	s.w.Refused = func(sts.Ordinal) bool { return len(s.w.Pods) >= s.quota }
	s.w.edit(func(set *appsv1.StatefulSet) { set.Spec.Replicas = &s.from })
	if s.r.IntN(2) == 0 {
		s.w.warns = func(o sts.Ordinal) string {
			return fmt.Sprintf("create Pod %s in StatefulSet web failed error: exceeded quota", s.name(o))
		}
	}
}

func (s *drainStory) say(format string, args ...any) {
	s.narration = append(s.narration, s.w.Now.Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

func (s *drainStory) tell() {
	s.t.Cleanup(func() {
		if s.t.Failed() {
			for _, line := range s.narration {
				s.t.Log(line)
			}
			s.t.Logf("again: go test ./pkg/operate -run TestDrainScaleInRandomWorlds -seed %d", s.seed)
		}
	})
	s.say("from %d to %d from ordinal %s, %s, slow %s, hooks %t, %d losses, %d failures, %d budgets, quota %d", s.from, s.options.Replicas,
		sts.Start(s.w.Set), s.w.Set.Spec.PodManagementPolicy, s.w.slow, s.options.Profile != nil, s.losses, s.failures, len(s.w.budgets), s.quota)
	for range 5 {
		s.w.tick()
	}
	var c *command
	for rounds := 0; ; rounds++ {
		if rounds > 3000 {
			s.t.Fatal("it does not end")
		}
		if c == nil || c.then == nil && s.r.IntN(12) == 0 {
			c = s.begin(c, fmt.Sprint(rounds))
		}
		s.lose()
		d, end := c.step()
		if d.Verdict != operate.Wait || end {
			s.say("%s %s: %s", d.Verdict, d.Reason, d.Message)
		}
		switch {
		case end && d.Verdict == operate.Stuck && (d.Reason == operate.ReasonHookFailed || s.starved(d)):
			c.release(d)
			c = nil // the user has fixed it
		case end:
			c.release(d)
			s.ended(d)
			return
		}
		for range s.r.IntN(4) {
			s.tick()
		}
	}
}

// begin is a new command, also where another was killed: what that one started in pods completes
// there, or not.
func (s *drainStory) begin(before *command, id string) *command {
	if before != nil {
		s.met[wasKilled] = true
		s.say("killed")
		for _, run := range before.open {
			if s.r.IntN(2) == 0 {
				s.carryOut(run)
			}
		}
	}
	o := s.options
	o.ID = id
	i := operate.NewDrainScale(o, s.w.snapshot())
	steps := operate.Preview(i, s.w.snapshot())
	// A hook runs on another member; it fails where all are down at this moment.
	asks := slices.ContainsFunc(slices.Collect(maps.Values(s.w.pods())), s.w.available)
	if last := steps[len(steps)-1]; last.Verdict != operate.Done && (asks || last.Reason != operate.ReasonHookFailed) && !s.starved(last) {
		s.t.Fatalf("the plan ends with %s", text(last))
	}
	return &command{t: s.t, w: s.w, intent: i, before: s.safe, answer: s.answer, met: s.met}
}

// lose deletes any pod at random.
func (s *drainStory) lose() {
	if s.losses == 0 || s.r.IntN(5) > 0 {
		return
	}
	s.losses--
	pods := slices.Sorted(maps.Keys(s.w.pods()))
	pod := s.w.pod(pods[s.r.IntN(len(pods))])
	s.met[podLost] = true
	s.say("another client deletes %s", pod.Name)
	s.w.delete(pod)
	s.w.count()
}

// tick checks that no pod is created for a member that has left.
func (s *drainStory) tick() {
	s.w.tick()
	for _, o := range slices.Sorted(maps.Keys(s.w.pods())) {
		pod := s.w.pod(o)
		if s.last[o] == pod.UID {
			continue
		}
		if s.left[s.last[o]] {
			s.t.Fatalf("%s had left, and was recreated", pod.Name)
		}
		s.last[o] = pod.UID
		s.say("%s is created", pod.Name)
	}
}

// carryOut is what a command does to the members' own cluster. It returns its output.
func (s *drainStory) carryOut(run *operate.Exec) string {
	argument := types.UID(run.Argv[len(run.Argv)-1])
	s.met[commandRuns+run.For] = true
	s.say("%s: %s", run.Label(), strings.Join(run.Argv, " "))
	switch run.For {
	case "find":
		if pod := s.pod(string(argument)); pod != nil {
			return "id=" + string(pod.UID)
		}
	case "leave":
		s.left[argument] = true
	case "come-back":
		delete(s.left, argument)
	case "add":
		s.known[string(argument)] = true
	case "promote":
		if !s.known[string(argument)] {
			s.t.Fatalf("%s is promoted, and was never added", argument)
		}
	}
	return ""
}

// answer ends a command after a while, with success or not.
func (s *drainStory) answer(run *operate.Exec) *operate.ExecResult {
	if s.r.IntN(3) == 0 {
		return nil
	}
	if run.Pod != "" {
		if pod := s.pod(run.Pod); pod == nil || pod.UID != run.UID {
			return &operate.ExecResult{ExitCode: -1, Problem: "its pod is gone", Lost: true}
		}
	}
	if s.failures > 0 && (s.failing == run.For || s.failing == "" && s.r.IntN(3) == 0) {
		s.failures--
		if s.failing == "" && s.r.IntN(2) == 0 {
			s.carryOut(run)
		}
		s.met[commandFails+run.For] = true
		s.say("%s fails", run.Label())
		if s.failing == "" && s.r.IntN(2) == 0 {
			return &operate.ExecResult{ExitCode: -1, Problem: "the connection was lost", Lost: true}
		}
		return &operate.ExecResult{ExitCode: 1}
	}
	a := &operate.ExecResult{Stdout: s.carryOut(run)}
	if run.For == "gone" && !s.left[types.UID(run.Argv[len(run.Argv)-1])] {
		a.ExitCode = 1
	}
	return a
}

// safe checks every decision before it is carried out.
func (s *drainStory) safe(_ *sts.Snapshot, d operate.Decision) {
	s.t.Helper()
	switch a := d.Action.(type) {
	case *operate.PatchSet:
		if a.ChangesSpec() {
			s.t.Fatalf("changes the spec: %s", opsText(a.Ops))
		}
	case *operate.DeletePod:
		s.t.Fatalf("deletes %s instead of evicting it", a.Name)
	case *operate.EvictPod:
		s.goes(a.Ordinal, a.UID)
	case *operate.Scale:
		s.scales(a)
	}
}

func (s *drainStory) scales(a *operate.Scale) {
	s.t.Helper()
	switch {
	case a.To == a.From-1 && a.To >= s.options.Replicas:
		if pod := s.w.pod(a.Ordinal); pod != nil && pod.DeletionTimestamp == nil && !s.fresh(pod.UID) {
			s.t.Fatalf("scales down while %s is there", pod.Name)
		} else if pod != nil {
			s.leftFor(a.Ordinal, pod.UID)
		}
	case a.To == a.From+1 && a.To <= s.options.Replicas:
		if name := s.name(a.Ordinal); s.options.Profile != nil && !s.known[name] {
			s.t.Fatalf("creates %s before its join.before hooks are done", name)
		}
		if down := s.w.unavailable(); len(down) > 0 && s.losses == 0 {
			s.say("%v are not available", down)
		}
	default:
		s.t.Fatalf("scales from %d to %d, but the desired size is %d", a.From, a.To, s.options.Replicas)
	}
}

func (s *drainStory) pod(name string) *corev1.Pod {
	for _, pod := range s.w.pods() {
		if pod.Name == name {
			return pod
		}
	}
	return nil
}

func (s *drainStory) name(o sts.Ordinal) string { return sts.PodName("web", o) }

// goes checks that a pod is disrupted only when its member has left and all others are available.
func (s *drainStory) goes(o sts.Ordinal, uid types.UID) {
	s.t.Helper()
	s.leftFor(o, uid)
	for _, other := range s.w.unavailable() {
		if other != o && !s.refused(other) {
			s.t.Fatalf("%s is disrupted while %s is not available", s.name(o), s.name(other))
		}
	}
}

// starved: a pod that stays was deleted, and the quota does not allow it to be recreated now.
func (s *drainStory) starved(d operate.Decision) bool {
	return s.quota > 0 && d.Verdict == operate.Stuck && d.Reason == operate.ReasonPodFailing
}

// refused: a quota keeps the pod of an ordinal that will be removed from being created.
func (s *drainStory) refused(o sts.Ordinal) bool {
	return s.quota > 0 && s.w.pod(o) == nil && o >= sts.Start(s.w.Set)+sts.Ordinal(s.options.Replicas)
}

func (s *drainStory) leftFor(o sts.Ordinal, uid types.UID) {
	s.t.Helper()
	if s.options.Profile != nil && !s.left[uid] {
		s.t.Fatalf("%s is removed, and its member has not left", s.name(o))
	}
}

// fresh: without hooks the successor of the evicted pod is no loss.
func (s *drainStory) fresh(uid types.UID) bool {
	return s.options.Profile == nil && !slices.ContainsFunc(slices.Collect(maps.Values(s.w.pods())), func(pod *corev1.Pod) bool {
		return pod.UID == uid && s.w.available(pod)
	})
}

func (s *drainStory) ended(d operate.Decision) {
	s.t.Helper()
	if d.Verdict != operate.Done || d.Reason != operate.ReasonScaled && d.Reason != operate.ReasonNothingToDo {
		s.t.Fatalf("it ended %s %s: %s", d.Verdict, d.Reason, d.Message)
	}
	if n := sts.DesiredReplicas(s.w.Set); n != s.options.Replicas {
		s.t.Errorf("it has %d replicas, want %d", n, s.options.Replicas)
	}
	for range 20 {
		s.w.tick()
	}
	if down := s.w.unavailable(); len(down) > 0 || len(s.w.Pods) != int(s.options.Replicas) {
		s.t.Errorf("%d pods are left, and %v are not available", len(s.w.Pods), down)
	}
	for _, pod := range s.w.pods() {
		if record.HoldsLeaving(pod) {
			s.t.Errorf("%s still has our finalizer", pod.Name)
		}
		if s.left[pod.UID] {
			s.t.Errorf("%s has left its cluster, and stayed", pod.Name)
		}
	}
	if len(s.w.Set.Annotations) > 0 {
		s.t.Errorf("annotations are left: %v", s.w.Set.Annotations)
	}
}
