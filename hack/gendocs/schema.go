package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// reportTypes are the kinds of documents and their types, in the order of docs/json.md.
var reportTypes = []struct {
	kind string
	of   reflect.Type
}{
	{"StatusReport", reflect.TypeFor[report.StatusReport]()},
	{"ChangeReport", reflect.TypeFor[cli.ChangeReport]()},
	{"HistoryReport", reflect.TypeFor[report.HistoryReport]()},
	{"DiffReport", reflect.TypeFor[report.DiffReport]()},
	{"ClaimReport", reflect.TypeFor[report.ClaimReport]()},
	{"GCReport", reflect.TypeFor[cli.GCReport]()},
	{"DNSReport", reflect.TypeFor[report.DNSReport]()},
	{"Forecast", reflect.TypeFor[forecast.Forecast]()},
	{"VersionReport", reflect.TypeFor[report.VersionReport]()},
}

// schemas are the JSON Schema files of all kinds (docs/schema/KIND.json, draft 2020-12).
func schemas(root string) (map[string]string, error) {
	files := map[string]string{}
	var errs []error
	for _, r := range reportTypes {
		g := &schemaGenerator{root: root, defs: map[string]any{}}
		s := g.object(r.of, r.kind)
		s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		s["title"] = r.kind
		if len(g.defs) > 0 {
			s["$defs"] = g.defs
		}
		text, err := json.MarshalIndent(s, "", "  ")
		errs = append(errs, append(g.errs, err)...)
		files["docs/schema/"+r.kind+".json"] = string(text) + "\n"
	}
	return files, errors.Join(errs...)
}

type schemaGenerator struct {
	root string
	defs map[string]any
	errs []error
}

// object is the schema of a struct. kind is that of a document, "" for a part of one.
func (g *schemaGenerator) object(t reflect.Type, kind string) map[string]any {
	properties := map[string]any{}
	required := g.properties(t, kind, properties)
	s := map[string]any{"type": "object", "properties": properties}
	if len(required) > 0 {
		slices.Sort(required)
		s["required"] = required
	}
	return s
}

func (g *schemaGenerator) properties(t reflect.Type, kind string, properties map[string]any) (required []string) {
	for f := range fieldsOf(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Type == reflect.TypeFor[metav1.TypeMeta]():
			properties["apiVersion"] = map[string]any{"const": sts.APIVersion}
			properties["kind"] = map[string]any{"const": kind}
			required = append(required, "apiVersion", "kind")
			continue
		case f.Anonymous && name == "":
			required = append(required, g.properties(f.Type, kind, properties)...)
			continue
		case name == "-":
			continue
		}
		s := g.value(f.Type)
		if meaning := meanings[t.Name()+"."+name]; meaning != "" {
			s = maps.Clone(s)
			s["description"] = meaning
		}
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
		if _, ok := g.defs[t.Name()]; !ok {
			g.defs[t.Name()] = nil // a type may refer to itself
			g.defs[t.Name()] = g.object(t, "")
		}
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

// text is a string, or one of the constants of its type.
func (g *schemaGenerator) text(t reflect.Type) map[string]any {
	s := map[string]any{"type": "string"}
	dir, ours := strings.CutPrefix(t.PkgPath(), "github.com/kubectl-sts/kubectl-sts/")
	if !ours {
		return s
	}
	values, err := constants(filepath.Join(g.root, filepath.FromSlash(dir)), t.Name(), "")
	if err != nil {
		g.errs = append(g.errs, err)
	}
	if len(values) > 0 {
		s["enum"] = values
	}
	return s
}
