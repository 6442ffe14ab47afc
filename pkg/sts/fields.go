package sts

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"sigs.k8s.io/json"
)

// FieldProblem is a field of an object that strict field validation refuses: one that the
// API does not have, or one that is set twice.
type FieldProblem struct {
	// Path is the field as the API server names it: "spec.template.spec.containers[0].Image".
	Path string
	// Nearest is the field that is probably meant, empty when no field has a similar name.
	Nearest string
	// Twice: the field is set more than once, and the last value applies.
	Twice bool
}

// Refusal is the sentence of the API server's strict decoding.
func (p FieldProblem) Refusal() string {
	if p.Twice {
		return fmt.Sprintf("duplicate field %q", p.Path)
	}
	return fmt.Sprintf("unknown field %q", p.Path)
}

// String is the same with the field that is probably meant.
func (p FieldProblem) String() string {
	if p.Nearest != "" {
		return fmt.Sprintf("%s (did you mean %q?)", p.Refusal(), p.Nearest)
	}
	return p.Refusal()
}

var fieldProblem = regexp.MustCompile(`^(unknown|duplicate) field "(.*)"$`)

// DecodeObject decodes the JSON of an API object as the API server does: names of fields are
// case-sensitive, and what it does not know is left out. The problems are what its strict
// field validation would report. An error of TypeProblems is one about single values: the rest is decoded.
func DecodeObject(raw []byte, into any) ([]FieldProblem, error) {
	problems, err := json.UnmarshalStrict(raw, into)
	var types TypeProblems
	if err != nil {
		converted, found := convertTypes(raw, into)
		reflect.ValueOf(into).Elem().SetZero()
		again, againErr := json.UnmarshalStrict(converted, into)
		if len(found) == 0 || againErr != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
		}
		problems, types = again, found
	}
	var out []FieldProblem
	for _, problem := range problems {
		m := fieldProblem.FindStringSubmatch(problem.Error())
		if m == nil {
			return nil, problem
		}
		p := FieldProblem{Path: m[2], Twice: m[1] == "duplicate"}
		if !p.Twice {
			p.Nearest = nearestField(reflect.TypeOf(into), p.Path)
		}
		out = append(out, p)
	}
	if len(types) > 0 {
		return out, types
	}
	return out, nil
}

// nearestField is the field beside the unknown one whose name is most similar.
func nearestField(t reflect.Type, path string) string {
	steps := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' })
	if len(steps) == 0 {
		return ""
	}
	for _, step := range steps[:len(steps)-1] {
		if t = typeBelow(t, step); t == nil {
			return ""
		}
	}
	fields := jsonFields(t)
	unknown := steps[len(steps)-1]
	best, least := "", 3 // as many letters as may differ, and one
	for name := range fields {
		switch d := Distance(strings.ToLower(name), strings.ToLower(unknown)); {
		case d >= len(name)/2 && d > 0: // of short names too little would be left
		case d < least || d == least && d < 3 && name < best:
			best, least = name, d
		}
	}
	return best
}

// typeBelow is the type of a field, or of an item of a list.
func typeBelow(t reflect.Type, step string) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case strings.HasSuffix(step, "]") && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array):
		return t.Elem()
	case t.Kind() == reflect.Map:
		return t.Elem()
	}
	return jsonFields(t)[step]
}

// jsonFields are the fields of a struct by their names in JSON; none for other types.
func jsonFields(t reflect.Type) map[string]reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	out := map[string]reflect.Type{}
	if t.Kind() != reflect.Struct {
		return out
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			for k, v := range jsonFields(f.Type) {
				out[k] = v
			}
		case f.IsExported() && name != "" && name != "-":
			out[name] = f.Type
		}
	}
	return out
}

// Distance is how many letters have to be changed, added or removed (Levenshtein).
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		above := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := above
			if a[i] != b[j] {
				change++
			}
			above = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
