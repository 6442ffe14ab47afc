package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

var (
	raceRounds = flag.Int("race-rounds", 12, "how many random rounds TestDrainRace plays")
	raceSeed   = flag.Uint64("race-seed", uint64(time.Now().UnixNano()), "the seed of its first round; the next ones count up")
)

const raceFrom, raceTo = 5, 2

// TestDrainRace runs random rounds: members leave while rivals evict pods and scale the set up,
// mostly just before a write of drain-scale, which is sometimes killed and rerun. The test's own
// watch and the API server's audit log show that no more members are down than the budget allows,
// and that no member that has left is recreated.
func TestDrainRace(t *testing.T) {
	t.Parallel()
	c := cluster.Shared(t, nil)
	var met reached
	t.Cleanup(func() { // after the rounds
		// Each round has dozens of writes, and each of these kinds a good chance in each of them.
		met.require(t, 12, raceHooks, raceNoHooks, raceEvicts, raceGrows, raceKills, raceLeaves)
	})
	for n := range *raceRounds {
		seed := *raceSeed + uint64(n)
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			r := newRace(t, c, seed)
			r.run()
			met.played(r.met)
		})
	}
}

// What rounds reach.
const (
	raceHooks   = "members leave by a hook"
	raceNoHooks = "members have no hook"
	raceEvicts  = "a rival evicts a pod"
	raceGrows   = "a rival scales up"
	raceKills   = "the command is killed"
	raceLeaves  = "a member leaves before its pod is removed"
)

// race is one round.
type race struct {
	*testing.T
	c      *cluster.Cluster
	client kubernetes.Interface // of the rivals
	ns     string
	dir    string
	hooks  bool
	proxy  *proxy // of the command

	mu    sync.Mutex
	dice  *rand.Rand
	met   ststest.Kinds
	pods  map[string]*corev1.Pod
	low   []string // the times when too few members were available
	ready bool     // all of them were
	over  bool
	// drained is closed when the command has finished.
	drained chan struct{}
	// The remaining number of random evictions, of those just before a write, of changes of replicas, and
	// of kills.
	evictions, cuts, growths, kills int
	// resting pauses the rivals while the test resolves what they have done.
	resting sync.RWMutex
}

func newRace(t *testing.T, c *cluster.Cluster, seed uint64) *race {
	t.Helper()
	config := c.RESTConfig()
	config.UserAgent, config.QPS, config.Burst = "rival", 200, 400
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	r := &race{T: t, c: c, client: client, ns: c.Namespace(t), dir: t.TempDir(), dice: rand.New(rand.NewPCG(seed, 0)), met: ststest.Kinds{}, pods: map[string]*corev1.Pod{}, drained: make(chan struct{}),
		evictions: 12, cuts: 40, growths: 3, kills: 4}
	r.hooks = seed%4 != 0
	r.met[raceHooks], r.met[raceNoHooks] = r.hooks, !r.hooks
	if r.proxy, err = newProxy(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.proxy.close)
	s := scenario{namespace: r.ns}
	if err := s.writeKubeconfig(c.Kubeconfig(), filepath.Join(r.dir, "kubeconfig"), "http://"+r.proxy.address); err != nil {
		t.Fatal(err)
	}
	return r
}

// one reports whether something with a probability of 1/n happens, and counts it down.
func (r *race) one(n int, left *int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if *left == 0 || r.dice.IntN(n) > 0 {
		return false
	}
	*left--
	return true
}

// meet notes what the round reaches.
func (r *race) meet(kind string, reached bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.met[kind] = r.met[kind] || reached
}

func (r *race) upTo(d time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Duration(r.dice.Int64N(int64(d)))
}

func (r *race) run() {
	ctx, cancel := context.WithTimeout(r.Context(), *patience)
	defer cancel()
	r.deploy(ctx)
	events, err := r.client.CoreV1().Pods(r.ns).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		r.Fatal(err)
	}
	var watching, rivals sync.WaitGroup
	watching.Go(func() { r.watch(events) })
	r.proxy.before = func() { r.cutIn(ctx) }
	rivals.Go(func() { r.evictAtRandom(ctx) })
	rivals.Go(func() { r.forget(ctx) })
	r.drain(ctx)
	close(r.drained)
	rivals.Wait()
	r.settle(ctx, raceTo)
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	events.Stop()
	watching.Wait()
	r.judge()
	if r.Failed() {
		r.Logf("play it again: go -C test test ./e2e -run TestDrainRace -race-rounds 1 -race-seed %s", filepath.Base(r.Name()))
	}
}

