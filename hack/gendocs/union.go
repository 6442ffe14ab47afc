package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// setAction is a union: an object with a type, a description of the step, and the fields of that type.
var setAction = reflect.TypeFor[operate.SetAction]()

const (
	typeMeans        = "the type of the action"
	descriptionMeans = "the step, in words"
)

// inlined says whether a struct has the fields of an action besides its own. It is then an action that
// was carried out: a write.
func inlined(f reflect.StructField) bool {
	return f.Type == setAction && f.Tag.Get("json") == ",inline"
}

// members are the types of actions.
func members(onlyWrites bool) []operate.SetAction {
	return slices.DeleteFunc(operate.SetActions(), func(a operate.SetAction) bool { return onlyWrites && !a.IsAPIWrite() })
}

// union describes the fields of an action.
func (w *walker) union(onlyWrites bool) {
	var links []string
	for _, a := range members(onlyWrites) {
		links = append(links, w.kind(reflect.TypeOf(a), w.at.path))
	}
	fmt.Fprintf(&w.out, "| `type` | string | %s: %s. The fields of that type are in the same object |\n| `description` | string | %s |\n", typeMeans, strings.Join(links, ", "), descriptionMeans)
}

// union is the schema of an action.
func (g *schemaGenerator) union() map[string]any {
	var refs []any
	for _, a := range members(false) {
		if t := reflect.TypeOf(a).Elem(); g.types[t.Name()] == nil {
			g.types[t.Name()] = t
			g.defs[t.Name()] = g.member(a, g.object(t))
		}
		refs = append(refs, map[string]any{"$ref": "#/$defs/" + a.Type()})
	}
	return map[string]any{"oneOf": refs}
}

// withInlined is the schema of a struct that has the fields of an action besides its own.
func (g *schemaGenerator) withInlined(t reflect.Type) map[string]any {
	var variants []any
	for _, a := range members(true) {
		properties := map[string]any{}
		required := slices.Concat(g.properties(t, properties), g.properties(reflect.TypeOf(a).Elem(), properties))
		slices.Sort(required)
		variants = append(variants, g.member(a, map[string]any{"type": "object", "properties": properties, "required": required}))
	}
	return map[string]any{"description": g.ofType(t), "oneOf": variants}
}

// member adds to the schema of an object what every action has.
func (g *schemaGenerator) member(a operate.SetAction, object map[string]any) map[string]any {
	properties := object["properties"].(map[string]any)
	properties["type"] = map[string]any{"const": a.Type(), "description": typeMeans}
	properties["description"] = map[string]any{"type": "string", "description": descriptionMeans}
	required, _ := object["required"].([]string)
	required = append(required, "type", "description")
	slices.Sort(required)
	object["required"] = required
	return object
}
