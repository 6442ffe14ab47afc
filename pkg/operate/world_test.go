package operate_test

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
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// world is a cluster with one StatefulSet, as small as decisions can be tested against:
// the controller of package forecast, and around it the API server's JSON patches and evictions, the
// disruption controller and kubelets whose pods fare as their image says.
type world struct {
	*forecast.World
	budgets []*policyv1.PodDisruptionBudget

	// reencodes: the server writes a template that is put back in another way, so
	// that it gets a revision of its own.
	reencodes bool
	// strangers is how many pods of others are down that the same budgets select.
	strangers int32
	// pace is how long a tick is.
	pace time.Duration
	// slow is how long a pod takes to become ready and to terminate, at least a tick.
	slow time.Duration

	// warns is the controller's warning about the lowest pod that is missing, nil for none.
	warns func(sts.Ordinal) string

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
	set := inv.Sets[0]
	if change != nil {
		change(set)
	}
	inv.Revisions = []*appsv1.ControllerRevision{ststest.Revision(set, ststest.StableRevision, 1, set.Spec.Template)}
	inv.Pods, inv.Claims = nil, nil
	for o := sts.Start(set); o < sts.End(set); o++ {
		inv.Pods = append(inv.Pods, ststest.Pod(set, o, ststest.StableRevision))
		inv.Claims = append(inv.Claims, ststest.Claim(set, o))
	}
	w := &world{pace: time.Second}
	w.World = forecast.NewWorld(inv.Snapshots()[0], forecast.Features{}, forecast.Nodes{
		ReadyAfter: w.pace, TerminateAfter: w.pace,
		Broken: func(p *corev1.Pod) bool {
			image := p.Spec.Containers[0].Image
			return strings.HasSuffix(image, "-crash") || strings.HasSuffix(image, "-never-ready")
		},
	})
	return w
}

// snapshot is a copy: the world cannot be changed through it.
func (w *world) snapshot() *sts.Snapshot {
	inv := &sts.Inventory{TakenAt: w.Now, Sets: []*appsv1.StatefulSet{w.Set.DeepCopy()}}
	for _, name := range slices.Sorted(maps.Keys(w.Pods)) {
		inv.Pods = append(inv.Pods, w.Pods[name].DeepCopy())
	}
	for _, name := range slices.Sorted(maps.Keys(w.Claims)) {
		inv.Claims = append(inv.Claims, w.Claims[name].DeepCopy())
	}
	for _, r := range w.Revisions {
		inv.Revisions = append(inv.Revisions, r.DeepCopy())
	}
	for _, b := range w.budgets {
		inv.Budgets = append(inv.Budgets, b.DeepCopy())
	}
	for o := sts.Start(w.Set); w.warns != nil && o < sts.End(w.Set); o++ {
		if w.pod(o) == nil {
			inv.Events = append(inv.Events, &corev1.Event{Reason: "FailedCreate", Type: corev1.EventTypeWarning, Message: w.warns(o), Count: 2, LastTimestamp: metav1.NewTime(w.Now),
				InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: w.Set.Namespace, Name: w.Set.Name, UID: w.Set.UID}})
			break
		}
	}
	return inv.Snapshots()[0]
}

// pods are the set's, by their ordinals.
func (w *world) pods() map[sts.Ordinal]*corev1.Pod {
	out := map[sts.Ordinal]*corev1.Pod{}
	for name, p := range w.Pods {
		o, ok := sts.ParsePodName(w.Set.Name, name)
		if !ok {
			panic(name)
		}
		out[o] = p
	}
	return out
}

func (w *world) pod(o sts.Ordinal) *corev1.Pod { return w.Pods[sts.PodName(w.Set.Name, o)] }

// apply is the API server: false when a precondition did not hold.
func (w *world) apply(t *testing.T, a operate.SetAction) bool {
	t.Helper()
	switch a := a.(type) {
	case *operate.PatchSet:
		return w.patch(t, a.Ops)
	case *operate.DeletePod:
		pod := w.exactly(a.PodRef)
		if pod == nil {
			return false
		}
		w.delete(pod)
		return true
	case *operate.EvictPod:
		pod := w.exactly(a.PodRef)
		if pod == nil {
			return false
		}
		w.evict(t, pod)
		return true
	case *operate.DryRunEviction:
		pod := w.exactly(a.PodRef)
		if pod == nil {
			return false
		}
		w.mayEvict(t, pod)
		return true
	case *operate.Scale:
		return w.patch(t, a.Ops)
	case *operate.AddFinalizer:
		return w.patchPod(&a.FinalizerPatch)
	case *operate.RemoveFinalizer:
		return w.patchPod(&a.FinalizerPatch)
	}
	t.Fatalf("the API server does not know %+v", a)
	return false
}

// exactly is that very pod, nil when it is gone.
func (w *world) exactly(p operate.PodRef) *corev1.Pod {
	pod := w.pod(p.Ordinal)
	if pod == nil || pod.Name != p.Name || pod.UID != p.UID {
		return nil
	}
	return pod
}

