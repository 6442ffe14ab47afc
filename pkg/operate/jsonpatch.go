package operate

import (
	"encoding/json"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

// Patched is a copy of the object with the operations applied, by the library that the API
// server uses, or an error where a test fails.
func Patched[T any](object *T, ops []PatchOp) (*T, error) {
	before, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(ops)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(raw)
	if err != nil {
		return nil, err
	}
	out, err := patch.Apply(before)
	if err != nil {
		return nil, err
	}
	after := new(T)
	return after, json.Unmarshal(out, after)
}
