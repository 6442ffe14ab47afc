package sts

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Field is a part of the set's spec that a command may write.
type Field string

// The fields.
const (
	FieldTemplate  Field = "template"
	FieldPartition Field = "partition"
	FieldReplicas  Field = "replicas"
)

// fieldPaths are where the fields stand.
var fieldPaths = map[Field][]string{
	FieldTemplate:  {"spec", "template"},
	FieldPartition: {"spec", "updateStrategy", "rollingUpdate", "partition"},
	FieldReplicas:  {"spec", "replicas"},
}

// Manager is somebody else who writes the StatefulSet's spec and may undo what a
// command does to it.
type Manager struct {
	// Name says who, for a sentence: "Argo CD application shop".
	Name string `json:"name"`
	// Evidence is what on the set tells it.
	Evidence string `json:"evidence"`
	// Reverts: it puts its own state back by itself, in seconds or minutes. Else it
	// only will when somebody uses it next.
	Reverts bool `json:"reverts"`
	// Applies are the fields that it applies server-side, of those that a command
	// may write. Without any it is not known what it writes.
	Applies []Field `json:"applies,omitempty"`
	// Hint is where the change belongs instead.
	Hint string `json:"hint"`
	// Operator: it makes the set from a resource of its own, so that a change to
	// the set's manifest is of no use to it.
	Operator bool `json:"-"`
}

// Writes says whether the manager writes one of the fields, as far as is known.
func (m Manager) Writes(fields ...Field) bool {
	return len(m.Applies) == 0 || len(m.conflicts(fields)) > 0
}

// conflicts are the fields of which it knows by server-side apply whose they are.
func (m Manager) conflicts(fields []Field) []string {
	var out []string
	for _, f := range m.Applies {
		if slices.Contains(fields, f) {
			out = append(out, strings.Join(fieldPaths[f], "."))
		}
	}
	return out
}

// Caution is what to tell somebody who is about to write the fields.
func (m Manager) Caution(fields ...Field) string {
	text := m.Name + " manages this StatefulSet, too: " + m.Hint
	if paths := m.conflicts(fields); len(paths) > 0 {
		text += fmt.Sprintf("; it applies %s server-side: while this lasts its next apply conflicts with field manager %s or, when forced, reverts the change",
			strings.Join(paths, " and "), FieldManager)
	}
	return text
}

// Managers finds out who else writes the set: from its owner reference, from the
// labels and annotations that Argo CD, Flux and Helm leave on what they apply, and
// from the server-side applies that managedFields records.
func Managers(set *appsv1.StatefulSet) []Manager {
	var out []Manager
	if ref := metav1.GetControllerOf(set); ref != nil {
		out = append(out, operator(set.Namespace, ref))
	}
	applied := appliers(set)
	found := map[string]bool{}
	for _, t := range tools {
		m := Manager{Name: t.name, Reverts: t.reverts, Hint: t.hint}
		if fields, ok := applied[t.manager]; ok {
			m.Evidence, m.Applies = "field manager "+t.manager, fields
			delete(applied, t.manager)
		}
		if key, value := t.mark(set); key != "" && !found[t.within] {
			m.Evidence, m.Name = key, t.name+" "+t.kind+" "+value
		}
		if m.Evidence != "" {
			found[t.kind] = true
			out = append(out, m)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(applied)) {
		out = append(out, Manager{
			Name: "field manager " + name, Evidence: "metadata.managedFields", Applies: applied[name],
			Hint: "make the change in what it applies, too, or its next apply undoes it",
		})
	}
	return out
}

// operator is who controls the set by an owner reference.
func operator(namespace string, ref *metav1.OwnerReference) Manager {
	kind := ref.Kind
	if gv, err := schema.ParseGroupVersion(ref.APIVersion); err == nil && gv.Group != "" {
		kind += "." + gv.Group // kubectl understands it
	}
	return Manager{
		Name:     fmt.Sprintf("%s %s (%s)", ref.Kind, ref.Name, ref.APIVersion),
		Evidence: "metadata.ownerReferences", Reverts: true, Operator: true,
		Hint: fmt.Sprintf("make the change in %s/%s, from which its operator makes this StatefulSet: %s",
			ref.Kind, ref.Name, Kubectl(namespace, "edit", kind, ref.Name)),
	}
}

// tool is one that deploys, known by what it leaves on the objects that it applies
// and by its name in managedFields.
type tool struct {
	name, kind string
	keys       []string // annotations or labels
	manager    string
	reverts    bool
	// within is the kind whose mark says it all: a Flux HelmRelease leaves Helm's marks, too.
	within string
	hint   string
}

var tools = []tool{
	{"Argo CD", "application", []string{"argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"}, "argocd-controller", true, "",
		"make the change in Git, or stop the application's self-heal first"},
	{"Flux", "Kustomization", []string{"kustomize.toolkit.fluxcd.io/name"}, "kustomize-controller", true, "",
		"make the change in Git, or suspend the Kustomization first"},
	{"Flux", "HelmRelease", []string{"helm.toolkit.fluxcd.io/name"}, "helm-controller", false, "",
		"make the change in the HelmRelease, too, or its next upgrade undoes it"},
	{"Helm", "release", []string{"meta.helm.sh/release-name"}, "helm", false, "HelmRelease",
		"make the change in the release's values, too, or its next upgrade undoes it"},
}

// mark finds the tool's annotation or label, and what it names.
func (t tool) mark(set *appsv1.StatefulSet) (key, value string) {
	for _, key := range t.keys {
		for _, marks := range []map[string]string{set.Annotations, set.Labels} {
			if value := marks[key]; value != "" {
				value, _, _ = strings.Cut(value, ":") // a tracking-id goes on with the object
				return key, value
			}
		}
	}
	return "", ""
}

// appliers are the field managers other than ours that have applied fields of ours
// server-side, and which. A GitOps controller counts also when it applies the other
// way; what it writes is then not known.
func appliers(set *appsv1.StatefulSet) map[string][]Field {
	out := map[string][]Field{}
	for _, e := range set.ManagedFields {
		if e.Manager == FieldManager || e.Subresource == "status" || e.FieldsV1 == nil {
			continue
		}
		gitOps := slices.ContainsFunc(tools, func(t tool) bool { return t.reverts && t.manager == e.Manager })
		if e.Operation != metav1.ManagedFieldsOperationApply && !gitOps {
			continue
		}
		var owned map[string]any
		if json.Unmarshal(e.FieldsV1.GetRawBytes(), &owned) != nil {
			continue
		}
		for _, f := range []Field{FieldTemplate, FieldPartition, FieldReplicas} {
			if !ownsPath(owned, fieldPaths[f]) {
				continue
			}
			fields := out[e.Manager]
			if e.Operation == metav1.ManagedFieldsOperationApply && !slices.Contains(fields, f) {
				fields = append(fields, f)
			}
			out[e.Manager] = fields
		}
	}
	return out
}
