package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// builtSets cover the differences between a template and the pods of the controller.
var builtSets = map[string]string{
	"plain": `
spec: {containers: [{name: app, image: "app:v1"}]}`,
	"claims": `
spec:
  volumes: [{name: logs, emptyDir: {}}, {name: config, configMap: {name: absent, optional: true}}]
  containers: [{name: app, image: "app:v1", volumeMounts: [{name: data, mountPath: /data}, {name: logs, mountPath: /logs}]}]`,
	"named": `
metadata:
  annotations: {example.com/a: b}
  labels: {apps.kubernetes.io/pod-index: "77", controller-revision-hash: other, statefulset.kubernetes.io/pod-name: other}
spec:
  hostname: another
  subdomain: another
  setHostnameAsFQDN: true
  hostAliases: [{ip: 10.0.0.1, hostnames: [db]}]
  initContainers:
  - {name: init, image: "app:v1", command: ["true"]}
  - {name: sidecar, image: "app:v1", restartPolicy: Always}
  containers: [{name: app, image: "app:v1", env: [{name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}]`,
}

// TestNewPodIsTheControllers: after defaulting and admission, the pod that sts.NewPod builds equals the
// one that the StatefulSet controller has created.
func TestNewPodIsTheControllers(t *testing.T) {
	t.Parallel()
	c := cluster.Shared(t, nil)
	client, err := kubernetes.NewForConfig(c.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	for name, template := range builtSets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2**patience)
			defer cancel()
			ns := c.Namespace(t)
			set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.StatefulSetSpec{
				Replicas: new(int32(1)), ServiceName: "headless", Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
				Ordinals: &appsv1.StatefulSetOrdinals{Start: 7},
			}}
			if err := yaml.UnmarshalStrict([]byte(template), &set.Spec.Template); err != nil {
				t.Fatal(err)
			}
			if set.Spec.Template.Labels == nil {
				set.Spec.Template.Labels = map[string]string{}
			}
			set.Spec.Template.Labels["app"] = "web"
			if name == "claims" {
				for _, claim := range []string{"data", "logs"} {
					set.Spec.VolumeClaimTemplates = append(set.Spec.VolumeClaimTemplates, corev1.PersistentVolumeClaim{
						ObjectMeta: metav1.ObjectMeta{Name: claim},
						Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
							Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}}},
					})
				}
			}
			set, err := client.AppsV1().StatefulSets(ns).Create(ctx, set, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			live := untilPod(ctx, t, client, ns, "web-7")
			built := sts.NewPod(set, &set.Spec.Template, live.Labels[appsv1.StatefulSetRevisionLabel], 7)
			built.Name = "" // generateName makes another one: this one exists
			tried, err := client.CoreV1().Pods(ns).Create(ctx, built, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if err != nil {
				t.Fatal(err)
			}
			tried.Name = "web-7"
			if diff := cmp.Diff(alike(live), alike(tried)); diff != "" {
				t.Errorf("(-of the controller +built):\n%s", diff)
			}
		})
	}
}

func untilPod(ctx context.Context, t *testing.T, client kubernetes.Interface, ns, name string) *corev1.Pod {
	t.Helper()
	w, err := client.CoreV1().Pods(ns).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		if pod, is := e.Object.(*corev1.Pod); is && pod.Name == name {
			return pod
		}
	}
	t.Fatalf("no pod %s", name)
	return nil
}

// alike removes from a pod what differs for each creation, and what changes later.
func alike(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	p.UID, p.ResourceVersion, p.Generation, p.CreationTimestamp, p.ManagedFields = "", "", 0, metav1.Time{}, nil
	p.Spec.NodeName, p.Status = "", corev1.PodStatus{}
	delete(p.Labels, corev1.LabelTopologyZone) // of the node, copied when the pod is bound (KEP-4742)
	delete(p.Labels, corev1.LabelTopologyRegion)
	const token = "kube-api-access-" // followed by a random suffix
	for i := range p.Spec.Volumes {
		if strings.HasPrefix(p.Spec.Volumes[i].Name, token) {
			p.Spec.Volumes[i].Name = token
		}
	}
	slices.SortFunc(p.Spec.Volumes, func(a, b corev1.Volume) int { return strings.Compare(a.Name, b.Name) }) // the controller adds them in no order
	for _, containers := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range containers {
			for j := range containers[i].VolumeMounts {
				if m := &containers[i].VolumeMounts[j]; strings.HasPrefix(m.Name, token) {
					m.Name = token
				}
			}
		}
	}
	return p
}
