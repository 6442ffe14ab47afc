package e2e

import (
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
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimstest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

var claimWorlds = flag.Uint64("claim-worlds", 0, "how many random namespaces TestClaimWorlds makes, 0 for a selection that reaches every kind")

// claimWorldsAtOnce play at the same time, beside the scenarios.
const claimWorldsAtOnce = 4

// TestClaimWorlds lets the real controllers live through random histories, and checks what
// the binary says about the claims and which of them it would delete. The world knows what
// happened to each.
func TestClaimWorlds(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	var met reached
	conditions := kubernetesMinor(t) >= unusedSince
	turn := make(chan struct{}, claimWorldsAtOnce)
	for _, seed := range claimSeeds(conditions) {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				w := claimWorldOf(seed, conditions)
				playClaimWorld(t, w)
				met.played(ststest.Kinds{})
				w.Count(&met.Reached)
			})
		})
	}
	all.Wait()
	if *claimWorlds == 0 || *claimWorlds >= 100 {
		met.require(t, 1, claimKinds()...)
	}
}

// claimKinds are the kinds that the worlds must reach. The API server does not serve ScaledObjects, and unseen
// pods seldom decide.
func claimKinds() []string {
	return slices.DeleteFunc(claimstest.ClaimKinds(), func(kind string) bool {
		return kind == "hidden scaledobjects" || kind == "hidden pods"
	})
}

// conditions: claims have the condition Unused.
func claimWorldOf(seed uint64, conditions bool) *claimstest.ClaimWorld {
	w := claimstest.RandomClaimWorld(rand.New(rand.NewPCG(seed, 61)).IntN)
	w.Conditions = conditions
	if w.Hidden == "scaledobjects" {
		w.Hidden = "" // which are not served
	}
	return w
}

// claimSeeds are the worlds to play. The selection skips a world that reaches only what those before it reach:
// each costs many seconds on a real server, and what it reaches is known without one.
func claimSeeds(conditions bool) []uint64 {
	var out []uint64
	if n := *claimWorlds; n > 0 {
		for seed := range n {
			out = append(out, seed)
		}
		return out
	}
	var met ststest.Reached
	missing := met.Rare(1, claimKinds())
	for seed := uint64(0); len(missing) > 0 && seed < 400; seed++ {
		var here ststest.Reached
		w := claimWorldOf(seed, conditions)
		w.Count(&here)
		notHere := here.Rare(1, claimKinds())
		if slices.ContainsFunc(missing, func(kind string) bool { return !slices.Contains(notHere, kind) }) {
			out = append(out, seed)
			w.Count(&met)
			missing = met.Rare(1, claimKinds())
		}
	}
	return out
}

func playClaimWorld(t *testing.T, w *claimstest.ClaimWorld) {
	t.Helper()
	c := cluster.Shared(t, nil)
	if w.Snapshots() {
		// If VolumeSnapshots are served, a user who may not list them sees less: no other test
		// of claims uses this cluster.
		c = cluster.SharedDNS(t)
	}
	config := c.RESTConfig()
	config.QPS = -1 // the worlds look often
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &claimWorld{t: t, kube: kube, namespace: c.Namespace(t), sets: map[string]*claimstest.WorldSet{}}
	if w.Snapshots() {
		s.serveSnapshots()
	}
	for _, step := range w.Steps {
		s.do(step)
	}
	if w.Hidden != "" {
		s.allowAllBut(w.Hidden)
	}
	// The last pods of workloads are created in their own time.
	var wrong []string
	for give := time.Now().Add(min(*patience, time.Minute)); time.Now().Before(give); time.Sleep(time.Second) {
		if wrong = s.wrong(c, w); len(wrong) == 0 {
			return
		}
	}
	t.Errorf("after\n%swrong:\n  %s", w.History(), strings.Join(wrong, "\n  "))
}

