package claims_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// place is an inventory with one claim that a test is about.
type place struct {
	*sts.Inventory
	web    *appsv1.StatefulSet
	claim  *corev1.PersistentVolumeClaim
	choice claims.Choice
}

// claimPlace has a set web of ordinals 0-2 with the template data, which others change.
func claimPlace(claim string) *place {
	inv := ststest.Web(3)
	c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Namespace: ststest.Namespace, Name: claim, UID: "claim-uid", Labels: map[string]string{"app": "web"},
		Finalizers: []string{"kubernetes.io/pvc-protection"}, ManagedFields: madeBy("kube-controller-manager"),
	}}
	inv.Claims = append(inv.Claims, c)
	return &place{Inventory: inv, web: inv.Sets[0], claim: c}
}

func madeBy(manager string) []metav1.ManagedFieldsEntry {
	return []metav1.ManagedFieldsEntry{{Manager: manager, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:accessModes":{}}}`)}}
}

func (p *place) set(name, template string, replicas int32) *appsv1.StatefulSet {
	set := ststest.Web(replicas).Sets[0]
	set.Name, set.UID = name, types.UID(name+"-uid")
	set.Spec.VolumeClaimTemplates[0].Name = template
	set.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
	p.Sets = append(p.Sets, set)
	return set
}

func (p *place) pod(name, claim string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: name, UID: types.UID(name + "-uid")}}
	v := corev1.Volume{Name: "v"}
	v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim}
	pod.Spec.Volumes = []corev1.Volume{v}
	p.Pods = append(p.Pods, pod)
	return pod
}

func (p *place) scale(replicas int32) { p.web.Spec.Replicas = &replicas }

func (p *place) autoscale(set string, most int32) *autoscalingv2.HorizontalPodAutoscaler {
	h := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: ststest.Namespace, Name: "cpu"}}
	h.Spec.MaxReplicas = most
	h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: set}
	p.HPAs = append(p.HPAs, h)
	return h
}

func (p *place) hide(resources ...string) {
	for _, r := range resources {
		p.Missing = append(p.Missing, sts.Missing{Resource: r, Reason: "forbidden"})
	}
}

func (p *place) unused(status corev1.ConditionStatus, since time.Duration) {
	p.claim.Status.Conditions = append(p.claim.Status.Conditions, corev1.PersistentVolumeClaimCondition{
		Type: corev1.PersistentVolumeClaimUnused, Status: status, LastTransitionTime: metav1.NewTime(ststest.Now.Add(-since)),
	})
}

func (p *place) volume(name, handle string, change func(*corev1.PersistentVolume)) {
	v := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: name}}
	v.Spec.CSI = &corev1.CSIPersistentVolumeSource{Driver: "disk.example.com", VolumeHandle: handle}
	v.Spec.ClaimRef = &corev1.ObjectReference{Namespace: ststest.Namespace, Name: p.claim.Name, UID: p.claim.UID}
	if change != nil {
		change(v)
	}
	p.Volumes = append(p.Volumes, sts.NewVolume(v))
}

func label(key, value string) map[string]string { return map[string]string{key: value} }

const day = 24 * time.Hour

// want is what is compared of a verdict; what is left out is empty.
type want struct {
	State      claims.State
	Reason     string
	Set        string
	Confidence claims.Confidence
	Doubts     []string
	Unused     time.Duration
	From       claims.AgeSource
	Candidate  bool
	Held       string
}

var beyond = claims.MsgClaimOutOfRange("web", "ordinals 0-2")

