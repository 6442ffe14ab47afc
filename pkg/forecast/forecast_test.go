package forecast_test

import (
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// predictions are of the set web.
var predictions = []struct {
	name     string
	replicas int32
	before   func(inv *sts.Inventory)
	change   func(set *appsv1.StatefulSet)
	question func(q *forecast.Question)
}{
	{"nothing", 2, nil, nil, nil},
	{"scale-up", 2, nil, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(4)) }, nil},
	{"scale-up-reused", 1, func(inv *sts.Inventory) {
		inv.Claims = append(inv.Claims, ststest.Claim(inv.Sets[0], 1), ststest.Claim(inv.Sets[0], 2))
	}, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(2)) }, nil},
	{"scale-down", 3, func(inv *sts.Inventory) {
		inv.Budgets[0].Spec.MinAvailable = new(intstr.FromInt32(3))
	}, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(1)) }, nil},
	{"scale-down-deletes-claims", 3, nil, func(set *appsv1.StatefulSet) {
		set.Spec.Replicas = new(int32(1))
		set.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
			WhenScaled: appsv1.DeletePersistentVolumeClaimRetentionPolicyType, WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType}
	}, nil},
	{"scale-up-claims-still-going", 3, func(inv *sts.Inventory) {
		leaving(inv)
		ststest.Terminating(inv.Pods[2], ststest.Now.Add(-time.Second))
	}, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(3)) }, nil},
	{"scale-up-claim-held", 3, func(inv *sts.Inventory) {
		leaving(inv)
		inv.Pods = inv.Pods[:2]
		inv.Claims[2].DeletionTimestamp = &metav1.Time{Time: ststest.Now.Add(-time.Minute)}
		inv.Claims[2].Finalizers = append(inv.Claims[2].Finalizers, "example.com/backup")
	}, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(3)) }, nil},
	{"asleep-after-a-claim", 3, func(inv *sts.Inventory) {
		leaving(inv)
		inv.Sets[0].Spec.Replicas = new(int32(3))
		inv.Pods, inv.Claims = inv.Pods[:2], inv.Claims[:2]
	}, nil, nil},
	{"scale-autoscaled", 3, func(inv *sts.Inventory) {
		h := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "web"}}
		h.Spec.MinReplicas, h.Spec.MaxReplicas = new(int32(2)), 3
		h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "web"}
		inv.HPAs = append(inv.HPAs, h)
	}, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(4)) }, nil},
	{"update", 3, func(inv *sts.Inventory) {
		inv.Budgets[0].Spec.MaxUnavailable = new(intstr.FromInt32(1))
	}, newImage, nil},
	{"update-min-ready", 2, func(inv *sts.Inventory) { inv.Sets[0].Spec.MinReadySeconds = 15 }, newImage, nil},
	{"update-names-published-early", 2, func(inv *sts.Inventory) { inv.Services[0].Spec.PublishNotReadyAddresses = true }, newImage, nil},
	{"update-same-template", 2, nil, func(set *appsv1.StatefulSet) {
		set.Spec.Template = *set.Spec.Template.DeepCopy()
		set.Spec.Template.Annotations = map[string]string{}
	}, nil},
	{"update-two-at-once", 4, func(inv *sts.Inventory) {
		inv.Sets[0].Spec.PodManagementPolicy = appsv1.ParallelPodManagement
		inv.Budgets[0].Spec.MaxUnavailable = new(intstr.FromInt32(1))
	}, func(set *appsv1.StatefulSet) {
		newImage(set)
		set.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable = new(intstr.FromInt32(2))
	}, func(q *forecast.Question) { q.Features.MaxUnavailable = true }},
	{"update-broken", 3, nil, newImage, func(q *forecast.Question) { q.Broken = true }},
	{"update-held", 3, nil, func(set *appsv1.StatefulSet) {
		newImage(set)
		set.Spec.UpdateStrategy.RollingUpdate.Partition = new(int32(2))
	}, nil},
	{"update-held-from-ordinal-5", 3, startAt5, func(set *appsv1.StatefulSet) {
		newImage(set)
		set.Spec.UpdateStrategy.RollingUpdate.Partition = new(int32(2))
	}, nil},
	{"update-on-delete", 2, nil, func(set *appsv1.StatefulSet) {
		newImage(set)
		set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
	}, nil},
	{"on-delete-crashing-before", 3, func(inv *sts.Inventory) {
		onDelete(inv)
		ststest.Crashing(inv.Pods[1])
	}, nil, nil},
	{"on-delete-crashing-data-at-risk", 3, func(inv *sts.Inventory) {
		onDelete(inv)
		ststest.Crashing(inv.Pods[1])
		inv.Pods[1].Spec.NodeName = "node-1"
		v := corev1.Volume{Name: "data"}
		v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: inv.Claims[1].Name}
		inv.Pods[1].Spec.Volumes = []corev1.Volume{v}
		inv.Claims[1].Spec.VolumeName = "pv-1"
		inv.Claims[1].DeletionTimestamp = &metav1.Time{Time: ststest.Now.Add(-time.Minute)}
	}, nil, nil},
	{"on-delete-crashing-after", 3, func(inv *sts.Inventory) {
		onDelete(inv)
		inv.Pods[1] = ststest.Pod(inv.Sets[0], 1, "web-broken")
		ststest.Crashing(inv.Pods[1])
	}, nil, nil},
	{"on-delete-crashing-without-update", 3, func(inv *sts.Inventory) {
		inv.Sets[0].Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
		ststest.Crashing(inv.Pods[1])
	}, nil, nil},
	{"recreate", 3, recreates, newImage, nil},
	{"recreate-parallel", 3, func(inv *sts.Inventory) {
		recreates(inv)
		inv.Sets[0].Spec.PodManagementPolicy = appsv1.ParallelPodManagement
	}, newImage, nil},
	{"recreate-broken", 3, recreates, newImage, func(q *forecast.Question) { q.Broken = true }},
	{"recreate-broken-before", 3, func(inv *sts.Inventory) {
		crashing(inv)
		recreates(inv)
		inv.Pods = inv.Pods[:1]
		inv.Pods[0] = ststest.Pod(inv.Sets[0], 0, "web-broken")
		ststest.Crashing(inv.Pods[0])
	}, nil, nil},
	{"recreate-blocked-by-a-finalizer", 3, func(inv *sts.Inventory) {
		recreates(inv)
		inv.Pods[1].Finalizers = []string{"example.com/hold"}
	}, newImage, nil},
	{"recreate-refused", 3, func(inv *sts.Inventory) {
		recreates(inv)
		set := inv.Sets[0]
		set.Generation = 2
		inv.Events = append(inv.Events, &corev1.Event{Reason: "UnknownStrategy", Type: corev1.EventTypeWarning,
			InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: set.Namespace, Name: set.Name, UID: set.UID}})
	}, nil, nil},
	{"crashing-before", 3, crashing, newImage, nil},
	{"crashing-canary-scaled", 3, func(inv *sts.Inventory) {
		crashing(inv)
		inv.Sets[0].Spec.PodManagementPolicy = appsv1.ParallelPodManagement
	}, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(4)) }, nil},
	{"terminating-forever", 3, func(inv *sts.Inventory) {
		ststest.Terminating(inv.Pods[2], ststest.Now.Add(-time.Hour))
	}, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(1)) }, nil},
	{"parallel", 2, func(inv *sts.Inventory) { inv.Sets[0].Spec.PodManagementPolicy = appsv1.ParallelPodManagement },
		func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(5)) }, nil},
	{"manifest-created", 0, manifest(3), nil, fromManifest},
	{"manifest-created-broken", 0, manifest(3), nil, func(q *forecast.Question) { fromManifest(q); q.Broken = true }},
	{"manifest-updated", 0, manifest(2), newImage, fromManifest},
	{"delete-background", 2, deletesClaims, nil, deleting(metav1.DeletePropagationBackground)},
	{"delete-foreground", 2, deletesClaims, nil, deleting(metav1.DeletePropagationForeground)},
	{"delete-foreground-in-scale-down", 3, func(inv *sts.Inventory) {
		leaving(inv)
		inv.Sets[0].Spec.Replicas = new(int32(1))
		ststest.Terminating(inv.Pods[2], ststest.Now.Add(-time.Second))
		inv.Claims[1].OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(inv.Pods[1], corev1.SchemeGroupVersion.WithKind("Pod"))}
	}, nil, deleting(metav1.DeletePropagationForeground)},
	{"delete-orphan", 2, deletesClaims, nil, deleting(metav1.DeletePropagationOrphan)},
	{"delete-retained", 2, nil, nil, deleting(metav1.DeletePropagationBackground)},
	{"delete-hanging", 2, func(inv *sts.Inventory) { inv.Pods[1].Finalizers = []string{"example.com/hold"} }, nil,
		deleting(metav1.DeletePropagationForeground)},
	{"lose-node", 3, func(inv *sts.Inventory) { inv.Pods[1].Spec.NodeName = "node-1" }, nil, func(q *forecast.Question) { q.LoseNode = "node-1" }},
	{"lose-node-tolerated", 2, func(inv *sts.Inventory) {
		inv.Pods[1].Spec.NodeName = "node-1"
		inv.Pods[1].Spec.Tolerations = []corev1.Toleration{{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists}}
	}, nil, func(q *forecast.Question) { q.LoseNode = "node-1" }},
	{"manifest-lose-node", 0, manifest(2), nil, func(q *forecast.Question) { fromManifest(q); q.LoseNode = "node-1" }},
	{"manifest-unnamable", 0, func(inv *sts.Inventory) {
		manifest(2)(inv)
		inv.Sets[0].Name = strings.Repeat("w", 55)
	}, nil, fromManifest},
	{"not-ready-before", 3, notReady, nil, nil},
	{"not-ready-before-changed", 3, notReady, newImage, nil},
	{"not-ready-before-scaled-to-zero", 3, notReady, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(0)) }, nil},
	{"not-ready-before-broken", 3, notReady, nil, func(q *forecast.Question) { q.Broken = true }},
	{"service-not-headless", 1, func(inv *sts.Inventory) { inv.Services[0].Spec.ClusterIP = "10.0.0.1" }, nil, nil},
	{"service-selects-others", 1, func(inv *sts.Inventory) { inv.Services[0].Spec.Selector = map[string]string{"app": "db"} }, nil, nil},
	{"scale-to-zero", 1, func(inv *sts.Inventory) {
		inv.Budgets[0].Spec.MaxUnavailable = new(intstr.FromInt32(1))
	}, func(set *appsv1.StatefulSet) { set.Spec.Replicas = new(int32(0)) }, nil},
	{"hidden-claims", 2, func(inv *sts.Inventory) {
		inv.Budgets, inv.Services = nil, nil
		inv.Missing = []sts.Missing{{Resource: "services", Reason: "services is forbidden"}, {Resource: "poddisruptionbudgets", Reason: "forbidden"}}
	}, newImage, nil},
}

