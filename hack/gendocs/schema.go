package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// document is a kind of document and its type.
type document struct {
	kind string
	of   reflect.Type
}

// reportTypes are all reports, in the order of docs/json.md.
var reportTypes = []document{
	{"StatusReport", reflect.TypeFor[report.StatusReport]()},
	{"ChangeReport", reflect.TypeFor[cli.ChangeReport]()},
	{"ChangeReportList", reflect.TypeFor[cli.ChangeReportList]()},
	{"HistoryReport", reflect.TypeFor[report.HistoryReport]()},
	{"DiffReport", reflect.TypeFor[report.DiffReport]()},
	{"ClaimReport", reflect.TypeFor[claims.ClaimReport]()},
	{"GCReport", reflect.TypeFor[cli.GCReport]()},
	{"DNSReport", reflect.TypeFor[names.DNSReport]()},
	{"DoctorReport", reflect.TypeFor[doctor.Report]()},
	{"DoctorCheckList", reflect.TypeFor[doctor.CheckList]()},
	{"Forecast", reflect.TypeFor[forecast.Forecast]()},
	{"AuthReport", reflect.TypeFor[access.AuthReport]()},
	{"VersionReport", reflect.TypeFor[report.VersionReport]()},
}

// schemas are the JSON Schema files of all kinds (docs/schema/KIND.json, draft 2020-12).
func schemas(c *comments) (map[string]string, error) {
	files := map[string]string{}
	var errs []error
	for _, d := range slices.Concat(reportTypes, profileTypes) {
		g := &schemaGenerator{comments: c, defs: map[string]any{}, types: map[string]reflect.Type{}}
		s := g.object(d.of)
		s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		s["title"] = d.kind
		if len(g.defs) > 0 {
			s["$defs"] = g.defs
		}
		text, err := json.MarshalIndent(s, "", "  ")
		errs = append(errs, err)
		files["docs/schema/"+d.kind+".json"] = string(text) + "\n"
	}
	return files, errors.Join(append(errs, c.errs...)...)
}

// kindOf is the kind of a document.
func kindOf(t reflect.Type) string {
	for _, d := range slices.Concat(reportTypes, profileTypes) {
		if d.of == t {
			return d.kind
		}
	}
	return ""
}

type schemaGenerator struct {
	*comments
	defs  map[string]any
	types map[string]reflect.Type // those of defs
}

// object is the schema of a struct.
func (g *schemaGenerator) object(t reflect.Type) map[string]any {
	for f := range fieldsOf(t) {
		if inlined(f) {
			return g.withInlined(t)
		}
	}
	properties := map[string]any{}
	required := g.properties(t, properties)
	s := map[string]any{"type": "object", "description": g.ofType(t), "properties": properties}
	if len(required) > 0 {
		slices.Sort(required)
		s["required"] = required
	}
	return s
}

func (g *schemaGenerator) properties(t reflect.Type, properties map[string]any) (required []string) {
	for f := range fieldsOf(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Type == reflect.TypeFor[metav1.TypeMeta]():
			properties["apiVersion"] = map[string]any{"const": sts.APIVersion}
			properties["kind"] = map[string]any{"const": kindOf(t)}
			required = append(required, "apiVersion", "kind")
			continue
		case f.Anonymous && name == "":
			required = append(required, g.properties(f.Type, properties)...)
			continue
		case inlined(f), name == "-":
			continue
		}
		s := maps.Clone(g.value(f.Type))
		s["description"] = g.ofField(t, f)
		if !strings.HasPrefix(options, "omit") {
			required = append(required, name)
			if f.Type.Kind() == reflect.Pointer || f.Type == reflect.TypeFor[metav1.Time]() {
				s = map[string]any{"anyOf": []any{s, map[string]any{"type": "null"}}}
			}
		}
		properties[name] = s
	}
	return required
}

func (g *schemaGenerator) value(t reflect.Type) map[string]any {
	switch t {
	case setAction:
		return g.union()
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{} // any value
	case reflect.TypeFor[time.Time](), reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[metav1.Duration](), reflect.TypeFor[resource.Quantity](), reflect.TypeFor[sts.Hint]():
		return map[string]any{"type": "string"}
	case reflect.TypeFor[intstr.IntOrString]():
		return map[string]any{"type": []string{"integer", "string"}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.value(t.Elem())
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.value(t.Elem())}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": g.value(t.Elem())}
	case reflect.Struct:
		g.define(t)
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	case reflect.String:
		return g.text(t)
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int32, reflect.Int64, reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Interface:
		return map[string]any{} // any value
	}
	g.errs = append(g.errs, fmt.Errorf("hack/gendocs has no JSON Schema for the type %s", t))
	return map[string]any{}
}

// define adds the definition of a struct, whose name must be the only one in a document.
func (g *schemaGenerator) define(t reflect.Type) {
	switch other, ok := g.types[t.Name()]; {
	case !ok:
		g.types[t.Name()] = t // a type may refer to itself
		g.defs[t.Name()] = g.object(t)
	case other != t:
		g.errs = append(g.errs, fmt.Errorf("%s and %s have the same name in a JSON Schema", t, other))
	}
}

// text is a string, or one of the constants of its type.
func (g *schemaGenerator) text(t reflect.Type) map[string]any {
	s := map[string]any{"type": "string"}
	var values []string
	for _, v := range g.ofKind(t) {
		values = append(values, v.value)
	}
	if t == reflect.TypeFor[sts.FindingCode]() { // those of doctor are values, not constants
		for _, check := range doctor.Checks() {
			if !slices.Contains(values, string(check.Code)) {
				values = append(values, string(check.Code))
			}
		}
	}
	if len(values) > 0 {
		s["enum"] = values
	}
	return s
}
