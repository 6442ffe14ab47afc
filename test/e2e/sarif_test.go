package e2e

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
)

// What doctor writes for code scanners is valid by the schema of SARIF 2.1.0, with findings, without, and with
// a file that could not be read.
func TestSARIF(t *testing.T) {
	fixtures := filepath.Join("..", "..", "pkg", "doctor", "testdata", "checks")
	clean, broken := filepath.Join(t.TempDir(), "clean.yaml"), filepath.Join(t.TempDir(), "broken file.yaml")
	for file, text := range map[string]string{clean: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n", broken: "a: {{ b }}"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	schema := sarifSchema(t)
	for _, test := range []struct {
		name    string
		args    []string
		results bool
	}{
		{"findings", []string{"-R", "-f", fixtures}, true},
		{"no findings", []string{"-f", clean}, false},
		{"a broken file", []string{"-f", broken, "-f", clean}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			root := cli.NewRoot(cli.Env{
				IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &out, ErrOut: &errs}, Clock: clock.RealClock{},
				Called: "kubectl sts", Getenv: func(string) string { return "" },
			})
			root.SetArgs(append([]string{"doctor", "-o", "sarif"}, test.args...))
			_ = root.ExecuteContext(context.Background()) // findings are an error
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
			if err != nil {
				t.Fatalf("%s\n%s", err, errs.String())
			}
			if err := schema.Validate(document); err != nil {
				t.Error(err)
			}
			r, err := sarif.FromBytes(out.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			run := r.Runs[0]
			if found := len(run.Results) > 0; found != test.results {
				t.Errorf("%d results", len(run.Results))
			}
			prints := map[string]bool{}
			for _, result := range run.Results {
				physical := result.Locations[0].PhysicalLocation
				if physical == nil || physical.Region == nil || *physical.Region.StartLine < 1 {
					t.Errorf("%s has no line: %s", *result.RuleID, *result.Message.Text)
				}
				if run.Tool.Driver.Rules[result.RuleIndex].ID == nil || *run.Tool.Driver.Rules[result.RuleIndex].ID != *result.RuleID {
					t.Errorf("the index of %s is of another rule", *result.RuleID)
				}
				for _, print := range result.PartialFingerprints {
					prints[print] = true
				}
			}
			if test.results && len(prints) < 2 {
				t.Errorf("%d fingerprints for %d results", len(prints), len(run.Results))
			}
		})
	}
}

// sarifSchema is the JSON Schema of SARIF 2.1.0 by OASIS, as go-sarif has it in its source. Its own validation
// looks only at what it has read, and so would not see a property that does not exist.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	const module = "github.com/owenrumney/go-sarif/v3"
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "pkg", "report", "v210", "sarif", "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	literal, ok := file.Scope.Lookup("schema").Decl.(*ast.ValueSpec).Values[0].(*ast.BasicLit)
	if !ok {
		t.Fatalf("%s has no schema", module)
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
