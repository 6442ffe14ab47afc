package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
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
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

var (
	rolloutWorlds = flag.Uint64("rollout-worlds", 12, "number of random rounds of TestRolloutWorlds")
	rolloutSeed   = flag.Uint64("rollout-seed", 436, "seed of its first round, 0 for any; the next rounds count up")
	rolloutAtOnce = flag.Int("rollout-parallel", 2, "number of its rounds that run at the same time")
)

// TestRolloutWorlds runs random commands in random worlds: admission, quotas and LimitRanges
// that refuse or rewrite, scheduling gates, pods that never become ready, and other clients
// that write at the same time; some of it heals by itself. The judges read the API server's
// audit log, watches of their own and the documents that the command prints, see judge.
func TestRolloutWorlds(t *testing.T) {
	t.Parallel()
	c := cluster.Shared(t, nil)
	var all sync.WaitGroup
	var met reached
	turn := make(chan struct{}, *rolloutAtOnce)
	first := *rolloutSeed
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	for n := range *rolloutWorlds {
		seed := first + n
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				w := randomRolloutWorld(seed)
				r := newRolloutRound(t, c, w)
				defer func() {
					if t.Failed() {
						t.Logf("world: %s\n%s\nrun it again: go -C test test ./e2e -run TestRolloutWorlds -rollout-worlds 1 -rollout-seed %d", w, r.log(), seed)
					}
				}()
				met.played(r.run())
			})
		})
	}
	all.Wait()
	const many = 300 // rounds, of any seed
	enough := int64(many)
	if !given("rollout-seed") {
		enough = 12
	}
	met.require(t, enough, "exit code 0", "exit code 4", "exit code 5", "late", "heals", "rival")
	for _, verb := range rolloutVerbs {
		met.require(t, many, "verb "+verb)
	}
	for _, cause := range causeNames {
		met.require(t, many, "cause "+cause)
	}
}

// rolloutWorld is a random world and the command that runs in it.
type rolloutWorld struct {
	Verb       string
	Options    []string
	Replicas   int
	Start      int `json:",omitempty"` // spec.ordinals.start
	InParallel bool
	Claims     bool `json:",omitempty"`
	MinReady   int  `json:",omitempty"`
	Frozen     bool `json:",omitempty"` // the partition is 999
	Slow       bool `json:",omitempty"` // pods take a second to end

	// Cause is the problem, see causes. Target is its ordinal, -1 for all.
	Cause  string
	Target int
	// Late: the problem starts when the command is about to write, after its checks.
	Late bool `json:",omitempty"`
	// Heals is how long the problem lasts after it is first seen; 0 means forever.
	Heals time.Duration `json:",omitempty"`
	// Beside are admission policies that do not affect rollouts.
	Beside string `json:",omitempty"`
	// Rival is the action of another client at the command's first write.
	Rival string `json:",omitempty"`

	DryRunFirst bool
	Grace       time.Duration // --scheduling-grace
	Timeout     time.Duration
}

func (w *rolloutWorld) String() string {
	raw, _ := json.Marshal(w) // it has only plain fields
	return string(raw)
}

var rolloutVerbs = []string{"start", "start", "start", "promote", "promote", "auto", "auto", "abort", "undo", "restart", "restart", "pause", "resume", "unstick", "down", "up", "up"}

