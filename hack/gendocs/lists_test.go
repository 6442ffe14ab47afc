package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/hack/commandtree"
	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// The lists in pages that are written by hand are complete: each names every value that the code has.
func TestListsInDocsAreComplete(t *testing.T) {
	t.Chdir("../..")
	c, err := readComments(".", profileDefaults)
	if err != nil {
		t.Fatal(err)
	}
	of := func(kind reflect.Type) []string { return values(c.ofKind(kind)) }
	for _, list := range []struct {
		file, section string
		values        []string
	}{
		{"README.md", "## Commands", verbs()},
		{"README.md", "## status", of(reflect.TypeFor[report.State]())},
		{"docs/json.md", "", withFlag("output")},
		{"docs/exit-codes.md", "", withFlag("exit-code")},
		{"docs/exit-codes.md", "", withFlag("yes")},
		{"docs/dns.md", "## Output formats", formats("dns")},
		{"docs/drain-scale.md", "", inWords(of(reflect.TypeFor[record.MemberPhase]()), record.Recalled)},
		{"docs/safety.md", "## What it writes", []string{
			record.CanaryAnnotation, record.RestartAnnotation, record.DrainAnnotation, record.ParkedAnnotation, record.OwnerAnnotation,
		}},
		{"docs/safety.md", "## What it writes", events(t)},
		{"pkg/cli/help/pvc-gc.txt", "", inWords(of(reflect.TypeFor[claims.State]()))},
		{"docs/safety.md", "## Claims at risk", of(reflect.TypeFor[diagnose.ClaimRiskReason]())},
		{"docs/safety.md", "## Orphaned claims", []string{claims.KeepAnnotation, sts.MakerAnnotation, record.ParkedAnnotation, sts.ClaimAnnotation}},
		{"docs/drain-scale.md", "", []string{record.LeavingFinalizer, profile.Annotation}},
	} {
		if len(list.values) == 0 {
			t.Errorf("%s %s: no values", list.file, list.section)
		}
		text := section(read(t, list.file), list.section)
		for _, value := range list.values {
			if !regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(value) + `($|[^\w-])`).MatchString(text) {
				t.Errorf("%s %s lacks %s", list.file, list.section, value)
			}
		}
	}
}

// events are the reasons of the Events that are recorded on a StatefulSet: in the calls that name one, and in
// variables for them.
func events(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	add := func(values []ast.Expr) {
		for _, v := range values {
			if text, ok := v.(*ast.BasicLit); ok && reason.MatchString(text.Value) {
				found[strings.Trim(text.Value, `"`)] = true
			}
		}
	}
	for _, pattern := range []string{"pkg/operate/*.go", "pkg/kube/*.go", "pkg/cli/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if slices.Contains([]string{"action", "newScale", "note", "record", "Record"}, called(n)) {
						add(n.Args)
					}
				case *ast.AssignStmt:
					if to, ok := n.Lhs[0].(*ast.Ident); ok && to.Name == "event" {
						add(n.Rhs)
					}
				}
				return true
			})
		}
	}
	for _, known := range []string{"CanaryStarted", "Unparked", "MemberDrained", "PodEvicted", "ClaimsDeleted", "ScaleUpStarted"} {
		if !found[known] { // one for each way to name an event
			t.Errorf("%s was not found", known)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// reason is the reason of an Event, in quotes.
var reason = regexp.MustCompile(`^"[A-Z][A-Za-z]+"$`)

// called is the name of the function or method that is called.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// section is the text below a heading, up to the next heading of its level; without a heading, all of it.
func section(page, heading string) string {
	if heading == "" {
		return page
	}
	_, text, _ := strings.Cut("\n"+page, "\n"+heading+"\n")
	level, _, _ := strings.Cut(heading, " ")
	text, _, _ = strings.Cut(text, "\n"+level+" ")
	return text
}

func values(all []value) []string {
	var out []string
	for _, v := range all {
		out = append(out, v.value)
	}
	return out
}

// inWords are values as tables and messages print them, except some.
func inWords(values []string, except ...record.MemberPhase) []string {
	var out []string
	for _, v := range values {
		if !slices.Contains(except, record.MemberPhase(v)) {
			out = append(out, sts.Words(v))
		}
	}
	return out
}

// verbs are the names of the commands directly below kubectl sts.
func verbs() []string {
	return commands(func(c *cobra.Command) bool { return !c.Parent().HasParent() })
}

// withFlag are the names of the commands that have a flag.
func withFlag(flag string) []string {
	return commands(func(c *cobra.Command) bool { return c.LocalFlags().Lookup(flag) != nil })
}

func commands(matches func(*cobra.Command) bool) []string {
	names := map[string]bool{}
	commandtree.Each(cli.NewRoot(cli.Env{}), func(c *cobra.Command) {
		if matches(c) {
			names[c.Name()] = true
		}
	})
	return slices.Sorted(maps.Keys(names))
}

// formats are the values of --output that a command has and others do not.
func formats(command string) []string {
	list := func(command string) []string {
		c, _, _ := cli.NewRoot(cli.Env{}).Find([]string{command})
		_, list, _ := strings.Cut(c.Flags().Lookup("output").Usage, ": ")
		return strings.Split(list, ", ")
	}
	general := list("history")
	return slices.DeleteFunc(list(command), func(f string) bool { return slices.Contains(general, f) })
}
