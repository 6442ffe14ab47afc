package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	appsclient "k8s.io/client-go/kubernetes/typed/apps/v1"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// stage is a control plane with controllers but without nodes, and one watch per kind for all rounds.
// All objects of a set have the set's name as their label app.
type stage struct {
	kube   kubernetes.Interface
	mu     sync.Mutex
	sights map[string]*sight
	woken  atomic.Int32
}

const stageNamespace = "default"

func (s *stage) sets() appsclient.StatefulSetInterface {
	return s.kube.AppsV1().StatefulSets(stageNamespace)
}
func (s *stage) pods() coreclient.PodInterface { return s.kube.CoreV1().Pods(stageNamespace) }

func (s *stage) claims() coreclient.PersistentVolumeClaimInterface {
	return s.kube.CoreV1().PersistentVolumeClaims(stageNamespace)
}

func openStage(ctx context.Context, c *cluster.Cluster) (*stage, error) {
	config := c.RESTConfig()
	config.ContentType = "application/vnd.kubernetes.protobuf"
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	s := &stage{kube: kube, sights: map[string]*sight{}}
	factory := informers.NewSharedInformerFactoryWithOptions(kube, 0, informers.WithNamespace(stageNamespace))
	for _, informer := range []cache.SharedIndexInformer{
		factory.Apps().V1().StatefulSets().Informer(), factory.Apps().V1().ControllerRevisions().Informer(),
		factory.Core().V1().Pods().Informer(), factory.Core().V1().PersistentVolumeClaims().Informer(),
	} {
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(obj any) { s.saw(obj, false) },
			UpdateFunc: func(_, obj any) { s.saw(obj, false) },
			DeleteFunc: func(obj any) { s.saw(obj, true) },
		}); err != nil {
			return nil, err
		}
	}
	factory.Start(ctx.Done())
	for kind, ok := range factory.WaitForCacheSync(ctx.Done()) {
		if !ok {
			return nil, fmt.Errorf("watch %v: %w", kind, context.Cause(ctx))
		}
	}
	return s, nil
}

func (s *stage) lookAt(set string) *sight {
	v := &sight{
		podsByName: map[string]*corev1.Pod{}, claimsByName: map[string]*corev1.PersistentVolumeClaim{},
		revisions: map[string]*appsv1.ControllerRevision{}, going: map[types.UID]bool{}, ready: map[types.UID]bool{},
		changed: make(chan struct{}, 1),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sights[set] = v
	return v
}

func (s *stage) saw(obj any, gone bool) {
	if last, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = last.Obj
	}
	m, ok := obj.(metav1.Object)
	if !ok {
		return
	}
	s.mu.Lock()
	v := s.sights[m.GetLabels()["app"]]
	s.mu.Unlock()
	if v == nil {
		return
	}
	v.saw(obj, gone)
	select {
	case v.changed <- struct{}{}:
	default:
	}
}

// sight is what one round observes.
type sight struct {
	changed chan struct{}

	mu           sync.Mutex
	set          *appsv1.StatefulSet
	podsByName   map[string]*corev1.Pod
	claimsByName map[string]*corev1.PersistentVolumeClaim
	revisions    map[string]*appsv1.ControllerRevision
	events       []happening
	going, ready map[types.UID]bool
}

// happening is an event without its time.
type happening struct {
	kind             forecast.EventKind
	object, revision string
}

func (v *sight) saw(obj any, gone bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch o := obj.(type) {
	case *appsv1.StatefulSet:
		if v.set = o; gone {
			v.set = nil
		}
	case *appsv1.ControllerRevision:
		keep(v.revisions, o.Name, o, gone)
	case *corev1.PersistentVolumeClaim:
		if v.claimsByName[o.Name] == nil {
			v.note(forecast.ClaimCreated, o.Name, "")
		}
		if keep(v.claimsByName, o.Name, o, gone); gone {
			v.note(forecast.ClaimGone, o.Name, "")
		}
	case *corev1.Pod:
		note := func(kind forecast.EventKind) { v.note(kind, o.Name, sts.PodRevision(o)) }
		if v.podsByName[o.Name] == nil {
			note(forecast.PodCreated)
		}
		if !v.ready[o.UID] && !sts.ReadySince(o).IsZero() {
			v.ready[o.UID] = true
			note(forecast.PodReady)
		}
		if !v.going[o.UID] && (gone || o.DeletionTimestamp != nil) {
			v.going[o.UID] = true
			note(forecast.PodDeleted)
		}
		if keep(v.podsByName, o.Name, o, gone); gone {
			note(forecast.PodGone)
		}
	}
}