func randomRolloutWorld(seed uint64) *rolloutWorld {
	dice := rand.New(rand.NewPCG(seed, 14))
	one := func(n int) bool { return dice.IntN(n) == 0 }
	pick := func(words ...string) string { return words[dice.IntN(len(words))] }
	w := &rolloutWorld{
		Verb: pick(rolloutVerbs...), Replicas: 2 + dice.IntN(4), InParallel: one(2), Claims: one(4), Slow: one(4),
		Grace: 2 * time.Second, DryRunFirst: one(2),
	}
	if one(4) {
		w.Start = 3
	}
	if one(4) {
		w.MinReady = 1 + dice.IntN(2)
	}
	w.Frozen = w.Verb == "start" && one(4)
	switch {
	case one(6):
		w.Cause = "none"
	case w.Verb == "unstick" || w.Verb == "abort" && one(2):
		w.Cause = pick("crash", "pull", "crash", "pull", "never-ready", "unschedulable", "gated", "refused")
	default:
		w.Cause = pick(causeNames...)
	}
	w.Target = -1
	if one(2) {
		w.Target = w.Start + dice.IntN(w.Replicas)
		if w.Verb == "up" {
			w.Target = w.Start + w.Replicas
		}
	}
	cause := causes[w.Cause]
	w.Late = w.Verb != "unstick" && w.Cause != "none" && one(2)
	if cause.heals && one(2) {
		w.Heals = time.Second + time.Duration(dice.IntN(4000))*time.Millisecond
		w.Grace = time.Minute // a node is added within this time
	}
	if w.Claims && w.Cause != "unschedulable" {
		w.Grace = time.Minute // a busy machine binds a claim within this time
	}
	if one(3) {
		w.Beside = pick("label", "other-objects", "quota-room", "default-limits")
	}
	if one(3) {
		w.Rival = pick("delete", "evict", "scale-up", "scale-down", "template", "partition")
	}
	// A short timeout if the wait can only time out, and a sufficient one for what is stuck after 30 s.
	w.Timeout = 10 * time.Second
	if w.Heals > 0 || cause.passes || cause.grace(w) < time.Minute {
		w.Timeout = *patience
	}
	w.options(dice)
	return w
}

// options are random options of the command.
func (w *rolloutWorld) options(dice *rand.Rand) {
	one := func(n int) bool { return dice.IntN(n) == 0 }
	top := w.Start + w.Replicas - 1
	add := func(words ...string) { w.Options = append(w.Options, words...) }
	switch w.Verb {
	case "start":
		add("--image", "app:v2")
		if one(2) {
			add("--canaries", strconv.Itoa(1+dice.IntN(w.Replicas)))
		}
		if one(6) {
			add("--wait=false")
		}
		if one(4) {
			add("--accept-admission-changes")
		}
	case "promote":
		switch dice.IntN(4) {
		case 0:
			add("--to-ordinal", strconv.Itoa(w.Start+dice.IntN(w.Replicas)))
		case 1:
			add("--step", strconv.Itoa(1+dice.IntN(2)))
		case 2:
			add("--full")
		}
	case "auto":
		add("--auto", "--steps", []string{"100%", "1,100%", "1,2", "50%,100%"}[dice.IntN(4)], "--on-failure", []string{"pause", "abort"}[dice.IntN(2)])
		if one(3) {
			add("--soak", "1s")
		}
	case "undo":
		add("--to-revision", "1")
	case "restart":
		if one(2) {
			add("--ordinal", strconv.Itoa(w.Start+dice.IntN(w.Replicas)))
		}
		if one(2) {
			add("--order", "asc")
		}
	case "down":
		add("--replicas", strconv.Itoa(1+dice.IntN(w.Replicas-1)), "--profile", "none")
		if one(4) {
			add("--pdb", "ignore")
		}
	case "up":
		add("--replicas", strconv.Itoa(w.Replicas+1+dice.IntN(2)), "--profile", "none")
	case "unstick":
		add("--max-deletes", strconv.Itoa(w.Replicas))
	}
	if w.Verb == "promote" && top == w.Start {
		w.Options = nil
	}
	if w.Verb != "pause" && causes[w.Cause].refuses && one(3) {
		add("--skip-pod-check")
	}
}

// commandWords are the subcommands of a verb.
func (w *rolloutWorld) commandWords() []string {
	switch w.Verb {
	case "start", "promote", "abort":
		return []string{"canary", w.Verb, "web"}
	case "auto":
		return []string{"canary", "promote", "web"}
	case "down", "up":
		return []string{"drain-scale", "web"}
	}
	return []string{w.Verb, "web"}
}

// round is one run in a world.
type round struct {
	*testing.T
	*rolloutWorld
	c    *cluster.Cluster
	kube kubernetes.Interface // of the test and of the rivals
	ns   string
	dir  string
	// proxy is between the command and the API server, so that the rival can act just before its first
	// write.
	proxy *proxy

	mu    sync.Mutex
	notes []string
	ended time.Time // when the problem ended
	seen  map[types.UID]*corev1.Pod
	// failed: the controller could not create or delete a pod.
	failed        bool
	firstAnswered time.Time // the command's first write
	verdicts      []verdict // of status --watch

	others     sync.WaitGroup
	makeOnce   sync.Once
	firstWrite sync.Once
	undoCause  func(context.Context)
	before     []*corev1.Pod // when the command starts
	setBefore  *appsv1.StatefulSet
	marked     int     // number of audit events before the command
	dry        *ending // its dry run
}

