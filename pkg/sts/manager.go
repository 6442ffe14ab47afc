package sts

import (
	"cmp"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Manager is somebody else who writes the StatefulSet's spec and may undo what a
// command does to it.
type Manager struct {
	// Name says who, for a sentence: "Argo CD (application shop)".
	Name string `json:"name"`
	// Evidence is what on the set tells it.
	Evidence string `json:"evidence"`
	// Reverts: it puts its own state back by itself, in seconds or minutes. Else it
	// only will when somebody uses it next.
	Reverts bool `json:"reverts"`
	// Hint is where the change belongs instead.
	Hint string `json:"hint"`
}

// Managers finds out who else writes the set, from its owner reference and from
// the labels and annotations that Argo CD, Flux and Helm leave on what they apply.
func Managers(set *appsv1.StatefulSet) []Manager {
	var out []Manager
	if ref := metav1.GetControllerOf(set); ref != nil {
		out = append(out, Manager{
			Name:     fmt.Sprintf("%s %s (%s)", ref.Kind, ref.Name, ref.APIVersion),
			Evidence: "metadata.ownerReferences", Reverts: true,
			Hint: fmt.Sprintf("change %s/%s instead: its operator makes this StatefulSet", ref.Kind, ref.Name),
		})
	}
	for _, m := range marks {
		for _, key := range m.keys {
			if value := cmp.Or(set.Annotations[key], set.Labels[key]); value != "" {
				out = append(out, Manager{Name: m.name + " " + value, Evidence: key, Reverts: m.reverts, Hint: m.hint})
				break
			}
		}
	}
	return out
}

// marks are what tools leave on the objects that they apply, as annotations or labels.
var marks = []struct {
	name    string
	keys    []string
	reverts bool
	hint    string
}{
	{"Argo CD", []string{"argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"}, true,
		"make the change in Git, or stop the application's self-heal first"},
	{"Flux Kustomization", []string{"kustomize.toolkit.fluxcd.io/name"}, true,
		"make the change in Git, or suspend the Kustomization first"},
	{"Flux HelmRelease", []string{"helm.toolkit.fluxcd.io/name"}, false,
		"make the change in the HelmRelease, too, or its next upgrade undoes it"},
	{"Helm release", []string{"meta.helm.sh/release-name"}, false,
		"make the change in the release's values, too, or its next upgrade undoes it"},
}
