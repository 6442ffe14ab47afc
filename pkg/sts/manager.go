package sts

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Field is a part of the spec that a client may write.
type Field string

// The fields.
const (
	// FieldTemplate: the pod template.
	FieldTemplate Field = "template"
	// FieldPartition: the partition of the update strategy.
	FieldPartition Field = "partition"
	// FieldReplicas: the number of replicas.
	FieldReplicas Field = "replicas"
)

// fieldPaths are the paths of the fields.
var fieldPaths = map[Field][]string{
	FieldTemplate:  {"spec", "template"},
	FieldPartition: {"spec", "updateStrategy", "rollingUpdate", "partition"},
	FieldReplicas:  {"spec", "replicas"},
}

// Manager is another client that writes the spec of the set and may revert a change.
type Manager struct {
	// Name is the client, in words: `Argo CD application shop`.
	Name string `json:"name"`
	// Evidence is the label, annotation or field that identifies it.
	Evidence string `json:"evidence"`
	// Reverts is true if it reverts changes automatically; otherwise it reverts them the next time it is used.
	Reverts bool `json:"reverts"`
	// Applies are the fields that it applies server-side; absent if unknown.
	Applies []Field `json:"applies,omitempty"`
	// Hint is where to make the change instead.
	Hint Hint `json:"hint"`
	// Operator: it creates the set from a custom resource, so that a change to the
	// manifest of the set does not help.
	Operator bool `json:"-"`
}

// Writes reports whether the manager writes one of the fields, as far as is known.
func (m Manager) Writes(fields ...Field) bool {
	return len(m.Applies) == 0 || len(m.conflicts(fields)) > 0
}

// conflicts are the fields that it owns by server-side apply.
func (m Manager) conflicts(fields []Field) []string {
	var out []string
	for _, f := range m.Applies {
		if slices.Contains(fields, f) {
			out = append(out, strings.Join(fieldPaths[f], "."))
		}
	}
	return out
}

// Caution is the warning before a write to the fields.
func (m Manager) Caution(fields ...Field) Hint {
	caution := msgAlsoManages(m.Name, m.Hint)
	if paths := m.conflicts(fields); len(paths) > 0 {
		caution = msgAppliesFields(caution, paths)
	}
	return caution
}

// Managers finds the other clients that write the set: from its owner reference, from
// the labels and annotations that Argo CD, Flux and Helm set on what they apply, and
// from the server-side applies in managedFields.
func Managers(set *appsv1.StatefulSet) []Manager {
	var out []Manager
	if ref := metav1.GetControllerOf(set); ref != nil {
		out = append(out, Operator(set.Namespace, ref))
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
			Hint: hintFieldManager(),
		})
	}
	return out
}

// Operator is the controller of the set by its owner reference.
func Operator(namespace string, ref *metav1.OwnerReference) Manager {
	kind := ref.Kind
	if gv, err := schema.ParseGroupVersion(ref.APIVersion); err == nil && gv.Group != "" {
		kind += "." + gv.Group // as kubectl accepts it
	}
	return Manager{
		Name:     fmt.Sprintf("%s %s (%s)", ref.Kind, ref.Name, ref.APIVersion),
		Evidence: "metadata.ownerReferences", Reverts: true, Operator: true,
		Hint: hintOperator(ref.Kind, ref.Name, Kubectl(namespace, "edit", kind, ref.Name)),
	}
}

// tool is a deployment tool, known by its labels and annotations on the objects that it
// applies and by its name in managedFields.
type tool struct {
	name, kind string
	keys       []string // annotations or labels
	manager    string
	reverts    bool
	// within is the kind whose mark replaces this one: a Flux HelmRelease sets Helm's marks, too.
	within string
	hint   Hint
}

var tools = []tool{
	{"Argo CD", "application", []string{"argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"}, "argocd-controller", true, "",
		hintArgoCD()},
	{"Flux", "Kustomization", []string{"kustomize.toolkit.fluxcd.io/name"}, "kustomize-controller", true, "",
		hintKustomization()},
	{"Flux", "HelmRelease", []string{"helm.toolkit.fluxcd.io/name"}, "helm-controller", false, "",
		hintHelmRelease()},
	{"Helm", "release", []string{"meta.helm.sh/release-name"}, "helm", false, "HelmRelease",
		hintHelm()},
}

// mark finds the tool's annotation or label, and what it names.
func (t tool) mark(set *appsv1.StatefulSet) (key, value string) {
	for _, key := range t.keys {
		for _, marks := range []map[string]string{set.Annotations, set.Labels} {
			if value := marks[key]; value != "" {
				value, _, _ = strings.Cut(value, ":") // a tracking-id has the object after it
				return key, value
			}
		}
	}
	return "", ""
}

// appliers are the other field managers that have applied fields which commands write
// server-side, with these fields. A GitOps controller counts also with client-side apply;
// what it writes is then not known.
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

// FieldManager is the name under which every write is recorded in managedFields.
const FieldManager = "kubectl-sts"

// AnnotationPrefix begins the key of every annotation that kubectl-sts writes.
const AnnotationPrefix = "kubectl-sts.dev/"

// Who names the other client that manages a field of the spec, for a message.
func Who(set *appsv1.StatefulSet, path ...string) string {
	if m := LastManager(set, append([]string{"spec"}, path...)...); m != "" {
		return msgFieldManagers([]string{m})
	}
	return "another client"
}

// LastManager is the field manager other than ours that last wrote the field of the set's spec
// at the path, from managedFields: "helm", "kubectl-edit". Empty when none is recorded.
func LastManager(set *appsv1.StatefulSet, path ...string) string {
	entries := slices.Clone(set.ManagedFields)
	slices.SortStableFunc(entries, func(a, b metav1.ManagedFieldsEntry) int {
		return cmp.Compare(timeOf(b.Time).UnixNano(), timeOf(a.Time).UnixNano())
	})
	for _, e := range entries {
		if e.FieldsV1 == nil || e.Subresource == "status" || e.Manager == FieldManager {
			continue
		}
		var fields map[string]any
		if json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		if ownsPath(fields, path) {
			return e.Manager
		}
	}
	return ""
}

func ownsPath(fields map[string]any, path []string) bool {
	for _, p := range path {
		next, ok := fields["f:"+p].(map[string]any)
		if !ok {
			return false
		}
		fields = next
	}
	return true
}

func timeOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// LastWritten is when an object was last changed, according to its managed fields, or created.
// Changes of its status count.
func LastWritten(o metav1.Object) time.Time {
	last := o.GetCreationTimestamp().Time
	for _, entry := range o.GetManagedFields() {
		if entry.Time != nil && entry.Time.After(last) {
			last = entry.Time.Time
		}
	}
	return last
}