func newRolloutRound(t *testing.T, c *cluster.Cluster, w *rolloutWorld) *round {
	t.Helper()
	config := c.RESTConfig()
	config.UserAgent, config.QPS = "rival", -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	r := &round{T: t, rolloutWorld: w, c: c, kube: client, ns: c.Namespace(t), dir: t.TempDir(), seen: map[types.UID]*corev1.Pod{}}
	if r.proxy, err = newProxy(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.proxy.close)
	t.Cleanup(r.letGo)
	s := scenario{namespace: r.ns}
	for name, address := range map[string]string{"kubeconfig": "", "proxied": "http://" + r.proxy.address} {
		if err := s.writeKubeconfig(c.Kubeconfig(), filepath.Join(r.dir, name), address); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// letGo removes the finalizers of an unfinished drain, so that the namespace can be deleted.
func (r *round) letGo() {
	ctx, cancel := requestContext()
	defer cancel()
	for _, p := range r.list(ctx) {
		if len(p.Finalizers) > 0 {
			_, _ = r.kube.CoreV1().Pods(r.ns).Patch(ctx, p.Name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		}
	}
}

// note records what happened, for a failed round.
func (r *round) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, time.Now().Format(time.StampMilli)+" "+fmt.Sprintf(format, args...))
}

func (r *round) log() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.notes, "\n")
}

func (r *round) check(err error) {
	r.Helper()
	if err != nil && !errors.Is(err, context.Canceled) { // at the end of the round
		r.Fatal(err)
	}
}

// until repeats a check until it succeeds.
func (r *round) until(ctx context.Context, what string, holds func() bool) {
	r.Helper()
	for !holds() {
		select {
		case <-ctx.Done():
			r.Fatalf("timed out waiting: %s", what)
		case <-time.After(glance):
		}
	}
}

// run runs the command, judges it, and returns what the round reached.
func (r *round) run() ststest.Kinds {
	ctx, cancel := context.WithTimeout(r.Context(), 3**patience)
	defer cancel()
	r.deploy(ctx)
	r.watchPods(ctx)
	r.watchFailures(ctx)
	r.prepare(ctx)
	r.makeBeside(ctx)
	if !r.Late {
		r.makeCause(ctx)
	}
	r.others.Go(func() { r.heal(ctx) })
	r.before, r.setBefore = r.list(ctx), r.set(ctx)
	r.mark()
	if r.DryRunFirst {
		r.judgeDryRun(r.sts("kubeconfig", append(r.args(), "--dry-run=server")))
	}
	r.mark()
	r.others.Go(func() { r.watchStatus(ctx) })
	r.proxy.before = func() { r.firstWrite.Do(func() { r.aboutToWrite(ctx) }) }
	r.proxy.set(func() { r.proxy.onWrite = r.answered })
	end := r.sts("proxied", append(r.args(), "--yes", "--timeout", r.Timeout.String()))
	r.firstWrite.Do(func() {}) // no interference after the command
	r.judge(ctx, end)
	r.Logf("%s with %s: exit code %d after %s", strings.Join(end.args, " "), r.Cause, end.code, end.to.Sub(end.from).Round(time.Millisecond))
	cancel()
	r.others.Wait()
	return ststest.Kinds{
		"verb " + r.Verb: true, "cause " + r.Cause: true, fmt.Sprintf("exit code %d", end.code): true,
		"late": r.Late, "heals": r.Heals > 0, "rival": r.Rival != "",
	}
}

func (r *round) answered() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.firstAnswered.IsZero() {
		r.firstAnswered = time.Now()
	}
}

func (r *round) args() []string {
	return slices.Concat(r.commandWords(), r.Options, []string{"--scheduling-grace", r.Grace.String(), "-o", "json"})
}

// aboutToWrite: the command has made its checks, and its first write is delayed.
func (r *round) aboutToWrite(ctx context.Context) {
	if r.Late {
		r.makeCause(ctx)
	}
	if r.Rival != "" {
		r.interfere(ctx)
	}
}