func (w *world) patchPod(p *operate.FinalizerPatch) bool {
	pod := w.pod(p.Ordinal)
	if pod == nil {
		return false
	}
	after, err := operate.Patched(pod, p.Ops)
	if err != nil {
		return false
	}
	w.Pods[pod.Name] = after
	return true
}

func (w *world) patch(t *testing.T, ops []operate.PatchOp) bool {
	t.Helper()
	after, err := operate.Patched(w.Set, ops)
	if err != nil {
		return false
	}
	if len(after.Annotations) == 0 {
		after.Annotations = nil // as it comes back from storage
	}
	if !equality.Semantic.DeepEqual(after.Spec, w.Set.Spec) {
		after.Generation++
		w.forget()
	}
	w.Set = after
	return true
}

// forget has history write the stable template as no set has had it yet: see reencodes.
func (w *world) forget() {
	if r := w.Revisions[0]; w.reencodes && r.Name == ststest.StableRevision {
		template := ststest.Template(ststest.StableImage)
		template.Spec.ServiceAccountName = fmt.Sprintf("account-%d", w.Set.Generation)
		r.Data = ststest.Revision(w.Set, r.Name, r.Revision, template).Data
	}
}

func (w *world) edit(change func(*appsv1.StatefulSet)) {
	w.Set = w.Set.DeepCopy()
	change(w.Set)
	w.Set.Generation++
	w.forget()
}

// evict is the API server's eviction of a pod. One that a budget does not allow is
// an error of the caller: the budgets should have been checked before.
func (w *world) evict(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	w.mayEvict(t, pod)
	w.delete(pod)
}

func (w *world) delete(pod *corev1.Pod) {
	o, _ := sts.ParsePodName(w.Set.Name, pod.Name)
	w.Delete(o)
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
	w.Nodes.ReadyAfter, w.Nodes.TerminateAfter = max(w.slow, w.pace), max(w.slow, w.pace)
	for end := w.Now.Add(w.pace); w.Now.Before(end); {
		w.watch(func() { w.AdvanceTo(end) })
	}
	for _, pod := range w.Pods {
		if pod.DeletionTimestamp == nil {
			w.run(pod)
		}
	}
	w.watch(w.Settle)
	w.count()
}

// watch takes down which pods the controller deletes for an update, and who is down then.
func (w *world) watch(happens func()) {
	before := len(w.Events())
	happens()
	for _, e := range w.Events()[before:] {
		if e.Kind == forecast.PodDeleted && sts.Wants(w.Set, e.Ordinal) {
			down := slices.DeleteFunc(w.unavailable(), func(o sts.Ordinal) bool { return o == e.Ordinal })
			w.deleted = append(w.deleted, removal{e.Ordinal, e.Revision, down})
		}
	}
}

// run is the kubelet: what becomes of a pod goes by its image.
func (w *world) run(pod *corev1.Pod) {
	image, since := pod.Spec.Containers[0].Image, sts.ReadySince(pod)
	switch {
	case strings.HasSuffix(image, "-crash"):
		restarts := sts.Restarts(pod) + 1
		ststest.Crashing(pod)
		pod.Status.ContainerStatuses[0].RestartCount = restarts
	case strings.HasSuffix(image, "-flaky") && w.Now.Sub(pod.CreationTimestamp.Time) > w.slow+6*time.Second && sts.Restarts(pod) == 0:
		ststest.Ready(pod, w.Now) // again, in the same moment
		pod.Status.ContainerStatuses[0].RestartCount = 1
	case since.IsZero():
		ststest.NotReady(pod, pod.CreationTimestamp.Time)
	case len(pod.Status.ContainerStatuses) == 0 || !pod.Status.ContainerStatuses[0].Ready:
		ststest.Ready(pod, since)
	}
}

func (w *world) available(pod *corev1.Pod) bool {
	return pod != nil && pod.DeletionTimestamp == nil && sts.Available(pod, w.Set.Spec.MinReadySeconds, w.Now)
}

func (w *world) unavailable() []sts.Ordinal {
	var out []sts.Ordinal
	for o := sts.Start(w.Set); o < sts.End(w.Set); o++ {
		if !w.available(w.pod(o)) {
			out = append(out, o)
		}
	}
	return out
}

// count is the disruption controller. It goes by readiness, and knows maxUnavailable
// as that many fewer than all.
func (w *world) count() {
	for _, b := range w.budgets {
		healthy := -w.strangers
		for _, p := range w.pods() {
			if p.DeletionTimestamp == nil && !sts.ReadySince(p).IsZero() {
				healthy++
			}
		}
		st := &b.Status
		st.ExpectedPods = sts.DesiredReplicas(w.Set)
		st.DesiredHealthy = max(0, st.ExpectedPods-b.Spec.MaxUnavailable.IntVal)
		st.CurrentHealthy, st.DisruptionsAllowed = max(0, healthy), max(0, healthy-st.DesiredHealthy)
		st.ObservedGeneration = b.Generation
	}
}