// wrong are the disagreements between the world and the binary.
func (s *claimWorld) wrong(c *cluster.Cluster, w *claimstest.ClaimWorld) []string {
	s.t.Helper()
	var out []string
	ask := func(w *claimstest.ClaimWorld, choice claims.Choice) {
		items := s.items(c, w, choice)
		for _, name := range w.Claims() {
			item := items[name]
			if choice.Sets == nil {
				out = append(out, w.CheckOpinion(name, claimstest.Opinion{State: item.State, Reason: item.Message, Set: item.Set, Confidence: item.Confidence})...)
			}
			out = append(out, w.CheckDecision(name, choice, claimstest.Decision{Candidate: item.Candidate, Held: item.Held})...)
		}
	}
	all := claims.Choice{DeletedSets: true, Parked: true, Reserved: true}
	seen := w.Seen()
	ask(seen, claims.Choice{})
	if len(out) > 0 {
		return out
	}
	ask(seen, all)
	if len(w.Claims()) > 0 {
		ask(seen, claims.Choice{DeletedSets: true, Parked: true, Named: true})
	}
	// Two names are enough for one world, and others for the next.
	names := w.Sets()
	for i := range min(2, len(names)) {
		ask(seen, claims.Choice{Sets: []string{names[(len(w.Steps)+i)%len(names)]}, DeletedSets: true, Parked: true, Reserved: true})
	}
	if w.Hidden != "" {
		ask(w, claims.Choice{})
		ask(w, all)
	}
	return out
}

type claimWorld struct {
	t         *testing.T
	kube      kubernetes.Interface
	namespace string
	sets      map[string]*claimstest.WorldSet // as they were created
}

// claimItem is a claim in the report of pvc-gc.
type claimItem struct {
	Name, Message, Set, Held string
	State                    claims.State
	Confidence               claims.Confidence
	Candidate                bool
}

