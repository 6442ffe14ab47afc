package forecast

import (
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
	// Now is the world's time. Only Advance and AdvanceTo move it.
	Now time.Time
	// Set is nil if it has been deleted.
	Set *appsv1.StatefulSet
	// Pods are the set's, by name, Claims those of the namespace. They are replaced, never changed, so
	// that snapshots can share them. Only the world itself adds names and removes them.
	Pods   map[string]*corev1.Pod
	Claims map[string]*corev1.PersistentVolumeClaim
	// Revisions are the set's history, oldest first.
	Revisions []*appsv1.ControllerRevision

	Features Features
	Nodes    Nodes
	// Refused says which pods the API server rejects, because of a quota for instance. Nil for none.
	Refused func(o sts.Ordinal) bool
	// Created is called with each pod that the controller creates, as it is sent to the API
	// server. May be nil.
	Created func(p *corev1.Pod)

	name   string // of the set
	events []Event
	// cause is what the controller reacts to in this Settle, as indices into events: none if it
	// reacts to a change from outside.
	cause []int
	last  map[string]int          // of each object its last event
	told  map[types.UID]bool      // the pods that are known to be available
	lost  map[types.UID]time.Time // the pods on lost nodes, with the time of the loss
	made  int                     // objects created so far, for UIDs and names

	owned     bool                               // some claim has an owner, or had one
	order     []sts.Ordinal                      // the ordinals that have a pod, lowest first; replaced, never changed
	names     map[sts.Ordinal]string             // of pods
	templates map[string]*corev1.PodTemplateSpec // by the revisions' content
}

// Features are the feature gates of the kube-controller-manager that change the rules.
type Features struct {
	// MaxUnavailable is `MaxUnavailableStatefulSet`.
	//
	// With it (KEP-961) an update deletes up to maxUnavailable pods at once, and unavailable pods
	// count.
	MaxUnavailable bool `json:"maxUnavailable"`
	// KubernetesMinor is the minor version of Kubernetes whose rules apply, 37 for 1.37; absent if
	// unknown: then the rules up to 1.36 apply.
	//
	// As of 1.37, with the gate and under Parallel, pods of an earlier revision that are unavailable
	// are deleted at once, and an update under OnDelete completes.
	KubernetesMinor int `json:"kubernetesMinor,omitempty"`
}

// unavailableFirst says whether an update deletes unavailable pods whatever maxUnavailable says.
func (f Features) unavailableFirst(set *appsv1.StatefulSet) bool {
	return f.MaxUnavailable && f.KubernetesMinor >= 37 && sts.IsParallel(set)
}

// trapped says whether an update waits forever for a pod of an earlier revision that never becomes
// available (kubernetes#67250).
func (f Features) trapped(set *appsv1.StatefulSet) bool {
	return !sts.IsParallel(set) || f.MaxUnavailable && !f.unavailableFirst(set)
}

// Nodes say how long pods take, and which fail.
type Nodes struct {
	// ReadyAfter is how long a pod takes from its creation to being ready, TerminateAfter
	// how long from its deletion to being gone.
	ReadyAfter, TerminateAfter time.Duration
	// Broken says which pods never become ready. Nil for none.
	Broken func(p *corev1.Pod) bool
	// Late is how much longer than that a pod takes to become ready, or to terminate. Nil for no
	// longer.
	Late func(p *corev1.Pod) time.Duration
}

// Event is one thing that happens.
type Event struct {
	At   time.Time
	Kind EventKind
	// Object is the name of the pod or claim, of the set or of a node.
	Object string
	// Ordinal is that of the pod or claim, else NoOrdinal.
	Ordinal sts.Ordinal
	// Revision is the pod's.
	Revision string
	// After are the events that it waited for, as indices into the list of events. None: it follows
	// from the state at the start, or from a change from outside.
	After []int
}

// EventKind is what happens.
type EventKind string

