package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-sts/kubectl-sts/pkg/simulate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

var (
	fidelityRounds = flag.Int("fidelity-rounds", 20, "how many random changes TestFidelity plays, on each cluster")
	fidelitySeed   = flag.Uint64("fidelity-seed", uint64(time.Now().UnixNano()), "the seed of its first round; the next ones count up")
)

// TestFidelity holds pkg/simulate against the real controller: random sets and changes, and
// what happens has to be what was foretold.
func TestFidelity(t *testing.T) {
	t.Parallel()
	playFidelity(t, cluster.Shared(t, nil), simulate.Features{})
}

// TestFidelityMaxUnavailable is the same with the feature gate MaxUnavailableStatefulSet.
func TestFidelityMaxUnavailable(t *testing.T) {
	t.Parallel()
	playFidelity(t, cluster.Shared(t, map[string]bool{"MaxUnavailableStatefulSet": true}), simulate.Features{MaxUnavailable: true})
}

func playFidelity(t *testing.T, c *cluster.Cluster, features simulate.Features) {
	config := c.RESTConfig()
	config.QPS = -1
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	for n := range *fidelityRounds {
		seed := *fidelitySeed + uint64(n)
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			r := &fidelity{T: t, kube: kube, namespace: c.Namespace(t), features: features, random: rand.New(rand.NewPCG(seed, 7))}
			r.play()
			if t.Failed() {
				t.Logf("play it again: go -C test test ./e2e -run %s -fidelity-rounds 1 -fidelity-seed %d", strings.Split(t.Name(), "/")[0], seed)
			}
		})
	}
}

// fidelity is one round.
type fidelity struct {
	*testing.T
	kube      kubernetes.Interface
	namespace string
	features  simulate.Features
	random    *rand.Rand

	mu   sync.Mutex
	pods []happening
	pvcs []happening
	last time.Time
}

// happening is an event without its time.
type happening struct {
	Kind   simulate.EventKind
	Object string
	// New: the pod is of the revision that the change has made.
	New bool
}

func (h happening) String() string {
	text := fmt.Sprintf("%s %s", h.Kind, h.Object)
	if h.New {
		text += " (new)"
	}
	return text
}

func (f *fidelity) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fidelity) chance(percent int) bool { return f.random.IntN(100) < percent }

const fidelitySet = "web"

// randomSet is any set.
func (f *fidelity) randomSet() *appsv1.StatefulSet {
	labels, size := map[string]string{"app": fidelitySet}, int32(f.random.IntN(5))
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: fidelitySet, Namespace: f.namespace}}
	s := &set.Spec
	s.Replicas, s.ServiceName, s.Selector = &size, fidelitySet, &metav1.LabelSelector{MatchLabels: labels}
	s.Template.Labels = labels
	s.Template.Spec.Containers = []corev1.Container{{Name: "app", Image: "app:v1"}}
	if f.chance(40) {
		s.Ordinals = &appsv1.StatefulSetOrdinals{Start: int32(f.random.IntN(3))}
	}
	if f.chance(40) {
		s.PodManagementPolicy = appsv1.ParallelPodManagement
	}
	if f.chance(25) {
		s.MinReadySeconds = int32(1 + f.random.IntN(2))
	}
	switch {
	case f.chance(15):
		s.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
	case f.chance(60):
		partition := int32(f.random.IntN(int(size) + 2))
		s.UpdateStrategy.Type = appsv1.RollingUpdateStatefulSetStrategyType
		s.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: &partition}
		if f.features.MaxUnavailable && f.chance(70) {
			most := intstr.FromInt(1 + f.random.IntN(3))
			s.UpdateStrategy.RollingUpdate.MaxUnavailable = &most
		}
	}
	if f.chance(50) {
		s.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: claimSpec()}}
		policy := func() appsv1.PersistentVolumeClaimRetentionPolicyType {
			if f.chance(50) {
				return appsv1.DeletePersistentVolumeClaimRetentionPolicyType
			}
			return appsv1.RetainPersistentVolumeClaimRetentionPolicyType
		}
		s.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{WhenScaled: policy(), WhenDeleted: policy()}
	}
	return set
}

