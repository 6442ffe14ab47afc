package sts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is one field in which two objects differ.
type Change struct {
	// Path is the field, with list items by name: `spec.containers[postgres].image`.
	Path string `json:"path"`
	// From is the older value; absent if the field was not set.
	From string `json:"from,omitempty"`
	// To is the newer value; absent if the field is not set.
	To string `json:"to,omitempty"`
}

// String is the change in a line; spec. is left out.
func (c Change) String() string {
	path := strings.TrimPrefix(c.Path, "spec.")
	switch {
	case c.From == "":
		return msgFieldAdded(path, c.To)
	case c.To == "":
		return msgFieldRemoved(path, c.From)
	}
	return msgFieldChanged(path, c.From, c.To)
}

// longestValue is how long a value may be that a message shows.
const longestValue = 120

// SayChanges lists the first changes, images before all others, and counts the rest.
func SayChanges(changes []Change) string {
	return SayChangesBy(changes, func(c Change, _ string) string { return c.String() })
}

// SayChangesBy does that with another form of a change; path is its field without spec.
func SayChangesBy(changes []Change, say func(c Change, path string) string) string {
	const shown = 2
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b Change) int { return a.rank() - b.rank() })
	var parts []string
	for i, c := range changes {
		if i == shown {
			parts = append(parts, msgMoreChanges(len(changes)-shown))
			break
		}
		path := strings.TrimPrefix(c.Path, "spec.")
		if len(c.From) > longestValue || len(c.To) > longestValue { // as of a record, which is a document
			parts = append(parts, msgFieldTooLong(path))
			continue
		}
		parts = append(parts, say(c, path))
	}
	return strings.Join(parts, ", ")
}

func (c Change) rank() int {
	if strings.HasSuffix(c.Path, ".image") {
		return 0
	}
	return 1
}

// Changes lists in which fields two pod templates in JSON differ, sorted by path.
func Changes(from, to json.RawMessage) ([]Change, error) {
	var a, b any
	for raw, v := range map[*json.RawMessage]*any{&from: &a, &to: &b} {
		d := json.NewDecoder(bytes.NewReader(*raw))
		d.UseNumber() // numbers are shown as they were written
		if err := d.Decode(v); err != nil {
			return nil, fmt.Errorf("pod template: %w", err)
		}
	}
	out := []Change{}
	walk("", a, b, &out)
	return out, nil
}

func walk(path string, a, b any, out *[]Change) {
	if a == nil && b == nil {
		return // absent and null are the same to the API server
	}
	x, y, objects := pair(a, b)
	if !objects {
		if from, to := leaf(a), leaf(b); from != to {
			*out = append(*out, Change{Path: path, From: from, To: to})
		}
		return
	}
	keys := map[string]bool{}
	for k := range x {
		keys[k] = true
	}
	for k := range y {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		sub := k
		switch {
		case k[0] == '[':
			sub = path + k
		case path != "":
			sub = path + "." + k
		}
		walk(sub, x[k], y[k], out)
	}
}

// pair returns both sides as objects. Lists become objects too, by the names of
// their items, so that an inserted container is one change.
func pair(a, b any) (x, y map[string]any, ok bool) {
	x, okA := object(a)
	y, okB := object(b)
	return x, y, (okA || a == nil) && (okB || b == nil) && (len(x) > 0 || len(y) > 0)
}

func object(v any) (map[string]any, bool) {
	switch v := v.(type) {
	case map[string]any:
		return v, true
	case []any:
		out := map[string]any{}
		for i, item := range v {
			name := fmt.Sprintf("[%d]", i)
			if m, ok := item.(map[string]any); ok {
				for _, key := range []string{"name", "mountPath", "containerPort", "key", "topologyKey"} {
					if id, ok := m[key]; ok {
						name = fmt.Sprintf("[%v]", id)
						break
					}
				}
			}
			if _, twice := out[name]; twice {
				name = fmt.Sprintf("[%d]", i)
			}
			out[name] = item
		}
		return out, true
	}
	return nil, false
}

func leaf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
