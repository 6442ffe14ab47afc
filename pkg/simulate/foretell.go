package simulate

import (
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// overdue holds a pod that should have been gone long ago.
const overdue = sts.AnnotationPrefix + "overdue"

// personComes is how long after all else somebody is taken to say that a node is gone.
const personComes = time.Minute

// mostEvents ends a forecast that would go on for ever.
const mostEvents = 200_000

// Foretell plays the change in a world that begins as the snapshot is, until nothing
// happens any more.
func Foretell(s *sts.Snapshot, q Question) *Forecast {
	now := *s
	now.TakenAt = s.TakenAt.Truncate(time.Second) // as all times that objects have
	t := newTeller(&now, q)
	t.change()
	t.play()
	t.tellSet()
	t.tellRevisions()
	t.tellEvents()
	t.tellOrdinals()
	t.tellClaims()
	t.tellNames()
	t.tellBudgets()
	t.tellOutcome()
	t.tellNotes()
	return t.Forecast
}

// teller writes a forecast.
type teller struct {
	*Forecast
	q      Question
	before *sts.Snapshot
	world  *World
	// set is the StatefulSet after the change, also when that deletes it.
	set *appsv1.StatefulSet
	// failing are the pods that will not get better by themselves, by name.
	failing map[string]*sts.Trouble
	// bad are the revisions of which no pod is known to work.
	bad    map[string]bool
	stable string
	update string
	events []Event
	start  time.Time
	// hangs is the pod that does not get on before somebody says that its node is gone.
	hangs string
}

// newTeller begins with the world as the snapshot is. A manifest's set that is changed is
// first brought up: it is taken to run, and to be healthy.
func newTeller(s *sts.Snapshot, q Question) *teller {
	w := NewWorld(s, q.Features, Nodes{})
	if q.From == Manifest && (q.Set != nil || q.Delete != "" || q.LoseNode != "") {
		w.Settle()
		w.play()
		for _, o := range w.ordinals() {
			w.pod(o).Spec.NodeName = NodeOf(o)
		}
		w.events, w.last = nil, map[string]int{}
	}
	t := &teller{q: q, world: w, before: w.Snapshot(s), set: s.Set, failing: map[string]*sts.Trouble{}, bad: map[string]bool{}}
	if q.Set != nil {
		t.set = q.Set
	}
	for _, r := range t.before.Replicas() {
		r.Desired = true // who is to leave may hang, too
		trouble := t.before.Trouble(r)
		if r.Pod == nil || trouble == nil || !trouble.Failing {
			continue
		}
		t.failing[r.Pod.Name] = trouble
		if r.Terminating { // nobody knows what holds it, and it is held
			p := w.anew(r.Pod)
			p.Finalizers = append(slices.Clone(p.Finalizers), overdue)
		}
	}
	t.findBad()
	t.stable = t.before.Stable()
	w.Nodes = Nodes{ReadyAfter: q.ReadyAfter.Duration, TerminateAfter: q.TerminateAfter.Duration, Broken: t.broken}
	t.Forecast = &Forecast{
		TypeMeta:  metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "Forecast"},
		Namespace: s.Set.Namespace, Name: s.Set.Name, From: q.From, Assumed: q.Assumptions, ClusterDomain: q.Domain,
		Revisions: []ForecastRevision{}, Ordinals: []ForecastOrdinal{}, Events: []ForecastEvent{}, Claims: []ForecastClaim{},
		Names: []ForecastName{}, Budgets: []ForecastBudget{}, Notes: append([]ForecastNote{}, q.Notes...),
	}
	return t
}

// NodeOf is the node that an ordinal's pod is taken to run on where only a manifest is known.
func NodeOf(o sts.Ordinal) string { return "node-" + o.String() }

// findBad finds the revisions that have pods, all of which fail: a new pod of such a
// revision will most likely do the same.
func (t *teller) findBad() {
	good := map[string]bool{}
	for _, r := range t.before.Replicas() {
		if r.Pod == nil || r.Terminating {
			continue
		}
		if trouble := t.failing[r.Pod.Name]; trouble != nil {
			t.bad[r.Revision] = true
		} else {
			good[r.Revision] = true
		}
	}
	for revision := range good {
		delete(t.bad, revision)
	}
}

// broken says whether a pod never gets ready: one that fails already, one of a revision
// that only fails, and with --broken what is made from the set's template.
func (t *teller) broken(p *corev1.Pod) bool {
	for _, old := range t.before.Pods {
		if old.UID == p.UID {
			return t.failing[p.Name] != nil || t.q.Broken && sts.PodRevision(p) == t.before.Set.Status.UpdateRevision
		}
	}
	revision := sts.PodRevision(p)
	return t.bad[revision] || t.q.Broken && t.world.Set != nil && revision == t.world.Set.Status.UpdateRevision
}

// change does to the world what is asked for.
func (t *teller) change() {
	w := t.world
	t.start = w.Now
	t.Changes = changes(t.before.Set, t.set)
	switch {
	case t.q.Set != nil:
		w.Set.Labels, w.Set.Annotations = t.q.Set.Labels, t.q.Set.Annotations
		w.Set.Spec = *t.q.Set.Spec.DeepCopy()
		w.Set.Generation++
	case t.q.Delete != "":
		t.Changes = append(t.Changes, "deleted, --cascade="+strings.ToLower(string(t.q.Delete)))
		w.DeleteSet(t.q.Delete)
	case t.q.LoseNode != "":
		t.Changes = append(t.Changes, "node "+t.q.LoseNode+" is lost")
		w.LoseNode(t.q.LoseNode)
	}
}

// play lets the world go on until it comes to rest.
func (w *World) play() {
	for w.Advance() && len(w.events) < mostEvents {
	}
}

func (t *teller) play() {
	w := t.world
	t.update = t.before.Set.Status.UpdateRevision
	if t.unnamable() || t.strategyRefused() != "" {
		return
	}
	w.Settle()
	if w.Set != nil {
		t.update = w.Set.Status.UpdateRevision
	}
	if len(t.before.Pods) == 0 || t.stable == "" {
		t.stable = t.update // there was nothing before
	}
	w.play()
	if t.q.LoseNode != "" {
		t.hangs = t.unfinished()
		w.AdvanceTo(w.Now.Add(personComes))
		w.RemoveNode(t.q.LoseNode)
		w.Settle()
		w.play()
	}
	t.events = w.events
}

// unnamable says that no pod of the set can be created: see [sts.LongestSetName].
func (t *teller) unnamable() bool {
	fresh := t.q.From == Manifest || len(t.before.Pods) == 0
	return fresh && t.q.Delete == "" && sts.WantedReplicas(t.set) > 0 && len(t.Name) > sts.LongestSetName
}

// unfinished is the lowest ordinal's pod that is not available, empty when there is none.
func (t *teller) unfinished() string {
	for o := sts.Start(t.set); o < sts.End(t.set); o++ {
		if !t.world.available(t.world.pod(o)) {
			return sts.PodName(t.Name, o)
		}
	}
	return ""
}

// at is when something happens, counted from the change.
func (t *teller) at(e Event) metav1.Duration { return metav1.Duration{Duration: e.At.Sub(t.start)} }
