package e2e

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/util/retry"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

var (
	fidelityRounds = flag.Int("fidelity-rounds", 100, "how many random histories TestFidelity plays, TestFidelityMaxUnavailable and TestFidelityRecreate")
	fidelitySeed   = flag.Uint64("fidelity-seed", 9000, "the seed of the first one, the next ones count up; 0 for any")
)

// TestFidelity compares pkg/forecast with the real controller: random sets have a random history, and
// after each step the real world must be as predicted. The rounds keep all processors busy, so nothing else runs
// meanwhile.
func TestFidelity(t *testing.T) {
	playFidelity(t, forecast.Features{}, false)
}

// TestFidelityMaxUnavailable is the same with the feature gate MaxUnavailableStatefulSet.
func TestFidelityMaxUnavailable(t *testing.T) {
	playFidelity(t, forecast.Features{MaxUnavailable: true}, false)
}

// TestFidelityRecreate is the same with the additional update strategy Recreate.
func TestFidelityRecreate(t *testing.T) {
	if hasRecreate(t) {
		playFidelity(t, forecast.Features{MaxUnavailable: true}, true)
	}
}

func playFidelity(t *testing.T, features forecast.Features, recreates bool) {
	features.KubernetesMinor = kubernetesMinor(t)
	if *fidelitySeed == 0 {
		*fidelitySeed = uint64(time.Now().UnixNano())
	}
	gates := map[string]bool{"MaxUnavailableStatefulSet": features.MaxUnavailable}
	if recreates {
		gates[recreateGate] = true
	}
	c, err := cluster.Up(t.Context(), cluster.Config{
		FeatureGates: gates,
		Controllers:  []string{"statefulset-controller", "garbage-collector-controller", "persistentvolumeclaim-protection-controller"},
		Log:          os.Stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Down(); err != nil {
			t.Error(err)
		}
	})
	s, err := openStage(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var rounds sync.WaitGroup
	var met reached
	var steps atomic.Int64
	atOnce, err := strconv.Atoi(flag.Lookup("test.parallel").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	began, free := time.Now(), make(chan struct{}, atOnce)
	for n := range *fidelityRounds {
		free <- struct{}{}
		rounds.Go(func() {
			defer func() { <-free }()
			r := newRound(s, features, *fidelitySeed+uint64(n))
			r.recreates = recreates
			if err := r.play(t.Context()); err != nil {
				t.Errorf("%v\nplay it again: go -C test test ./e2e -run '%s$' -fidelity-rounds 1 -fidelity-seed %d", err, t.Name(), r.seed)
			}
			steps.Add(int64(r.steps))
			met.played(r.met)
		})
	}
	rounds.Wait()
	met.require(t, 100, fidelityKinds(features, recreates)...)
	t.Logf("%d rounds of %d steps in %s, the first with seed %d; the controller slept over a claim's end %d times",
		*fidelityRounds, steps.Load(), time.Since(began).Round(time.Millisecond), *fidelitySeed, s.woken.Load())
}

// fidelityKinds are what the rounds must reach: predicted events, actions of clients, failures, and
// kinds of sets.
func fidelityKinds(features forecast.Features, recreates bool) []string {
	kinds := []string{
		didDeletePod, didFailPod, didLoseNode, didRemoveNode, didDeleteClaim, didHold, didDeleteSet, didEdit,
		"RollingUpdate", "OnDelete", "OrderedReady", "Parallel", "partition", "minReadySeconds", "claims",
	}
	if features.MaxUnavailable { // otherwise the API server drops the field
		kinds = append(kinds, "maxUnavailable")
	}
	if recreates {
		kinds = append(kinds, "Recreate")
	}
	for _, kind := range []forecast.EventKind{
		forecast.ClaimCreated, forecast.PodCreated, forecast.PodReady, forecast.PodAvailable, forecast.PodUnready, forecast.PodDeleted,
		forecast.PodGone, forecast.ClaimDeleted, forecast.ClaimGone, forecast.SetDeleted, forecast.SetGone, forecast.NodeLost,
	} {
		kinds = append(kinds, string(kind))
	}
	return kinds
}

// What clients do, and what fails.
const (
	didDeletePod   = "delete pod %s"
	didFailPod     = "pod %s fails"
	didLoseNode    = "node %s is lost"
	didRemoveNode  = "node %s is removed"
	didDeleteClaim = "delete claim %s"
	didHold        = "finalizer on claim %s: %t"
	didDeleteSet   = "delete the set, %s"
	didEdit        = "edit: %s"
)

// fidelity is one round: a set, real and predicted.
type fidelity struct {
	*sight
	stage    *stage
	features forecast.Features
	// recreates: sets may have the update strategy Recreate.
	recreates bool
	seed      uint64
	random    *rand.Rand
	name      string
	world     *forecast.World
	// ids are the real UIDs and revision names, by the predicted ones.
	ids map[string]string
	// known are the real UIDs so far, and the real names of the current revisions.
	known, revisionsKnown map[string]bool
	// status is the predicted one when the worlds agreed last.
	status appsv1.StatefulSetStatus
	// told and seen are the numbers of compared events of each world.
	told, seen int
	lost       map[types.UID]bool // pods on nodes that are
	burst      bool               // many events at once
	steps      int
	story      []string
	met        ststest.Kinds
}

func newRound(s *stage, features forecast.Features, seed uint64) *fidelity {
	name, other := fmt.Sprintf("s%d", seed), uint64(0)
	if features.MaxUnavailable {
		other = 1
	}
	return &fidelity{
		stage: s, features: features, seed: seed, met: ststest.Kinds{}, random: rand.New(rand.NewPCG(seed, other)),
		name: name, sight: s.lookAt(name), ids: map[string]string{}, known: map[string]bool{}, revisionsKnown: map[string]bool{}, lost: map[types.UID]bool{},
	}
}

func (f *fidelity) chance(percent int) bool { return f.random.IntN(100) < percent }

func (f *fidelity) play(ctx context.Context) error {
	set, err := f.stage.sets().Create(ctx, f.randomSet(), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	f.know(string(set.UID), string(set.UID))
	inv := &sts.Inventory{TakenAt: time.Now(), Sets: []*appsv1.StatefulSet{set}}
	f.world = forecast.NewWorld(inv.Snapshots()[0], f.features, forecast.Nodes{
		ReadyAfter: time.Second, TerminateAfter: time.Second, Late: f.late, Broken: f.broken,
	})
	f.did("create %s", describe(set))
	f.meet(set)
	f.world.Settle()
	if err := f.agree(ctx); err != nil {
		return err
	}
	for changes := 3 + f.random.IntN(5); ; f.steps++ {
		// The next event that happens by itself, or a change by a client.
		if f.world.Set == nil || f.world.Set.DeletionTimestamp != nil {
			changes = 0
		}
		switch {
		case changes > 0 && f.podsOwnClaims() && f.chance(30): // rare, but important
			err = f.deleteSet(ctx)
		case changes > 0 && f.chance(20):
			changes--
			err = f.change(ctx, changes == 0)
		case f.world.Advance():
			f.did("%v", f.news())
			err = f.playNode(ctx, f.world.Events()[f.told])
		case changes > 0:
			changes--
			err = f.change(ctx, changes == 0)
		case f.world.Set == nil, f.world.Set.DeletionTimestamp != nil: // it may hang
			return nil
		default:
			return f.probe(ctx)
		}
		if err != nil {
			return err
		}
		if err := f.agree(ctx); err != nil {
			return err
		}
	}
}

// late is the extra time that a pod takes, broken reports whether it takes forever.
func (f *fidelity) late(p *corev1.Pod) time.Duration {
	return time.Duration(f.luck(p) % uint64(time.Minute))
}

func (f *fidelity) broken(p *corev1.Pod) bool { return f.luck(p)%12 == 0 }

// luck is a random number of the pod.
func (f *fidelity) luck(p *corev1.Pod) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, f.seed, p.UID, p.DeletionTimestamp)
	return h.Sum64()
}

// randomSet is a random set.
func (f *fidelity) randomSet() *appsv1.StatefulSet {
	labels, size := map[string]string{"app": f.name}, f.randomSize()
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: f.name, Labels: labels}}
	s := &set.Spec
	s.Replicas, s.ServiceName, s.Selector = &size, f.name, &metav1.LabelSelector{MatchLabels: labels}
	s.Template.Labels = labels
	s.Template.Spec.Containers = []corev1.Container{{Name: "app"}}
	f.randomTemplate(s)
	if f.chance(40) {
		s.Ordinals = &appsv1.StatefulSetOrdinals{Start: int32(f.random.IntN(3))}
	}
	if f.chance(40) {
		s.PodManagementPolicy = appsv1.ParallelPodManagement
	}
	if f.chance(25) {
		s.MinReadySeconds = minReady
	}
	f.randomStrategy(s)
	if f.chance(50) {
		s.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: claimSpec()}}
		f.randomPolicy(s)
	}
	return set
}

