package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

// documentSchemas are those of docs/schema, by kind. A field that is not in the schema is an error
// here, unlike for a client, which may be older than the plugin.
var documentSchemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "schema", "*.json"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, errors.New("no docs/schema: run make docs"))
	}
	out := map[string]*jsonschema.Schema{}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		closeObjects(document)
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if err := c.AddResource(name, document); err != nil {
			return nil, err
		}
		if out[strings.TrimSuffix(filepath.Base(name), ".json")], err = c.Compile(name); err != nil {
			return nil, err
		}
	}
	return out, nil
})

// closeObjects allows no fields besides those that a schema lists.
func closeObjects(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		if _, ok := s["properties"].(map[string]any); ok && s["additionalProperties"] == nil {
			s["additionalProperties"] = false
		}
		for _, part := range s {
			closeObjects(part)
		}
	case []any:
		for _, part := range s {
			closeObjects(part)
		}
	}
}

// asksForJSON says whether the plugin was asked for documents.
func asksForJSON(args []string) bool {
	for k, arg := range args {
		if arg == "-ojson" || arg == "-o=json" || arg == "--output=json" || (arg == "-o" || arg == "--output") && slices.Contains(args[k+1:min(k+2, len(args))], "json") {
			return true
		}
	}
	return false
}

// checkDocuments holds what the plugin wrote against the schemas. A process that was killed may have
// written half a document.
func checkDocuments(out string, killed bool) error {
	schemas, err := documentSchemas()
	if err != nil {
		return err
	}
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var raw json.RawMessage
		switch err := d.Decode(&raw); {
		case errors.Is(err, io.EOF), killed && errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return fmt.Errorf("no JSON: %w", err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		object, _ := document.(map[string]any)
		kind, _ := object["kind"].(string)
		if schemas[kind] == nil {
			return fmt.Errorf("docs/schema has no kind %q", kind)
		}
		if err := schemas[kind].Validate(document); err != nil {
			return fmt.Errorf("docs/schema/%s.json: %w\n%s", kind, err, raw)
		}
	}
}

// The built-in drain profiles, alone and as a list.
func TestProfileDocuments(t *testing.T) {
	t.Parallel()
	documents := []any{profile.List{
		TypeMeta: metav1.TypeMeta{APIVersion: profile.APIVersion, Kind: profile.ListKind}, Items: profile.Builtin(),
	}}
	for _, p := range profile.Builtin() {
		documents = append(documents, p)
	}
	for _, document := range documents {
		raw, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkDocuments(string(raw), false); err != nil {
			t.Error(err)
		}
	}
}

func TestCheckDocuments(t *testing.T) {
	t.Parallel()
	const good = `{"apiVersion":"kubectl-sts.dev/v1alpha1","kind":"DiffReport","namespace":"a","name":"web","from":"web-1","to":"web-2","changes":[]}`
	for name, test := range map[string]struct {
		out    string
		killed bool
		want   string
	}{
		"good":                 {good + "\n" + good, false, ""},
		"nothing":              {"", false, ""},
		"killed in the middle": {good + good[:40], true, ""},
		"half a document":      {good[:40], false, "no JSON"},
		"a field too many":     {strings.Replace(good, `"from"`, `"other":1,"from"`, 1), false, "additional properties 'other' not allowed"},
		"a field too few":      {strings.Replace(good, `"name":"web",`, "", 1), false, "missing property 'name'"},
		"another kind":         {strings.Replace(good, "DiffReport", "Report", 1), false, `no kind "Report"`},
		"another version":      {strings.Replace(good, "v1alpha1", "v1", 1), false, "apiVersion"},
		"a value like these":   {strings.Replace(good, `"a"`, "7", 1), false, "got number, want string"},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkDocuments(test.out, test.killed)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