// items asks the binary.
func (s *claimWorld) items(c *cluster.Cluster, w *claimstest.ClaimWorld, choice claims.Choice) map[string]claimItem {
	s.t.Helper()
	args := append([]string{"pvc-gc", "-n", s.namespace, "-o", "json"}, choice.Sets...)
	for flag, on := range map[string]bool{"--deleted-sets": choice.DeletedSets, "--parked": choice.Parked, "--reserved": choice.Reserved} {
		if on {
			args = append(args, flag)
		}
	}
	if choice.Named {
		args = append(args, "--claim", strings.Join(w.Claims(), ","))
	}
	if w.Chosen != "" {
		args = append(args, "--reserve-annotation", w.Chosen)
	}
	if w.Hidden != "" {
		args = append(args, "--as", readerName)
	}
	cmd := exec.Command(filepath.Join(bin, "kubectl-sts"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && choice.Sets != nil && strings.Contains(string(exit.Stderr), "not found") {
		return nil // the set is gone, and no claim tells its name
	}
	if exit != nil {
		s.t.Fatalf("%v: %v\n%s", args, err, exit.Stderr)
	}
	s.check(err)
	var report struct{ Items []claimItem }
	if err := json.Unmarshal(out, &report); err != nil {
		s.t.Fatal(err)
	}
	got := map[string]claimItem{}
	for _, item := range report.Items {
		got[item.Name] = item
	}
	return got
}

func (s *claimWorld) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// do carries out a step, and waits until the controllers have done theirs.
func (s *claimWorld) do(step claimstest.ClaimStep) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), *patience)
	defer cancel()
	sets, pvcs := s.kube.AppsV1().StatefulSets(s.namespace), s.kube.CoreV1().PersistentVolumeClaims(s.namespace)
	merge := func(set string, patch any) {
		raw, err := json.Marshal(patch)
		s.check(err)
		_, err = sets.Patch(ctx, set, types.MergePatchType, raw, metav1.PatchOptions{})
		s.check(err)
	}
	annotate := func(set, key, value string) {
		merge(set, map[string]any{"metadata": map[string]any{"annotations": map[string]any{key: value}}})
	}
	change := func(claim, patch string) {
		_, err := pvcs.Patch(ctx, claim, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		s.check(err)
	}
	switch {
	case step.Create != nil:
		s.remove(ctx, step.Create.Name)
		_, err := sets.Create(ctx, newWorldSet(step.Create), metav1.CreateOptions{})
		s.check(err)
		s.created(step.Create)
		s.settle(ctx, step.Create.Name, step.Create.Size)
	case step.Delete != "":
		s.remove(ctx, step.Delete)
	case step.Scale != nil:
		merge(step.Scale.Set, spec("replicas", step.Scale.Size))
		s.settle(ctx, step.Scale.Set, step.Scale.Size)
	case step.Stall != nil:
		merge(step.Stall.Set, map[string]any{"spec": map[string]any{
			"replicas": step.Stall.Size,
			"template": map[string]any{"metadata": map[string]any{"annotations": map[string]any{"test.kubectl-sts.dev/behaviour": "never-ready"}}},
		}})
		s.settle(ctx, step.Stall.Set, 1)
	case step.Autoscale != nil:
		h := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: step.Autoscale.Set}}
		h.Spec.MaxReplicas = int32(step.Autoscale.Size)
		h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: step.Autoscale.Set}
		_, err := s.kube.AutoscalingV2().HorizontalPodAutoscalers(s.namespace).Create(ctx, h, metav1.CreateOptions{})
		s.check(err)
	case step.Park != nil:
		annotate(step.Park.Set, record.ParkedAnnotation, strconv.Itoa(step.Park.Size))
	case step.Remember != nil:
		annotate(step.Remember.Set, step.Remember.Key, step.Remember.Value)
	case step.KeepSet != "":
		annotate(step.KeepSet, claims.KeepAnnotation, "yes")
	case step.Made != nil:
		c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: step.Made.Name, Labels: step.Made.Labels, Annotations: step.Made.Annotations}, Spec: claimSpec()}
		_, err := pvcs.Create(ctx, c, metav1.CreateOptions{FieldManager: step.Made.Manager})
		s.check(err)
	case step.Mount != "":
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "debug-" + step.Mount}, Spec: mounting(step.Mount)}
		_, err := s.kube.CoreV1().Pods(s.namespace).Create(ctx, pod, metav1.CreateOptions{})
		s.check(err)
	case step.Keep != "":
		change(step.Keep, fmt.Sprintf(`{"metadata":{"annotations":{%q:"yes"}}}`, claims.KeepAnnotation))
	case step.Forget != "":
		change(step.Forget, `{"metadata":{"managedFields":[{}]}}`)
	case step.Hold != "":
		s.hold(ctx, step.Hold, "test.kubectl-sts.dev/hold")
		s.t.Cleanup(func() { s.hold(context.Background(), step.Hold, "") })
		s.check(pvcs.Delete(ctx, step.Hold, metav1.DeleteOptions{}))
	case step.Recreate != nil:
		s.recreate(ctx, step.Recreate)
	case step.Run != nil:
		s.run(ctx, step.Run)
	case step.Remove != "":
		s.removeWorkload(ctx, step.Remove)
	case step.Clone != nil:
		c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: step.Clone.Name}, Spec: claimSpec()}
		var group *string
		if step.Clone.Kind == "VolumeSnapshot" {
			name := "snapshot.storage.k8s.io"
			group = &name
		}
		if c.Spec.DataSource = (&corev1.TypedLocalObjectReference{APIGroup: group, Kind: step.Clone.Kind, Name: step.Clone.From}); step.Clone.Ref {
			c.Spec.DataSource, c.Spec.DataSourceRef = nil, &corev1.TypedObjectReference{APIGroup: group, Kind: step.Clone.Kind, Name: step.Clone.From}
		}
		_, err := pvcs.Create(ctx, c, metav1.CreateOptions{FieldManager: "kubectl-create"})
		s.check(err)
	case step.Snapshot != nil:
		s.snapshot(ctx, step.Snapshot)
	default:
		s.t.Fatalf("unknown step %s", step)
	}
}

func (s *claimWorld) created(set *claimstest.WorldSet) {
	if s.sets != nil {
		s.sets[set.Name] = set
	}
}

// mounting is a pod, or the pod of a template, with claims as volumes.
func mounting(claims ...string) corev1.PodSpec {
	out := corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:v1"}}}
	for i, claim := range claims {
		v := corev1.Volume{Name: "claim" + strconv.Itoa(i)}
		v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim}
		out.Volumes = append(out.Volumes, v)
	}
	return out
}

