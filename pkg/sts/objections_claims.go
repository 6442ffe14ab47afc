package sts

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// claimTemplates checks the spec of each template, and its name, which a volume of the pods gets. Of
// their metadata the API server looks at nothing else, and it accepts two of one name.
func (o *objections) claimTemplates(at *field.Path, templates []corev1.PersistentVolumeClaim) {
	for i := range templates {
		at := at.Index(i)
		o.volumeName(at.Child("metadata", "name"), templates[i].Name)
		o.claimSpec(at.Child("spec"), &templates[i].Spec)
	}
}

func (o *objections) volumeName(at *field.Path, name string) {
	if name == "" {
		o.required(at, "")
	} else {
		o.label(at, name)
	}
}

// claimSpec checks the spec of a claim. Kubernetes 1.33 and earlier look at none in a StatefulSet, and
// the creation of its claims fails.
func (o *objections) claimSpec(at *field.Path, spec *corev1.PersistentVolumeClaimSpec) {
	modes := at.Child("accessModes")
	if len(spec.AccessModes) == 0 {
		o.required(modes, msgAccessModeMissing())
	}
	kinds := map[bool]bool{}
	for i, mode := range spec.AccessModes {
		oneOf(o, modes.Index(i), mode, corev1.ReadWriteOnce, corev1.ReadOnlyMany, corev1.ReadWriteMany, corev1.ReadWriteOncePod)
		kinds[mode == corev1.ReadWriteOncePod] = true
	}
	if len(kinds) > 1 {
		o.forbidden(modes, msgOncePodAlone())
	}
	o.selector(at.Child("selector"), spec.Selector)

	size, set := spec.Resources.Requests[corev1.ResourceStorage]
	request := at.Child("resources", "requests").Key(string(corev1.ResourceStorage))
	switch {
	case !set:
		o.required(request, "")
	case size.Cmp(resource.Quantity{}) <= 0:
		o.invalid(request, size.String(), msgPositive())
	}

	if class := spec.StorageClassName; class != nil && *class != "" {
		o.subdomain(at.Child("storageClassName"), *class)
	}
	pointed(o, at.Child("volumeMode"), spec.VolumeMode, corev1.PersistentVolumeBlock, corev1.PersistentVolumeFilesystem)
	if from := spec.DataSource; from != nil {
		o.dataSource(at.Child("dataSource"), from.APIGroup, from.Kind, from.Name)
	}
	if from := spec.DataSourceRef; from != nil {
		o.dataSource(at.Child("dataSourceRef"), from.APIGroup, from.Kind, from.Name)
	}
}

func (o *objections) dataSource(at *field.Path, group *string, kind, name string) {
	if name == "" {
		o.required(at.Child("name"), "")
	}
	switch {
	case kind == "":
		o.required(at.Child("kind"), "")
	case kind != "PersistentVolumeClaim" && (group == nil || *group == ""):
		o.invalid(at.Child("kind"), kind, msgDataSourceGroup())
	}
}
