package sts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	kjson "sigs.k8s.io/json"
)

// TypeProblem is a value of the wrong type. The API server rejects the object.
type TypeProblem struct {
	// Path is the field, Problem what is wrong with its value.
	Path, Problem string
	// Dropped: the value could not be converted, so the field is missing in the decoded object.
	Dropped bool
}

func (p TypeProblem) String() string { return p.Path + ": " + p.Problem }

// TypeProblems are all of an object, as an error. The object is decoded all the same, without these values, or
// with what they probably mean.
type TypeProblems []TypeProblem

func (p TypeProblems) Error() string {
	var out []string
	for _, problem := range p {
		out = append(out, problem.String())
	}
	return strings.Join(out, "; ")
}

// convertTypes is the object with values of the right types, and which had others.
func convertTypes(raw []byte, into any) ([]byte, TypeProblems) {
	var object any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(&object) != nil {
		return nil, nil
	}
	m := &typeConverter{}
	object, _ = m.value(object, reflect.TypeOf(into).Elem(), "")
	converted, err := json.Marshal(object)
	if err != nil {
		return nil, nil
	}
	slices.SortFunc(m.problems, func(a, b TypeProblem) int { return strings.Compare(a.Path, b.Path) })
	return converted, m.problems
}

type typeConverter struct{ problems TypeProblems }

// value is the value for a field of this type; false where there is none.
func (m *typeConverter) value(value any, t reflect.Type, path string) (any, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if value == nil || t.Kind() == reflect.Interface {
		return value, true
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		raw, err := json.Marshal(value)
		if err == nil {
			err = kjson.UnmarshalCaseSensitivePreserveInts(raw, reflect.New(t).Interface())
		}
		if err == nil {
			return value, true
		}
		return m.drop(path, msgNoValueOf(t.Name(), string(raw)))
	}
	switch t.Kind() {
	case reflect.Struct:
		if object, ok := value.(map[string]any); ok {
			fields := jsonFields(t)
			return m.convertObject(object, func(key string) (reflect.Type, string) {
				return fields[key], strings.TrimPrefix(path+"."+key, ".")
			}), true
		}
		return m.drop(path, msgWrongType("an object", typeName(value), ""))
	case reflect.Map:
		if object, ok := value.(map[string]any); ok {
			return m.convertObject(object, func(key string) (reflect.Type, string) { return t.Elem(), path + "[" + key + "]" }), true
		}
		return m.drop(path, msgWrongType("an object", typeName(value), ""))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return m.convertText(value, path)
		}
		list, ok := value.([]any)
		if !ok {
			return m.drop(path, msgWrongType("a list", typeName(value), ""))
		}
		for i, item := range list {
			list[i], _ = m.value(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
		}
		return list, true
	case reflect.String:
		return m.convertText(value, path)
	case reflect.Bool:
		return m.convertBool(value, path)
	default:
		return m.convertNumber(value, t, path)
	}
}

func (m *typeConverter) convertObject(object map[string]any, field func(key string) (reflect.Type, string)) map[string]any {
	for key, value := range object {
		t, path := field(key)
		if t == nil { // an unknown field
			continue
		}
		if converted, ok := m.value(value, t, path); ok {
			object[key] = converted
		} else {
			delete(object, key)
		}
	}
	return object
}

func (m *typeConverter) drop(path, problem string) (any, bool) {
	m.problems = append(m.problems, TypeProblem{path, problem, true})
	return nil, false
}

// convert takes what the value probably means.
func (m *typeConverter) convert(path, problem string, meant any) (any, bool) {
	m.problems = append(m.problems, TypeProblem{Path: path, Problem: problem})
	return meant, true
}

func (m *typeConverter) convertText(value any, path string) (any, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number, bool:
		return m.convert(path, msgWrongType("a string", typeName(value), "quote it"), fmt.Sprint(v))
	}
	return m.drop(path, msgWrongType("a string", typeName(value), ""))
}

func (m *typeConverter) convertBool(value any, path string) (any, bool) {
	if v, ok := value.(bool); ok {
		return v, true
	}
	if text, ok := value.(string); ok && (text == "true" || text == "false") {
		return m.convert(path, msgWrongType("a boolean", typeName(value), "remove the quotes"), text == "true")
	}
	return m.drop(path, msgWrongType("a boolean", typeName(value), ""))
}

func (m *typeConverter) convertNumber(value any, t reflect.Type, path string) (any, bool) {
	text, isText := value.(string)
	if number, ok := value.(json.Number); ok {
		text = number.String()
	} else if !isText {
		return m.drop(path, msgWrongType("a number", typeName(value), ""))
	}
	number, err := strconv.ParseFloat(text, 64)
	integer := t.Kind() != reflect.Float32 && t.Kind() != reflect.Float64
	switch {
	case isText && err != nil:
		return m.drop(path, msgWrongType("a number", typeName(value), ""))
	case integer && number != math.Trunc(number):
		return m.drop(path, msgNoInteger(text))
	case integer && math.Abs(number) >= math.Pow(2, float64(t.Bits()-1)):
		return m.drop(path, msgNumberTooLarge(text))
	case integer:
		number := json.Number(strconv.FormatInt(int64(number), 10))
		if isText {
			return m.convert(path, msgWrongType("a number", typeName(value), "remove the quotes"), number)
		}
		return number, true
	case isText:
		return m.convert(path, msgWrongType("a number", typeName(value), "remove the quotes"), json.Number(text))
	}
	return value, true
}

// typeName is the JSON type of a value, in a sentence.
func typeName(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case []any:
		return "a list"
	}
	return "an object"
}
