package sts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// AppliedBy names the other field managers that have applied the current pod template, where it
// differs from another one: the managers of the fields that differ, and the last `kubectl apply`
// where it has these values. Empty when there is none. Applying a value that is set already
// changes nothing else, but the next apply then meets no conflict.
func AppliedBy(set *appsv1.StatefulSet, other json.RawMessage) string {
	now, err := json.Marshal(set.Spec.Template)
	if err != nil {
		return ""
	}
	changes, err := Changes(other, now)
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range set.ManagedFields {
		var fields map[string]any
		if e.Manager == FieldManager || e.FieldsV1 == nil || e.Subresource != "" || json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		owns := slices.ContainsFunc(changes, func(c Change) bool { return c.To != "" && ownsKeys(fields, c.fieldKeys()) })
		if owns && !slices.Contains(names, e.Manager) {
			names = append(names, e.Manager)
		}
	}
	if who := lastApplier(set, other, changes); who != "" && !slices.Contains(names, who) {
		names = append(names, who)
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return msgFieldManagers(names)
}

// ChangedBy names the client that replaced another pod template by the current one, and when: of
// the managers of the fields that differ the one that wrote first, as far as managedFields show
// it. Empty when they do not.
func ChangedBy(set *appsv1.StatefulSet, other json.RawMessage) (who string, at time.Time) {
	now, err := json.Marshal(set.Spec.Template)
	if err != nil {
		return "", time.Time{}
	}
	changes, err := Changes(other, now)
	if err != nil {
		return "", time.Time{}
	}
	for _, e := range set.ManagedFields {
		var fields map[string]any
		if e.FieldsV1 == nil || e.Subresource != "" || json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		owns := slices.ContainsFunc(changes, func(c Change) bool { return c.To != "" && ownsKeys(fields, c.fieldKeys()) })
		if owns && (who == "" || timeOf(e.Time).Before(at)) {
			who, at = msgFieldManagers([]string{e.Manager}), timeOf(e.Time)
		}
	}
	return who, at
}

// fieldKeys is where managedFields keeps the field: list items by their names.
func (c Change) fieldKeys() []string {
	keys := []string{"f:spec", "f:template"}
	for _, part := range strings.FieldsFunc(c.Path, func(r rune) bool { return r == '.' }) {
		name, item, isItem := strings.Cut(part, "[")
		if name != "" {
			keys = append(keys, "f:"+name)
		}
		if isItem {
			keys = append(keys, fmt.Sprintf("k:{%q:%q}", "name", strings.TrimSuffix(item, "]")))
		}
	}
	return keys
}

func ownsKeys(fields map[string]any, keys []string) bool {
	for _, k := range keys {
		next, ok := fields[k].(map[string]any)
		if !ok {
			return false
		}
		if len(next) == 0 {
			return true // a leaf: the manager owns everything below it, too
		}
		fields = next
	}
	return true
}

// lastApplier is the client of the last client-side apply, when it has one of the new values.
func lastApplier(set *appsv1.StatefulSet, other json.RawMessage, changes []Change) string {
	var last struct {
		Spec struct {
			Template json.RawMessage `json:"template"`
		} `json:"spec"`
	}
	raw := set.Annotations[corev1.LastAppliedConfigAnnotation]
	if raw == "" || json.Unmarshal([]byte(raw), &last) != nil || len(last.Spec.Template) == 0 {
		return ""
	}
	applied, err := Changes(other, last.Spec.Template)
	if err != nil {
		return ""
	}
	for _, c := range changes {
		if c.To == "" || !slices.ContainsFunc(applied, func(a Change) bool { return a.Path == c.Path && a.To == c.To }) {
			continue
		}
		if m := LastManager(set, "metadata", "annotations", corev1.LastAppliedConfigAnnotation); m != "" {
			return m
		}
		return "kubectl apply"
	}
	return ""
}