// randomSize is rarely 0.
func (f *fidelity) randomSize() int32 {
	if f.chance(12) {
		return 0
	}
	return int32(1 + f.random.IntN(5))
}

// minReady is a day: a pod is available only if the round makes it so.
const minReady = 24 * 60 * 60

func (f *fidelity) randomStrategy(s *appsv1.StatefulSetSpec) {
	if f.chance(15) {
		s.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
		return
	}
	if f.recreates && f.chance(50) {
		s.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RecreateStatefulSetStrategyType}
		return
	}
	rolling := &appsv1.RollingUpdateStatefulSetStrategy{}
	s.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType, RollingUpdate: rolling}
	if f.chance(50) {
		partition := int32(f.random.IntN(int(*s.Replicas) + 2))
		rolling.Partition = &partition
	}
	if f.chance(50) {
		most := intstr.FromInt(1 + f.random.IntN(3))
		if f.chance(40) {
			most = intstr.FromString(fmt.Sprintf("%d%%", 1+f.random.IntN(100)))
		}
		rolling.MaxUnavailable = &most
	}
}

func (f *fidelity) randomPolicy(s *appsv1.StatefulSetSpec) {
	policy := func() appsv1.PersistentVolumeClaimRetentionPolicyType {
		if f.chance(50) {
			return appsv1.DeletePersistentVolumeClaimRetentionPolicyType
		}
		return appsv1.RetainPersistentVolumeClaimRetentionPolicyType
	}
	s.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{WhenScaled: policy(), WhenDeleted: policy()}
}