func (r *race) deploy(ctx context.Context) {
	labels := map[string]string{"app": "web"}
	replicas, grace, budget := int32(raceFrom), int64(r.dice.IntN(2)), intstr.FromInt32(raceTo)
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.StatefulSetSpec{
		Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
		PodManagementPolicy: []appsv1.PodManagementPolicyType{appsv1.OrderedReadyPodManagement, appsv1.ParallelPodManagement}[r.dice.IntN(2)],
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &grace, Containers: []corev1.Container{{Name: "app", Image: "app:v1"}},
		}},
	}}
	if r.dice.IntN(2) == 0 {
		set.Spec.Template.Annotations = map[string]string{cluster.TerminateAfterAnnotation: "300ms"}
	}
	if _, err := r.client.AppsV1().StatefulSets(r.ns).Create(ctx, set, metav1.CreateOptions{}); err != nil {
		r.Fatal(err)
	}
	if _, err := r.client.PolicyV1().PodDisruptionBudgets(r.ns).Create(ctx, &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &budget, Selector: &metav1.LabelSelector{MatchLabels: labels}},
	}, metav1.CreateOptions{}); err != nil {
		r.Fatal(err)
	}
	r.settle(ctx, raceFrom)
}

// settle waits until the set has this number of replicas, all are available, and the budget has
// counted them.
func (r *race) settle(ctx context.Context, replicas int32) {
	r.Helper()
	for {
		set, err := r.client.AppsV1().StatefulSets(r.ns).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			r.Fatal(err)
		}
		b, err := r.client.PolicyV1().PodDisruptionBudgets(r.ns).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			r.Fatal(err)
		}
		if set.Status.ObservedGeneration == set.Generation && *set.Spec.Replicas == replicas &&
			set.Status.Replicas == replicas && set.Status.AvailableReplicas == replicas &&
			b.Status.ExpectedPods == replicas && b.Status.CurrentHealthy == replicas {
			return
		}
		select {
		case <-ctx.Done():
			r.Fatalf("the set has %d of %d available", set.Status.AvailableReplicas, replicas)
		case <-time.After(glance):
		}
	}
}

// watch counts the available members at any time.
func (r *race) watch(events watch.Interface) {
	for e := range events.ResultChan() {
		pod, ok := e.Object.(*corev1.Pod)
		if !ok {
			r.mu.Lock()
			if !r.over { // otherwise the watch must not end
				r.low = append(r.low, fmt.Sprintf("the watch ended early: %v", e.Object))
			}
			r.mu.Unlock()
			return
		}
		r.mu.Lock()
		r.pods[pod.Name] = pod
		if e.Type == watch.Deleted {
			delete(r.pods, pod.Name)
		}
		up := 0
		for _, p := range r.pods {
			if available(p) {
				up++
			}
		}
		r.ready = r.ready || up == raceFrom
		if r.ready && up < raceTo {
			r.low = append(r.low, fmt.Sprintf("%s: %d available after %s %s (%s)", time.Now().Format(time.StampMilli), up, pod.Name, e.Type, pod.UID))
		}
		r.mu.Unlock()
	}
}

func available(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// cutIn is what the rivals do just before a write of the command arrives.
func (r *race) cutIn(ctx context.Context) {
	if r.one(12, &r.growths) {
		r.grow(ctx)
	}
	if r.one(2, &r.cuts) {
		for range 2 { // of five, so that the budget blocks the eviction by the command
			r.evict(ctx, r.anyPod())
		}
	}
}

func (r *race) anyPod() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf("web-%d", r.dice.IntN(raceFrom))
}

func (r *race) evictAtRandom(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.drained:
			return
		case <-time.After(r.upTo(600 * time.Millisecond)):
			if r.one(1, &r.evictions) {
				r.evict(ctx, r.anyPod())
			}
		}
	}
}