func (v *sight) note(kind forecast.EventKind, object, revision string) {
	v.events = append(v.events, happening{kind, object, revision})
}

func keep[T any](all map[string]T, name string, o T, gone bool) {
	if all[name] = o; gone {
		delete(all, name)
	}
}

// playNode does to the real pod what a node has just done to the predicted one, which the controller
// may have replaced since.
func (f *fidelity) playNode(ctx context.Context, e forecast.Event) error {
	f.mu.Lock()
	p := f.podsByName[e.Object]
	f.mu.Unlock()
	switch {
	case p == nil:
		return nil
	case e.Kind == forecast.PodReady, e.Kind == forecast.PodAvailable, e.Kind == forecast.PodUnready:
		return f.stage.setStatus(ctx, p, fare{corev1.PodRunning, e.Kind != forecast.PodUnready, e.Kind == forecast.PodAvailable})
	case e.Kind == forecast.PodDeleted: // evicted from a lost node
		return f.stage.pods().Delete(ctx, p.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(p.UID))})
	}
	return nil
}

// playNodes does to the real pods what the nodes of the predicted world have done.
func (f *fidelity) playNodes(ctx context.Context) error {
	predicted := map[string]*corev1.Pod{}
	for _, p := range f.world.Pods {
		predicted[f.ids[string(p.UID)]] = p
	}
	f.mu.Lock()
	pods := maps.Clone(f.podsByName)
	f.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(pods)) {
		pod := pods[name]
		p := predicted[string(pod.UID)]
		var err error
		switch {
		case p == nil && pod.DeletionTimestamp != nil:
			err = f.stage.end(ctx, pod)
		case p == nil:
		case f.fares(p) != fares(pod, time.Now()):
			err = f.stage.setStatus(ctx, pod, f.fares(p))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// end is the end of a pod, as the kubelet reports it.
func (s *stage) end(ctx context.Context, p *corev1.Pod) error {
	err := s.pods().Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64), Preconditions: metav1.NewUIDPreconditions(string(p.UID))})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // it has ended
	}
	return err
}

// fare is the state of a pod on its node.
type fare struct {
	phase corev1.PodPhase
	ready bool
	// old: it has been ready for longer than any minReadySeconds here.
	old bool
}

func (f *fidelity) fares(p *corev1.Pod) fare { return fares(p, f.world.Now) }

func fares(p *corev1.Pod, now time.Time) fare {
	since := sts.ReadySince(p)
	return fare{p.Status.Phase, !since.IsZero(), !since.IsZero() && !since.Add(minReady*time.Second).After(now)}
}

// setStatus sets the status of a pod. For an old one the times are in the past.
func (s *stage) setStatus(ctx context.Context, p *corev1.Pod, as fare) error {
	status := corev1.ConditionFalse
	since := time.Now()
	if as.ready {
		status = corev1.ConditionTrue
	}
	if as.old {
		since = since.Add(-2 * minReady * time.Second)
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": p.UID},
		"status": map[string]any{"phase": as.phase, "conditions": []any{
			map[string]any{"type": "Ready", "status": status, "lastTransitionTime": since.UTC().Format(time.RFC3339)},
		}},
	})
	if err != nil {
		return err
	}
	_, err = s.pods().Patch(ctx, p.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}

