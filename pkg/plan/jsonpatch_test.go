package plan_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
)

// byTheServer applies operations with the library that the API server uses.
func byTheServer[T any](object *T, ops []plan.PatchOp) (*T, error) {
	before, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(ops)
	if err != nil {
		return nil, err
	}
	p, err := jsonpatch.DecodePatch(raw)
	if err != nil {
		return nil, err
	}
	out, err := p.Apply(before)
	if err != nil {
		return nil, err
	}
	after := new(T)
	return after, json.Unmarshal(out, after)
}

// What a plan foretells of a patch is what the API server makes of it.
func TestPatched(t *testing.T) {
	op := func(verb, path, value string) plan.PatchOp {
		return plan.PatchOp{Op: verb, Path: path, Value: json.RawMessage(value)}
	}
	doc := map[string]any{
		"n": 9007199254740993, "null": nil,
		"map":  map[string]any{"a/b": "x", "c~d": "y"},
		"list": []any{"one", map[string]any{"name": "two"}, "three"},
	}
	remove := func(path string) plan.PatchOp { return plan.PatchOp{Op: "remove", Path: path} }
	tests := [][]plan.PatchOp{
		{op("test", "/map/a~1b", `"x"`), op("replace", "/map/a~1b", `"z"`)},
		{op("test", "/map/c~0d", `"y"`), remove("/map/c~0d")},
		{op("test", "/map/a~1b", `"other"`)},
		{op("test", "/n", `9007199254740993`)},
		{op("test", "/n", `9007199254740992`)},
		{op("test", "/absent", `null`), op("add", "/absent", `{"k": 1.50}`), op("replace", "/absent/k", `[]`)},
		{op("test", "/null", `null`)},
		{op("test", "/absent", `""`)},
		{op("test", "/map", `{"c~d": "y", "a/b": "x"}`)},
		{op("test", "/map", `{"c~d": "y"}`)},
		{op("replace", "/absent", `1`)},
		{remove("/absent")},
		{op("add", "/absent/deep", `1`)},
		{op("add", "/list/-", `"four"`), op("test", "/list/3", `"four"`)},
		{op("add", "/list/1", `"new"`), op("test", "/list/2/name", `"two"`)},
		{op("add", "/list/3", `"four"`)},
		{op("add", "/list/4", `"five"`)},
		{op("test", "/list/1/name", `"two"`), op("replace", "/list/1/name", `2`)},
		{op("test", "/list/0", `"one"`), remove("/list/0"), op("test", "/list/1", `"three"`)},
		{op("replace", "/list/0", `"first"`)},
		{remove("/list/3")},
		{remove("/list/name")},
		{op("replace", "/list/5/name", `1`)},
	}
	for _, ops := range tests {
		t.Run(fmt.Sprint(opsText(ops)), func(t *testing.T) {
			want, refused := byTheServer(&doc, ops)
			got, err := plan.Patched(&doc, ops)
			switch {
			case (err != nil) != (refused != nil):
				t.Errorf("the server says %v, and we %v", refused, err)
			case err == nil:
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-server +ours:\n%s", diff)
				}
			}
		})
	}
}
