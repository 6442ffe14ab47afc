package e2e

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

var claimWorlds = flag.Uint64("claim-worlds", 16, "how many random namespaces TestClaimWorlds makes")

// TestClaimWorlds lets the real controllers live through random histories, and asks the
// binary what the claims are. The world knows, because it knows who made which.
func TestClaimWorlds(t *testing.T) {
	t.Parallel()
	c := cluster.Shared(t, nil)
	config := c.RESTConfig()
	config.QPS = -1 // the worlds share the client, and look often
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range *claimWorlds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			w := ststest.RandomClaimWorld(rand.New(rand.NewPCG(seed, 50)).IntN)
			s := &claimWorld{t: t, kube: kube, namespace: c.Namespace(t)}
			for _, step := range w.Steps {
				s.do(step)
			}
			want := w.States()
			var diff string
			for give := time.Now().Add(*patience); time.Now().Before(give); time.Sleep(time.Second) {
				got := s.states(c)
				if diff = cmp.Diff(want, got); diff == "" {
					return
				}
			}
			t.Errorf("after\n%v\n(-the world +pvc-gc):\n%s", w.Steps, diff)
		})
	}
}

type claimWorld struct {
	t         *testing.T
	kube      kubernetes.Interface
	namespace string
}

// states asks the binary.
func (s *claimWorld) states(c *cluster.Cluster) map[string]sts.ClaimState {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(bin, "kubectl-sts"), "pvc-gc", "-n", s.namespace, "-o", "json")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("pvc-gc: %v", err)
	}
	var report struct {
		Items []struct {
			Name  string
			State sts.ClaimState
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		s.t.Fatal(err)
	}
	got := map[string]sts.ClaimState{}
	for _, item := range report.Items {
		got[item.Name] = item.State
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
func (s *claimWorld) do(step ststest.ClaimStep) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), *patience)
	defer cancel()
	sets, claims := s.kube.AppsV1().StatefulSets(s.namespace), s.kube.CoreV1().PersistentVolumeClaims(s.namespace)
	merge := func(set string, patch any) {
		raw, err := json.Marshal(patch)
		s.check(err)
		_, err = sets.Patch(ctx, set, types.MergePatchType, raw, metav1.PatchOptions{})
		s.check(err)
	}
	switch {
	case step.Create != nil:
		s.remove(ctx, step.Create.Name)
		_, err := sets.Create(ctx, newWorldSet(step.Create), metav1.CreateOptions{})
		s.check(err)
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
		merge(step.Park.Set, map[string]any{"metadata": map[string]any{"annotations": map[string]any{sts.ParkedAnnotation: strconv.Itoa(step.Park.Size)}}})
	case step.HandMade != "":
		c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: step.HandMade}, Spec: claimSpec()}
		_, err := claims.Create(ctx, c, metav1.CreateOptions{})
		s.check(err)
	case step.Mount != "":
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "debug-" + step.Mount}}
		pod.Spec.Containers = []corev1.Container{{Name: "app", Image: "app:v1"}}
		v := corev1.Volume{Name: "data"}
		v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: step.Mount}
		pod.Spec.Volumes = []corev1.Volume{v}
		_, err := s.kube.CoreV1().Pods(s.namespace).Create(ctx, pod, metav1.CreateOptions{})
		s.check(err)
	case step.Keep != "":
		raw := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"yes"}}}`, sts.KeepAnnotation)
		_, err := claims.Patch(ctx, step.Keep, types.MergePatchType, raw, metav1.PatchOptions{})
		s.check(err)
	case step.Hold != "":
		s.hold(ctx, step.Hold, "test.kubectl-sts.dev/hold")
		s.t.Cleanup(func() { s.hold(context.Background(), step.Hold, "") })
		s.check(claims.Delete(ctx, step.Hold, metav1.DeleteOptions{}))
	default:
		s.t.Fatalf("unknown step %s", step)
	}
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

func newWorldSet(w *ststest.WorldSet) *appsv1.StatefulSet {
	labels, size := map[string]string{"app": w.Name}, int32(w.Size)
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: w.Name, Labels: labels}}
	set.Spec.Replicas, set.Spec.ServiceName = &size, w.Name
	set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: int32(w.Start)}
	set.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	set.Spec.Template.Labels = labels
	set.Spec.Template.Spec.Containers = []corev1.Container{{Name: "app", Image: "app:v1"}}
	for _, t := range w.Templates {
		set.Spec.VolumeClaimTemplates = append(set.Spec.VolumeClaimTemplates, corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Name: t}, Spec: claimSpec(),
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

// settle waits until a set has so many pods, no more and no fewer.
func (s *claimWorld) settle(ctx context.Context, set string, pods int) {
	s.t.Helper()
	var names []string
	// Many sets settle at once, and looking costs more than they do.
	for again := glance; ctx.Err() == nil; again = min(again*3/2, time.Second) {
		list, err := s.kube.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + set})
		s.check(err)
		found := map[string]bool{}
		for i := range list.Items {
			if p := &list.Items[i]; p.Status.Phase == corev1.PodRunning || pods == 0 || p.DeletionTimestamp != nil {
				found[p.Name] = p.DeletionTimestamp == nil
			}
		}
		if len(list.Items) == pods && len(found) == pods && !slices.Contains(slices.Collect(maps.Values(found)), false) && s.collected(ctx, set) {
			return
		}
		names = slices.Sorted(maps.Keys(found))
		time.Sleep(again)
	}
	s.t.Fatalf("statefulset %s has %v, want %d pods", set, names, pods)
}

// collected says whether the garbage collector has taken what the set's retention policy
// has given to it. Until then a pod that comes back would wait for its claim.
func (s *claimWorld) collected(ctx context.Context, set string) bool {
	s.t.Helper()
	list, err := s.kube.CoreV1().PersistentVolumeClaims(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + set})
	s.check(err)
	return !slices.ContainsFunc(list.Items, func(c corev1.PersistentVolumeClaim) bool { return len(c.OwnerReferences) > 0 })
}
