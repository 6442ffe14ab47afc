package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// reportFields describes every field of every report, and every enum value, by their Go types and the
// comments of these.
func reportFields(c *comments) (string, error) {
	w := newWalker(c, vocabularies)
	for _, d := range reportTypes {
		w.document(d)
	}
	w.rest()
	return w.out.String(), errors.Join(w.errs...)
}

type walker struct {
	*comments
	vocabularies []vocabulary
	out          strings.Builder
	queue        []queued
	seen         map[reflect.Type]bool
	at           place
	uses         map[string][]string // the fields that have a vocabulary's values, by its title
}

// place is where a field is in a document: its kind, and the path of the object that has the field.
type place struct{ kind, path string }

// queued is a type that a field refers to, and the first place where it is.
type queued struct {
	of reflect.Type
	at place
}

func newWalker(c *comments, v []vocabulary) *walker {
	return &walker{comments: c, vocabularies: v, seen: map[reflect.Type]bool{}, uses: map[string][]string{}}
}

// rest describes the types that others refer to, and the vocabularies.
func (w *walker) rest() {
	for len(w.queue) > 0 {
		next := w.queue[0]
		w.queue = w.queue[1:]
		w.at = next.at
		w.section(next.of.Name(), next.of)
	}
	for _, v := range w.vocabularies {
		w.vocabulary(v)
	}
}

func (w *walker) document(d document) {
	w.seen[d.of] = true
	w.at = place{kind: d.kind}
	w.section(d.kind, d.of)
}

func (w *walker) section(name string, t reflect.Type) {
	fmt.Fprintf(&w.out, "\n### %s\n\n%s\n\n| field | type | meaning |\n|---|---|---|\n", name, markdown(w.ofType(t)))
	if t == setAction {
		w.union(false)
		return
	}
	w.fields(name, t)
}

// fields describes the fields of a section, whose name is the kind of a document or a type.
func (w *walker) fields(section string, t reflect.Type) {
	for f := range fieldsOf(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Type == reflect.TypeFor[metav1.TypeMeta]():
			fmt.Fprintf(&w.out, "| `apiVersion` | string | `%s` |\n| `kind` | string | `%s` |\n", sts.APIVersion, section)
			continue
		case f.Anonymous && name == "":
			w.fields(section, f.Type)
			continue
		case inlined(f):
			w.union(true)
			continue
		case name == "-":
			continue
		}
		kind := w.kind(f.Type, w.at.path+name)
		if strings.HasPrefix(options, "omit") {
			kind += ", may be absent"
		}
		meaning := markdown(w.ofField(t, f))
		if v := w.vocabularyOf(t, f); v != nil {
			meaning += ". " + oneOf(f.Type) + v.link()
			w.uses[v.title] = append(w.uses[v.title], "`"+w.at.path+name+"` of a "+w.at.kind)
		}
		fmt.Fprintf(&w.out, "| `%s` | %s | %s |\n", name, kind, cell(meaning))
	}
}

// oneOf introduces the values of a field.
func oneOf(t reflect.Type) string {
	if t.Kind() == reflect.Slice {
		return "Each is one of the "
	}
	return "One of the "
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

// kind is the type of a field in words.
func (w *walker) kind(t reflect.Type, path string) string {
	switch {
	case t == setAction:
		return w.reference(t, path)
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
		return w.kind(t.Elem(), path)
	case reflect.Map:
		return w.kind(t.Elem(), path+".*") + " by name"
	case reflect.Slice:
		return "list of " + w.kind(t.Elem(), path+"[]")
	case reflect.Struct:
		return w.reference(t, path)
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

// reference is a link to the section of a type, which follows.
func (w *walker) reference(t reflect.Type, path string) string {
	if !w.seen[t] {
		w.seen[t] = true
		w.queue = append(w.queue, queued{t, place{w.at.kind, path + "."}})
	}
	return fmt.Sprintf("[%s](#%s)", t.Name(), strings.ToLower(t.Name()))
}
