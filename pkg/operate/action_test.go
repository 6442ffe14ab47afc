package operate_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// receivers are the types of this package that have a method of that name.
func receivers(t *testing.T, method string) []string {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == method {
				out = append(out, f.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// The lists of actions, which docs and other tests are made from, are complete.
func TestListsOfActions(t *testing.T) {
	var set, claim []string
	for _, a := range operate.SetActions() {
		set = append(set, reflect.TypeOf(a).Elem().Name())
		if a.Type() != set[len(set)-1] {
			t.Errorf("the type of a %T is %q", a, a.Type())
		}
	}
	for _, a := range operate.ClaimActions() {
		claim = append(claim, reflect.TypeOf(a).Elem().Name())
	}
	slices.Sort(set)
	slices.Sort(claim)
	if diff := cmp.Diff(receivers(t, "isSetAction"), set); diff != "" {
		t.Errorf("SetActions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(receivers(t, "isClaimAction"), claim); diff != "" {
		t.Errorf("ClaimActions (-want +got):\n%s", diff)
	}
}

// An action has its type beside its fields.
func TestDecisionsInJSON(t *testing.T) {
	for _, test := range []struct {
		d    operate.Decision
		want string
	}{
		{operate.Decision{Verdict: operate.Done, Reason: "Complete", Message: "done"},
			`{"verdict":"Done","reason":"Complete","message":"done"}`},
		{operate.Decision{Verdict: operate.Do, Reason: "Evict", Message: "evict pod web-1", Action: &operate.EvictPod{
			Why: "evict pod web-1", PodRef: operate.PodRef{Name: "web-1", UID: "u", Ordinal: 1, Revision: "r"}}},
			`{"verdict":"Do","reason":"Evict","message":"evict pod web-1","action":{"type":"EvictPod","why":"evict pod web-1","name":"web-1","uid":"u","ordinal":1,"revision":"r"}}`},
		{operate.Decision{Verdict: operate.Do, Reason: "Check", Message: "check", Action: &operate.Exec{Why: "check", Key: "k", For: "check", Command: "true"}},
			`{"verdict":"Do","reason":"Check","message":"check","action":{"type":"Exec","why":"check","for":"check","command":"true"}}`},
	} {
		got, err := json.Marshal(test.d)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}