// forget makes the budget forget old evictions. For two minutes the disruption controller keeps
// counting an eviction that had no effect, or whose pod was replaced at once by another one of
// the same name.
func (r *race) forget(ctx context.Context) {
	const old = 2 * time.Second
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.drained:
			return
		case <-time.After(old / 2):
		}
		b, err := r.client.PolicyV1().PodDisruptionBudgets(r.ns).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			continue
		}
		before := len(b.Status.DisruptedPods)
		maps.DeleteFunc(b.Status.DisruptedPods, func(pod string, at metav1.Time) bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			p := r.pods[pod]
			return time.Since(at.Time) > old && p != nil && p.DeletionTimestamp == nil
		})
		if len(b.Status.DisruptedPods) < before {
			_, _ = r.client.PolicyV1().PodDisruptionBudgets(r.ns).UpdateStatus(ctx, b, metav1.UpdateOptions{}) // or the next time
		}
	}
}

// The rivals' requests may be rejected, which is fine.

func (r *race) evict(ctx context.Context, pod string) {
	r.resting.RLock()
	defer r.resting.RUnlock()
	if r.uncounted(ctx) {
		return
	}
	err := r.client.CoreV1().Pods(r.ns).EvictV1(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: r.ns, Name: pod}})
	r.meet(raceEvicts, err == nil)
}

// uncounted reports whether a pod is being deleted, or will be after one below it, because the rival
// has scaled down, or whether a pod has been deleted that way and the budget still allows
// disruptions for it. The budget does not apply to those pods: together with an eviction they would
// violate it, which would not be a fault of the plugin.
func (r *race) uncounted(ctx context.Context) bool {
	s, err := r.client.AppsV1().StatefulSets(r.ns).GetScale(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return true
	}
	b, err := r.client.PolicyV1().PodDisruptionBudgets(r.ns).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return true
	}
	// After the budget: a pod that is deleted in between looks like one that it has not counted.
	pods, err := r.client.CoreV1().Pods(r.ns).List(ctx, metav1.ListOptions{})
	if err != nil {
		return true
	}
	up, scaledAway := int32(0), false
	for k := range pods.Items {
		p := &pods.Items[k]
		scaledAway = scaledAway || ordinalOf(p.Name) >= s.Spec.Replicas && len(p.Finalizers) == 0
		if available(p) {
			up++
		}
	}
	return scaledAway || b.Status.DisruptionsAllowed > max(up-raceTo, 0)
}

func (r *race) grow(ctx context.Context) {
	r.resting.RLock()
	defer r.resting.RUnlock()
	if s, err := r.client.AppsV1().StatefulSets(r.ns).GetScale(ctx, "web", metav1.GetOptions{}); err == nil {
		s.Spec.Replicas++
		_, err := r.client.AppsV1().StatefulSets(r.ns).UpdateScale(ctx, "web", s, metav1.UpdateOptions{})
		r.meet(raceGrows, err == nil)
	}
}

// drain runs the command until it has finished, and follows its hints where it needs a decision.
func (r *race) drain(ctx context.Context) {
	args := []string{"--replicas", strconv.Itoa(raceTo)}
	hook := fmt.Sprintf("kubectl get --raw /api/v1/namespaces/$(NAMESPACE)/pods/$(POD_NAME) > %[1]s/$$ && mv %[1]s/$$ %[1]s/left.$$", r.dir)
	if r.hooks {
		args = append(args, "--drain-cmd", hook)
	}
	next, extra := args, []string(nil)
	for {
		code, out := r.sts(ctx, append(slices.Clone(next), extra...)...)
		next, extra = args, nil
		switch code {
		case 0:
			if r.size(ctx) == raceTo {
				r.ended(ctx)
				return
			}
		case -1:
			r.meet(raceKills, true)
		case 4, 5:
			var to int32
			_, after, _ := strings.Cut(out, "scale statefulset web --replicas=")
			_, _ = fmt.Sscanf(after, "%d", &to)
			switch {
			case to > 0:
				r.scaleBack(ctx, to)
			case strings.Contains(out, "--take-over") && strings.Contains(out, "scaled statefulset/web"):
				extra = []string{"--take-over"}
			case strings.Contains(out, "cannot determine whether") && r.upTo(2) == 0:
				next = []string{"--cancel"}
			case strings.Contains(out, "cannot determine whether"):
				next, extra = []string{"--replicas", strconv.Itoa(raceTo), "--profile", "none"}, []string{"--take-over"}
			default:
				r.Fatalf("ended with %d:\n%s", code, out)
			}
		default:
			r.Fatalf("ended with %d:\n%s", code, out)
		}
		if ctx.Err() != nil {
			r.Fatalf("no end:\n%s\n%s", out, r.standing())
		}
	}
}

