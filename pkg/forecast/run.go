package forecast

import (
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// overdue is the finalizer of a pod that should have terminated long ago.
const overdue = sts.AnnotationPrefix + "overdue"

// personComes is how long after all else an administrator is assumed to delete a lost node.
const personComes = time.Minute

// mostEvents ends a forecast that would never end.
const mostEvents = 200_000

// Run predicts: it plays the change in a world that begins with the snapshot, until nothing
// happens any more.
func Run(s *sts.Snapshot, q Question) *Forecast {
	now := *s
	now.TakenAt = s.TakenAt.Truncate(time.Second) // as all times of objects
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

// teller makes a forecast.
type teller struct {
	*Forecast
	q      Question
	before *sts.Snapshot
	world  *World
	// set is the StatefulSet after the change, also if that deletes it.
	set *appsv1.StatefulSet
	// failing are the pods that will not recover by themselves, by name.
	failing map[string]*diagnose.Trouble
	// bad are the revisions whose pods all fail.
	bad    map[string]bool
	stable string
	update string
	events []Event
	start  time.Time
	// hangs is the pod that stays unavailable until its node is deleted.
	hangs string
}

func (t *teller) strategy() sts.Strategy { return sts.StrategyOf(t.set) }

// newTeller begins with the world of the snapshot. A set from a manifest that is changed is first
// brought up: it is assumed to be running and healthy.
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
	t := &teller{q: q, world: w, before: w.Snapshot(s), set: s.Set, failing: map[string]*diagnose.Trouble{}, bad: map[string]bool{}}
	if q.Set != nil {
		t.set = q.Set
	}
	for _, r := range t.before.Replicas() {
		r.Desired = true // a pod that leaves may be stuck as well
		trouble := diagnose.Replica(t.before, r)
		if r.Pod == nil || trouble == nil || !trouble.Failing {
			continue
		}
		t.failing[r.Pod.Name] = trouble
		if r.Terminating { // something blocks it, it is not known what
			p := w.replacePod(r.Pod)
			p.Finalizers = append(slices.Clone(p.Finalizers), overdue)
		}
	}
	t.findBad()
	t.stable = diagnose.Stable(t.before)
	w.Nodes = Nodes{ReadyAfter: q.ReadyAfter.Duration, TerminateAfter: q.TerminateAfter.Duration, Broken: t.broken}
	t.Forecast = &Forecast{
		TypeMeta:  metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "Forecast"},
		Namespace: s.Set.Namespace, Name: s.Set.Name, From: q.From, Assumed: q.Assumptions, ClusterDomain: q.Domain,
		Revisions: []ForecastRevision{}, Ordinals: []ForecastOrdinal{}, Events: []ForecastEvent{}, Claims: []ForecastClaim{},
		Names: []ForecastName{}, Budgets: []ForecastBudget{}, Notes: append([]ForecastNote{}, q.Notes...),
	}
	return t
}

// NodeOf is the node on which an ordinal's pod is assumed to run if only a manifest is known.
func NodeOf(o sts.Ordinal) string { return "node-" + o.String() }

// findBad finds the revisions whose pods all fail: a new pod of such a revision will most likely
// fail, too.
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

// broken says whether a pod never becomes ready: one that fails already, one of a revision whose
// pods all fail, and with --broken one that is created from the set's template.
func (t *teller) broken(p *corev1.Pod) bool {
	for _, old := range t.before.Pods {
		if old.UID == p.UID {
			return t.failing[p.Name] != nil || t.q.Broken && sts.PodRevision(p) == t.before.Set.Status.UpdateRevision
		}
	}
	revision := sts.PodRevision(p)
	return t.bad[revision] || t.q.Broken && t.world.Set != nil && revision == t.world.Set.Status.UpdateRevision
}

// change applies the requested change to the world.
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
		t.Changes = append(t.Changes, msgSetDeletion(string(t.q.Delete)))
		w.DeleteSet(t.q.Delete)
	case t.q.LoseNode != "":
		t.Changes = append(t.Changes, msgNodeFailure(t.q.LoseNode))
		w.LoseNode(t.q.LoseNode)
	}
}

// play advances the world until it comes to rest.
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
	return fresh && t.q.Delete == "" && sts.DesiredReplicas(t.set) > 0 && len(t.Name) > sts.LongestSetName
}

// unfinished is the lowest ordinal's pod that is not available, empty if there is none.
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