// states are both worlds as text, with the names of the real one. Names that one of them does not have
// yet are "new".
func (f *fidelity) states() (predicted, seen string) {
	const isNew = "(new)"
	predicted = inWords(f.world.Set, f.world.Pods, f.world.Claims, f.world.Revisions, f.world.Now, func(id string) string {
		if known := f.ids[id]; known != "" {
			return known
		}
		return isNew
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	revisions := slices.Collect(maps.Values(f.revisions))
	seen = inWords(f.set, f.podsByName, f.claimsByName, revisions, time.Now(), func(id string) string {
		if f.known[id] || f.revisionsKnown[id] {
			return id
		}
		return isNew
	})
	return predicted, seen
}

func inWords(set *appsv1.StatefulSet, pods map[string]*corev1.Pod, claims map[string]*corev1.PersistentVolumeClaim,
	revisions []*appsv1.ControllerRevision, now time.Time, id func(string) string) string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	switch {
	case set == nil:
	case set.DeletionTimestamp != nil:
		// Changes of its status and of new revisions by the controller have no effect.
		say("set %s, going", id(string(set.UID)))
		revisions = nil
	default:
		st := &set.Status
		say("set %s, generation %d of %d: %d pods, %d ready, %d available, %d of %s, %d of %s", id(string(set.UID)), st.ObservedGeneration, set.Generation,
			st.Replicas, st.ReadyReplicas, st.AvailableReplicas, st.CurrentReplicas, id(st.CurrentRevision), st.UpdatedReplicas, id(st.UpdateRevision))
		for _, c := range st.Conditions {
			say("condition %s is %s, %s: %s", c.Type, c.Status, c.Reason, c.Message)
		}
	}
	owners := func(o metav1.Object) string {
		var out []string
		for _, r := range o.GetOwnerReferences() {
			out = append(out, " of "+r.Kind+" "+id(string(r.UID)))
		}
		slices.Sort(out)
		return strings.Join(out, "")
	}
	for _, name := range slices.Sorted(maps.Keys(pods)) {
		p := pods[name]
		say("pod %s %s, %s %+v%s%s", name, id(string(p.UID)), id(sts.PodRevision(p)), fares(p, now), owners(p), going(p))
	}
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		c := claims[name]
		say("claim %s %s%s%s", name, id(string(c.UID)), owners(c), going(c))
	}
	slices.SortFunc(revisions, func(a, b *appsv1.ControllerRevision) int { return int(a.Revision - b.Revision) })
	for _, r := range revisions {
		say("revision %d %s", r.Revision, id(r.Name))
	}
	return strings.Join(lines, "\n")
}

func going(o metav1.Object) string {
	if o.GetDeletionTimestamp() != nil {
		return ", going"
	}
	return ""
}

// recognize maps the predicted objects to the real ones, after the worlds were found equal.
func (f *fidelity) recognize() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, p := range f.world.Pods {
		f.know(string(p.UID), string(f.podsByName[name].UID))
	}
	for name, c := range f.world.Claims {
		f.know(string(c.UID), string(f.claimsByName[name].UID))
	}
	// The name of a revision is used again with its template, but for a new revision.
	clear(f.revisionsKnown)
	for name, p := range f.world.Pods {
		f.knowRevision(sts.PodRevision(p), sts.PodRevision(f.podsByName[name]))
	}
	if f.world.Set != nil && f.world.Set.DeletionTimestamp != nil {
		return // revisions no longer matter
	}
	for _, r := range f.world.Revisions {
		for _, real := range f.revisions {
			if real.Revision == r.Revision {
				f.knowRevision(r.Name, real.Name)
			}
		}
	}
}

func (f *fidelity) know(predicted, seen string) { f.ids[predicted], f.known[seen] = seen, true }

func (f *fidelity) knowRevision(predicted, seen string) {
	f.ids[predicted], f.revisionsKnown[seen] = seen, true
}

// happenings are the events of both worlds since the last comparison, in order if the controller
// guarantees one. Pods and claims have separate watches.
func (f *fidelity) happenings() (predicted, seen string) {
	var a, b []happening
	for _, e := range f.world.Events()[f.told:] {
		f.met[string(e.Kind)] = true
		switch e.Kind {
		case forecast.PodAvailable, forecast.PodUnready, forecast.ClaimDeleted, forecast.SetDeleted, forecast.SetGone, // visible in their states
			forecast.NodeLost, forecast.NodeRemoved: // the round does it
		default:
			a = append(a, happening{e.Kind, e.Object, f.ids[e.Revision]})
		}
	}
	f.told = len(f.world.Events())
	f.mu.Lock()
	b = append(b, f.events[f.seen:]...)
	f.seen = len(f.events)
	f.mu.Unlock()
	ordered := !f.burst && f.world.Set != nil && !sts.IsParallel(f.world.Set) && !sts.StrategyOf(f.world.Set).ReplacesAllAtOnce()
	f.burst = false
	return f.list(a, ordered), f.list(b, ordered)
}

func (f *fidelity) list(all []happening, ordered bool) string {
	slices.SortStableFunc(all, func(a, b happening) int {
		aClaim, bClaim := strings.HasPrefix(string(a.kind), "Claim"), strings.HasPrefix(string(b.kind), "Claim")
		switch {
		case aClaim != bClaim && aClaim:
			return 1
		case aClaim != bClaim:
			return -1
		case ordered && !aClaim:
			return 0
		}
		return cmp.Or(cmp.Compare(a.object, b.object), cmp.Compare(a.kind, b.kind))
	})
	var lines []string
	for _, h := range all {
		lines = append(lines, fmt.Sprintf("%s %s %s", h.kind, h.object, h.revision))
	}
	return strings.Join(lines, "\n")
}