// standing is the state of the set, for a failed round.
func (r *race) standing() string {
	ctx, cancel := requestContext()
	defer cancel()
	var out strings.Builder
	pods, err := r.client.CoreV1().Pods(r.ns).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	for k := range pods.Items {
		p := &pods.Items[k]
		_, _ = fmt.Fprintf(&out, "%s %s %s available=%t deleted=%s finalizers=%v node=%s\n", p.Name, p.UID, p.Status.Phase, available(p), p.DeletionTimestamp, p.Finalizers, p.Spec.NodeName)
	}
	b, err := r.client.PolicyV1().PodDisruptionBudgets(r.ns).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return err.Error()
	}
	set, err := r.client.AppsV1().StatefulSets(r.ns).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return err.Error()
	}
	_, _ = fmt.Fprintf(&out, "%+v\n%d replicas, %+v\n", b.Status, *set.Spec.Replicas, set.Status)
	return out.String()
}

// sts runs drain-scale, and sometimes kills it: -1.
func (r *race) sts(ctx context.Context, args ...string) (int, string) {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "kubectl-sts"), append([]string{"drain-scale", "web", "-n", r.ns, "--yes"}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(r.dir, "kubeconfig"), "KUBECACHEDIR="+kubecache, "HOME="+r.dir,
		"PATH="+filepath.Dir(r.c.Bin("kubectl"))+string(os.PathListSeparator)+os.Getenv("PATH"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// A hook of a killed command keeps running for a moment.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	ended := make(chan struct{})
	if r.one(3, &r.kills) { // anywhere, while a hook runs, too
		after := r.upTo(1500 * time.Millisecond)
		go func() {
			select {
			case <-ended:
			case <-time.After(after):
				_ = cmd.Process.Kill()
			}
		}()
	}
	r.proxy.set(func() {
		r.proxy.onWrite = func() {
			if r.one(12, &r.kills) { // before it receives the response
				_ = cmd.Process.Kill()
			}
		}
	})
	err := cmd.Wait()
	close(ended)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		r.Fatal(err)
	}
	r.note("$ drain-scale %s\n%s", strings.Join(args, " "), &out)
	return cmd.ProcessState.ExitCode(), out.String()
}

// note records what happened, for a failed round.
func (r *race) note(format string, args ...any) {
	f, err := os.OpenFile(filepath.Join(r.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		r.Fatal(err)
	}
	_, _ = fmt.Fprintf(f, time.Now().Format(time.StampMilli)+" "+format+"\n", args...)
	if err := f.Close(); err != nil {
		r.Fatal(err)
	}
}

func (r *race) size(ctx context.Context) int32 {
	s, err := r.client.AppsV1().StatefulSets(r.ns).GetScale(ctx, "web", metav1.GetOptions{})
	if err != nil {
		r.Fatal(err)
	}
	return s.Spec.Replicas
}

// scaleBack follows a hint of the command. A budget does not apply to it, so it waits until enough
// others are available, and the rivals pause until the controller has seen it.
func (r *race) scaleBack(ctx context.Context, to int32) {
	r.resting.Lock()
	defer r.resting.Unlock()
	r.note("scale back to %d", to)
	r.untilPods(ctx, func(pods []corev1.Pod, _ int32) bool {
		stay := 0
		for k := range pods {
			if ordinalOf(pods[k].Name) < to && available(&pods[k]) {
				stay++
			}
		}
		return stay >= raceTo
	})
	_, err := r.client.AppsV1().StatefulSets(r.ns).UpdateScale(ctx, "web", &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.ns, Name: "web"}, Spec: autoscalingv1.ScaleSpec{Replicas: to},
	}, metav1.UpdateOptions{})
	if err != nil {
		r.Fatal(err)
	}
	r.untilPods(ctx, func(pods []corev1.Pod, counted int32) bool {
		up, tooMany, held := int32(0), false, false
		for k := range pods {
			tooMany = tooMany || ordinalOf(pods[k].Name) >= to
			held = held || pods[k].DeletionTimestamp != nil && len(pods[k].Finalizers) > 0
			if available(&pods[k]) {
				up++
			}
		}
		return (!tooMany || held) && counted == up // those above a pod with a finalizer wait for it
	})
}

