package operate

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"
)

// Commit is what the patch changes in the set's spec, for a manifest that is kept
// elsewhere: a strategic merge patch of the StatefulSet in YAML, for kubectl and
// kustomize. It is empty when the spec does not change.
func (p *PatchSet) Commit(set *appsv1.StatefulSet) ([]byte, error) {
	next, err := Patched(set, p.specOps())
	if err != nil {
		return nil, fmt.Errorf("statefulset/%s: %w", set.Name, err)
	}
	before, err := json.Marshal(appsv1.StatefulSet{Spec: set.Spec})
	if err != nil {
		return nil, err
	}
	after, err := json.Marshal(appsv1.StatefulSet{Spec: next.Spec})
	if err != nil {
		return nil, err
	}
	full, err := strategicpatch.CreateTwoWayMergePatch(before, after, appsv1.StatefulSet{})
	if err != nil {
		return nil, fmt.Errorf("statefulset/%s: %w", set.Name, err)
	}
	var patch map[string]any
	if err := json.Unmarshal(full, &patch); err != nil || patch["spec"] == nil {
		return nil, err
	}
	plain := withoutDirectives(patch).(map[string]any)
	if leadsTo(before, plain, after) {
		patch = plain
	}
	return yaml.Marshal(map[string]any{
		"apiVersion": appsv1.SchemeGroupVersion.String(), "kind": "StatefulSet",
		"metadata": map[string]string{"name": set.Name, "namespace": set.Namespace},
		"spec":     patch["spec"],
	})
}

// specOps are the operations on the spec: a step before this one may have written
// annotations.
func (p *PatchSet) specOps() []PatchOp {
	return slices.DeleteFunc(slices.Clone(p.Ops), func(o PatchOp) bool { return !strings.HasPrefix(o.Path, "/spec/") })
}

const setElementOrder = "$setElementOrder/"

// withoutDirectives rewrites a strategic merge patch for kustomize, which supports
// neither $setElementOrder nor $retainKeys. The order of a list is expressed by naming
// all of its items: kustomize puts those of the patch first.
func withoutDirectives(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = withoutDirectives(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			list, ordered := strings.CutPrefix(key, setElementOrder)
			switch {
			case ordered:
				items, _ := v[list].([]any)
				order, _ := v[key].([]any)
				out[list] = inOrder(withoutDirectives(items).([]any), order)
			case key != "$retainKeys" && v[setElementOrder+key] == nil:
				out[key] = withoutDirectives(v[key])
			}
		}
		return out
	}
	return v
}

// inOrder puts the items of a list in the patch into the order, whose items have
// the merge key only, and fills in those that do not change. What is deleted comes last.
func inOrder(items, order []any) []any {
	var out []any
	rest := slices.Clone(items)
	for _, key := range order {
		at := slices.IndexFunc(rest, func(item any) bool { return hasKey(item, key) })
		if at < 0 {
			out = append(out, key)
			continue
		}
		out, rest = append(out, rest[at]), slices.Delete(rest, at, at+1)
	}
	return append(out, rest...)
}

func hasKey(item, key any) bool {
	have, ok1 := item.(map[string]any)
	want, ok2 := key.(map[string]any)
	if !ok1 || !ok2 {
		return reflect.DeepEqual(item, key)
	}
	for k, v := range want {
		if !reflect.DeepEqual(have[k], v) {
			return false
		}
	}
	return have["$patch"] == nil
}

// leadsTo says whether the patch turns one object into the other.
func leadsTo(before []byte, patch map[string]any, after []byte) bool {
	raw, err := json.Marshal(patch)
	if err != nil {
		return false
	}
	got, err := strategicpatch.StrategicMergePatch(before, raw, appsv1.StatefulSet{})
	if err != nil {
		return false
	}
	var a, b any
	return json.Unmarshal(got, &a) == nil && json.Unmarshal(after, &b) == nil && reflect.DeepEqual(a, b)
}