// The kinds of events.
const (
	// ClaimCreated: a claim is created from its template.
	ClaimCreated EventKind = "ClaimCreated"
	// PodCreated: a pod is created.
	PodCreated EventKind = "PodCreated"
	// PodReady: a pod becomes ready.
	PodReady EventKind = "PodReady"
	// PodAvailable: a pod has been ready for minReadySeconds; not listed if minReadySeconds is 0.
	PodAvailable EventKind = "PodAvailable"
	// PodUnready: a pod is marked as not ready, because its node has stopped reporting.
	PodUnready EventKind = "PodUnready"
	// PodDeleted: a pod is deleted and starts to terminate.
	PodDeleted EventKind = "PodDeleted"
	// PodGone: a pod has terminated.
	PodGone EventKind = "PodGone"
	// ClaimDeleted: a claim is deleted, and remains while a pod uses it; not listed if it is gone immediately.
	ClaimDeleted EventKind = "ClaimDeleted"
	// ClaimGone: a claim is gone.
	ClaimGone EventKind = "ClaimGone"
	// SetDeleted: the set is deleted, and remains until its dependents are gone.
	SetDeleted EventKind = "SetDeleted"
	// SetGone: the set is gone.
	SetGone EventKind = "SetGone"
	// NodeLost: a node stops reporting.
	NodeLost EventKind = "NodeLost"
	// NodeRemoved: the node is deleted by an administrator; this does not happen automatically.
	NodeRemoved EventKind = "NodeRemoved"
)

// NoOrdinal is the ordinal of events of a node or the set itself.
const NoOrdinal sts.Ordinal = -1

// NewWorld is a world in the state of a snapshot. They share nothing.
func NewWorld(s *sts.Snapshot, features Features, nodes Nodes) *World {
	w := &World{
		Now: s.TakenAt, Set: s.Set.DeepCopy(), Features: features, Nodes: nodes,
		Pods: map[string]*corev1.Pod{}, Claims: map[string]*corev1.PersistentVolumeClaim{},
		name: s.Set.Name, last: map[string]int{}, told: map[types.UID]bool{}, lost: map[types.UID]time.Time{},
		names: map[sts.Ordinal]string{}, templates: map[string]*corev1.PodTemplateSpec{},
	}
	for _, p := range s.Pods {
		w.Pods[p.Name] = p.DeepCopy()
		w.told[p.UID] = w.available(p)
		if o, ok := sts.ParsePodName(w.name, p.Name); ok {
			w.order = append(w.order, o)
		}
	}
	slices.Sort(w.order)
	for _, c := range s.Claims {
		w.Claims[c.Name] = c.DeepCopy()
		w.owned = w.owned || len(c.OwnerReferences) > 0
	}
	for _, r := range s.Revisions {
		w.Revisions = append(w.Revisions, r.DeepCopy())
	}
	return w
}

// Snapshot is the present state of the world. It does not change when the world advances. What s has
// in addition, budgets for instance, is kept.
func (w *World) Snapshot(s *sts.Snapshot) *sts.Snapshot {
	out := *s
	out.TakenAt, out.Set, out.Pods, out.Claims, out.Revisions = w.Now, w.Set.DeepCopy(), nil, nil, nil
	for _, o := range w.ordinals() {
		out.Pods = append(out.Pods, w.pod(o))
	}
	for _, name := range sorted(w.Claims) {
		out.Claims = append(out.Claims, w.Claims[name])
	}
	out.Revisions = slices.Clone(w.Revisions)
	return &out
}

// Events are what has happened so far, in order.
func (w *World) Events() []Event { return slices.Clone(w.events) }

// Settle runs the controller after a change from outside, without advancing the time.
func (w *World) Settle() {
	w.cause = nil
	w.settle()
}

func (w *World) settle() {
	w.endClaims()
	for w.sync() {
	}
	w.cause = nil
}

// Advance moves the time to the next event of a node, and runs the controller. It is false if there is
// none: the world has come to rest. Events at the same time happen one after the other, the lowest
// ordinal first.
func (w *World) Advance() bool {
	o, at, happen := w.next()
	if happen == nil {
		return false
	}
	if at.After(w.Now) {
		w.Now = at
	}
	first := len(w.events)
	happen(o, w.pod(o))
	w.cause = []int{first} // the controller does not wait for its consequences, like the end of a claim
	w.settle()
	return true
}

// AdvanceTo is Advance up to that time: if nothing happens until then, it is false, and the time is
// reached.
func (w *World) AdvanceTo(t time.Time) bool {
	if _, at, happen := w.next(); happen != nil && !at.After(t) {
		return w.Advance()
	}
	w.Now = t
	return false
}

