package sts

import (
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Defaulted is a manifest's set with what the API server fills in, outside of its pod
// template.
func Defaulted(manifest *appsv1.StatefulSet) *appsv1.StatefulSet {
	set := manifest.DeepCopy()
	spec := &set.Spec
	if spec.Replicas == nil {
		spec.Replicas = new(int32(1))
	}
	if spec.RevisionHistoryLimit == nil {
		spec.RevisionHistoryLimit = new(int32(10))
	}
	if spec.PodManagementPolicy == "" {
		spec.PodManagementPolicy = appsv1.OrderedReadyPodManagement
	}
	if spec.UpdateStrategy.Type == "" {
		spec.UpdateStrategy.Type = appsv1.RollingUpdateStatefulSetStrategyType
	}
	if StrategyOf(set).HasPartition() {
		if spec.UpdateStrategy.RollingUpdate == nil {
			spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{}
		}
		if ru := spec.UpdateStrategy.RollingUpdate; ru.Partition == nil {
			ru.Partition = new(int32)
		}
	}
	if spec.PersistentVolumeClaimRetentionPolicy == nil {
		spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{}
	}
	policy := spec.PersistentVolumeClaimRetentionPolicy
	for _, field := range []*appsv1.PersistentVolumeClaimRetentionPolicyType{&policy.WhenDeleted, &policy.WhenScaled} {
		if *field == "" {
			*field = appsv1.RetainPersistentVolumeClaimRetentionPolicyType
		}
	}
	for i := range spec.VolumeClaimTemplates {
		template := &spec.VolumeClaimTemplates[i]
		template.TypeMeta = metav1.TypeMeta{} // a client may leave it out
		if template.Spec.VolumeMode == nil {
			template.Spec.VolumeMode = new(corev1.PersistentVolumeFilesystem)
		}
		if template.Status.Phase == "" {
			template.Status.Phase = corev1.ClaimPending
		}
	}
	return set
}

// LongestSetName is the longest name of a set whose pods can be created: each has the name of
// its revision as a label (controller-revision-hash), a value of at most 63 characters in which
// a dash and a number of up to ten digits follow the set's name. The API server accepts longer
// names all the same.
const LongestSetName = validation.LabelValueMaxLength - len("-1234567890")

// Mutable are the fields of a StatefulSet's spec that can be changed; the API server
// refuses an update of any other.
var Mutable = []string{
	"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
}

// ChangesForbidden are the fields that differ between two versions of a set and cannot be
// changed.
func ChangesForbidden(before, after *appsv1.StatefulSet) []string {
	sides := [2]map[string]any{}
	for i, set := range []*appsv1.StatefulSet{before, after} {
		spec := &Defaulted(set).Spec               // a copy
		for k := range spec.VolumeClaimTemplates { // what the API server fills in there
			t := &spec.VolumeClaimTemplates[k]
			t.Status, t.Namespace = corev1.PersistentVolumeClaimStatus{}, ""
		}
		raw, err := json.Marshal(spec)
		if err == nil {
			err = json.Unmarshal(raw, &sides[i])
		}
		if err != nil {
			panic(err) // a spec is plain data
		}
	}
	var out []string
	for _, side := range sides {
		for field := range side {
			if !slices.Contains(Mutable, field) && !equality.Semantic.DeepEqual(sides[0][field], sides[1][field]) {
				out = append(out, "spec."+field)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