// noServiceAccount does not exist: the API server admits no pod that runs as it.
const noServiceAccount = "does-not-exist"

// recreate deletes a claim and creates it again, as pvc-gc does for one that became wanted.
func (s *claimWorld) recreate(ctx context.Context, r *claimstest.Recreated) {
	s.t.Helper()
	claims := s.kube.CoreV1().PersistentVolumeClaims(s.namespace)
	old, err := claims.Get(ctx, r.Claim, metav1.GetOptions{})
	s.check(err)
	s.check(claims.Delete(ctx, r.Claim, metav1.DeleteOptions{}))
	s.until(ctx, "claim "+r.Claim+" is gone", func() bool {
		_, err := claims.Get(ctx, r.Claim, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: r.Claim, Labels: old.Labels, Annotations: old.Annotations}, Spec: claimSpec()}
	maps.DeleteFunc(c.Annotations, func(key, _ string) bool {
		return strings.Contains(key, "kubernetes.io/") && !strings.HasPrefix(key, "kubectl.")
	})
	if r.MadeBy != "" {
		metav1.SetMetaDataAnnotation(&c.ObjectMeta, sts.MakerAnnotation, r.MadeBy)
	}
	_, err = claims.Create(ctx, c, metav1.CreateOptions{FieldManager: sts.FieldManager})
	s.check(err)
}

// workloadPaths are the parts of the paths of workloads.
var workloadPaths = map[string]string{
	"Deployment": "apps/v1", "DaemonSet": "apps/v1", "ReplicaSet": "apps/v1", "ReplicationController": "v1", "Job": "batch/v1", "CronJob": "batch/v1",
}

func (s *claimWorld) path(kind string) string {
	root := "/apis/"
	if kind == "ReplicationController" {
		root = "/api/"
	}
	return root + workloadPaths[kind] + "/namespaces/" + s.namespace + "/" + strings.ToLower(kind) + "s"
}

// post creates an object of any kind.
func (s *claimWorld) post(ctx context.Context, path string, object any) {
	s.t.Helper()
	raw, err := json.Marshal(object)
	s.check(err)
	s.check(s.kube.Discovery().RESTClient().Post().AbsPath(path).Body(raw).Do(ctx).Error())
}

// run creates a workload.
func (s *claimWorld) run(ctx context.Context, l *claimstest.Workload) {
	s.t.Helper()
	labels := map[string]string{"workload": strings.ToLower(l.Kind) + "-" + l.Name}
	pod := mounting(l.Claims...)
	if l.Broken {
		pod.ServiceAccountName = noServiceAccount
	}
	template := map[string]any{"metadata": map[string]any{"labels": labels}, "spec": pod}
	spec := map[string]any{"template": template, "selector": map[string]any{"matchLabels": labels}, "replicas": l.Size}
	switch l.Kind {
	case "DaemonSet":
		delete(spec, "replicas")
		pod.NodeSelector = map[string]string{"no": "node"}
		template["spec"] = pod
	case "ReplicationController":
		spec["selector"] = labels
	case "Job", "CronJob":
		pod.RestartPolicy = corev1.RestartPolicyNever
		template["spec"] = pod
		spec = map[string]any{"template": template, "suspend": l.Size == 0}
		if l.Kind == "CronJob" {
			spec = map[string]any{"schedule": "0 0 30 2 *", "jobTemplate": map[string]any{"spec": map[string]any{"template": template}}}
		}
	}
	s.post(ctx, s.path(l.Kind), map[string]any{
		"apiVersion": workloadPaths[l.Kind], "kind": l.Kind, "metadata": map[string]any{"name": l.Name}, "spec": spec,
	})
	if !l.Old {
		return
	}
	replicaSets := func(count int) {
		s.until(ctx, fmt.Sprintf("%s has %d ReplicaSets", l.Object(), count), func() bool {
			list, err := s.kube.AppsV1().ReplicaSets(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "workload=" + labels["workload"]})
			s.check(err)
			return len(list.Items) == count
		})
	}
	replicaSets(1)
	raw := []byte(`{"spec":{"template":{"spec":{"volumes":null}}}}`)
	_, err := s.kube.AppsV1().Deployments(s.namespace).Patch(ctx, l.Name, types.MergePatchType, raw, metav1.PatchOptions{})
	s.check(err)
	replicaSets(2)
}