// randomChange is one change of the spec, or several at once. It says whether pods of the
// new revision never get ready.
func (f *fidelity) randomChange() (change func(*appsv1.StatefulSet), broken bool, what string) {
	var changes []func(*appsv1.StatefulSet)
	if f.chance(60) {
		size := int32(f.random.IntN(6))
		what += fmt.Sprintf("to %d replicas; ", size)
		changes = append(changes, func(s *appsv1.StatefulSet) { s.Spec.Replicas = &size })
	}
	if f.chance(30) {
		partition := int32(f.random.IntN(5))
		what += fmt.Sprintf("partition %d; ", partition)
		changes = append(changes, func(s *appsv1.StatefulSet) {
			if ru := s.Spec.UpdateStrategy.RollingUpdate; ru != nil {
				ru.Partition = &partition
			}
		})
	}
	if f.chance(65) || len(changes) == 0 {
		image := "app:v2"
		if broken = f.chance(25); broken {
			image = "app:v2-never-ready"
		}
		what += "image " + image
		changes = append(changes, func(s *appsv1.StatefulSet) { s.Spec.Template.Spec.Containers[0].Image = image })
	}
	return func(s *appsv1.StatefulSet) {
		for _, c := range changes {
			c(s)
		}
	}, broken, what
}

func (f *fidelity) play() {
	ctx, cancel := context.WithTimeout(f.Context(), 2**patience)
	defer cancel()
	sets := f.kube.AppsV1().StatefulSets(f.namespace)
	before := f.randomSet()
	set, err := sets.Create(ctx, before, metav1.CreateOptions{})
	f.must(err)
	set = f.settled(ctx, set)
	snapshot := f.snapshot(ctx, set)
	change, broken, what := f.randomChange()

	w := simulate.NewWorld(snapshot, f.features, simulate.Nodes{ReadyAfter: time.Second, TerminateAfter: time.Second})
	stable := set.Status.UpdateRevision
	if broken {
		w.Nodes.Broken = func(p *corev1.Pod) bool { return sts.PodRevision(p) != stable }
	}
	change(w.Set)
	w.Set.Generation++
	w.Settle()
	for range 1000 {
		if !w.Advance() {
			break
		}
	}
	var pods, pvcs []happening
	for _, e := range w.Events() {
		if e.Kind == simulate.PodAvailable {
			continue // nobody can see it
		}
		h := happening{e.Kind, e.Object, e.Revision != "" && e.Revision != stable}
		if e.Kind == simulate.ClaimCreated || e.Kind == simulate.ClaimGone {
			pvcs = append(pvcs, h)
		} else {
			pods = append(pods, h)
		}
	}

	watching, stop := context.WithCancel(ctx)
	defer stop()
	f.watch(watching, stable)
	for {
		change(set)
		if _, err = sets.Update(ctx, set, metav1.UpdateOptions{}); err == nil {
			break
		}
		fresh, e := sets.Get(ctx, set.Name, metav1.GetOptions{})
		f.must(e)
		set = fresh
	}
	f.untilQuiet(ctx, len(pods), len(pvcs))
	stop()

	f.mu.Lock()
	defer f.mu.Unlock()
	inOrder := set.Spec.PodManagementPolicy != appsv1.ParallelPodManagement && simulate.MaxUnavailable(set) == 1
	if inOrder {
		f.compare("pods", pods, f.pods, before, what)
	} else {
		f.compare("pods", byObject(pods), byObject(f.pods), before, what)
	}
	f.compare("claims", byObject(pvcs), byObject(f.pvcs), before, what)
}

func (f *fidelity) compare(of string, foretold, seen []happening, set *appsv1.StatefulSet, what string) {
	f.Helper()
	text := func(list []happening) []string {
		out := []string{}
		for _, h := range list {
			out = append(out, h.String())
		}
		return out
	}
	if diff := cmp.Diff(text(foretold), text(seen)); diff != "" {
		s := &set.Spec
		f.Errorf("%s (-foretold +seen):\n%s\nset: %d replicas from %v, %s, %s %v, minReady %d, retention %v, gate %v\nchange: %s", of, diff,
			*s.Replicas, s.Ordinals, s.PodManagementPolicy, s.UpdateStrategy.Type, s.UpdateStrategy.RollingUpdate, s.MinReadySeconds,
			s.PersistentVolumeClaimRetentionPolicy, f.features.MaxUnavailable, what)
	}
}

// byObject leaves only the order of what happens to one object.
func byObject(list []happening) []happening {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b happening) int { return strings.Compare(a.Object, b.Object) })
	return out
}

