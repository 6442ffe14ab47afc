package sts

import (
	"encoding/json"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
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
	if IsRollingUpdate(set) {
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
	return set
}

// LongestSetName is how long a set's name may be for its pods to be possible: each has the
// name of its revision as a label (controller-revision-hash), a value of at most 63 letters,
// and there a dash and a number of up to ten digits follow the set's name. The API server
// takes the set all the same.
const LongestSetName = validation.LabelValueMaxLength - len("-1234567890")

// Objections are why the API server would not take a set: the mistakes that people make,
// not all that it looks at.
func Objections(set *appsv1.StatefulSet) []string {
	var out []string
	object := func(field, format string, args ...any) {
		out = append(out, field+" "+fmt.Sprintf(format, args...))
	}
	spec := &set.Spec
	for _, problem := range validation.IsDNS1123Label(set.Name) {
		object("metadata.name", "%q: %s", set.Name, problem)
	}
	selector, err := metav1.LabelSelectorAsSelector(spec.Selector)
	switch {
	case spec.Selector == nil || selector != nil && selector.Empty():
		object("spec.selector", "is empty")
	case err != nil:
		object("spec.selector", "is wrong: %s", err)
	case !selector.Matches(labels.Set(spec.Template.Labels)):
		object("spec.selector", "does not match spec.template.metadata.labels")
	}
	if n := WantedReplicas(set); n < 0 {
		object("spec.replicas", "is %d: it cannot be negative", n)
	}
	if n := spec.MinReadySeconds; n < 0 {
		object("spec.minReadySeconds", "is %d: it cannot be negative", n)
	}
	if Start(set) < 0 {
		object("spec.ordinals.start", "is %s: it cannot be negative", Start(set))
	}
	if n := Partition(set); n < 0 {
		object("spec.updateStrategy.rollingUpdate.partition", "is %d: it cannot be negative", n)
	}
	switch spec.UpdateStrategy.Type {
	case appsv1.RollingUpdateStatefulSetStrategyType:
	case appsv1.OnDeleteStatefulSetStrategyType, appsv1.RecreateStatefulSetStrategyType:
		if spec.UpdateStrategy.RollingUpdate != nil {
			object("spec.updateStrategy.rollingUpdate", "is only allowed with the type RollingUpdate, not with %s", spec.UpdateStrategy.Type)
		}
	default:
		object("spec.updateStrategy.type", "is %s, must be RollingUpdate, OnDelete or Recreate", spec.UpdateStrategy.Type)
	}
	if p := spec.PodManagementPolicy; p != appsv1.OrderedReadyPodManagement && p != appsv1.ParallelPodManagement {
		object("spec.podManagementPolicy", "is %s: it is OrderedReady or Parallel", p)
	}
	if p := spec.Template.Spec.RestartPolicy; p != "" && p != corev1.RestartPolicyAlways {
		object("spec.template.spec.restartPolicy", "is %s: it has to be Always", p)
	}
	if len(spec.Template.Spec.Containers) == 0 {
		object("spec.template.spec.containers", "is empty")
	}
	for i := range spec.Template.Spec.Containers {
		if c := &spec.Template.Spec.Containers[i]; c.Name == "" || c.Image == "" {
			object(fmt.Sprintf("spec.template.spec.containers[%d]", i), "needs a name and an image")
		}
	}
	return out
}

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
			t.TypeMeta, t.Status, t.Namespace = metav1.TypeMeta{}, corev1.PersistentVolumeClaimStatus{}, ""
			if t.Spec.VolumeMode == nil {
				t.Spec.VolumeMode = new(corev1.PersistentVolumeFilesystem)
			}
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