func (s *claimWorld) removeWorkload(ctx context.Context, object string) {
	s.t.Helper()
	kind, name, _ := strings.Cut(object, "/")
	kind, _, _ = strings.Cut(kind, ".")
	for k := range workloadPaths {
		if strings.ToLower(k) == kind {
			raw := []byte(`{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}`)
			s.check(s.kube.Discovery().RESTClient().Delete().AbsPath(s.path(k) + "/" + name).Body(raw).Do(ctx).Error())
		}
	}
	s.until(ctx, object+" has no pods", func() bool {
		list, err := s.kube.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "workload=" + kind + "-" + name})
		s.check(err)
		return len(list.Items) == 0
	})
}

// serveSnapshots adds the API of VolumeSnapshots, without what takes them.
func (s *claimWorld) serveSnapshots() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), *patience)
	defer cancel()
	crd := `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"volumesnapshots.snapshot.storage.k8s.io",` +
		`"annotations":{"api-approved.kubernetes.io":"unapproved"}},"spec":{"group":"snapshot.storage.k8s.io","scope":"Namespaced",` +
		`"names":{"kind":"VolumeSnapshot","plural":"volumesnapshots","singular":"volumesnapshot"},"versions":[{"name":"v1","served":true,"storage":true,` +
		`"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`
	rest := s.kube.Discovery().RESTClient()
	err := rest.Post().AbsPath("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").Body([]byte(crd)).Do(ctx).Error()
	if !apierrors.IsAlreadyExists(err) {
		s.check(err)
	}
	s.until(ctx, "VolumeSnapshots are served", func() bool {
		list, err := s.kube.Discovery().ServerResourcesForGroupVersion("snapshot.storage.k8s.io/v1")
		return err == nil && len(list.APIResources) > 0
	})
}

func (s *claimWorld) snapshot(ctx context.Context, snapshot *claimstest.Snapshot) {
	s.t.Helper()
	s.post(ctx, "/apis/snapshot.storage.k8s.io/v1/namespaces/"+s.namespace+"/volumesnapshots", map[string]any{
		"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshot", "metadata": map[string]any{"name": snapshot.Name},
		"spec":   map[string]any{"source": map[string]any{"persistentVolumeClaimName": snapshot.Of}},
		"status": map[string]any{"readyToUse": snapshot.Ready},
	})
}

// readerName is a user who may list everything in the namespace but one resource.
const readerName = "claim-world-reader"

func (s *claimWorld) allowAllBut(hidden string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), *patience)
	defer cancel()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: readerName}}
	for _, resource := range append(slices.Clone(sts.UseResources), "statefulsets", "persistentvolumeclaims", "pods", "events", "horizontalpodautoscalers", "scaledobjects") {
		if resource != hidden {
			role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{resource}, Verbs: []string{"list", "get", "watch"}})
		}
	}
	_, err := s.kube.RbacV1().Roles(s.namespace).Create(ctx, role, metav1.CreateOptions{})
	s.check(err)
	_, err = s.kube.RbacV1().RoleBindings(s.namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: readerName},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: readerName},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: readerName}},
	}, metav1.CreateOptions{})
	s.check(err)
}

// until waits for what controllers do.
func (s *claimWorld) until(ctx context.Context, what string, holds func() bool) {
	s.t.Helper()
	// Many worlds wait at once, and each look costs more than a wait.
	for again := glance; ctx.Err() == nil; again = min(again*3/2, time.Second) {
		if holds() {
			return
		}
		time.Sleep(again)
	}
	s.t.Fatalf("timed out: %s", what)
}

