// Package guardtest checks the lists that a package of verbs has: of its verbs and its actions.
package guardtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
)

// Registry is the registry of the package in the current directory.
type Registry struct {
	Verbs []guard.Verb
	// NotListed are the intents that are no verb of their own, and why.
	NotListed map[string]string
	// Common are rules that are checked outside of the verbs' intents.
	Common []guard.Rule
	// AtLeast is the number of intents that the package is known to have.
	AtLeast int
}

// Check runs all tests of the registry.
func (r Registry) Check(t *testing.T) {
	t.Helper()
	methods := methods(t)
	t.Run("every verb has the required guards", r.required)
	t.Run("every moment is checked", func(t *testing.T) { r.moments(t, methods) })
	t.Run("every intent is a verb", func(t *testing.T) { r.intents(t, methods) })
	Described(t, r.Verbs)
}

// required: every verb has the lock, the scale operation and the claims guard, or says why not.
func (r Registry) required(t *testing.T) {
	for _, v := range r.Verbs {
		has := map[string]bool{}
		for _, rule := range v.Rules {
			has[rule.Name()] = true
		}
		for _, name := range guard.Required() {
			if why := v.Without[name]; has[name] == (why != "") {
				t.Errorf("%s: the guard %q is listed: %t; reason to do without: %q", v.Name, name, has[name], why)
			}
		}
		for name := range v.Without {
			if has[name] {
				t.Errorf("%s has the guard %q", v.Name, name)
			}
		}
	}
}

// moments: a guard whose moment the verb never names would never be checked.
func (r Registry) moments(t *testing.T, methods []*ast.FuncDecl) {
	checked := map[string]map[string]bool{} // intent, moment
	for _, fn := range methods {
		name := receiver(fn)
		if checked[name] == nil {
			checked[name] = map[string]bool{}
		}
		if fn.Name.Name == "guards" {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				checked[name][id.Name] = true
			}
			return true
		})
	}
	constants := map[guard.Moment]string{guard.Always: "Always", guard.BeforeStart: "BeforeStart", guard.InProgress: "InProgress", guard.BeforeStep: "BeforeStep"}
	for _, v := range r.Verbs {
		for _, rule := range v.Rules {
			if slices.Contains(r.Common, rule) {
				continue
			}
			if moment := constants[rule.When()]; !checked[typeName(v.Intent)][moment] {
				t.Errorf("%s: no method of %s checks the guards of the moment %s%q, and %q is one", v.Name, typeName(v.Intent), moment, rule.When(), rule.Name())
			}
		}
	}
}

// intents: an intent that is not in the registry would have no guards in the docs, and none that are
// tested.
func (r Registry) intents(t *testing.T, methods []*ast.FuncDecl) {
	listed := map[string]bool{}
	for _, v := range r.Verbs {
		listed[typeName(v.Intent)] = true
	}
	found := 0
	for _, fn := range methods {
		if fn.Name.Name != "Next" {
			continue
		}
		found++
		if name := receiver(fn); listed[name] == (r.NotListed[name] != "") {
			t.Errorf("intent %s is a verb: %t; reason why not: %q", name, listed[name], r.NotListed[name])
		}
	}
	if found < r.AtLeast {
		t.Errorf("only %d intents were found", found)
	}
}

// Described checks that one name is one condition, in all verbs.
func Described(t *testing.T, verbs []guard.Verb) {
	t.Helper()
	refuses := map[string]string{}
	for _, v := range verbs {
		for _, rule := range v.Rules {
			if old, known := refuses[rule.Name()]; rule.Name() == "" || rule.Refuses() == "" || known && old != rule.Refuses() {
				t.Errorf("%s: the guard %q is described as %q, elsewhere as %q", v.Name, rule.Name(), rule.Refuses(), old)
			}
			refuses[rule.Name()] = rule.Refuses()
		}
	}
}

func typeName(v any) string {
	name, _, _ := strings.Cut(reflect.TypeOf(v).Name(), "[")
	return name
}

// methods are all methods of the package.
func methods(t *testing.T) []*ast.FuncDecl {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []*ast.FuncDecl
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
				out = append(out, fn)
			}
		}
	}
	return out
}

// Receivers are the types of the package in the current directory that have a method of that name,
// sorted.
func Receivers(t *testing.T, method string) []string {
	t.Helper()
	var out []string
	for _, fn := range methods(t) {
		if fn.Name.Name == method {
			out = append(out, receiver(fn))
		}
	}
	slices.Sort(out)
	return out
}

// receiver is the type of a method's receiver.
func receiver(fn *ast.FuncDecl) string {
	t := fn.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if generic, ok := t.(*ast.IndexListExpr); ok {
		t = generic.X
	}
	return t.(*ast.Ident).Name
}
