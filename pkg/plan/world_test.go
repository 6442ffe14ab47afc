package plan_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// world is a cluster with one StatefulSet, as small as decisions can be tested
// against: the API server's JSON patches and the rules of the StatefulSet
// controller of Kubernetes 1.36 (pkg/controller/statefulset), a step at a time.
type world struct {
	set       *appsv1.StatefulSet
	pods      map[sts.Ordinal]*corev1.Pod
	revisions []*appsv1.ControllerRevision
	budgets   []*policyv1.PodDisruptionBudget
	now       time.Time

	// gate is MaxUnavailableStatefulSet: an update waits for every unavailable pod,
	// under Parallel too.
	gate bool
	// reencodes: the server writes a template that is put back in another way, so
	// that it gets a revision of its own.
	reencodes bool
	// strangers is how many pods of others are down that the same budgets select.
	strangers int32
	// pace is how long a tick is.
	pace time.Duration
	// slow is how long a pod takes to get ready and to go.
	slow time.Duration

	made    int       // pods and revisions so far, for names and UIDs
	deleted []removal // what the controller deleted for an update
}

// removal is one pod that an update took down, and the others that were not available then.
type removal struct {
	ordinal  sts.Ordinal
	revision string
	down     []sts.Ordinal
}

// newWorld starts from a healthy set.
func newWorld(replicas int32, change func(*appsv1.StatefulSet)) *world {
	inv := ststest.Web(replicas)
	w := &world{set: inv.Sets[0], pods: map[sts.Ordinal]*corev1.Pod{}, now: ststest.Now, pace: time.Second}
	if change != nil {
		change(w.set)
	}
	w.revisions = []*appsv1.ControllerRevision{ststest.Revision(w.set, ststest.StableRevision, 1, w.set.Spec.Template)}
	for o := sts.Start(w.set); o < sts.End(w.set); o++ {
		w.pods[o] = ststest.Pod(w.set, o, ststest.StableRevision)
		w.pods[o].Spec.Containers = w.set.Spec.Template.Spec.Containers
	}
	return w
}

// snapshot is a copy: nobody can change the world through it.
func (w *world) snapshot() *sts.Snapshot {
	inv := &sts.Inventory{TakenAt: w.now, Sets: []*appsv1.StatefulSet{w.set.DeepCopy()}}
	for _, p := range w.pods {
		inv.Pods = append(inv.Pods, p.DeepCopy())
	}
	for _, r := range w.revisions {
		inv.Revisions = append(inv.Revisions, r.DeepCopy())
	}
	for _, b := range w.budgets {
		inv.Budgets = append(inv.Budgets, b.DeepCopy())
	}
	return inv.Snapshots()[0]
}

// apply is the API server: false when a precondition did not hold.
func (w *world) apply(t *testing.T, a plan.Action) bool {
	t.Helper()
	switch {
	case a.PatchSet != nil:
		return w.patch(t, a.PatchSet.Ops)
	case a.DeletePod != nil:
		pod := w.pods[a.DeletePod.Ordinal]
		if pod == nil || pod.Name != a.DeletePod.Name || pod.UID != a.DeletePod.UID {
			return false
		}
		w.delete(pod)
		return true
	case a.EvictPod != nil:
		pod := w.pods[a.EvictPod.Ordinal]
		if pod == nil || pod.Name != a.EvictPod.Name || pod.UID != a.EvictPod.UID {
			return false
		}
		w.evict(t, pod)
		return true
	case a.AskEviction != nil:
		pod := w.pods[a.AskEviction.Ordinal]
		if pod == nil || pod.Name != a.AskEviction.Name || pod.UID != a.AskEviction.UID {
			return false
		}
		w.mayEvict(t, pod)
		return true
	case a.Scale != nil:
		return w.patch(t, a.Scale.Ops)
	case a.HoldPod != nil:
		pod := w.pods[a.HoldPod.Ordinal]
		if pod == nil {
			return false
		}
		after, err := byTheServer(pod, a.HoldPod.Ops)
		if err != nil {
			return false
		}
		w.pods[a.HoldPod.Ordinal] = after
		return true
	}
	t.Fatalf("an action without content: %+v", a)
	return false
}

func (w *world) patch(t *testing.T, ops []plan.PatchOp) bool {
	t.Helper()
	after, err := byTheServer(w.set, ops)
	if err != nil {
		return false
	}
	if len(after.Annotations) == 0 {
		after.Annotations = nil // as it comes back from storage
	}
	if !equality.Semantic.DeepEqual(after.Spec, w.set.Spec) {
		after.Generation++
	}
	w.set = after
	return true
}