// settled waits until the set is as it is to be.
func (f *fidelity) settled(ctx context.Context, set *appsv1.StatefulSet) *appsv1.StatefulSet {
	for {
		now, err := f.kube.AppsV1().StatefulSets(f.namespace).Get(ctx, set.Name, metav1.GetOptions{})
		f.must(err)
		st, n := &now.Status, *now.Spec.Replicas
		if st.ObservedGeneration == now.Generation && st.AvailableReplicas == n && st.Replicas == n && st.CurrentRevision == st.UpdateRevision {
			return now
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (f *fidelity) snapshot(ctx context.Context, set *appsv1.StatefulSet) *sts.Snapshot {
	inv := &sts.Inventory{TakenAt: time.Now(), Sets: []*appsv1.StatefulSet{set}}
	pods, err := f.kube.CoreV1().Pods(f.namespace).List(ctx, metav1.ListOptions{})
	f.must(err)
	for i := range pods.Items {
		inv.Pods = append(inv.Pods, &pods.Items[i])
	}
	claims, err := f.kube.CoreV1().PersistentVolumeClaims(f.namespace).List(ctx, metav1.ListOptions{})
	f.must(err)
	for i := range claims.Items {
		inv.Claims = append(inv.Claims, &claims.Items[i])
	}
	revisions, err := f.kube.AppsV1().ControllerRevisions(f.namespace).List(ctx, metav1.ListOptions{})
	f.must(err)
	for i := range revisions.Items {
		inv.Revisions = append(inv.Revisions, &revisions.Items[i])
	}
	return inv.Snapshots()[0]
}

// watch notes what happens from now on.
func (f *fidelity) watch(ctx context.Context, stable string) {
	f.last = time.Now()
	pods, err := f.kube.CoreV1().Pods(f.namespace).List(ctx, metav1.ListOptions{})
	f.must(err)
	ready, going := map[string]bool{}, map[string]bool{}
	for i := range pods.Items {
		ready[string(pods.Items[i].UID)] = true
	}
	w, err := f.kube.CoreV1().Pods(f.namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: pods.ResourceVersion})
	f.must(err)
	note := func(list *[]happening, h happening) {
		f.mu.Lock()
		defer f.mu.Unlock()
		*list = append(*list, h)
		f.last = time.Now()
	}
	go func() {
		for e := range w.ResultChan() {
			p, ok := e.Object.(*corev1.Pod)
			if !ok {
				continue
			}
			uid, isNew := string(p.UID), sts.PodRevision(p) != stable
			if e.Type == watch.Added {
				note(&f.pods, happening{simulate.PodCreated, p.Name, isNew})
			}
			if !ready[uid] && !sts.ReadySince(p).IsZero() {
				ready[uid] = true
				note(&f.pods, happening{simulate.PodReady, p.Name, isNew})
			}
			if p.DeletionTimestamp != nil && !going[uid] {
				going[uid] = true
				note(&f.pods, happening{simulate.PodDeleted, p.Name, isNew})
			}
			if e.Type == watch.Deleted {
				note(&f.pods, happening{simulate.PodGone, p.Name, isNew})
			}
		}
	}()
	claims, err := f.kube.CoreV1().PersistentVolumeClaims(f.namespace).List(ctx, metav1.ListOptions{})
	f.must(err)
	wc, err := f.kube.CoreV1().PersistentVolumeClaims(f.namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: claims.ResourceVersion})
	f.must(err)
	go func() {
		for e := range wc.ResultChan() {
			c, ok := e.Object.(*corev1.PersistentVolumeClaim)
			switch {
			case !ok:
			case e.Type == watch.Added:
				note(&f.pvcs, happening{simulate.ClaimCreated, c.Name, false})
			case e.Type == watch.Deleted:
				note(&f.pvcs, happening{simulate.ClaimGone, c.Name, false})
			}
		}
	}()
}

// quiet is for how long nothing more has to happen until it is believed that nothing will.
const quiet = 5 * time.Second

// untilQuiet waits until as much has happened as was foretold, and nothing more does.
func (f *fidelity) untilQuiet(ctx context.Context, pods, pvcs int) {
	for ctx.Err() == nil {
		f.mu.Lock()
		idle := time.Since(f.last)
		enough := len(f.pods) >= pods && len(f.pvcs) >= pvcs
		f.mu.Unlock()
		if enough && idle > quiet || idle > 8*quiet {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}
