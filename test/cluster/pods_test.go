package cluster

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func statefulSet(name, class string, replicas int32) *appsv1.StatefulSet {
	labels := map[string]string{"app": name}
	return &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "postgres:16"}}},
			},
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{
				ObjectMeta: metav1.ObjectMeta{Name: "data"},
				Spec: corev1.PersistentVolumeClaimSpec{
					AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
					StorageClassName: &class,
					Resources: corev1.VolumeResourceRequirements{
						Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
					},
				},
			}},
		},
	}
}

func TestStatefulSetWithVolumes(t *testing.T) {
	t.Parallel()
	c := Shared(t, nil)
	ns := c.Namespace(t)
	sets := c.Client().AppsV1().StatefulSets(ns)
	for _, class := range []string{StandardClass, RetainClass, NeverClass} {
		if _, err := sets.Create(t.Context(), statefulSet(class, class, 3), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, class := range []string{StandardClass, RetainClass} {
		eventually(t, "wait for the set of "+class, func(ctx context.Context) (bool, error) {
			set, err := sets.Get(ctx, class, metav1.GetOptions{})
			return err == nil && set.Status.AvailableReplicas == 3, err
		})
	}
	claims, err := c.Client().CoreV1().PersistentVolumeClaims(ns).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, claim := range claims.Items {
		want := corev1.ClaimBound
		if *claim.Spec.StorageClassName == NeverClass {
			want = corev1.ClaimPending
		}
		if claim.Status.Phase != want {
			t.Errorf("claim %s is %s, want %s", claim.Name, claim.Status.Phase, want)
		}
	}
}

// runPod makes a pod and waits until it is as wanted.
func runPod(t *testing.T, c *Cluster, ns, image string, annotations map[string]string, finalizers ...string) *corev1.Pod {
	t.Helper()
	pod, err := c.Client().CoreV1().Pods(ns).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "pod", Annotations: annotations, Finalizers: finalizers},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pod
}

func awaitPod(t *testing.T, c *Cluster, ns, what string, wanted func(*corev1.Pod) bool) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	eventually(t, "wait for the pod to be "+what, func(ctx context.Context) (done bool, err error) {
		pod, err = c.Client().CoreV1().Pods(ns).Get(ctx, "pod", metav1.GetOptions{})
		return err == nil && wanted(pod), err
	})
	return pod
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func waiting(pod *corev1.Pod) string {
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Waiting != nil {
			return status.State.Waiting.Reason
		}
	}
	return ""
}

func TestBehaviours(t *testing.T) {
	t.Parallel()
	c := Shared(t, nil)
	healthy := func(pod *corev1.Pod) bool { return podReady(pod) && pod.Status.PodIP != "" }
	crashing := func(pod *corev1.Pod) bool {
		return waiting(pod) == "CrashLoopBackOff" && pod.Status.ContainerStatuses[0].RestartCount >= 2 &&
			pod.Status.ContainerStatuses[0].LastTerminationState.Terminated.ExitCode == 1 && !podReady(pod)
	}
	unready := func(pod *corev1.Pod) bool {
		return pod.Status.Phase == corev1.PodRunning && pod.Status.PodIP != "" && len(pod.Status.ContainerStatuses) == 1 && !podReady(pod)
	}
	pulling := func(pod *corev1.Pod) bool {
		return pod.Status.Phase == corev1.PodPending && waiting(pod) == "ImagePullBackOff"
	}
	behaves := func(word string) map[string]string { return map[string]string{BehaviourAnnotation: word} }
	for name, test := range map[string]struct {
		image       string
		annotations map[string]string
		wanted      func(*corev1.Pod) bool
	}{
		"healthy":                 {"postgres:17", nil, healthy},
		"name is no tag":          {"example.org:5000/wal-crash", nil, healthy},
		"tag that ends otherwise": {"postgres:17-nocrash", nil, healthy},
		"crash tag":               {"postgres:crash", nil, crashing},
		"crash suffix":            {"example.org:5000/db/postgres:17-crash", nil, crashing},
		"crash annotation":        {"postgres:17", behaves(Crash), crashing},
		"never-ready suffix":      {"postgres:17-never-ready", nil, unready},
		"never-ready annotation":  {"postgres:17", behaves(NeverReady), unready},
		"pull suffix":             {"postgres:17-pull@sha256:" + strings.Repeat("0", 64), nil, pulling},
		"pull annotation":         {"postgres:17", behaves(Pull), pulling},
		"annotation wins":         {"postgres:17-crash", behaves("none"), healthy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns := c.Namespace(t)
			runPod(t, c, ns, test.image, test.annotations)
			awaitPod(t, c, ns, name, test.wanted)
			if took := deletePod(t, c, ns); took >= corev1.DefaultTerminationGracePeriodSeconds*time.Second {
				t.Errorf("gone after %s, want no wait", took)
			}
		})
	}
}