func (w *world) edit(change func(*appsv1.StatefulSet)) {
	w.set = w.set.DeepCopy()
	change(w.set)
	w.set.Generation++
}

func (w *world) delete(pod *corev1.Pod) {
	if pod.DeletionTimestamp == nil {
		pod.DeletionTimestamp = &metav1.Time{Time: w.now.Add(w.slow)}
	}
}

// evict is the API server's eviction of a pod. One that a budget does not allow is
// an error of who asks: the budgets were to be judged before.
func (w *world) evict(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	w.mayEvict(t, pod)
	w.delete(pod)
}

func (w *world) mayEvict(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	if pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil {
		if len(w.budgets) > 1 {
			t.Fatalf("evicts %s, which %d budgets select", pod.Name, len(w.budgets))
		}
		for _, b := range w.budgets {
			st := b.Status
			unready := sts.ReadySince(pod).IsZero() && st.CurrentHealthy >= st.DesiredHealthy && st.DesiredHealthy > 0
			if st.DisruptionsAllowed < 1 && !unready {
				t.Fatalf("evicts %s, which %s does not allow: %+v", pod.Name, b.Name, st)
			}
		}
	}
}

// tick is a moment: nodes do their part, then the controllers.
func (w *world) tick() {
	w.now = w.now.Add(w.pace)
	for _, o := range slices.Sorted(maps.Keys(w.pods)) {
		pod := w.pods[o]
		if pod.DeletionTimestamp != nil {
			if !pod.DeletionTimestamp.After(w.now) && len(pod.Finalizers) == 0 {
				delete(w.pods, o)
			}
			continue
		}
		w.run(pod)
	}
	w.sync()
	w.count()
}

// run is the kubelet: what becomes of a pod goes by its image.
func (w *world) run(pod *corev1.Pod) {
	image := pod.Spec.Containers[0].Image
	switch {
	case strings.HasSuffix(image, "-crash"):
		restarts := int32(1)
		if len(pod.Status.ContainerStatuses) > 0 {
			restarts += pod.Status.ContainerStatuses[0].RestartCount
		}
		ststest.Crashing(pod)
		pod.Status.ContainerStatuses[0].RestartCount = restarts
	case strings.HasSuffix(image, "-flaky") && w.now.Sub(pod.CreationTimestamp.Time) > w.slow+6*time.Second && sts.Restarts(pod) == 0:
		ststest.Ready(pod, w.now) // again, in the same moment
		pod.Status.ContainerStatuses[0].RestartCount = 1
	case strings.HasSuffix(image, "-never-ready"):
		ststest.NotReady(pod, pod.CreationTimestamp.Time)
	case w.now.Sub(pod.CreationTimestamp.Time) < w.slow:
		ststest.NotReady(pod, pod.CreationTimestamp.Time)
	case sts.ReadySince(pod).IsZero():
		ststest.Ready(pod, w.now)
	}
}

// sync is one round of the StatefulSet controller.
func (w *world) sync() {
	st := &w.set.Status
	update := w.revisionOf(w.set.Spec.Template)
	current := w.revision(st.CurrentRevision)
	if current == nil {
		current = update
	}
	st.ObservedGeneration, st.CurrentRevision, st.UpdateRevision = w.set.Generation, current.Name, update.Name
	w.reconcile(current, update)
	if sts.IsRollingUpdate(w.set) && w.allOn(update.Name) {
		st.CurrentRevision = update.Name
	}
	w.truncate()
}

// reconcile does the one thing that the controller does in a round (or, under
// Parallel, more of one kind).
func (w *world) reconcile(current, update *appsv1.ControllerRevision) {
	ordered := !sts.IsParallel(w.set)
	for o := sts.Start(w.set); o < sts.End(w.set); o++ {
		pod := w.pods[o]
		if pod == nil {
			revision := update
			if o < sts.UpdateFrom(w.set) {
				revision = current
			}
			w.pods[o] = w.newPod(o, revision)
			if ordered {
				return
			}
		} else if ordered && !w.available(pod) {
			return
		}
	}
	ordinals := slices.Sorted(maps.Keys(w.pods))
	slices.Reverse(ordinals)
	for _, o := range ordinals {
		if sts.Wants(w.set, o) {
			continue
		}
		w.delete(w.pods[o])
		if ordered {
			return
		}
	}
	if !sts.IsRollingUpdate(w.set) {
		return
	}
	if w.gate && len(w.unavailable()) > 0 {
		return
	}
	for o := sts.End(w.set) - 1; o >= sts.UpdateFrom(w.set); o-- {
		pod := w.pods[o]
		if sts.PodRevision(pod) != update.Name && pod.DeletionTimestamp == nil {
			w.deleted = append(w.deleted, removal{o, sts.PodRevision(pod), slices.DeleteFunc(w.unavailable(), func(d sts.Ordinal) bool { return d == o })})
			w.delete(pod)
			return
		}
		if !w.available(pod) {
			return
		}
	}
}