// interfere is the action of the rival. It may be rejected, which is fine.
func (r *round) interfere(ctx context.Context) {
	pod := fmt.Sprintf("web-%d", r.Start+int(r.Timeout+r.Heals)%r.Replicas)
	sets := r.kube.AppsV1().StatefulSets(r.ns)
	patch := func(patch string) error {
		_, err := sets.Patch(ctx, "web", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		return err
	}
	var err error
	switch r.Rival {
	case "delete":
		err = r.kube.CoreV1().Pods(r.ns).Delete(ctx, pod, metav1.DeleteOptions{})
	case "evict":
		err = r.kube.CoreV1().Pods(r.ns).EvictV1(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: r.ns, Name: pod}})
	case "scale-up":
		err = patch(fmt.Sprintf(`{"spec":{"replicas":%d}}`, r.Replicas+1))
	case "scale-down":
		err = patch(fmt.Sprintf(`{"spec":{"replicas":%d}}`, r.Replicas-1))
	case "template":
		err = patch(`{"spec":{"template":{"metadata":{"annotations":{"rival":"was-here"}}}}}`)
	case "partition":
		err = patch(`{"spec":{"updateStrategy":{"rollingUpdate":{"partition":1}}}}`)
	}
	r.note("rival: %s (%s): %v", r.Rival, pod, err)
}

func (r *round) deploy(ctx context.Context) {
	labels := map[string]string{"app": "web"}
	policy := appsv1.OrderedReadyPodManagement
	if r.InParallel {
		policy = appsv1.ParallelPodManagement
	}
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.StatefulSetSpec{
		Replicas: new(int32(r.Replicas)), Selector: &metav1.LabelSelector{MatchLabels: labels}, PodManagementPolicy: policy,
		MinReadySeconds: int32(r.MinReady), Ordinals: &appsv1.StatefulSetOrdinals{Start: int32(r.Start)},
		// The annotation allows policies to add others, and the request is for a LimitRange.
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{"world": "random"}},
			Spec: corev1.PodSpec{TerminationGracePeriodSeconds: new(int64(0)), Containers: []corev1.Container{{Name: "app", Image: "app:v1",
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}}}}}},
	}}
	if r.Frozen {
		set.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(999))}
	}
	if r.Slow {
		set.Spec.Template.Annotations[cluster.TerminateAfterAnnotation] = "1s"
	}
	if r.Claims {
		set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: claimSpec()}}
		set.Spec.Template.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/data"}}
	}
	_, err := r.kube.AppsV1().StatefulSets(r.ns).Create(ctx, set, metav1.CreateOptions{})
	r.check(err)
	r.settle(ctx)
}

func (r *round) set(ctx context.Context) *appsv1.StatefulSet {
	set, err := r.kube.AppsV1().StatefulSets(r.ns).Get(ctx, "web", metav1.GetOptions{})
	r.check(err)
	return set
}

func (r *round) list(ctx context.Context) []*corev1.Pod {
	pods, err := r.kube.CoreV1().Pods(r.ns).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
	r.check(err)
	var out []*corev1.Pod
	for k := range pods.Items {
		out = append(out, &pods.Items[k])
	}
	return out
}

// settle waits until the controller is done and all pods are available.
func (r *round) settle(ctx context.Context) {
	r.Helper()
	r.until(ctx, "all pods are available", func() bool {
		set := r.set(ctx)
		s := set.Status
		return s.ObservedGeneration == set.Generation && s.AvailableReplicas == *set.Spec.Replicas && s.Replicas == *set.Spec.Replicas &&
			(r.Frozen || s.UpdatedReplicas == *set.Spec.Replicas || partitionOf(set) > 0)
	})
}

func partitionOf(set *appsv1.StatefulSet) int {
	if u := set.Spec.UpdateStrategy.RollingUpdate; u != nil && u.Partition != nil {
		return int(*u.Partition)
	}
	return 0
}

