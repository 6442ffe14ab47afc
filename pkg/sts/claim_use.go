package sts

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// ClaimUse records that an object other than a running pod needs a claim. Pods are in
// [Inventory.Pods]: a claim that a pod mounts is InUse, a claim with a ClaimUse is Desired.
//
// There is one ClaimUse per claim and object, for
//   - every claim that the pod template of a StatefulSet references in template.spec.volumes, which
//     is not the same as its volumeClaimTemplates;
//   - every claim that the pod template of a Deployment, DaemonSet, ReplicaSet,
//     ReplicationController, Job or CronJob (spec.jobTemplate) references there, at any number of
//     replicas, also while it is suspended, paused, finished, being deleted, or cannot create
//     pods. A ReplicaSet with 0 replicas whose controller is a Deployment is an old revision
//     and does not count;
//   - every claim that another claim of its namespace has as dataSource or dataSourceRef,
//     also when that one is bound already;
//   - every claim that a VolumeSnapshot has as source until the snapshot is readyToUse.
type ClaimUse struct {
	Namespace string
	// Claim is the name of the claim.
	Claim string
	// By is the object, as kubectl prints names: "cronjob.batch/backup",
	// "replicationcontroller/web", "persistentvolumeclaim/copy".
	By string
	// How is what the object does with the claim.
	How UseKind
}

// UseKind is what an object does with a claim.
type UseKind string

// The kinds, each as the end of a sentence that begins with the object.
const (
	UseNames     UseKind = "references it"
	UseClones    UseKind = "uses it as its data source"
	UseSnapshots UseKind = "is taking a snapshot of it"
)

// UseResources are the resources that [ClaimUse] values come from, apart from StatefulSets and
// claims, which are required. While one of them is in [Inventory.Missing], every claim that
// would be a candidate is excluded, with any choice, and a purge is refused. A resource that the
// server does not serve is not missing.
var UseResources = []string{
	"deployments", "daemonsets", "replicasets", "replicationcontrollers", "jobs", "cronjobs", "volumesnapshots",
}

// TemplateConfigMaps are the names of the ConfigMaps that a pod template refers to: in volumes and in the
// environment of its containers.
func TemplateConfigMaps(spec *corev1.PodSpec) []string {
	var out []string
	for i := range spec.Volumes {
		v := &spec.Volumes[i]
		if v.ConfigMap != nil {
			out = append(out, v.ConfigMap.Name)
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.ConfigMap != nil {
				out = append(out, source.ConfigMap.Name)
			}
		}
	}
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		for _, from := range c.EnvFrom {
			if from.ConfigMapRef != nil {
				out = append(out, from.ConfigMapRef.Name)
			}
		}
		for _, env := range c.Env {
			if env.ValueFrom != nil && env.ValueFrom.ConfigMapKeyRef != nil {
				out = append(out, env.ValueFrom.ConfigMapKeyRef.Name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TemplateClaims are the names of the claims in the volumes of a pod template. Generic
// ephemeral volumes are not among them: their claims belong to a pod.
func TemplateClaims(spec *corev1.PodSpec) []string {
	var out []string
	for i := range spec.Volumes {
		if v := spec.Volumes[i].PersistentVolumeClaim; v != nil && !slices.Contains(out, v.ClaimName) {
			out = append(out, v.ClaimName)
		}
	}
	return out
}