func (w *world) available(pod *corev1.Pod) bool {
	return pod != nil && pod.DeletionTimestamp == nil && sts.Available(pod, w.set.Spec.MinReadySeconds, w.now)
}

func (w *world) unavailable() []sts.Ordinal {
	var out []sts.Ordinal
	for o := sts.Start(w.set); o < sts.End(w.set); o++ {
		if !w.available(w.pods[o]) {
			out = append(out, o)
		}
	}
	return out
}

func (w *world) newPod(o sts.Ordinal, r *appsv1.ControllerRevision) *corev1.Pod {
	w.made++
	pod := ststest.Pod(w.set, o, r.Name)
	pod.UID = types.UID(fmt.Sprintf("%s-uid-%d", pod.Name, w.made))
	pod.CreationTimestamp = metav1.NewTime(w.now)
	pod.Status = corev1.PodStatus{Phase: corev1.PodPending}
	raw, err := sts.RevisionTemplate(r)
	if err != nil {
		panic(err) // we made it
	}
	template, err := sts.ParseTemplate(raw)
	if err != nil {
		panic(err)
	}
	pod.Spec.Containers = template.Spec.Containers
	return pod
}

// allOn is completeRollingUpdate's condition. It counts pods, which is why a set
// of no replicas is always complete.
func (w *world) allOn(revision string) bool {
	updated, ready := 0, 0
	for _, p := range w.pods {
		if sts.PodRevision(p) == revision {
			updated++
		}
		if !sts.ReadySince(p).IsZero() {
			ready++
		}
	}
	n := int(sts.WantedReplicas(w.set))
	return len(w.pods) == n && updated == n && ready == n
}

