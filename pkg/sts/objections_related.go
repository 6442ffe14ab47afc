package sts

import (
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// budget checks a PodDisruptionBudget. One without minAvailable and maxUnavailable is accepted, and so is
// one without a selector, or with an empty one.
func (o *objections) budget(budget *policyv1.PodDisruptionBudget) {
	o.metadata(budget, func(name string, prefix bool) []string {
		if prefix {
			return content.IsPathSegmentPrefix(name)
		}
		return content.IsPathSegmentName(name)
	})
	at, spec := field.NewPath("spec"), &budget.Spec
	if spec.MinAvailable != nil && spec.MaxUnavailable != nil {
		o.forbidden(at.Child("maxUnavailable"), msgMutuallyExclusive("minAvailable", "maxUnavailable"))
	}
	for _, limit := range []struct {
		field string
		value *intstr.IntOrString
	}{
		{"minAvailable", spec.MinAvailable},
		{"maxUnavailable", spec.MaxUnavailable},
	} {
		if limit.value != nil {
			o.share(at.Child(limit.field), limit.value)
			o.notAbove100Percent(at.Child(limit.field), limit.value)
		}
	}
	o.selector(at.Child("selector"), spec.Selector)
	pointed(o, at.Child("unhealthyPodEvictionPolicy"), spec.UnhealthyPodEvictionPolicy, policyv1.AlwaysAllow, policyv1.IfHealthyBudget)
}

func (o *objections) deployment(deployment *appsv1.Deployment) {
	o.metadata(deployment, apivalidation.NameIsDNSSubdomain)
	at, spec := field.NewPath("spec"), &deployment.Spec
	if spec.Replicas != nil {
		o.notNegative(at.Child("replicas"), int64(*spec.Replicas))
	}
	o.notNegative(at.Child("minReadySeconds"), int64(spec.MinReadySeconds))
	if spec.RevisionHistoryLimit != nil {
		o.notNegative(at.Child("revisionHistoryLimit"), int64(*spec.RevisionHistoryLimit))
	}
	deadline := int32(600) // the default
	if spec.ProgressDeadlineSeconds != nil {
		deadline = *spec.ProgressDeadlineSeconds
	}
	if deadline <= spec.MinReadySeconds {
		o.invalid(at.Child("progressDeadlineSeconds"), deadline, msgAboveMinReadySeconds())
	}
	o.deploymentStrategy(at.Child("strategy"), &spec.Strategy)
	o.podSelector(at, spec.Selector, &spec.Template)
	o.podTemplate(at.Child("template"), &spec.Template, nil)
}

func (o *objections) deploymentStrategy(at *field.Path, strategy *appsv1.DeploymentStrategy) {
	optional(o, at.Child("type"), strategy.Type, appsv1.RecreateDeploymentStrategyType, appsv1.RollingUpdateDeploymentStrategyType)
	rolling := strategy.RollingUpdate
	if rolling == nil {
		return
	}
	at = at.Child("rollingUpdate")
	if strategy.Type == appsv1.RecreateDeploymentStrategyType {
		o.forbidden(at, msgNotWithRecreate())
		return
	}
	none := true // a missing one is 25%
	for _, limit := range []struct {
		field string
		value *intstr.IntOrString
	}{
		{"maxUnavailable", rolling.MaxUnavailable},
		{"maxSurge", rolling.MaxSurge},
	} {
		if limit.value == nil {
			none = false
			continue
		}
		n, valid := o.share(at.Child(limit.field), limit.value)
		none = none && valid && n == 0
	}
	at = at.Child("maxUnavailable")
	if none {
		o.invalid(at, rolling.MaxUnavailable.String(), msgNotZeroWithoutSurge())
	}
	if rolling.MaxUnavailable != nil {
		o.notAbove100Percent(at, rolling.MaxUnavailable)
	}
}

// claim checks a PersistentVolumeClaim. The API server drops a dataSource that is neither a claim nor a
// snapshot; it does not do so in the claim templates of a set.
func (o *objections) claim(claim *corev1.PersistentVolumeClaim) {
	o.metadata(claim, apivalidation.NameIsDNSSubdomain)
	spec := claim.Spec
	if from := spec.DataSource; from != nil && spec.DataSourceRef == nil {
		group := ""
		if from.APIGroup != nil {
			group = *from.APIGroup
		}
		if source := group + "/" + from.Kind; source != "/PersistentVolumeClaim" && source != "snapshot.storage.k8s.io/VolumeSnapshot" {
			spec.DataSource = nil
		}
	}
	o.claimSpec(field.NewPath("spec"), &spec)
}

func (o *objections) configMap(config *corev1.ConfigMap) {
	o.metadata(config, apivalidation.NameIsDNSSubdomain)
	for _, key := range slices.Sorted(maps.Keys(config.Data)) {
		at := field.NewPath("data").Key(key)
		o.invalid(at, key, validation.IsConfigMapKey(key)...)
		if _, twice := config.BinaryData[key]; twice {
			o.invalid(at, key, msgInBinaryData())
		}
	}
	for _, key := range slices.Sorted(maps.Keys(config.BinaryData)) {
		o.invalid(field.NewPath("binaryData").Key(key), key, validation.IsConfigMapKey(key)...)
	}
}

func (o *objections) storageClass(class *storagev1.StorageClass) {
	o.metadata(class, apivalidation.NameIsDNSSubdomain)
	if at := field.NewPath("provisioner"); class.Provisioner == "" {
		o.required(at, "")
	} else {
		o.qualified(at, strings.ToLower(class.Provisioner))
	}
	if policy := class.ReclaimPolicy; policy != nil {
		optional(o, field.NewPath("reclaimPolicy"), *policy, corev1.PersistentVolumeReclaimDelete, corev1.PersistentVolumeReclaimRetain)
	}
	pointed(o, field.NewPath("volumeBindingMode"), class.VolumeBindingMode, storagev1.VolumeBindingImmediate, storagev1.VolumeBindingWaitForFirstConsumer)
}