// prepare brings the set into the state that the verb requires.
func (r *round) prepare(ctx context.Context) {
	patch := func(partition int, image string) {
		_, err := r.kube.AppsV1().StatefulSets(r.ns).Patch(ctx, "web", types.StrategicMergePatchType, fmt.Appendf(nil,
			`{"spec":{"updateStrategy":{"rollingUpdate":{"partition":%d}},"template":{"spec":{"containers":[{"name":"app","image":%q}]}}}}`, partition, image), metav1.PatchOptions{})
		r.check(err)
	}
	switch r.Verb {
	case "promote", "auto", "abort":
		if end := r.sts("kubeconfig", []string{"canary", "start", "web", "--image", "app:v2", "--yes", "-o", "json"}); end.code != 0 {
			r.Fatalf("a canary in a world without a problem: %s", end)
		}
	case "undo":
		patch(0, "app:v2")
		r.until(ctx, "the update has ended", func() bool {
			set := r.set(ctx)
			return set.Status.ObservedGeneration == set.Generation && set.Status.CurrentRevision == set.Status.UpdateRevision && set.Status.AvailableReplicas == int32(r.Replicas)
		})
	case "resume":
		patch(r.Replicas, "app:v2")
		r.settle(ctx)
	case "pause":
		patch(0, "app:v2-late")
	case "unstick":
		// The problem exists before the update.
		r.makeCause(ctx)
		patch(0, "app:v2")
		if r.Cause != "none" {
			r.until(ctx, "the update has begun", func() bool { return r.set(ctx).Status.UpdatedReplicas > 0 || len(r.list(ctx)) < r.Replicas })
		}
	}
}

// ending is the result of a program.
type ending struct {
	args        []string
	code        int
	out, errout string
	report      commandReport
	from, to    time.Time
	late        bool // it had to be killed
}

func (e *ending) String() string {
	return fmt.Sprintf("%s ended with %d after %s\n%s", strings.Join(e.args, " "), e.code, e.to.Sub(e.from).Round(time.Millisecond), e.errout)
}

// sts runs a command with one of the two kubeconfigs.
func (r *round) sts(kubeconfig string, args []string) *ending {
	r.Helper()
	cmd := exec.Command(filepath.Join(bin, "kubectl-sts"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(r.dir, kubeconfig), "KUBECACHEDIR="+kubecache, "HOME="+r.dir)
	e := &ending{args: args, from: time.Now()}
	p, err := start(cmd)
	r.check(err)
	select {
	case <-p.done:
	case <-time.After(2 * *patience): // twice the longest --timeout
		e.late = true
		p.kill()
	}
	e.to, e.code, e.out, e.errout = time.Now(), cmd.ProcessState.ExitCode(), p.out.String(), p.errout.String()
	_ = json.Unmarshal([]byte(e.out), &e.report) // judgeEnding requires it where there must be one
	if r.note("$ kubectl sts %s", e); e.report.Outcome != nil {
		r.note("outcome: %+v", *e.report.Outcome)
	}
	return e
}

// watchPods records all pods, and fixes those that are created after the problem has ended.
func (r *round) watchPods(ctx context.Context) {
	r.others.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(glance) {
			w, err := r.kube.CoreV1().Pods(r.ns).Watch(ctx, metav1.ListOptions{LabelSelector: "app=web"})
			if err != nil {
				continue
			}
			for e := range w.ResultChan() {
				if pod, is := e.Object.(*corev1.Pod); is {
					r.podSeen(ctx, pod, e.Type == watch.Deleted)
				}
			}
		}
	})
}

func (r *round) podSeen(ctx context.Context, pod *corev1.Pod, gone bool) {
	r.mu.Lock()
	known, fix := r.seen[pod.UID] != nil, !r.ended.IsZero()
	r.seen[pod.UID] = pod
	r.mu.Unlock()
	if !known || gone {
		r.note("pod %s %s: gone=%t", pod.Name, pod.UID, gone)
	}
	if fix && !gone {
		r.fixPod(ctx, pod)
	}
}

// watchFailures records what the controller could not do.
func (r *round) watchFailures(ctx context.Context) {
	r.others.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(glance) {
			w, err := r.kube.CoreV1().Events(r.ns).Watch(ctx, metav1.ListOptions{FieldSelector: "involvedObject.kind=StatefulSet"})
			if err != nil {
				continue
			}
			for e := range w.ResultChan() {
				if event, is := e.Object.(*corev1.Event); is && (event.Reason == "FailedCreate" || event.Reason == "FailedDelete") {
					r.note("event %s (%d): %s", event.Reason, event.Count, event.Message)
					r.mu.Lock()
					r.failed = true
					r.mu.Unlock()
				}
			}
		}
	})
}
