package ststest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Now is when the Inventories of this package are taken.
var Now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Names in these Inventories.
const (
	Namespace      = "test"
	StableRevision = "web-stable"
	StableImage    = "web:1"
)

// Web is a healthy StatefulSet web, of the size: every ordinal available on
// StableRevision for an hour, a bound claim each, a budget that allows one
// disruption, a headless Service. Tests change what they need.
func Web(replicas int32) *sts.Inventory {
	labels := map[string]string{"app": "web"}
	set := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: "web", UID: "set-uid", Generation: 1, ResourceVersion: "1"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, ServiceName: "web",
			Selector:            &metav1.LabelSelector{MatchLabels: labels},
			PodManagementPolicy: appsv1.OrderedReadyPodManagement,
			Template:            Template(StableImage),
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{
				{ObjectMeta: metav1.ObjectMeta{Name: "data"}},
			},
			UpdateStrategy: appsv1.StatefulSetUpdateStrategy{
				Type:          appsv1.RollingUpdateStatefulSetStrategyType,
				RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32)},
			},
		},
		Status: appsv1.StatefulSetStatus{
			ObservedGeneration: 1, CurrentRevision: StableRevision, UpdateRevision: StableRevision,
		},
	}
	inv := &sts.Inventory{
		TakenAt:   Now,
		Sets:      []*appsv1.StatefulSet{set},
		Revisions: []*appsv1.ControllerRevision{Revision(set, StableRevision, 1, set.Spec.Template)},
		Budgets: []*policyv1.PodDisruptionBudget{{
			ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: "web-pdb", Generation: 1},
			Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}},
			Status: policyv1.PodDisruptionBudgetStatus{ObservedGeneration: 1, DisruptionsAllowed: 1,
				CurrentHealthy: replicas, DesiredHealthy: replicas - 1, ExpectedPods: replicas},
		}},
		Services: []*corev1.Service{{
			ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: "web"},
			Spec:       corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Selector: labels},
		}},
	}
	for o := range sts.Ordinal(replicas) {
		inv.Pods = append(inv.Pods, Pod(set, o, StableRevision))
		inv.Claims = append(inv.Claims, Claim(set, o))
	}
	return inv
}

// Template is a pod template with one container, app.
func Template(image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}},
	}
}

// Revision is a ControllerRevision of the set as its controller writes it.
func Revision(set *appsv1.StatefulSet, name string, n int64, t corev1.PodTemplateSpec) *appsv1.ControllerRevision {
	raw, err := json.Marshal(t)
	if err != nil {
		panic(err) // an API type, which always marshals
	}
	data := fmt.Appendf(nil, `{"spec":{"template":{"$patch":"replace",%s}}`, raw[1:])
	r := &appsv1.ControllerRevision{ObjectMeta: owned(set, name), Revision: n}
	r.Data.Raw = data
	return r
}

// Pod is an available pod of the set.
func Pod(set *appsv1.StatefulSet, o sts.Ordinal, revision string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: owned(set, sts.PodName(set.Name, o))}
	pod.CreationTimestamp = metav1.NewTime(Now.Add(-time.Hour))
	pod.Labels = map[string]string{"app": "web", appsv1.StatefulSetRevisionLabel: revision}
	pod.Spec.Containers = set.Spec.Template.Spec.Containers
	pod.Spec.NodeName = "node-0"
	pod.Spec.Containers = slices.Clone(set.Spec.Template.Spec.Containers)
	Ready(pod, Now.Add(-time.Hour))
	return pod
}

// Claim is the set's bound claim data for an ordinal.
func Claim(set *appsv1.StatefulSet, o sts.Ordinal) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: set.Namespace, Name: sts.ClaimName("data", set.Name, o), Labels: map[string]string{"app": "web"}},
		Status: corev1.PersistentVolumeClaimStatus{
			Phase:    corev1.ClaimBound,
			Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
		},
	}
}

func owned(set *appsv1.StatefulSet, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: set.Namespace, Name: name, UID: types.UID(name + "-uid"),
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))},
	}
}

// Ready makes the pod ready since then.
func Ready(pod *corev1.Pod, since time.Time) {
	pod.Status = corev1.PodStatus{
		Phase:             corev1.PodRunning,
		Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(since)}},
		ContainerStatuses: []corev1.ContainerStatus{{Name: "app", Ready: true}},
	}
}

// NotReady makes the pod run without being ready since then.
func NotReady(pod *corev1.Pod, since time.Time) {
	Ready(pod, since)
	pod.Status.Conditions[0].Status = corev1.ConditionFalse
	pod.Status.ContainerStatuses[0].Ready = false
}

// Crashing makes the pod crash-loop.
func Crashing(pod *corev1.Pod) {
	NotReady(pod, Now.Add(-time.Minute))
	pod.Status.ContainerStatuses[0].RestartCount = 4
	pod.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}
	pod.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}
}

// Terminating gives the pod a deletion timestamp.
func Terminating(pod *corev1.Pod, due time.Time) {
	pod.DeletionTimestamp = &metav1.Time{Time: due}
}