// change is an action of a client, or a failure of a pod or node.
func (f *fidelity) change(ctx context.Context, last bool) error {
	pods, claims, holdable := staying(f, f.podsByName), staying(f, f.claimsByName), f.holdable()
	switch kind := f.random.IntN(100); {
	case kind < 15 && len(pods) > 0:
		p := pick(f, pods)
		o, _ := sts.ParsePodName(f.name, p.Name)
		f.world.Delete(o)
		f.world.Settle()
		f.did(didDeletePod, p.Name)
		return f.stage.pods().Delete(ctx, p.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(p.UID))})
	case kind < 23 && len(pods) > 0:
		p := pick(f, pods)
		o, _ := sts.ParsePodName(f.name, p.Name)
		f.world.Fail(o)
		f.world.Settle()
		f.did(didFailPod, p.Name)
		return f.stage.setStatus(ctx, p, fare{phase: corev1.PodFailed})
	case kind < 29 && len(pods) > 0:
		node := pick(f, pods).Spec.NodeName
		for _, p := range f.podsByName {
			if p.Spec.NodeName == node {
				f.lost[p.UID] = true
			}
		}
		f.world.LoseNode(node)
		f.did(didLoseNode, node)
		return nil
	case kind < 35 && len(f.lost) > 0:
		return f.removeNode(ctx, pick(f, nodes))
	case kind < 42 && len(claims) > 0:
		c := pick(f, claims)
		f.world.DeleteClaim(c.Name)
		f.world.Settle()
		f.did(didDeleteClaim, c.Name)
		return f.stage.claims().Delete(ctx, c.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(c.UID))})
	case kind < 50 && len(holdable) > 0:
		return f.hold(ctx, pick(f, holdable))
	case kind < 75 && last:
		return f.deleteSet(ctx)
	default:
		return f.edit(ctx, f.randomChange)
	}
}

