package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// reportFields describes every field of every report, and every enum value. It walks the Go types, so
// a field without a description, or a description without a field, is an error.
func reportFields(root string) (string, error) {
	w := newWalker(meanings)
	for _, r := range reportTypes {
		w.report(r.kind, r.of)
	}
	w.rest()
	for _, v := range vocabularies {
		w.words(root, v)
	}
	return w.out.String(), errors.Join(w.errs...)
}

type walker struct {
	meanings map[string]string
	out      strings.Builder
	queue    []reflect.Type
	seen     map[reflect.Type]bool
	used     map[string]bool
	errs     []error
}

func newWalker(meanings map[string]string) *walker {
	return &walker{meanings: meanings, seen: map[reflect.Type]bool{}, used: map[string]bool{}}
}

// rest describes the types that others refer to, and finds descriptions without a field.
func (w *walker) rest() {
	for len(w.queue) > 0 {
		t := w.queue[0]
		w.queue = w.queue[1:]
		w.section(t.Name(), t)
	}
	for _, key := range slices.Sorted(maps.Keys(w.meanings)) {
		if !w.used[key] {
			w.errs = append(w.errs, fmt.Errorf("hack/gendocs/meanings.go describes %s, which does not exist", key))
		}
	}
}

func (w *walker) report(kind string, t reflect.Type) {
	w.seen[t] = true
	w.section(kind, t)
}

func (w *walker) section(name string, t reflect.Type) {
	fmt.Fprintf(&w.out, "\n### %s\n\n| field | type | meaning |\n|---|---|---|\n", name)
	w.fields(name, t.Name(), t)
}

// fields describes a section's fields. Its name is the kind of a report; owner is the
// type whose name is the key of the descriptions.
func (w *walker) fields(kind, owner string, t reflect.Type) {
	for f := range fieldsOf(t) {
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" {
			if f.Type == reflect.TypeFor[metav1.TypeMeta]() {
				fmt.Fprintf(&w.out, "| `apiVersion` | string | `%s` |\n| `kind` | string | `%s` |\n", sts.APIVersion, kind)
				continue
			}
			w.fields(kind, owner, f.Type)
			continue
		}
		if name == "-" {
			continue
		}
		key := owner + "." + name
		meaning, ok := w.meanings[key]
		if !ok {
			w.errs = append(w.errs, fmt.Errorf("hack/gendocs/meanings.go lacks a description of %s", key))
		}
		w.used[key] = true
		kind := w.kind(f.Type)
		if strings.HasPrefix(options, "omit") {
			kind += ", may be absent"
		}
		fmt.Fprintf(&w.out, "| `%s` | %s | %s |\n", name, kind, cell(meaning))
	}
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && !yield(f) {
				return
			}
		}
	}
}

func (w *walker) kind(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return "any"
	case t == reflect.TypeFor[time.Time](), t == reflect.TypeFor[metav1.Time]():
		return "time"
	case t == reflect.TypeFor[metav1.Duration]():
		return "duration"
	case t == reflect.TypeFor[resource.Quantity]():
		return "quantity"
	case t == reflect.TypeFor[sts.Hint]():
		return "string"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.kind(t.Elem())
	case reflect.Map:
		return w.kind(t.Elem()) + " by name"
	case reflect.Slice:
		return "list of " + w.kind(t.Elem())
	case reflect.Struct:
		if !w.seen[t] {
			w.seen[t] = true
			w.queue = append(w.queue, t)
		}
		return fmt.Sprintf("[%s](#%s)", t.Name(), strings.ToLower(t.Name()))
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int32, reflect.Int64, reflect.Int:
		return "integer"
	}
	w.errs = append(w.errs, fmt.Errorf("hack/gendocs: unsupported type %s", t))
	return t.String()
}

// vocabulary is a set of constants that are used in reports, such as the values of an enum.
type vocabulary struct {
	title, about string
	dir          string // of the package
	kind, prefix string // the constants' type, or the prefix of their names
	meanings     map[string]string
}

func (w *walker) words(root string, v vocabulary) {
	values, err := constants(filepath.Join(root, v.dir), v.kind, v.prefix)
	if err != nil {
		w.errs = append(w.errs, err)
		return
	}
	fmt.Fprintf(&w.out, "\n### %s\n\n%s\n\n| value | meaning |\n|---|---|\n", v.title, v.about)
	for _, value := range values {
		meaning, ok := v.meanings[value]
		if !ok {
			w.errs = append(w.errs, fmt.Errorf("hack/gendocs/meanings.go lacks a description of %s %q", v.title, value))
		}
		fmt.Fprintf(&w.out, "| `%s` | %s |\n", value, cell(meaning))
	}
	for _, value := range slices.Sorted(maps.Keys(v.meanings)) {
		if !slices.Contains(values, value) {
			w.errs = append(w.errs, fmt.Errorf("hack/gendocs/meanings.go describes %s %q, which the code does not have", v.title, value))
		}
	}
}

// findingCodes returns the table of the checks and their codes.
func findingCodes(root string) (string, error) {
	codes, err := constants(filepath.Join(root, "pkg", "sts"), "FindingCode", "")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	var errs []error
	b.WriteString("| code | severity | what is wrong |\n|---|---|---|\n")
	for _, code := range codes {
		m, ok := findings[code]
		if !ok {
			errs = append(errs, fmt.Errorf("hack/gendocs/meanings.go lacks a description of the finding %s", code))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", code, m.severity, cell(m.meaning))
	}
	for _, code := range slices.Sorted(maps.Keys(findings)) {
		if !slices.Contains(codes, code) {
			errs = append(errs, fmt.Errorf("hack/gendocs/meanings.go describes the finding %s, which the code does not have", code))
		}
	}
	return b.String(), errors.Join(errs...)
}

// constants reads the string constants of a package from its source, in source order.
func constants(dir, kind, prefix string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			typed, _ := spec.Type.(*ast.Ident)
			for i, name := range spec.Names {
				if i >= len(spec.Values) || kind != "" && (typed == nil || typed.Name != kind) || !strings.HasPrefix(name.Name, prefix) {
					continue
				}
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					value, err := strconv.Unquote(lit.Value)
					if err == nil {
						out = append(out, value)
					}
				}
			}
			return true
		})
	}
	return out, nil
}
