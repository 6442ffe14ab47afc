package operate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// NotStored compares the object that the API server has returned for a JSON patch with the patch.
// Nil when every field has the value from the patch, or is gone where the patch removes it. Other
// fields of the object do not matter, and neither do other items of a list to which the patch has
// added some. managedFields are the API server's own.
func NotStored(ops []PatchOp, stored any) (*sts.Alteration, error) {
	object, err := asJSON(stored)
	if err != nil {
		return nil, err
	}
	var changes []sts.Change
	for i, o := range ops {
		if o.Op == "test" || strings.HasPrefix(o.Path, "/metadata/managedFields") {
			continue
		}
		keys := pointer(o.Path)
		path, last := fieldPath(keys[:len(keys)-1]), keys[len(keys)-1]
		parent := lookUp(object, keys[:len(keys)-1])
		list, isList := parent.([]any)
		if _, err := strconv.Atoi(last); last == "-" || err == nil && isList {
			// An index may mean another item as soon as admission has changed the list.
			item, remove, err := listItem(ops[:i], o)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(list, func(v any) bool { return within(item, v) }) == remove {
				changes = append(changes, notStored(path, item, parent, remove))
			}
			continue
		}
		path, have := fieldPath(keys), lookUp(parent, []string{last})
		if o.Op == "remove" {
			if _, index := strconv.Atoi(last); have != nil && index != nil {
				changes = append(changes, notStored(path, have, have, true))
			}
			continue
		}
		sent, err := decoded(o.Value)
		if err != nil {
			return nil, err
		}
		changes = differing(path, sent, have, changes)
	}
	return alterationOf(changes), nil
}

// NotCreated is [NotStored] for an object that was created: its labels, annotations and spec.
func NotCreated(sent, stored any) (*sts.Alteration, error) {
	a, err := asJSON(sent)
	if err != nil {
		return nil, err
	}
	b, err := asJSON(stored)
	if err != nil {
		return nil, err
	}
	var changes []sts.Change
	for _, keys := range [][]string{{"metadata", "labels"}, {"metadata", "annotations"}, {"spec"}} {
		if want := lookUp(a, keys); want != nil {
			changes = differing(fieldPath(keys), want, lookUp(b, keys), changes)
		}
	}
	return alterationOf(changes), nil
}

// WritesWhat is the same for two patches that write the same fields: admission treats both alike.
func WritesWhat(ops []PatchOp) string {
	var out []string
	for _, o := range ops {
		if o.Op != "test" {
			out = append(out, o.Op+" "+o.Path)
		}
	}
	return strings.Join(out, ", ")
}

func alterationOf(changes []sts.Change) *sts.Alteration {
	if len(changes) == 0 {
		return nil
	}
	return &sts.Alteration{Changes: changes}
}

// listItem is the item that the operation adds to a list, or removes from it: the value that was
// tested right before.
func listItem(before []PatchOp, o PatchOp) (item any, remove bool, err error) {
	if o.Op != "remove" {
		item, err = decoded(o.Value)
		return item, false, err
	}
	for _, t := range slices.Backward(before) {
		if t.Op == "test" && t.Path == o.Path {
			item, err = decoded(t.Value)
			return item, true, err
		}
	}
	return nil, true, fmt.Errorf("%s is removed without a test of its value (this is a bug)", o.Path)
}

// differing adds the fields whose stored value is not the one that was sent.
func differing(path string, sent, stored any, changes []sts.Change) []sts.Change {
	want, isMap := sent.(map[string]any)
	have, same := stored.(map[string]any)
	switch {
	case isMap && (same || stored == nil) && len(want) > 0:
		for _, k := range slices.Sorted(maps.Keys(want)) {
			changes = differing(path+"."+k, want[k], have[k], changes)
		}
	case !within(sent, stored):
		changes = append(changes, notStored(path, sent, stored, false))
	}
	return changes
}

// within says whether stored has all that was sent: of objects every field, of lists every item.
func within(sent, stored any) bool {
	switch want := sent.(type) {
	case nil:
		return stored == nil
	case map[string]any:
		have, _ := stored.(map[string]any)
		for k, v := range want {
			if !within(v, have[k]) {
				return false
			}
		}
		return true
	case []any:
		have, _ := stored.([]any)
		return !slices.ContainsFunc(want, func(v any) bool {
			return !slices.ContainsFunc(have, func(h any) bool { return within(v, h) })
		})
	}
	return reflect.DeepEqual(sent, stored)
}

func notStored(path string, sent, stored any, removed bool) sts.Change {
	if removed {
		return sts.Change{Path: path, To: sayValue(sent)}
	}
	return sts.Change{Path: path, From: sayValue(sent), To: sayValue(stored)}
}

// sayValue is a value as it is shown, shortened: records are long.
func sayValue(v any) string {
	const longest = 80
	var text string
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		text = v
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		text = string(raw)
	}
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

func asJSON(o any) (any, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	return decoded(raw)
}

func decoded(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // numbers are shown as they were written
	var v any
	err := d.Decode(&v)
	return v, err
}

// pointer are the keys of a JSON pointer.
func pointer(path string) []string {
	keys := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i := range keys {
		keys[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(keys[i])
	}
	return keys
}

func fieldPath(keys []string) string { return strings.Join(keys, ".") }

// lookUp is the value at the end of the keys, nil where there is none.
func lookUp(v any, keys []string) any {
	for _, k := range keys {
		switch in := v.(type) {
		case map[string]any:
			v = in[k]
		case []any:
			n, err := strconv.Atoi(k)
			if err != nil || n < 0 || n >= len(in) {
				return nil
			}
			v = in[n]
		default:
			return nil
		}
	}
	return v
}
