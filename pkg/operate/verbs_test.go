package operate

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every verb has the lock, the in-progress and the claims guard, or says why not.
func TestEveryVerbHasTheRequiredGuards(t *testing.T) {
	for _, v := range Verbs() {
		has := map[string]bool{}
		for _, g := range v.Guards {
			has[g.Name] = true
		}
		for _, name := range RequiredGuards() {
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

// One name is one condition, in all verbs.
func TestGuardsAreDescribed(t *testing.T) {
	refuses := map[string]string{}
	for _, v := range Verbs() {
		for _, g := range v.Guards {
			if old, known := refuses[g.Name]; g.Name == "" || g.Refuses == "" || known && old != g.Refuses {
				t.Errorf("%s: the guard %q is described as %q, elsewhere as %q", v.Name, g.Name, g.Refuses, old)
			}
			refuses[g.Name] = g.Refuses
		}
	}
}

// A guard whose moment the verb never names would never be checked.
func TestEveryMomentIsChecked(t *testing.T) {
	checked := map[string]map[string]bool{} // intent, moment
	for _, fn := range methods(t) {
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
	constants := map[Moment]string{Always: "Always", BeforeStart: "BeforeStart", InProgress: "InProgress", BeforeStep: "BeforeStep"}
	for _, v := range Verbs() {
		for _, g := range v.Guards {
			if slices.Contains(claimsGuards.described(), g) {
				continue // by the function Next, for all intents
			}
			if moment := constants[g.When]; !checked[typeName(v.intent)][moment] {
				t.Errorf("%s: no method of %s checks the guards of the moment %s%q, and %q is one", v.Name, typeName(v.intent), moment, g.When, g.Name)
			}
		}
	}
}

// notListed are the intents that are no verb of their own, and why.
var notListed = map[string]string{
	"confirmed":     "it wraps another intent",
	"FinishRestore": "it removes what pvc-gc undo has left when it was interrupted at its end",
}

// An intent that is not in the registry would have no guards in the docs, and none that are tested.
func TestEveryIntentIsAVerb(t *testing.T) {
	listed := map[string]bool{}
	for _, v := range Verbs() {
		listed[typeName(v.intent)] = true
	}
	found := 0
	for _, fn := range methods(t) {
		if fn.Name.Name != "Next" {
			continue
		}
		found++
		if name := receiver(fn); listed[name] == (notListed[name] != "") {
			t.Errorf("intent %s is in Verbs: %t; reason why not: %q", name, listed[name], notListed[name])
		}
	}
	if found < 15 {
		t.Errorf("only %d intents were found", found)
	}
}

func typeName(v any) string { return strings.TrimPrefix(fmt.Sprintf("%T", v), "operate.") }

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
