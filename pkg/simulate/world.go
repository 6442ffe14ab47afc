package simulate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// World is a namespace with one StatefulSet.
type World struct {
	// Now is the world's time. Only Advance moves it.
	Now time.Time
	// Set is nil when it has been deleted.
	Set *appsv1.StatefulSet
	// Pods are the set's, by name, Claims those of the namespace.
	Pods   map[string]*corev1.Pod
	Claims map[string]*corev1.PersistentVolumeClaim
	// Revisions are the set's history, oldest first.
	Revisions []*appsv1.ControllerRevision

	Features Features
	Nodes    Nodes

	events []Event
	made   int // objects so far, for UIDs and names
}

// Features are the feature gates of the kube-controller-manager that change the rules.
type Features struct {
	// MaxUnavailable is MaxUnavailableStatefulSet (KEP-961): an update takes down up to
	// maxUnavailable pods at once, and none while others are unavailable.
	MaxUnavailable bool `json:"maxUnavailable"`
}

// Nodes say how pods fare.
type Nodes struct {
	// ReadyAfter is how long a pod takes from its creation to being ready, TerminateAfter
	// how long from its deletion to being gone.
	ReadyAfter, TerminateAfter time.Duration
	// Broken says of which revision pods never get ready. Nil for none.
	Broken func(revision string) bool
}

// Event is one thing that happens.
type Event struct {
	At   time.Time
	Kind EventKind
	// Object is the name of the pod or claim.
	Object  string
	Ordinal sts.Ordinal
	// Revision is the pod's.
	Revision string
}

// EventKind is what happens to a pod or claim.
type EventKind string

// The kinds of events.
const (
	ClaimCreated  EventKind = "ClaimCreated"
	PodCreated    EventKind = "PodCreated"
	PodReady      EventKind = "PodReady"
	PodDeleted    EventKind = "PodDeleted" // it is told to go
	PodGone       EventKind = "PodGone"
	ClaimReleased EventKind = "ClaimReleased" // it goes with its pod or its set
	ClaimGone     EventKind = "ClaimGone"
)

// NewWorld is the world of a snapshot. It shares nothing with it.
func NewWorld(s *sts.Snapshot, features Features, nodes Nodes) *World {
	w := &World{
		Now: s.TakenAt, Set: s.Set.DeepCopy(), Features: features, Nodes: nodes,
		Pods: map[string]*corev1.Pod{}, Claims: map[string]*corev1.PersistentVolumeClaim{},
	}
	for _, p := range s.Pods {
		w.Pods[p.Name] = p.DeepCopy()
	}
	for _, c := range s.Claims {
		w.Claims[c.Name] = c.DeepCopy()
	}
	for _, r := range s.Revisions {
		w.Revisions = append(w.Revisions, r.DeepCopy())
	}
	return w
}

// Snapshot is how the world looks. It shares nothing with it; what s has beside the world,
// budgets for instance, is kept.
func (w *World) Snapshot(s *sts.Snapshot) *sts.Snapshot {
	out := *s
	out.TakenAt, out.Set, out.Pods, out.Claims, out.Revisions = w.Now, w.Set.DeepCopy(), nil, nil, nil
	for _, o := range w.ordinals() {
		out.Pods = append(out.Pods, w.pod(o).DeepCopy())
	}
	for _, name := range slices.Sorted(maps.Keys(w.Claims)) {
		out.Claims = append(out.Claims, w.Claims[name].DeepCopy())
	}
	for _, r := range w.Revisions {
		out.Revisions = append(out.Revisions, r.DeepCopy())
	}
	return &out
}

// Events are what has happened so far, in order.
func (w *World) Events() []Event { return slices.Clone(w.events) }

// Settle lets the controller do what it does without time going by.
func (w *World) Settle() {
	for w.sync() {
	}
}