func newImage(set *appsv1.StatefulSet) { set.Spec.Template.Spec.Containers[0].Image = "web:2" }

// deletesClaims has claims as the controller creates them under whenDeleted: Delete.
func deletesClaims(inv *sts.Inventory) {
	set := inv.Sets[0]
	set.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
		WhenDeleted: appsv1.DeletePersistentVolumeClaimRetentionPolicyType}
	for i, c := range inv.Claims {
		c.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))}
		c.Finalizers = []string{"kubernetes.io/pvc-protection"}
		v := corev1.Volume{Name: "data"}
		v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: c.Name}
		inv.Pods[i].Spec.Volumes = []corev1.Volume{v}
	}
}

// leaving is a set whose highest ordinal is being removed, with its claim.
func leaving(inv *sts.Inventory) {
	deletesClaims(inv)
	set := inv.Sets[0]
	set.Spec.Replicas = new(int32(2))
	set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled = appsv1.DeletePersistentVolumeClaimRetentionPolicyType
	inv.Claims[2].OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(inv.Pods[2], corev1.SchemeGroupVersion.WithKind("Pod"))}
}

func deleting(how metav1.DeletionPropagation) func(q *forecast.Question) {
	return func(q *forecast.Question) { q.Delete = how }
}

func startAt5(inv *sts.Inventory) {
	set := inv.Sets[0]
	set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 5}
	inv.Pods, inv.Claims = nil, nil
	for o := sts.Start(set); o < sts.End(set); o++ {
		inv.Pods, inv.Claims = append(inv.Pods, ststest.Pod(set, o, ststest.StableRevision)), append(inv.Claims, ststest.Claim(set, o))
	}
}

