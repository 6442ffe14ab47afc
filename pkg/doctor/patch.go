package doctor

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

// yamlOf is a value as YAML.
func yamlOf(value any) string {
	out, err := yaml.Marshal(value)
	if err != nil {
		panic(err) // plain data
	}
	return string(out)
}

// templatesPatch sets the volumeClaimTemplates. A patch replaces the list as a whole, so all of them are in it.
func templatesPatch(templates []corev1.PersistentVolumeClaim) string {
	return patchAt("spec.volumeClaimTemplates", writtenTemplates(templates))
}

// writtenTemplates are the templates as they are written in a manifest.
func writtenTemplates(templates []corev1.PersistentVolumeClaim) []any {
	var list []any
	for _, t := range templates {
		metadata := map[string]any{"name": t.Name}
		if len(t.Labels) > 0 {
			metadata["labels"] = t.Labels
		}
		if len(t.Annotations) > 0 {
			metadata["annotations"] = t.Annotations
		}
		list = append(list, map[string]any{"metadata": metadata, "spec": t.Spec})
	}
	return list
}

// newTemplate is a volumeClaimTemplate.
func newTemplate(name string, mode corev1.PersistentVolumeAccessMode, class *string, size resource.Quantity) corev1.PersistentVolumeClaim {
	t := corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{mode}, StorageClassName: class}}
	t.Name = name
	if !size.IsZero() {
		t.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: size}
	}
	return t
}

// patchAt is a patch that sets a field, by its path: "spec.strategy".
func patchAt(path string, value any) string {
	for _, step := range slices.Backward(strings.Split(path, ".")) {
		value = map[string]any{step: value}
	}
	return yamlOf(value)
}
