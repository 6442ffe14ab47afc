package forecast

import (
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// NewRevision is the set's template as a revision keeps it: a strategic merge patch that restores the
// whole template.
func NewRevision(set *appsv1.StatefulSet) *appsv1.ControllerRevision {
	r := &appsv1.ControllerRevision{}
	raw, err := json.Marshal(set.Spec.Template)
	if err == nil {
		var template map[string]any
		if err = json.Unmarshal(raw, &template); err == nil {
			template["$patch"] = "replace"
			raw, err = json.Marshal(map[string]any{"spec": map[string]any{"template": template}})
		}
	}
	if err != nil {
		panic(err) // a template is plain data
	}
	r.Namespace, r.Data.Raw = set.Namespace, raw
	return r
}

// template is the template of the revision's pods.
func (w *World) template(r *appsv1.ControllerRevision) *corev1.PodTemplateSpec {
	if t := w.templates[string(r.Data.Raw)]; t != nil {
		return t
	}
	t := &corev1.PodTemplateSpec{} // it cannot be read
	if raw, err := sts.RevisionTemplate(r); err == nil {
		if parsed, err := sts.ParseTemplate(raw); err == nil {
			t = parsed
		}
	}
	w.templates[string(r.Data.Raw)] = t
	return t
}

// truncate removes the oldest revisions that neither pods nor the status use, beyond the limit
// (truncateHistory).
func (w *World) truncate() {
	limit := w.Set.Spec.RevisionHistoryLimit
	if limit == nil || len(w.Revisions) <= int(*limit) {
		return
	}
	live := map[string]bool{w.Set.Status.CurrentRevision: true, w.Set.Status.UpdateRevision: true}
	for _, p := range w.Pods {
		live[sts.PodRevision(p)] = true
	}
	dead := -int(*limit)
	for _, r := range w.Revisions {
		if !live[r.Name] {
			dead++
		}
	}
	w.Revisions = slices.DeleteFunc(w.Revisions, func(r *appsv1.ControllerRevision) bool {
		if live[r.Name] || dead <= 0 {
			return false
		}
		dead--
		return true
	})
}
