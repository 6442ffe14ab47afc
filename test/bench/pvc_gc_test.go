package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// What BenchmarkPVCGC reads. The sets and Deployments have 0 replicas, so that no controller acts
// during the measurement; the pods have no controller.
const (
	gcNamespaces  = 200
	gcSets        = 500
	gcClaims      = 20000
	gcPods        = 5000
	gcDeployments = 1000
	gcCronJobs    = 1000
)

// gcLists are what pvc-gc lists.
var gcLists = []string{
	"/api/v1/persistentvolumeclaims", "/api/v1/persistentvolumes", "/api/v1/pods", "/api/v1/replicationcontrollers",
	"/apis/apps/v1/statefulsets", "/apis/apps/v1/deployments", "/apis/apps/v1/daemonsets", "/apis/apps/v1/replicasets",
	"/apis/batch/v1/jobs", "/apis/batch/v1/cronjobs", "/apis/autoscaling/v2/horizontalpodautoscalers",
}

// BenchmarkPVCGC compares the report on all claims of a large cluster with kubectl's lists of the
// required kinds, with the server's list of the claims alone, and with its lists of all the same
// kinds, read concurrently and not decoded.
func BenchmarkPVCGC(b *testing.B) {
	c := cluster.Shared(b, nil)
	fillWithClaims(b, c)
	for _, program := range []struct {
		name, path string
		args       []string
	}{
		{"sts", binary, []string{"pvc-gc", "-A", "-o", "name", "--parked"}},
		{"kubectl", c.Bin("kubectl"), []string{"get", "pvc,pods,sts", "-A", "-o", "name"}},
		{"raw", c.Bin("kubectl"), []string{"get", "--raw", "/api/v1/persistentvolumeclaims"}},
	} {
		b.Run(program.name, func(b *testing.B) {
			var most int64
			for b.Loop() {
				most = max(most, runForMemory(b, c, program.path, program.args...))
			}
			b.ReportMetric(float64(most)/1024, "MiB")
		})
	}
	kube, err := kubernetes.NewForConfig(c.RESTConfig())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("raw-lists", func(b *testing.B) {
		for b.Loop() {
			eachBy(b, len(gcLists), len(gcLists), func(i int) error {
				_, err := kube.CoreV1().RESTClient().Get().AbsPath(gcLists[i]).SetHeader("Accept", "application/json").DoRaw(context.Background())
				return err
			})
		}
	})
}

// runForMemory runs a command and returns its peak memory, in KiB.
func runForMemory(b *testing.B, c *cluster.Cluster, program string, args ...string) int64 {
	b.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	var out, errout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errout
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s %v: %v\n%s", filepath.Base(program), args, err, errout.String())
	}
	if lines := bytes.Count(out.Bytes(), []byte("\n")); lines < gcClaims/10 && len(out.Bytes()) < gcClaims*100 {
		b.Fatalf("%s %v wrote %d lines only", filepath.Base(program), args, lines)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss
}

// fillWithClaims creates namespaces with sets, claims of their ordinals, and pods that mount
// some of them.
func fillWithClaims(b *testing.B, c *cluster.Cluster) {
	b.Helper()
	config := c.RESTConfig()
	config.QPS = -1
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		b.Fatal(err)
	}
	ctx, never, none := context.Background(), "never", int32(0)
	namespace := func(i int) string { return fmt.Sprintf("bench-gc-%d", i%gcNamespaces) }
	perNamespace := gcSets / gcNamespaces * gcNamespaces // each namespace has the same number of sets
	set := func(i int) string { return fmt.Sprintf("db%d", i%perNamespace/gcNamespaces) }
	claim := func(i int) string { return fmt.Sprintf("data-%s-%d", set(i), i/perNamespace) }

	each(b, gcNamespaces, func(i int) error {
		_, err := kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace(i)}}, metav1.CreateOptions{})
		return err
	})
	b.Cleanup(func() {
		each(b, gcNamespaces, func(i int) error { return kube.CoreV1().Namespaces().Delete(ctx, namespace(i), metav1.DeleteOptions{}) })
	})
	spec := corev1.PersistentVolumeClaimSpec{
		StorageClassName: &never, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}
	each(b, gcSets, func(i int) error {
		name := fmt.Sprintf("db%d", i/gcNamespaces)
		labels := map[string]string{"app": name}
		s := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
		s.Spec.Replicas, s.Spec.ServiceName, s.Spec.Selector = &none, name, &metav1.LabelSelector{MatchLabels: labels}
		s.Spec.Template.Labels = labels
		s.Spec.Template.Spec.Containers = []corev1.Container{{Name: "app", Image: "app:1"}}
		s.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: spec}}
		_, err := kube.AppsV1().StatefulSets(namespace(i)).Create(ctx, s, metav1.CreateOptions{})
		return err
	})
	each(b, gcClaims, func(i int) error {
		o := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: claim(i), Labels: map[string]string{"app": set(i)}}, Spec: spec}
		_, err := kube.CoreV1().PersistentVolumeClaims(namespace(i)).Create(ctx, o, metav1.CreateOptions{FieldManager: "kube-controller-manager"})
		return err
	})
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "reader"}}}
	template.Spec.Containers = []corev1.Container{{Name: "app", Image: "app:1"}}
	mounting := func(claim string) corev1.PodTemplateSpec {
		t := template.DeepCopy()
		t.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
		}}}
		return *t
	}
	each(b, gcDeployments, func(i int) error {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("reader%d", i)}}
		d.Spec.Replicas, d.Spec.Selector = &none, &metav1.LabelSelector{MatchLabels: template.Labels}
		d.Spec.Template = mounting(claim(i))
		_, err := kube.AppsV1().Deployments(namespace(i)).Create(ctx, d, metav1.CreateOptions{})
		return err
	})
	each(b, gcCronJobs, func(i int) error {
		suspended := true
		j := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("backup%d", i)}}
		j.Spec.Schedule, j.Spec.Suspend = "0 3 * * *", &suspended
		j.Spec.JobTemplate.Spec.Template = mounting(claim(i))
		j.Spec.JobTemplate.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
		_, err := kube.BatchV1().CronJobs(namespace(i)).Create(ctx, j, metav1.CreateOptions{})
		return err
	})
	each(b, gcPods, func(i int) error {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("job-%d", i)}}
		p.Spec.SchedulerName = "none"
		p.Spec.Containers = []corev1.Container{{Name: "app", Image: "app:1"}}
		v := corev1.Volume{Name: "data"}
		v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim(i)}
		p.Spec.Volumes = []corev1.Volume{v}
		// The namespace's service account is created a moment later.
		for {
			_, err := kube.CoreV1().Pods(namespace(i)).Create(ctx, p, metav1.CreateOptions{})
			if !apierrors.IsForbidden(err) {
				return err
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// each runs f for 0 to n-1, many concurrently.
func each(b *testing.B, n int, f func(i int) error) {
	b.Helper()
	eachBy(b, 32, n, f)
}

// eachBy runs f for 0 to n-1 with this number of workers.
func eachBy(b *testing.B, workers, n int, f func(i int) error) {
	b.Helper()
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += workers {
				errs[w] = f(i)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			b.Fatal(err)
		}
	}
}