func (w *world) revision(name string) *appsv1.ControllerRevision {
	i := slices.IndexFunc(w.revisions, func(r *appsv1.ControllerRevision) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return w.revisions[i]
}

// revisionOf finds the revision of a template, or makes one.
func (w *world) revisionOf(template corev1.PodTemplateSpec) *appsv1.ControllerRevision {
	proposed := ststest.Revision(w.set, "", 0, template)
	for _, r := range w.revisions {
		if string(r.Data.Raw) == string(proposed.Data.Raw) && (!w.reencodes || r.Name != ststest.StableRevision || w.set.Generation == 1) {
			return r
		}
	}
	w.made++
	proposed.Name, proposed.Revision = fmt.Sprintf("web-r%d", w.made), int64(w.made+1)
	w.revisions = append(w.revisions, proposed)
	return proposed
}

// truncate drops history that nothing lives on.
func (w *world) truncate() {
	if w.set.Spec.RevisionHistoryLimit == nil {
		return
	}
	live := map[string]bool{w.set.Status.CurrentRevision: true, w.set.Status.UpdateRevision: true}
	for _, p := range w.pods {
		live[sts.PodRevision(p)] = true
	}
	dead := -int(*w.set.Spec.RevisionHistoryLimit)
	for _, r := range w.revisions {
		if !live[r.Name] {
			dead++
		}
	}
	w.revisions = slices.DeleteFunc(w.revisions, func(r *appsv1.ControllerRevision) bool {
		if live[r.Name] || dead <= 0 {
			return false
		}
		dead--
		return true
	})
}

// count is the disruption controller. It goes by readiness, and knows maxUnavailable
// as that many fewer than all.
func (w *world) count() {
	for _, b := range w.budgets {
		healthy := -w.strangers
		for _, p := range w.pods {
			if p.DeletionTimestamp == nil && !sts.ReadySince(p).IsZero() {
				healthy++
			}
		}
		st := &b.Status
		st.ExpectedPods = sts.WantedReplicas(w.set)
		st.DesiredHealthy = max(0, st.ExpectedPods-b.Spec.MaxUnavailable.IntVal)
		st.CurrentHealthy, st.DisruptionsAllowed = max(0, healthy), max(0, healthy-st.DesiredHealthy)
		st.ObservedGeneration = b.Generation
	}
}

// command is an intent that runs in the world, as package execute runs it: kill it
// at any time, and another one goes on.
type command struct {
	t      *testing.T
	w      *world
	intent plan.Intent

	facts    plan.Facts
	progress string
	since    time.Time
	then     *plan.Decision
	refusals int
	before   func(*sts.Snapshot, plan.Decision) // sees every decision before it is carried out
	// answer is what a question is told, nil when it still runs. It is asked at each step.
	answer func(plan.Run) *plan.Answer
	open   []plan.Run
}

// step looks once and does what is to be done. It returns the decision, and
// whether it is the last one.
func (c *command) step() (plan.Decision, bool) {
	c.t.Helper()
	s := c.w.snapshot()
	if c.then != nil {
		return *c.then, true
	}
	if p := s.Progress(); p != c.progress {
		c.progress, c.since = p, s.TakenAt
	}
	c.facts.Still = s.TakenAt.Sub(c.since)
	c.listen()
	d := c.next(s)
	for d.Action != nil && d.Action.Run != nil {
		run := *d.Action.Run
		if c.facts.Asked[run.Key] {
			c.t.Fatalf("asked twice: %s", run.Key)
		}
		c.facts.Asked = with(c.facts.Asked, run.Key, true)
		c.open = append(c.open, run)
		d = c.next(s)
	}
	switch d.Verdict {
	case plan.Do:
		if !c.w.apply(c.t, *d.Action) {
			c.refusals++
			if c.refusals > 3 && d.Action.PatchSet != nil {
				c.t.Fatalf("the server refuses again and again, though nothing else writes:\n%s", opsText(d.Action.PatchSet.Ops))
			}
		} else {
			c.refusals = 0
			c.facts = c.facts.After(*d.Action)
			c.then = d.Then
		}
		return d, false
	case plan.Wait:
		return d, false
	}
	return d, true
}

func (c *command) next(s *sts.Snapshot) plan.Decision {
	c.t.Helper()
	d := c.intent.Next(s, c.facts)
	c.check(s, d)
	if c.before != nil {
		c.before(s, d)
	}
	return d
}

// listen takes the answers of the questions that have ended.
func (c *command) listen() {
	c.open = slices.DeleteFunc(c.open, func(run plan.Run) bool {
		a := c.answer(run)
		if a != nil {
			a.At = c.w.now
			c.facts.Answers = with(c.facts.Answers, run.Key, *a)
		}
		return a != nil
	})
}

// with is a map with one more entry; the old one stays as it is.
func with[V any](old map[string]V, key string, value V) map[string]V {
	out := map[string]V{key: value}
	maps.Copy(out, old)
	return out
}

// check is what holds of every decision.
func (c *command) check(s *sts.Snapshot, d plan.Decision) {
	c.t.Helper()
	if d.Reason == "" || d.Message == "" {
		c.t.Errorf("a decision without reason or message: %+v", d)
	}
	if (d.Verdict == plan.Do) != (d.Action != nil) || d.Then != nil && d.Verdict != plan.Do {
		c.t.Errorf("%s with the action %v and then %v", d.Verdict, d.Action, d.Then)
	}
	if again := c.intent.Next(s, c.facts); !reflect.DeepEqual(d, again) {
		c.t.Errorf("asked twice about one snapshot it gives two answers:\n%s", cmp.Diff(text(d), text(again)))
	}
}

// release ends the command as execute does.
func (c *command) release(d plan.Decision) {
	c.t.Helper()
	if a := c.intent.Release(c.w.snapshot(), d.Verdict == plan.Done); a != nil && !c.w.apply(c.t, *a) {
		c.t.Errorf("the owner token could not be given back: %s", opsText(a.PatchSet.Ops))
	}
}

// text is a decision as it can be compared.
func text(d plan.Decision) string {
	raw, err := json.MarshalIndent([]any{d, d.Then}, "", "  ")
	if err != nil {
		panic(err) // it goes into reports, so it always marshals
	}
	return string(raw)
}

func opsText(ops []plan.PatchOp) string {
	var b strings.Builder
	for _, o := range ops {
		b.WriteString(strings.TrimSpace(fmt.Sprintf("%s %s %s", o.Op, o.Path, o.Value)) + "\n")
	}
	return b.String()
}

func holder(id string) plan.Holder {
	return plan.Holder{Owner: sts.Owner{Name: "alice@laptop", ID: id, Command: "canary", Since: ststest.Now}}
}

func start(id, image string, n int32) plan.StartCanary {
	template := ststest.Template(image)
	return plan.StartCanary{Holder: holder(id), Images: []plan.ImageRequest{{Image: image}},
		Canaries: plan.Count{N: n}, TemplateDigest: sts.TemplateDigest(&template)}
}