// crashing is an update whose first pod never became ready.
func crashing(inv *sts.Inventory) {
	set := inv.Sets[0]
	set.Spec.Template = ststest.Template("web:broken")
	inv.Revisions = append(inv.Revisions, ststest.Revision(set, "web-broken", 2, set.Spec.Template))
	set.Status.UpdateRevision = "web-broken"
	inv.Pods[2] = ststest.Pod(set, 2, "web-broken")
	ststest.Crashing(inv.Pods[2])
}

func recreates(inv *sts.Inventory) {
	inv.Sets[0].Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RecreateStatefulSetStrategyType}
}

// onDelete is an update that waits for pods to be deleted.
func onDelete(inv *sts.Inventory) {
	crashing(inv)
	set := inv.Sets[0]
	set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
	inv.Pods[2] = ststest.Pod(set, 2, ststest.StableRevision)
}

// notReady is an update whose first pod is not ready yet.
func notReady(inv *sts.Inventory) {
	crashing(inv)
	inv.Pods[2] = ststest.Pod(inv.Sets[0], 2, "web-broken")
	ststest.NotReady(inv.Pods[2], ststest.Now.Add(-3*time.Minute))
}

// manifest is the set as in a file.
func manifest(replicas int32) func(inv *sts.Inventory) {
	return func(inv *sts.Inventory) {
		set := inv.Sets[0]
		set.Spec.Replicas, set.UID, set.Status = &replicas, "", appsv1.StatefulSetStatus{}
		inv.Revisions = nil
	}
}

func fromManifest(q *forecast.Question) { q.From = forecast.Manifest }

func TestForecasts(t *testing.T) {
	for _, c := range predictions {
		t.Run(c.name, func(t *testing.T) {
			inv := ststest.Web(c.replicas)
			if c.before != nil {
				c.before(inv)
			}
			s := inv.Snapshots()[0]
			q := forecast.Question{From: forecast.Live, Domain: names.DefaultDomain}
			q.ReadyAfter, q.TerminateAfter = metav1.Duration{Duration: 20 * time.Second}, metav1.Duration{Duration: 10 * time.Second}
			if c.change != nil {
				q.Set = s.Set.DeepCopy()
				c.change(q.Set)
			}
			if c.question != nil {
				c.question(&q)
			}
			raw, err := yaml.Marshal(forecast.Run(s, q))
			if err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, string(raw), c.name+".yaml")
		})
	}
}