func TestClaimVerdicts(t *testing.T) {
	all := claims.Choice{DeletedSets: true, Parked: true, Reserved: true}
	for name, test := range map[string]struct {
		claim  string
		change func(*place)
		want   want
	}{
		"in range without a pod": {"data-web-1", nil, want{State: claims.ClaimDesired, Reason: claims.MsgClaimNeeded("web", "ordinals 0-2"), Set: "web"}},
		"the only ordinal":       {"data-web-0", func(p *place) { p.scale(1) }, want{State: claims.ClaimDesired, Reason: claims.MsgClaimNeeded("web", "ordinal 0"), Set: "web"}},
		"in range of a set that is being deleted": {"data-web-1", func(p *place) {
			p.web.DeletionTimestamp = &metav1.Time{Time: ststest.Now}
		}, want{State: claims.ClaimDesired, Reason: claims.MsgSetDeleting(claims.MsgClaimNeeded("web", "ordinals 0-2")), Set: "web"}},
		"beyond the range": {"data-web-3", nil, want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true}},
		"far beyond it":    {"data-web-2147483647", nil, want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true}},
		"no such ordinal":  {"data-web-2147483648", nil, want{State: claims.ClaimForeign, Reason: claims.MsgClaimNameUnmatched()}},
		"no canonical one": {"data-web-03", nil, want{State: claims.ClaimForeign, Reason: claims.MsgClaimNameUnmatched()}},
		"no dash in front": {"web-3", nil, want{State: claims.ClaimForeign, Reason: claims.MsgClaimNameUnmatched()}},
		"below the start": {"data-web-3", func(p *place) { p.web.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 4} },
			want{State: claims.ClaimOrphaned, Reason: claims.MsgClaimOutOfRange("web", "ordinals 4-6"), Set: "web", Candidate: true}},
		"a range that ends beyond all ordinals": {"data-web-2147483647", func(p *place) {
			p.web.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 2147483646}
		}, want{State: claims.ClaimDesired, Reason: claims.MsgClaimNeeded("web", "ordinals 2147483646-2147483648"), Set: "web"}},
		"in another namespace": {"data-web-1", func(p *place) { p.claim.Namespace = "other" },
			want{State: claims.ClaimSetDeleted, Reason: claims.MsgClaimSetGone("web", claims.MsgMatchedByLabels([]string{"app=web"})), Set: "web", Confidence: claims.ConfidenceHigh}},

		"a standalone pod mounts it": {"data-web-3", func(p *place) { p.pod("debug", "data-web-3") },
			want{State: claims.ClaimInUse, Reason: claims.MsgClaimMounted([]string{"debug"}), Set: "web"}},
		"a completed pod mounts it": {"backup", func(p *place) { p.pod("job", "backup").Status.Phase = corev1.PodSucceeded },
			want{State: claims.ClaimInUse, Reason: claims.MsgClaimMounted([]string{"job (Succeeded)"})}},
		"a terminating pod mounts it": {"data-web-3", func(p *place) { p.pod("web-3", "data-web-3").DeletionTimestamp = &metav1.Time{} },
			want{State: claims.ClaimInUse, Reason: claims.MsgClaimMounted([]string{"web-3 (terminating)"}), Set: "web"}},
		"many pods mount it": {"shared", func(p *place) {
			for _, n := range []string{"a", "b", "c", "d", "e"} {
				p.pod(n, "shared")
			}
		}, want{State: claims.ClaimInUse, Reason: claims.MsgClaimMounted([]string{"a", "b", "c", "2 others"})}},
		"made for a pod's ephemeral volume": {"job-scratch", func(p *place) {
			p.pod("job", "").Spec.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}}}
		}, want{State: claims.ClaimInUse, Reason: claims.MsgClaimMounted([]string{"job"})}},
		"a pod of that name elsewhere": {"data-web-3", func(p *place) { p.pod("debug", "data-web-3").Namespace = "other" },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true}},

		"two sets give the name, one wants it": {"data-web-db-0", func(p *place) {
			p.set("web-db", "data", 0)
			p.set("db", "data-web", 1)
		}, want{State: claims.ClaimDesired, Reason: claims.MsgClaimNeeded("db", "ordinal 0"), Set: "db", Doubts: []string{claims.MsgDoubtOtherSet("web-db")}}},
		"two sets give the name, one is parked": {"data-web-db-5", func(p *place) {
			p.set("db", "data-web", 1)
			p.set("web-db", "data", 0)
			p.claim.Labels = label("app", "db")
			p.choice = all
		}, want{State: claims.ClaimParked, Reason: claims.MsgClaimParked("web-db"), Set: "web-db", Candidate: true,
			Doubts: []string{claims.MsgDoubtOtherSet("db")}}},
		"two sets give the name, it is of one": {"data-web-db-5", func(p *place) {
			p.set("db", "data-web", 1)
			p.set("web-db", "data", 2)
			p.claim.Labels = label("app", "web-db")
		}, want{State: claims.ClaimOrphaned, Reason: claims.MsgClaimOutOfRange("web-db", "ordinals 0-1"), Set: "web-db", Candidate: true,
			Doubts: []string{claims.MsgDoubtOtherSet("db")}}},
		"a deleted set created it, and another gives the name": {"data-web-db-5", func(p *place) {
			p.set("db", "data-web", 1)
			p.claim.Labels = label("app", "web-db")
		}, want{State: claims.ClaimSetDeleted, Reason: claims.MsgClaimSetGone("web-db", claims.MsgMatchedByLabels([]string{"app=web-db"})), Set: "web-db", Confidence: claims.ConfidenceHigh,
			Doubts: []string{claims.MsgDoubtOtherSet("db")}}},

		"parked": {"data-web-1", func(p *place) { p.scale(0) }, want{State: claims.ClaimParked, Reason: claims.MsgClaimParked("web"), Set: "web"}},
		"parked, with --parked": {"data-web-1", func(p *place) { p.scale(0); p.choice = claims.Choice{Parked: true} },
			want{State: claims.ClaimParked, Reason: claims.MsgClaimParked("web"), Set: "web", Candidate: true}},
		"parked with a size": {"data-web-4", func(p *place) {
			p.scale(0)
			p.web.Annotations = map[string]string{record.ParkedAnnotation: "5"}
			p.choice = claims.Choice{Parked: true}
		}, want{State: claims.ClaimReserved, Reason: claims.MsgClaimReserved("web", "ordinals 0-4", claims.MsgReservedByParkedSize(5)), Set: "web"}},
		"parked, beyond the size": {"data-web-5", func(p *place) {
			p.scale(0)
			p.web.Annotations = map[string]string{record.ParkedAnnotation: "5"}
		}, want{State: claims.ClaimParked, Reason: claims.MsgClaimParked("web"), Set: "web"}},
		"parked with an invalid size": {"data-web-3", func(p *place) { p.web.Annotations = map[string]string{record.ParkedAnnotation: "many"} },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true,
				Doubts: []string{claims.MsgDoubtParkedSize("web", "many")}}},
		"a drain-scale is in progress": {"data-web-4", func(p *place) {
			p.web.Annotations = label(record.DrainAnnotation, `{"from":5,"to":2,"startedAt":"2026-03-01T11:00:00Z"}`)
		}, want{State: claims.ClaimReserved, Reason: claims.MsgClaimReserved("web", "ordinals 0-4", claims.MsgReservedByDrain(5, 2)), Set: "web"}},
		"a drain-scale's record cannot be read": {"data-web-4", func(p *place) { p.web.Annotations = label(record.DrainAnnotation, `{`) },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web",
				Held: "statefulset/web: annotation kubectl-sts.dev/drain is not a valid record: unexpected end of JSON input"}},
		"an autoscaler may scale up to it": {"data-web-9", func(p *place) { p.autoscale("web", 10) },
			want{State: claims.ClaimReserved, Reason: claims.MsgClaimReserved("web", "ordinals 0-9", "HPA cpu"), Set: "web"}},
		"an autoscaler may not":           {"data-web-10", func(p *place) { p.autoscale("web", 10) }, want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true}},
		"an autoscaler of something else": {"data-web-9", func(p *place) { p.autoscale("web", 10).Spec.ScaleTargetRef.Kind = "Deployment" }, want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true}},
		"an autoscaler, with --reserved": {"data-web-9", func(p *place) { p.autoscale("web", 10); p.choice = all },
			want{State: claims.ClaimReserved, Reason: claims.MsgClaimReserved("web", "ordinals 0-9", "HPA cpu"), Set: "web", Candidate: true}},
		"KEDA, paused": {"data-web-9", func(p *place) {
			p.ScaledObjects = []sts.ScaledObject{{Namespace: ststest.Namespace, Name: "queue", Set: "web", MaxReplicas: 10}}
		}, want{State: claims.ClaimReserved, Reason: claims.MsgClaimReserved("web", "ordinals 0-9", claims.MsgReservedByKEDA("queue")), Set: "web"}},
		"autoscalers cannot be read": {"data-web-3", func(p *place) { p.hide("horizontalpodautoscalers") },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Held: claims.MsgHeldScalersUnknown("horizontalpodautoscalers")}},
		"autoscalers cannot be read, and do not matter": {"data-web-3", func(p *place) {
			p.hide("horizontalpodautoscalers", "scaledobjects")
			p.choice = claims.Choice{Reserved: true}
		}, want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true}},
		"no autoscaler goes below the start": {"data-web-3", func(p *place) {
			p.hide("scaledobjects")
			p.web.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 4}
		}, want{State: claims.ClaimOrphaned, Reason: claims.MsgClaimOutOfRange("web", "ordinals 4-6"), Set: "web", Candidate: true}},

		"the policy takes it with its pod": {"data-web-3", func(p *place) {
			p.claim.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "web-3", UID: "gone"}}
		}, want{State: claims.ClaimPolicy, Reason: claims.MsgClaimGarbageCollected("pod web-3", "whenScaled: Delete"), Set: "web"}},
		"the policy takes it with its set": {"data-old-3", func(p *place) {
			p.claim.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "old", UID: "gone"}}
		}, want{State: claims.ClaimPolicy, Reason: claims.MsgClaimGarbageCollected("statefulset/old", "whenDeleted: Delete"), Set: "old"}},
		"the policy would take it with a set that lives": {"data-web-3", func(p *place) {
			p.claim.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "web", UID: "set-uid"}}
		}, want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true}},
		"another owner keeps it": {"data-web-3", func(p *place) {
			p.claim.OwnerReferences = []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "Pod", Name: "web-3", UID: "gone"}, {APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "x"},
			}
		}, want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true}},

		"terminating": {"data-web-3", func(p *place) {
			p.claim.DeletionTimestamp = &metav1.Time{Time: ststest.Now.Add(-time.Minute)}
			p.claim.Finalizers = append(p.claim.Finalizers, "example.com/backup")
		}, want{State: claims.ClaimTerminating, Reason: claims.MsgClaimTerminating("60s", ""), Set: "web",
			Doubts: []string{claims.MsgDoubtFinalizer("example.com/backup")}}},
		"terminating and mounted": {"data-web-1", func(p *place) {
			p.claim.DeletionTimestamp = &metav1.Time{Time: ststest.Now}
			p.pod("web-1", "data-web-1")
		}, want{State: claims.ClaimTerminating, Reason: claims.MsgClaimTerminating("0s", claims.MsgClaimMounted([]string{"web-1"})), Set: "web"}},

		"of a template that the set has no more": {"logs-web-1", nil,
			want{State: claims.ClaimStaleTemplate, Reason: claims.MsgClaimTemplateRemoved("web", "logs"), Set: "web", Candidate: true}},
		"of a template with a dash": {"old-data-web-1", func(p *place) {
			p.web.Spec.Selector.MatchLabels = label("role", "front")
			p.claim.Labels = label("role", "front")
		},
			want{State: claims.ClaimStaleTemplate, Reason: claims.MsgClaimTemplateRemoved("web", "old-data"), Set: "web", Candidate: true}},
		"of a template no more, or of a set with the same labels": {"data-old-web-1", func(p *place) {
			p.web.Spec.Selector.MatchLabels = label("role", "front")
			p.claim.Labels = label("role", "front")
		}, want{State: claims.ClaimSetDeleted, Set: "old-web", Confidence: claims.ConfidenceMedium,
			Reason: claims.MsgClaimAmbiguous([]string{"web", claims.MsgAmbiguousSet("old-web", false)})}},
		"owned by the set it has the name of": {"logs-web-1", func(p *place) {
			p.claim.Labels = nil
			p.claim.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(p.web, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))}
		}, want{State: claims.ClaimStaleTemplate, Reason: claims.MsgClaimTemplateRemoved("web", "logs"), Set: "web", Candidate: true}},

		"of a set that is gone, by a label": {"data-old-1", func(p *place) { p.claim.Labels = label("app", "old") },
			want{State: claims.ClaimSetDeleted, Reason: claims.MsgClaimSetGone("old", claims.MsgMatchedByLabels([]string{"app=old"})), Set: "old", Confidence: claims.ConfidenceHigh}},
		"of a set that is gone, by what charts label": {"data-shop-postgresql-primary-1", func(p *place) {
			p.claim.Labels = map[string]string{"app.kubernetes.io/instance": "shop", "app.kubernetes.io/name": "postgresql", "app.kubernetes.io/component": "primary"}
			p.choice = all
		}, want{State: claims.ClaimSetDeleted, Reason: claims.MsgClaimSetGone("shop-postgresql-primary", claims.MsgMatchedByLabels([]string{"app.kubernetes.io/component=primary", "app.kubernetes.io/instance=shop", "…"})),
			Set: "shop-postgresql-primary", Confidence: claims.ConfidenceHigh, Candidate: true}},
		"of a set that is gone, by others of its kind": {"data-old-db-1", func(p *place) {
			p.claim.Labels = label("role", "x")
			other := p.claim.DeepCopy()
			other.Name = "data-old-db-7"
			p.Claims = append(p.Claims, other)
			p.choice = all
		}, want{State: claims.ClaimSetDeleted, Reason: claims.MsgClaimAmbiguous([]string{claims.MsgAmbiguousSet("old-db", false), claims.MsgAmbiguousSet("db", false)}), Set: "old-db", Confidence: claims.ConfidenceMedium, Candidate: true}},
		"by its name only": {"backup-disk-1", func(p *place) { p.claim.Labels = label("role", "x"); p.choice = all },
			want{State: claims.ClaimSetDeleted, Reason: claims.MsgClaimSetGone("disk", claims.MsgMatchedByName()), Set: "disk", Confidence: claims.ConfidenceLow,
				Held: claims.MsgHeldNameOnly()}},
		"without labels": {"data-old-1", func(p *place) { p.claim.Labels = nil; p.choice = all },
			want{State: claims.ClaimForeign, Reason: claims.MsgClaimUnlabeled()}},
		"of a set that is gone, by a label of who is no controller": {"data-old-1", func(p *place) {
			p.claim.Labels = label("app", "old")
			p.claim.ManagedFields = []metav1.ManagedFieldsEntry{
				{Manager: "kube-controller-manager", Subresource: "status", FieldsV1: metav1.NewFieldsV1(`{"f:status":{"f:accessModes":{}}}`)},
				{Manager: "backup", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:accessModes":{}}}`)},
			}
		}, want{State: claims.ClaimForeign, Reason: claims.MsgClaimFieldManager("backup")}},
		"of a set that is gone, by a label, made by the controller": {"data-old-1", func(p *place) {
			p.claim.Labels = label("app", "old")
			p.claim.ManagedFields = []metav1.ManagedFieldsEntry{
				{Manager: "editor", FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:labels":{}}}`)},
				{Manager: "kube-controller-manager", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:accessModes":{}}}`)},
			}
		}, want{State: claims.ClaimSetDeleted, Reason: claims.MsgClaimSetGone("old", claims.MsgMatchedByLabels([]string{"app=old"})), Set: "old", Confidence: claims.ConfidenceHigh}},
		"made by a chart": {"data-old-1", func(p *place) { p.claim.Annotations = label("meta.helm.sh/release-name", "x") },
			want{State: claims.ClaimForeign, Reason: claims.MsgClaimCreatedBy("a Helm chart")}},
		"made by an operator": {"data-old-1", func(p *place) {
			yes := true
			p.claim.OwnerReferences = []metav1.OwnerReference{{APIVersion: "postgresql.cnpg.io/v1", Kind: "Cluster", Name: "old", Controller: &yes}}
		}, want{State: claims.ClaimForeign, Reason: claims.MsgClaimControlled("cluster", "old")}},
		"a name of the set's, made by hand": {"data-web-7", func(p *place) { p.claim.Labels = nil },
			want{State: claims.ClaimForeign, Reason: claims.MsgClaimOtherLabels("web", "data")}},

		"kept": {"data-web-3", func(p *place) { p.claim.Annotations = label(claims.KeepAnnotation, "") },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Held: claims.MsgHeldByClaim(false)}},
		"kept with its set": {"data-web-3", func(p *place) { p.web.Annotations = label(claims.KeepAnnotation, "true") },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Held: claims.MsgHeldBySet("web")}},
		"kept with its set, of a stale template": {"logs-web-3", func(p *place) { p.web.Annotations = label(claims.KeepAnnotation, "true") },
			want{State: claims.ClaimStaleTemplate, Reason: claims.MsgClaimTemplateRemoved("web", "logs"), Set: "web", Held: claims.MsgHeldBySet("web")}},
		"not kept": {"data-web-3", func(p *place) { p.claim.Annotations = label(claims.KeepAnnotation, "false") },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true}},

		"pods cannot be read": {"data-web-3", func(p *place) { p.hide("pods") },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Held: claims.MsgHeldPodsUnknown()}},
		"pods cannot be read, and its condition says that none mounts it": {"data-web-3", func(p *place) { p.hide("pods"); p.unused(corev1.ConditionTrue, day) },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true, Unused: day, From: claims.AgeFromCondition}},
		"pods cannot be read, and its condition says that one mounts it": {"data-web-3", func(p *place) { p.hide("pods"); p.unused(corev1.ConditionFalse, day) },
			want{State: claims.ClaimInUse, Reason: claims.MsgClaimMountedByCondition(), Set: "web"}},

		"unused for long enough": {"data-web-3", func(p *place) { p.unused(corev1.ConditionTrue, 31*day); p.choice.OlderThan = 30 * day },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true, Unused: 31 * day, From: claims.AgeFromCondition}},
		"not unused for long enough": {"data-web-3", func(p *place) { p.unused(corev1.ConditionTrue, 29*day); p.choice.OlderThan = 30 * day },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Held: claims.MsgHeldUsedRecently("30d"), Unused: 29 * day, From: claims.AgeFromCondition}},
		"last use unknown": {"data-web-3", func(p *place) {
			p.choice.OlderThan = time.Second
			p.claim.CreationTimestamp = metav1.NewTime(ststest.Now.Add(-9 * day))
		},
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Held: claims.MsgHeldLastUseUnknown()}},
		"unused, by a condition that says nothing": {"data-web-3", func(p *place) { p.unused(corev1.ConditionUnknown, 31*day); p.choice.OlderThan = day },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Held: claims.MsgHeldLastUseUnknown()}},
		"used, by a condition that lags": {"data-web-3", func(p *place) { p.unused(corev1.ConditionFalse, 31*day); p.choice.OlderThan = day },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Held: claims.MsgHeldLastUseUnknown(),
				Doubts: []string{claims.MsgDoubtCondition()}}},
		"an operator's set": {"data-web-3", func(p *place) {
			yes := true
			p.web.OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Database", Name: "db", Controller: &yes}}
		}, want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true,
			Doubts: []string{claims.MsgDoubtOperator("web", "Database db (example.com/v1)")}}},
		"a volume with the data of another": {"data-web-3", func(p *place) {
			p.claim.Spec.VolumeName = "pv-1"
			p.volume("pv-1", "disk-1", nil)
			p.volume("pv-2", "disk-1", nil)
			p.volume("pv-3", "disk-3", nil)
		}, want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true,
			Doubts: []string{claims.MsgDoubtSharedStorage("pv-1", "csi disk-1", []string{"pv-2"})}}},
		"a volume of another claim": {"data-web-3", func(p *place) {
			p.claim.Spec.VolumeName = "pv-1"
			p.claim.Status.Phase = corev1.ClaimLost
			p.volume("pv-1", "disk-1", func(v *corev1.PersistentVolume) {
				v.Spec.ClaimRef = &corev1.ObjectReference{Namespace: "other", Name: "restored", UID: "u"}
			})
		}, want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true,
			Doubts: []string{claims.MsgDoubtLost("pv-1"), claims.MsgDoubtVolumeTaken("pv-1", "other", "restored", "u")}}},
		"made with kubectl": {"data-web-3", func(p *place) { p.claim.Annotations = label(corev1.LastAppliedConfigAnnotation, "{}") },
			want{State: claims.ClaimOrphaned, Reason: beyond, Set: "web", Candidate: true, Doubts: []string{claims.MsgClaimCreatedBy("kubectl apply")}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := claimPlace(test.claim)
			if test.change != nil {
				test.change(p)
			}
			v := claims.NewJudge(p.Inventory).Judge(p.claim)
			got := want{State: v.State, Reason: v.Reason, Set: v.Set, Confidence: v.Confidence, Doubts: v.Doubts, From: v.UnusedFrom}
			if !v.UnusedSince.IsZero() {
				got.Unused = ststest.Now.Sub(v.UnusedSince)
			}
			got.Candidate, got.Held = v.Candidate(p.choice, ststest.Now)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30d": 30 * day, "36h": 36 * time.Hour, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "0d": 0, "0": 0,
	} {
		if got, err := sts.ParseAge(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1d-1h", "30", "3 d", "1.5d", "99999d", "30days", "-1h"} {
		if got, err := sts.ParseAge(text); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}