// command is an intent that runs in the world, as package loop runs it: kill it
// at any time, and another one resumes.
type command struct {
	t      *testing.T
	w      *world
	intent operate.Intent

	facts    operate.Facts
	progress string
	since    time.Time
	then     *operate.Decision
	refusals int
	before   func(*sts.Snapshot, operate.Decision) // sees every decision before it is carried out
	// answer is the result of a command, nil while it still runs. It is called at each step.
	answer func(*operate.Exec) *operate.ExecResult
	open   []*operate.Exec
	// met gets the kinds of its decisions, if a story counts them.
	met ststest.Kinds
}

// step looks once and carries out the decision. It returns the decision, and
// whether it is the last one.
func (c *command) step() (operate.Decision, bool) {
	c.t.Helper()
	s := c.w.snapshot()
	if c.then != nil {
		c.meets(*c.then)
		return *c.then, true
	}
	if p := s.Progress(); p != c.progress {
		c.progress, c.since = p, s.TakenAt
	}
	c.facts.Still = s.TakenAt.Sub(c.since)
	c.listen()
	d := c.next(s)
	for {
		run, ok := d.Action.(*operate.Exec)
		if !ok {
			break
		}
		if c.facts.Started[run.Key] {
			c.t.Fatalf("asked twice: %s", run.Key)
		}
		c.facts = c.facts.WithStarted(run.Key)
		c.open = append(c.open, run)
		d = c.next(s)
	}
	switch d.Verdict {
	case operate.Do:
		if !c.w.apply(c.t, d.Action) {
			c.refusals++
			if p, ok := d.Action.(*operate.PatchSet); ok && c.refusals > 3 {
				c.t.Fatalf("the server refuses again and again, though nothing else writes:\n%s", opsText(p.Ops))
			}
		} else {
			c.refusals = 0
			c.facts = c.facts.After(d.Action)
			c.then = d.Then
		}
		return d, false
	case operate.Wait:
		return d, false
	}
	return d, true
}

func (c *command) next(s *sts.Snapshot) operate.Decision {
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
	c.open = slices.DeleteFunc(c.open, func(run *operate.Exec) bool {
		a := c.answer(run)
		if a != nil {
			a.At = c.w.Now
			c.facts = c.facts.WithResult(run.Key, *a)
		}
		return a != nil
	})
}

// meets counts a decision.
func (c *command) meets(d operate.Decision) {
	if c.met != nil {
		c.met[kindOf(d.Verdict, d.Reason)] = true
	}
}

// check is what holds of every decision.
func (c *command) check(s *sts.Snapshot, d operate.Decision) {
	c.t.Helper()
	c.meets(d)
	if d.Reason == "" || d.Message == "" {
		c.t.Errorf("a decision without reason or message: %+v", d)
	}
	if (d.Verdict == operate.Do) != (d.Action != nil) || d.Then != nil && d.Verdict != operate.Do {
		c.t.Errorf("%s with the action %v and then %v", d.Verdict, d.Action, d.Then)
	}
	if again := c.intent.Next(s, c.facts); !reflect.DeepEqual(d, again) {
		c.t.Errorf("asked twice about one snapshot it gives two answers:\n%s", cmp.Diff(text(d), text(again)))
	}
}

// release ends the command as execute does.
func (c *command) release(d operate.Decision) {
	c.t.Helper()
	if a := c.intent.Release(c.w.snapshot(), d.Verdict == operate.Done); a != nil && !c.w.apply(c.t, a) {
		c.t.Errorf("the owner token could not be given back: %s", opsText(a.Ops))
	}
}

// text is a decision as it can be compared.
func text(d operate.Decision) string {
	raw, err := json.MarshalIndent([]any{d, d.Then}, "", "  ")
	if err != nil {
		panic(err) // it goes into reports, so it always marshals
	}
	return string(raw)
}

func opsText(ops []operate.PatchOp) string {
	var b strings.Builder
	for _, o := range ops {
		b.WriteString(strings.TrimSpace(fmt.Sprintf("%s %s %s", o.Op, o.Path, o.Value)) + "\n")
	}
	return b.String()
}

func holder(id string) operate.Lock {
	return operate.Lock{Owner: record.Owner{Name: "alice@laptop", ID: id, Command: "canary", Since: ststest.Now}}
}

func start(id, image string, n int32) operate.StartCanary {
	return operate.StartCanary{Lock: holder(id), Images: []operate.ImageRequest{{Image: image}}, Canaries: intstr.FromInt32(n)}
}

// stores is what a dry run has shown: the API server stores a template with this image unchanged.
func stores(image string) operate.Facts {
	template := ststest.Template(image)
	return operate.Facts{StoredTemplate: record.TemplateDigest(&template)}
}