// deleteSet deletes the set.
func (f *fidelity) deleteSet(ctx context.Context) error {
	cascade := pick(f, []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground, metav1.DeletePropagationOrphan})
	f.burst = true
	f.world.DeleteSet(cascade)
	f.did(didDeleteSet, cascade)
	return f.stage.sets().Delete(ctx, f.name, metav1.DeleteOptions{PropagationPolicy: &cascade})
}

// podsOwnClaims reports whether a pod that is not terminating owns a claim: the pod waits for its
// turn to be deleted.
func (f *fidelity) podsOwnClaims() bool {
	for _, c := range f.world.Claims {
		for _, r := range c.OwnerReferences {
			if p := f.world.Pods[r.Name]; r.Kind == "Pod" && p != nil && p.UID == r.UID && p.DeletionTimestamp == nil {
				return true
			}
		}
	}
	return false
}

// heldBy is the finalizer of a client that needs a claim for longer than its pod.
const heldBy = "test.kubectl-sts.dev/held"

// holdable are the claims to which the finalizer can be added, or from which it can be removed.
func (f *fidelity) holdable() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(f.world.Claims)), func(name string) bool {
		c := f.world.Claims[name]
		return c.DeletionTimestamp != nil && !slices.Contains(c.Finalizers, heldBy)
	})
}

// hold adds the finalizer to a claim, or removes it.
func (f *fidelity) hold(ctx context.Context, name string) error {
	toggle := func(finalizers []string) ([]string, bool) {
		if i := slices.Index(finalizers, heldBy); i >= 0 {
			return slices.Delete(slices.Clone(finalizers), i, i+1), false
		}
		return append(slices.Clone(finalizers), heldBy), true
	}
	finalizers, holds := toggle(f.world.Claims[name].Finalizers)
	f.world.Claims[name].Finalizers = finalizers
	f.did(didHold, name, holds)
	f.world.Settle()
	// The pvc-protection controller removes its own finalizer asynchronously.
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		c, err := f.stage.claims().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		c.Finalizers, _ = toggle(c.Finalizers)
		_, err = f.stage.claims().Update(ctx, c, metav1.UpdateOptions{})
		return err
	})
}

var nodes = []string{"node-0", "node-1"}