// Advance moves time on to the next thing that happens by itself, and settles. It is false
// when nothing does: the world has come to rest.
func (w *World) Advance() bool {
	next, any := w.next()
	if !any {
		return false
	}
	w.Now = next
	w.nodes()
	w.Settle()
	return true
}

// next is when something happens by itself: a pod gets ready or available, or is gone.
func (w *World) next() (time.Time, bool) {
	var next time.Time
	add := func(t time.Time) {
		if t.After(w.Now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, p := range w.Pods {
		switch {
		case p.DeletionTimestamp != nil && len(p.Finalizers) > 0: // somebody holds it
		case p.DeletionTimestamp != nil:
			add(p.DeletionTimestamp.Time)
		case w.broken(p):
		case !sts.ReadySince(p).IsZero():
			if w.Set != nil {
				add(sts.ReadySince(p).Add(time.Duration(w.Set.Spec.MinReadySeconds) * time.Second))
			}
		default:
			add(p.CreationTimestamp.Add(w.Nodes.ReadyAfter))
		}
	}
	return next, !next.IsZero()
}

func (w *World) broken(p *corev1.Pod) bool {
	return w.Nodes.Broken != nil && w.Nodes.Broken(sts.PodRevision(p))
}

// nodes is what the kubelets and the garbage collector have done by now.
func (w *World) nodes() {
	for _, o := range w.ordinals() {
		p := w.pod(o)
		switch {
		case p.DeletionTimestamp != nil:
			if !p.DeletionTimestamp.After(w.Now) && len(p.Finalizers) == 0 {
				w.gone(o, p)
			}
		case sts.ReadySince(p).IsZero() && !w.broken(p) && !p.CreationTimestamp.Add(w.Nodes.ReadyAfter).After(w.Now):
			w.ready(o, p)
		}
	}
}

func (w *World) ready(o sts.Ordinal, p *corev1.Pod) {
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(w.Now)}}
	w.tell(PodReady, o, p.Name, sts.PodRevision(p))
}

// gone is the end of a pod, and of the claims that it owns: garbage is collected when its
// last owner has gone.
func (w *World) gone(o sts.Ordinal, p *corev1.Pod) {
	delete(w.Pods, p.Name)
	w.tell(PodGone, o, p.Name, sts.PodRevision(p))
	w.collect(p.UID)
}

func (w *World) collect(owner types.UID) {
	for _, name := range slices.Sorted(maps.Keys(w.Claims)) {
		c := w.Claims[name]
		left := slices.DeleteFunc(slices.Clone(c.OwnerReferences), func(r metav1.OwnerReference) bool { return r.UID == owner })
		if len(left) == len(c.OwnerReferences) {
			continue
		}
		if c.OwnerReferences = left; len(left) == 0 {
			w.deleteClaim(c)
		}
	}
}

// deleteClaim deletes a claim, which stays for as long as a pod mounts it.
func (w *World) deleteClaim(c *corev1.PersistentVolumeClaim) {
	o, _ := sts.ClaimOrdinal(c.Name)
	delete(w.Claims, c.Name)
	w.tell(ClaimGone, o, c.Name, "")
}

func (w *World) tell(kind EventKind, o sts.Ordinal, object, revision string) {
	w.events = append(w.events, Event{At: w.Now, Kind: kind, Ordinal: o, Object: object, Revision: revision})
}

// pod is the ordinal's pod, nil when there is none.
func (w *World) pod(o sts.Ordinal) *corev1.Pod { return w.Pods[sts.PodName(w.Set.Name, o)] }

// ordinals are those that have a pod, lowest first.
func (w *World) ordinals() []sts.Ordinal {
	var out []sts.Ordinal
	for name := range w.Pods {
		if o, ok := sts.ParsePodName(w.Set.Name, name); ok {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b sts.Ordinal) int { return cmp.Compare(a, b) })
	return out
}

func (w *World) uid(name string) types.UID {
	w.made++
	return types.UID(fmt.Sprintf("%s (foretold %d)", name, w.made))
}