// hold makes this the claim's only finalizer, or leaves none.
func (s *claimWorld) hold(ctx context.Context, claim, finalizer string) {
	var finalizers []string
	if finalizer != "" {
		finalizers = []string{finalizer}
	}
	raw, err := json.Marshal(map[string]any{"metadata": map[string]any{"finalizers": finalizers}})
	s.check(err)
	_, err = s.kube.CoreV1().PersistentVolumeClaims(s.namespace).Patch(ctx, claim, types.MergePatchType, raw, metav1.PatchOptions{})
	s.check(err)
}

func spec(field string, value any) map[string]any {
	return map[string]any{"spec": map[string]any{field: value}}
}

func claimSpec() corev1.PersistentVolumeClaimSpec {
	return corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Mi")}},
	}
}

func newWorldSet(w *claimstest.WorldSet) *appsv1.StatefulSet {
	size := int32(w.Size)
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: w.Name, Labels: w.PodLabels()}}
	set.Spec.Replicas, set.Spec.ServiceName = &size, w.Name
	set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: int32(w.Start)}
	set.Spec.Selector, set.Spec.Template.Labels = w.Selector(), w.PodLabels()
	set.Spec.Template.Spec = mounting(w.Claims...)
	if w.Parallel {
		set.Spec.PodManagementPolicy = appsv1.ParallelPodManagement
	}
	if w.Broken {
		set.Spec.Template.Spec.ServiceAccountName = noServiceAccount
	}
	for _, t := range w.Templates {
		set.Spec.VolumeClaimTemplates = append(set.Spec.VolumeClaimTemplates, corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Name: t, Labels: w.ClaimLabels}, Spec: claimSpec(),
		})
	}
	if w.Deletes {
		set.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
			WhenScaled: appsv1.DeletePersistentVolumeClaimRetentionPolicyType, WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
		}
	}
	return set
}

// remove deletes a set, if there is one, and waits for the end of its pods.
func (s *claimWorld) remove(ctx context.Context, set string) {
	background := metav1.DeletePropagationBackground
	err := s.kube.AppsV1().StatefulSets(s.namespace).Delete(ctx, set, metav1.DeleteOptions{PropagationPolicy: &background})
	if !apierrors.IsNotFound(err) {
		s.check(err)
	}
	s.settle(ctx, set, 0)
}

// settle waits until a set has so many pods, no more and no fewer. One whose pods cannot be
// created has the claims of the first.
func (s *claimWorld) settle(ctx context.Context, set string, pods int) {
	s.t.Helper()
	if w := s.sets[set]; w != nil && w.Broken {
		s.until(ctx, "statefulset "+set+" has claims", func() bool { return pods == 0 || s.claimed(ctx, w) })
		pods = 0
	}
	selector := "app=" + set
	if w := s.sets[set]; w != nil {
		selector = metav1.FormatLabelSelector(w.Selector())
	}
	s.until(ctx, fmt.Sprintf("statefulset %s has %d pods", set, pods), func() bool {
		list, err := s.kube.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
		s.check(err)
		found := 0
		for i := range list.Items {
			p := &list.Items[i]
			if sts.OwnerSet(p) != set {
				continue
			}
			if p.DeletionTimestamp != nil || p.Status.Phase != corev1.PodRunning {
				return false
			}
			found++
		}
		return found == pods && s.collected(ctx, set)
	})
}

// claimed reports whether the first pod of the set has its claims.
func (s *claimWorld) claimed(ctx context.Context, w *claimstest.WorldSet) bool {
	s.t.Helper()
	for _, t := range w.Templates {
		_, err := s.kube.CoreV1().PersistentVolumeClaims(s.namespace).Get(ctx, fmt.Sprintf("%s-%s-%d", t, w.Name, w.Start), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false
		}
		s.check(err)
	}
	return true
}

// collected reports whether the garbage collector has deleted what the set's retention policy
// has given to it. Until then a pod of that ordinal would wait for its claim.
func (s *claimWorld) collected(ctx context.Context, set string) bool {
	s.t.Helper()
	if w := s.sets[set]; w == nil || !w.Deletes {
		return true
	}
	list, err := s.kube.CoreV1().PersistentVolumeClaims(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + set})
	s.check(err)
	return !slices.ContainsFunc(list.Items, func(c corev1.PersistentVolumeClaim) bool { return len(c.OwnerReferences) > 0 })
}