// untilPods waits for a condition on the pods and on the number that the budget counts as healthy.
func (r *race) untilPods(ctx context.Context, holds func(pods []corev1.Pod, counted int32) bool) {
	for {
		pods, err := r.client.CoreV1().Pods(r.ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			r.Fatal(err)
		}
		b, err := r.client.PolicyV1().PodDisruptionBudgets(r.ns).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			r.Fatal(err)
		}
		if holds(pods.Items, b.Status.CurrentHealthy) {
			return
		}
		select {
		case <-ctx.Done():
			r.Fatalf("not yet:\n%s", r.standing())
		case <-time.After(glance):
		}
	}
}

func ordinalOf(pod string) int32 {
	n, _ := strconv.ParseInt(strings.TrimPrefix(pod, "web-"), 10, 32) // the test made the names
	return int32(n)
}

// ended: in any case nothing of the plugin remains.
func (r *race) ended(ctx context.Context) {
	set, err := r.client.AppsV1().StatefulSets(r.ns).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		r.Fatal(err)
	}
	for key := range set.Annotations {
		if strings.HasPrefix(key, "kubectl-sts.dev/") {
			r.Errorf("annotation %s is left", key)
		}
	}
	pods, err := r.client.CoreV1().Pods(r.ns).List(ctx, metav1.ListOptions{})
	if err != nil {
		r.Fatal(err)
	}
	for _, p := range pods.Items {
		if len(p.Finalizers) > 0 {
			r.Errorf("pod %s has finalizers %v left", p.Name, p.Finalizers)
		}
	}
}

// judge checks what has happened.
func (r *race) judge() {
	for _, moment := range r.low {
		r.Error(moment)
	}
	events, err := r.c.Audit(r.ns)
	if err != nil {
		r.Fatal(err)
	}
	left := r.left()
	r.meet(raceLeaves, len(left) > 0)
	for uid, name := range left {
		r.judgeSuccessor(events, uid, name)
	}
	if r.Failed() {
		log, _ := os.ReadFile(filepath.Join(r.dir, "log"))
		r.Logf("what was said:\n%s", log)
		for _, e := range events {
			if isWrite(e) && e.Code < 300 && !uriHas(e, "dryRun", "All") && e.Subresource != "status" && (e.Resource == "pods" || e.Resource == "statefulsets") {
				r.Logf("%s %.20s: %s %s %s %.300s", e.Time.Local().Format(time.StampMilli), e.UserAgent, e.Verb, e.Subresource, e.Name, e.Request)
			}
		}
	}
}

// left are the members that have left, according to the hook, by the UIDs of their pods.
func (r *race) left() map[types.UID]string {
	files, err := filepath.Glob(filepath.Join(r.dir, "left.*"))
	if err != nil {
		r.Fatal(err)
	}
	out := map[types.UID]string{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			r.Fatal(err)
		}
		var pod corev1.Pod
		if err := json.NewDecoder(bufio.NewReader(bytes.NewReader(data))).Decode(&pod); err != nil {
			r.Fatalf("%s: %v", name, err)
		}
		out[pod.UID] = pod.Name
	}
	return out
}

// judgeSuccessor: after a member has left, its pod is recreated only if the set was scaled up after
// the plugin had scaled it down.
func (r *race) judgeSuccessor(events []cluster.AuditEvent, uid types.UID, name string) {
	made, smaller, grown := false, false, false
	for _, e := range events {
		if e.Code >= 300 || uriHas(e, "dryRun", "All") {
			continue
		}
		switch {
		case e.Resource == "pods" && e.Verb == "create" && e.Subresource == "":
			var pod corev1.Pod
			if err := json.Unmarshal(e.Response, &pod); err != nil {
				r.Fatal(err)
			}
			switch {
			case pod.UID == uid:
				made = true
			case made && pod.Name == name && !grown:
				r.Errorf("%s (%s) had left and was recreated as %s at %s", name, uid, pod.UID, e.Time.Local().Format(time.StampMilli))
				return
			case made && pod.Name == name:
				return // the set was scaled up
			}
		case e.Resource == "statefulsets" && (e.Verb == "patch" || e.Verb == "update") && e.Subresource == "scale":
			var s autoscalingv1.Scale
			if err := json.Unmarshal(e.Response, &s); err != nil {
				r.Fatal(err)
			}
			wanted := s.Spec.Replicas > ordinalOf(name)
			grown = grown || smaller && wanted // even if it was reverted: the controller may have seen it
			smaller = smaller || made && strings.HasPrefix(e.UserAgent, "kubectl-sts/") && !wanted
		}
	}
}