// deletePod returns how long the pod took to go.
func deletePod(t *testing.T, c *Cluster, ns string) time.Duration {
	t.Helper()
	began := time.Now()
	if err := c.Client().CoreV1().Pods(ns).Delete(t.Context(), "pod", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "wait for the pod to be gone", func(ctx context.Context) (bool, error) {
		_, err := c.Client().CoreV1().Pods(ns).Get(ctx, "pod", metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
	return time.Since(began)
}

func TestLate(t *testing.T) {
	t.Parallel()
	c := Shared(t, nil)
	for annotation, after := range map[string]time.Duration{"": 5 * time.Second, "1s": time.Second, "1500ms": 1500 * time.Millisecond} {
		t.Run("after "+annotation, func(t *testing.T) {
			t.Parallel()
			ns := c.Namespace(t)
			annotations := map[string]string{}
			if annotation != "" {
				annotations[ReadyAfterAnnotation] = annotation
			}
			began := time.Now()
			runPod(t, c, ns, "postgres:17-late", annotations)
			awaitPod(t, c, ns, "running", func(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodRunning && !podReady(pod) })
			awaitPod(t, c, ns, "ready", podReady)
			if took := time.Since(began); took < after {
				t.Errorf("Ready after %s, want at least %s", took, after)
			}
		})
	}
}

func TestBehaviourChangesOnTheFly(t *testing.T) {
	t.Parallel()
	c := Shared(t, nil)
	ns := c.Namespace(t)
	runPod(t, c, ns, "postgres:17", nil)
	awaitPod(t, c, ns, "ready", podReady)
	for _, step := range []struct {
		behaviour string
		wanted    func(*corev1.Pod) bool
	}{
		{NeverReady, func(pod *corev1.Pod) bool { return !podReady(pod) && waiting(pod) == "" }},
		{"none", podReady},
		{Crash, func(pod *corev1.Pod) bool { return !podReady(pod) && waiting(pod) == "CrashLoopBackOff" }},
		{"none", func(pod *corev1.Pod) bool {
			return podReady(pod) && pod.Status.ContainerStatuses[0].RestartCount > 0 && waiting(pod) == ""
		}},
	} {
		patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, BehaviourAnnotation, step.behaviour)
		if _, err := c.Client().CoreV1().Pods(ns).Patch(t.Context(), "pod", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		awaitPod(t, c, ns, step.behaviour, step.wanted)
	}
}

func TestTerminateAfter(t *testing.T) {
	t.Parallel()
	c := Shared(t, nil)
	ns := c.Namespace(t)
	runPod(t, c, ns, "postgres:17", map[string]string{TerminateAfterAnnotation: "2s"})
	awaitPod(t, c, ns, "ready", podReady)
	if took := deletePod(t, c, ns); took < 2*time.Second {
		t.Errorf("gone after %s, want at least 2s", took)
	}
}

func TestFinalizerHoldsATerminatedPod(t *testing.T) {
	t.Parallel()
	c := Shared(t, nil)
	ns := c.Namespace(t)
	runPod(t, c, ns, "postgres:17", nil, "test.kubectl-sts.dev/hold")
	awaitPod(t, c, ns, "ready", podReady)
	if err := c.Client().CoreV1().Pods(ns).Delete(t.Context(), "pod", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitPod(t, c, ns, "terminated", func(pod *corev1.Pod) bool {
		return pod.DeletionTimestamp != nil && pod.Status.Phase == corev1.PodSucceeded && !podReady(pod)
	})
	if _, err := c.Client().CoreV1().Pods(ns).Patch(t.Context(), "pod", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "wait for the pod to be gone", func(ctx context.Context) (bool, error) {
		_, err := c.Client().CoreV1().Pods(ns).Get(ctx, "pod", metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
}

// TestRecreatedPodKeepsItsOwnStatus: kwok decides on a status and writes it later, by the
// pod's name. A pod that has been recreated meanwhile must not get it.
func TestRecreatedPodKeepsItsOwnStatus(t *testing.T) {
	t.Parallel()
	c := Shared(t, map[string]bool{"MaxUnavailableStatefulSet": true}) // with few others to be held up
	const most = 5
	for round := range most {
		late := recreateBehindKwok(t, c)
		for _, e := range late {
			if e.Code < 300 {
				t.Fatalf("the status of the old %s was written to the new one: %s", e.Name, e.Request)
			}
		}
		if len(late) > 0 {
			return
		}
		t.Logf("round %d: kwok was not late", round)
	}
	t.Errorf("kwok was not late once in %d rounds: nothing is tested", most)
}

// recreateBehindKwok pauses kwok while it is about to write the next restart of crashing
// pods, and replaces them by healthy ones. It returns what kwok sent of the old pods afterwards.
func recreateBehindKwok(t *testing.T, c *Cluster) (late []AuditEvent) {
	t.Helper()
	const (
		count   = 8
		crashes = "postgres:17-crash"
	)
	ns := c.Namespace(t)
	pods := c.Client().CoreV1().Pods(ns)
	create := func(n int, image string) {
		t.Helper()
		_, err := pods.Create(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("pod-%d", n)},
			Spec:       corev1.PodSpec{NodeName: "node-0", Containers: []corev1.Container{{Name: "main", Image: image}}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	all := func(ctx context.Context, wanted func(*corev1.Pod) bool) (bool, error) {
		list, err := pods.List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		for i := range list.Items {
			if !wanted(&list.Items[i]) {
				return false, nil
			}
		}
		return true, nil
	}
	for n := range count {
		create(n, crashes)
	}
	eventually(t, "wait for the pods to crash", func(ctx context.Context) (bool, error) {
		return all(ctx, func(pod *corev1.Pod) bool { return waiting(pod) == "CrashLoopBackOff" })
	})

	if err := c.Pause("kwok"); err != nil {
		t.Fatal(err)
	}
	defer c.Resume("kwok") //nolint:errcheck // resumed below, this is for a failed test
	due := time.Now().Add(crashesEvery + time.Second)
	for n := range count {
		if err := pods.Delete(t.Context(), fmt.Sprintf("pod-%d", n), *metav1.NewDeleteOptions(0)); err != nil {
			t.Fatal(err)
		}
		create(n, "postgres:17")
	}
	<-time.After(time.Until(due)) // by then kwok is late with all of them
	if err := c.Resume("kwok"); err != nil {
		t.Fatal(err)
	}
	resumed := time.Now()
	eventually(t, "wait for the new pods to be ready", func(ctx context.Context) (bool, error) { return all(ctx, podReady) })

	events, err := c.Audit(ns)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.User == "kwok" && e.Subresource == "status" && e.Time.After(resumed) && strings.Contains(string(e.Request), crashes) {
			late = append(late, e)
		}
	}
	return late
}

func TestStagesNameThePod(t *testing.T) {
	for _, stage := range ownStages() {
		if err := nameUID(stage); err != nil {
			t.Error(err)
		}
		if text := fmt.Sprint(stage["spec"]); !strings.Contains(text, "template:metadata: {uid: {{ .metadata.uid | Quote }}}") || strings.Contains(text, "statusTemplate") {
			t.Errorf("%v does not name the UID: %s", stage["metadata"], text)
		}
	}
	other := stage("other", nil, nil, "phase: Running")
	other["spec"].(map[string]any)["next"] = map[string]any{"finalizers": map[string]any{"empty": true}}
	if err := nameUID(other); err == nil || !strings.Contains(err.Error(), "next.finalizers") {
		t.Errorf("a stage that writes otherwise: %v", err)
	}
}