// removeNode removes the pods of a lost node, one after the other: neither their order is guaranteed,
// nor that the controller sees all of them removed at once.
func (f *fidelity) removeNode(ctx context.Context, node string) error {
	f.did(didRemoveNode, node)
	f.mu.Lock()
	pods := slices.Collect(maps.Values(f.podsByName))
	f.mu.Unlock()
	pods = slices.DeleteFunc(pods, func(p *corev1.Pod) bool { return !f.lost[p.UID] || p.Spec.NodeName != node })
	slices.SortFunc(pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	f.random.Shuffle(len(pods), func(i, j int) { pods[i], pods[j] = pods[j], pods[i] })
	for _, p := range pods {
		delete(f.lost, p.UID)
		o, _ := sts.ParsePodName(f.name, p.Name)
		f.world.End(o)
		f.world.Settle()
		f.did("pod %s ends with it", p.Name)
		if err := f.stage.end(ctx, p); err != nil {
			return err
		}
		if err := f.agree(ctx); err != nil {
			return err
		}
	}
	return nil
}

// edit changes the spec in both worlds.
func (f *fidelity) edit(ctx context.Context, change func(*appsv1.StatefulSetSpec)) error {
	set := f.world.Set.DeepCopy()
	change(&set.Spec)
	set.ResourceVersion = "" // the status may have changed in between
	set, err := f.stage.sets().Update(ctx, set, metav1.UpdateOptions{})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, strings.Join(f.story, "\n"))
	}
	f.did(didEdit, describe(set))
	f.meet(set)
	f.world.Set.Spec, f.world.Set.Generation = *set.Spec.DeepCopy(), set.Generation
	f.world.Settle()
	return nil
}

// randomChange is one change of the spec, or several at once.
func (f *fidelity) randomChange(s *appsv1.StatefulSetSpec) {
	if f.chance(50) {
		size := f.randomSize()
		s.Replicas = &size
	}
	if f.chance(45) {
		f.randomTemplate(s)
	}
	if f.chance(25) {
		f.randomStrategy(s)
	}
	if f.chance(12) {
		s.MinReadySeconds = minReady - s.MinReadySeconds
	}
	if f.chance(12) {
		s.Ordinals = &appsv1.StatefulSetOrdinals{Start: int32(f.random.IntN(4))}
	}
	if f.chance(12) {
		limit := int32(f.random.IntN(3))
		s.RevisionHistoryLimit = &limit
	}
	if f.chance(15) && len(s.VolumeClaimTemplates) > 0 && !f.claimsGo() {
		f.randomPolicy(s)
	}
}

// claimsGo reports whether a claim will be deleted with a terminating pod. If the policy becomes
// Retain then, the controller gives that claim to the next pod, unless the garbage collector has
// deleted it before: the order is not guaranteed.
func (f *fidelity) claimsGo() bool {
	for _, c := range f.world.Claims {
		for _, r := range c.OwnerReferences {
			if p := f.world.Pods[r.Name]; r.Kind == "Pod" && (p == nil || p.UID != r.UID || p.DeletionTimestamp != nil) {
				return true
			}
		}
	}
	return false
}

// randomTemplate is one of four, so that sometimes an old one is used again.
func (f *fidelity) randomTemplate(s *appsv1.StatefulSetSpec) {
	n := f.random.IntN(4)
	s.Template.Spec.Containers[0].Image = fmt.Sprintf("app:v%d", n)
	s.Template.Spec.NodeName = nodes[n%2]
	s.Template.Spec.TerminationGracePeriodSeconds = nil
	if n == 3 {
		s.Template.Spec.TerminationGracePeriodSeconds = new(int64)
	}
}

// probe is a change without effect: when the controller has observed it, it has observed all
// previous changes.
func (f *fidelity) probe(ctx context.Context) error {
	if err := f.edit(ctx, func(s *appsv1.StatefulSetSpec) { *s.RevisionHistoryLimit++ }); err != nil {
		return err
	}
	return f.agree(ctx)
}

