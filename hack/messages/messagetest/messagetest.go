// Package messagetest keeps the messages of a package in golden files, with example arguments.
// `go run ./hack/messages` prints all of them for review.
package messagetest

import (
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/golden"
)

// Sample is a message with example arguments.
type Sample struct {
	function string
	texts    []string
}

// Call calls a function of a messages file with these arguments. Constants are converted to the
// parameter's type, also to one that reads itself from text, and nil to its zero value. For a hint, a text
// that begins with kubectl is a command.
func Call(function any, args ...any) Sample {
	v := reflect.ValueOf(function)
	in := make([]reflect.Value, len(args))
	for k, arg := range args {
		in[k] = argument(v.Type(), k, arg)
	}
	s := Sample{function: nameOf(v)}
	for _, out := range v.Call(in) {
		if text := fmt.Sprint(out.Interface()); text != "" {
			s.texts = append(s.texts, text)
		}
	}
	return s
}

func argument(function reflect.Type, k int, arg any) reflect.Value {
	t := function.In(min(k, function.NumIn()-1))
	if function.IsVariadic() && k >= function.NumIn()-1 {
		t = t.Elem()
	}
	v, parsed := reflect.ValueOf(arg), reflect.New(t)
	unmarshaler, reads := parsed.Interface().(encoding.TextUnmarshaler)
	switch {
	case !v.IsValid():
		return reflect.Zero(t)
	case isHint(t) && v.Kind() == reflect.String && strings.HasPrefix(v.String(), "kubectl "):
		return commandOf(t, strings.TrimPrefix(v.String(), "kubectl "))
	case reads && v.Kind() == reflect.String:
		if err := unmarshaler.UnmarshalText([]byte(v.String())); err != nil {
			panic(err)
		}
		return parsed.Elem()
	case v.Type() != t && v.CanConvert(t):
		return v.Convert(t)
	default:
		return v
	}
}

// isHint reports whether the type is sts.Hint. This package does not import sts, whose tests use it.
func isHint(t reflect.Type) bool {
	return strings.HasSuffix(t.PkgPath(), "/pkg/sts") && t.Name() == "Hint"
}

// commandOf is the hint that is this command.
func commandOf(hint reflect.Type, words string) reflect.Value {
	h := reflect.MakeSlice(hint, 1, 1)
	command := h.Index(0).FieldByName("Command")
	command.Set(reflect.New(command.Type().Elem()))
	command.Elem().FieldByName("Verb").SetString(words)
	return h
}

// nameOf returns the name of a function, or of a method expression, without its package.
func nameOf(v reflect.Value) string {
	name := runtime.FuncForPC(v.Pointer()).Name()
	name = strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "-fm")
	return name
}

// Golden compares samples with testdata/messages/NAME.txt. Each function of the file
// messages_NAME.go, in the folder of the test, must have one.
func Golden(t *testing.T, name string, samples ...Sample) {
	t.Helper()
	source := "messages_" + name + ".go"
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && !slices.ContainsFunc(samples, func(s Sample) bool { return s.function == f.Name.Name }) {
			t.Errorf("%s: %s has no sample: add messagetest.Call(%s, …) to this test", source, f.Name.Name, f.Name.Name)
		}
	}
	var out strings.Builder
	for _, s := range samples {
		fmt.Fprintf(&out, "%s\n", s.function)
		for _, text := range s.texts {
			fmt.Fprintf(&out, "    %s\n", strings.ReplaceAll(text, "\n", "\n    "))
		}
	}
	golden.Assert(t, out.String(), "messages/"+name+".txt")
}