// next is the next event of a node: a pod becomes ready, has been ready for long enough, or is gone.
func (w *World) next() (ordinal sts.Ordinal, at time.Time, happen func(sts.Ordinal, *corev1.Pod)) {
	consider := func(o sts.Ordinal, t time.Time, h func(sts.Ordinal, *corev1.Pod)) {
		if happen == nil || t.Before(at) {
			ordinal, at, happen = o, t, h
		}
	}
	for _, o := range w.ordinals() {
		p := w.pod(o)
		if _, lost := w.lost[p.UID]; lost {
			if t, h := w.nextOfLost(p); h != nil {
				consider(o, t, h)
			}
			continue
		}
		switch since := sts.ReadySince(p); {
		case p.DeletionTimestamp != nil && len(p.Finalizers) > 0: // it stays
		case p.DeletionTimestamp != nil:
			consider(o, p.DeletionTimestamp.Add(w.late(p)), w.gone)
		case ended(p):
		case since.IsZero() && !w.broken(p):
			consider(o, p.CreationTimestamp.Add(w.Nodes.ReadyAfter+w.late(p)), w.ready)
		case !since.IsZero() && w.Set != nil && w.Set.Spec.MinReadySeconds > 0 && !w.told[p.UID]:
			consider(o, since.Add(time.Duration(w.Set.Spec.MinReadySeconds)*time.Second), w.becomeAvailable)
		}
	}
	return ordinal, at, happen
}

func (w *World) broken(p *corev1.Pod) bool {
	return w.Nodes.Broken != nil && w.Nodes.Broken(p)
}

func (w *World) late(p *corev1.Pod) time.Duration {
	if w.Nodes.Late == nil {
		return 0
	}
	return w.Nodes.Late(p)
}

func (w *World) ready(o sts.Ordinal, p *corev1.Pod) {
	p = w.replacePod(p)
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(w.Now)}}
	w.tell(PodReady, o, p.Name, sts.PodRevision(p))
}

func (w *World) becomeAvailable(o sts.Ordinal, p *corev1.Pod) {
	w.told[p.UID] = true
	w.tell(PodAvailable, o, p.Name, sts.PodRevision(p))
}

// gone removes a pod, and the claims that it owns.
func (w *World) gone(o sts.Ordinal, p *corev1.Pod) {
	delete(w.Pods, p.Name)
	w.order = slices.DeleteFunc(slices.Clone(w.order), func(other sts.Ordinal) bool { return other == o })
	w.tell(PodGone, o, p.Name, sts.PodRevision(p))
	w.cause = []int{len(w.events) - 1}
	w.collect(p.UID)
	w.endClaims()
	w.endSet()
}

func (w *World) tell(kind EventKind, o sts.Ordinal, object, revision string) {
	var after []int
	last, before := w.last[object]
	switch kind {
	case PodReady, PodAvailable, PodGone: // by the node
	case PodCreated:
		after = append(after, w.cause...)
		for _, t := range w.Set.Spec.VolumeClaimTemplates {
			if n, ok := w.last[sts.ClaimName(t.Name, w.Set.Name, o)]; ok && w.events[n].Kind == ClaimCreated {
				after = append(after, n)
			}
		}
	case ClaimCreated: // also after the end of the previous one
		after = append(after, w.cause...)
	default:
		after, before = append(after, w.cause...), false
	}
	if before && !slices.Contains(after, last) {
		after = append(after, last)
	}
	slices.Sort(after)
	w.last[object] = len(w.events)
	w.events = append(w.events, Event{At: w.Now, Kind: kind, Ordinal: o, Object: object, Revision: revision, After: after})
}

// pod is the ordinal's pod, nil if there is none.
func (w *World) pod(o sts.Ordinal) *corev1.Pod {
	name, ok := w.names[o]
	if !ok {
		name = sts.PodName(w.name, o)
		w.names[o] = name
	}
	return w.Pods[name]
}

// ordinals are those that have a pod, lowest first.
func (w *World) ordinals() []sts.Ordinal { return w.order }

// replacePod replaces the pod by a copy that may be changed: snapshots have the old one.
func (w *World) replacePod(p *corev1.Pod) *corev1.Pod {
	next := *p
	w.Pods[p.Name] = &next
	return &next
}

func sorted[T any](all map[string]T) []string { return slices.Sorted(maps.Keys(all)) }

func (w *World) uid(name string) types.UID {
	w.made++
	return types.UID(fmt.Sprintf("%s (predicted %d)", name, w.made))
}