// agree plays the nodes as predicted, and waits until the real world is as predicted.
func (f *fidelity) agree(ctx context.Context) error {
	silent := false
	if set := f.world.Set; set != nil {
		silent = set.DeletionTimestamp == nil && equality.Semantic.DeepEqual(set.Status, f.status)
		f.status = set.Status
	}
	if err := f.playNodes(ctx); err != nil {
		return err
	}
	// Now the controllers.
	give := time.After(*patience)
	for {
		predicted, seen := f.states()
		if predicted == seen {
			break
		}
		select {
		case <-f.changed:
		case <-time.After(time.Second):
			if err := f.wake(ctx); err != nil {
				return err
			}
		case <-give:
			return f.disagree("state", predicted, seen)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	f.recognize()
	if predicted, seen := f.happenings(); predicted != seen {
		return f.disagree("events", predicted, seen)
	}
	if silent {
		// The controller should do nothing: make sure that it has observed the change.
		return f.probe(ctx)
	}
	return nil
}

// wake makes the controller reconcile if nothing else does, for a long time or forever: a pod that
// was blocked by an old claim is created only after a change of the set or its pods, and the
// deletion of that claim is none.
func (f *fidelity) wake(ctx context.Context) error {
	missing := f.world.Set != nil && slices.ContainsFunc(slices.Collect(maps.Keys(f.world.Pods)), func(name string) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.podsByName[name] == nil
	})
	if !missing || len(f.world.Set.Spec.VolumeClaimTemplates) == 0 {
		return nil
	}
	f.stage.woken.Add(1)
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"woken":"%d"}}}`, time.Now().UnixNano())
	_, err := f.stage.sets().Patch(ctx, f.name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// meet notes the kind of the set.
func (f *fidelity) meet(set *appsv1.StatefulSet) {
	s := &set.Spec
	f.met[string(s.UpdateStrategy.Type)], f.met[string(s.PodManagementPolicy)] = true, true
	if ru := s.UpdateStrategy.RollingUpdate; ru != nil {
		f.met["partition"] = f.met["partition"] || *ru.Partition > 0
		f.met["maxUnavailable"] = f.met["maxUnavailable"] || ru.MaxUnavailable != nil
	}
	f.met["minReadySeconds"] = f.met["minReadySeconds"] || s.MinReadySeconds > 0
	f.met["claims"] = f.met["claims"] || len(s.VolumeClaimTemplates) > 0
}

func (f *fidelity) did(format string, args ...any) {
	f.met[format] = true
	f.story = append(f.story, fmt.Sprintf("%3d ", f.steps)+fmt.Sprintf(format, args...))
}

// news are the predicted events that have not been compared.
func (f *fidelity) news() []string {
	var out []string
	for _, e := range f.world.Events()[f.told:] {
		out = append(out, fmt.Sprintf("%s %s", e.Kind, e.Object))
	}
	return out
}

func (f *fidelity) disagree(on, predicted, seen string) error {
	return fmt.Errorf("seed %d, gate %t, step %d: %s (-predicted +seen):\n%s\nstory:\n%s", f.seed, f.features.MaxUnavailable, f.steps, on,
		gocmp.Diff(strings.Split(predicted, "\n"), strings.Split(seen, "\n")), strings.Join(f.story, "\n"))
}

func describe(set *appsv1.StatefulSet) string {
	s := &set.Spec
	text := fmt.Sprintf("%d from %d, %s, %s", *s.Replicas, sts.Start(set), s.PodManagementPolicy, s.UpdateStrategy.Type)
	if ru := s.UpdateStrategy.RollingUpdate; ru != nil {
		text += fmt.Sprintf(" %d", *ru.Partition)
		if ru.MaxUnavailable != nil {
			text += " at most " + ru.MaxUnavailable.String()
		}
	}
	text += fmt.Sprintf(", minReady %d, %s, history %d", s.MinReadySeconds, s.Template.Spec.Containers[0].Image, *s.RevisionHistoryLimit)
	if p := s.PersistentVolumeClaimRetentionPolicy; len(s.VolumeClaimTemplates) > 0 && p != nil {
		text += fmt.Sprintf(", claims %s/%s", p.WhenScaled, p.WhenDeleted)
	}
	return text
}

func pick[T any](f *fidelity, from []T) T { return from[f.random.IntN(len(from))] }

// staying are those that are not terminating.
func staying[T metav1.Object](f *fidelity, all map[string]T) []T {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []T
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name].GetDeletionTimestamp() == nil {
			out = append(out, all[name])
		}
	}
	return out
}
