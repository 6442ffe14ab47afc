package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// What BenchmarkPVCGCDelete deletes, and the number of concurrent requests.
const (
	deleteNamespaces = 20
	deleteClaims     = 1000
	deleteWorkers    = 8
)

// BenchmarkPVCGCDelete compares pvc-gc --delete with a loop that makes the same requests for each
// claim at the same concurrency, without any checks, and waits until all are gone.
func BenchmarkPVCGCDelete(b *testing.B) {
	c := cluster.Shared(b, nil)
	config := c.RESTConfig()
	config.QPS = -1
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		b.Fatal(err)
	}
	for name, deleteAll := range map[string]func(namespaces []string){
		"sts": func([]string) {
			run(b, c, binary, "pvc-gc", "-A", "--parked", "--delete", "--yes", "--max", "100000", "--concurrency", fmt.Sprint(deleteWorkers))
		},
		"bare": func(namespaces []string) {
			eachBy(b, deleteWorkers, deleteClaims, func(i int) error {
				return deleteBare(kube, namespaces[i%deleteNamespaces], leftClaim(i))
			})
			eachBy(b, deleteWorkers, deleteNamespaces, func(i int) error { return untilGone(kube, namespaces[i]) })
		},
	} {
		b.Run(name, func(b *testing.B) {
			var took time.Duration
			for b.Loop() {
				b.StopTimer()
				namespaces := leaveClaims(b, c, kube)
				b.StartTimer()
				began := time.Now()
				deleteAll(namespaces)
				took += time.Since(began)
			}
			b.ReportMetric(float64(deleteClaims*b.N)/took.Seconds(), "claims/s")
		})
	}
}

func leftClaim(i int) string { return fmt.Sprintf("data-db-%d", i/deleteNamespaces) }

// leaveClaims creates namespaces with a set of 0 replicas and bound claims of its ordinals.
func leaveClaims(b *testing.B, c *cluster.Cluster, kube kubernetes.Interface) []string {
	b.Helper()
	ctx, none, class := context.Background(), int32(0), "standard"
	namespaces := make([]string, deleteNamespaces)
	labels := map[string]string{"app": "db"}
	spec := corev1.PersistentVolumeClaimSpec{
		StorageClassName: &class, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Mi")}},
	}
	for i := range namespaces {
		namespaces[i] = c.Namespace(b)
		s := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "db"}}
		s.Spec.Replicas, s.Spec.ServiceName, s.Spec.Selector = &none, "db", &metav1.LabelSelector{MatchLabels: labels}
		s.Spec.Template.Labels = labels
		s.Spec.Template.Spec.Containers = []corev1.Container{{Name: "app", Image: "app:1"}}
		s.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: spec}}
		if _, err := kube.AppsV1().StatefulSets(namespaces[i]).Create(ctx, s, metav1.CreateOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	each(b, deleteClaims, func(i int) error {
		o := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: leftClaim(i), Labels: labels}, Spec: spec}
		_, err := kube.CoreV1().PersistentVolumeClaims(namespaces[i%deleteNamespaces]).Create(ctx, o, metav1.CreateOptions{FieldManager: "kube-controller-manager"})
		return err
	})
	each(b, deleteClaims, func(i int) error {
		for {
			claim, err := kube.CoreV1().PersistentVolumeClaims(namespaces[i%deleteNamespaces]).Get(ctx, leftClaim(i), metav1.GetOptions{})
			if err != nil || claim.Status.Phase == corev1.ClaimBound {
				return err
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	b.Cleanup(func() {
		// Retained volumes are not deleted with the namespace.
		list, err := kube.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{LabelSelector: sts.RetainedSelector("")})
		if err != nil {
			b.Fatal(err)
		}
		each(b, len(list.Items), func(i int) error {
			patch := []byte(`{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}`)
			_, err := kube.CoreV1().PersistentVolumes().Patch(ctx, list.Items[i].Name, types.MergePatchType, patch, metav1.PatchOptions{})
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		})
	})
	return namespaces
}

// deleteBare deletes a claim and retains its volume.
func deleteBare(kube kubernetes.Interface, namespace, name string) error {
	ctx, core := context.Background(), kube.CoreV1()
	claim, err := core.PersistentVolumeClaims(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	volume, err := core.PersistentVolumes().Get(ctx, claim.Spec.VolumeName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:"true"},"annotations":{"bench":%q}},"spec":{"persistentVolumeReclaimPolicy":"Retain"}}`,
		sts.RetainedLabel, sts.EncodeAnnotation(sts.NewRetained(claim, volume)))
	if _, err := core.PersistentVolumes().Patch(ctx, volume.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return err
	}
	return core.PersistentVolumeClaims(namespace).Delete(ctx, name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &claim.UID, ResourceVersion: &claim.ResourceVersion},
	})
}

func untilGone(kube kubernetes.Interface, namespace string) error {
	for {
		list, err := kube.CoreV1().PersistentVolumeClaims(namespace).List(context.Background(), metav1.ListOptions{})
		if err != nil || len(list.Items) == 0 {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}
