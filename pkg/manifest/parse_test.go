package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

const (
	serviceJSON = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"}}`
	setJSON     = `{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"},"spec":{"serviceName":"web"}}`
	setYAML     = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\n"
	serviceYAML = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: a}\n"
)

func utf16File(text string, bigEndian bool) string {
	var out []byte
	for _, unit := range append([]uint16{0xfeff}, utf16.Encode([]rune(text))...) {
		if bigEndian {
			out = append(out, byte(unit>>8), byte(unit))
		} else {
			out = append(out, byte(unit), byte(unit>>8))
		}
	}
	return string(out)
}

func indented(text string) string {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(text), "", "  "); err != nil {
		panic(err)
	}
	return out.String()
}

// The reader accepts the files that kubectl accepts, and a document that kubectl would skip is an error.
func TestParse(t *testing.T) {
	both := []string{"Service/web", "StatefulSet/web"}
	for _, test := range []struct {
		name, data string
		want       []string
		err        string
	}{
		{name: "nothing"},
		{name: "comments and empty documents", data: "# a\n---\n---\n# b\n--- # c\n\n---\nnull\n"},
		{name: "YAML documents", data: "---\n" + serviceYAML + "--- # Source: web.yaml\n" + setYAML, want: both},
		{name: "Windows' line ends", data: strings.ReplaceAll(serviceYAML+"---\n"+setYAML, "\n", "\r\n"), want: both},
		{name: "UTF-8 with a byte order mark", data: "\xef\xbb\xbf" + serviceYAML + "---\n" + setYAML, want: both},
		{name: "UTF-16, little-endian", data: utf16File(serviceYAML+"---\n"+setYAML, false), want: both},
		{name: "UTF-16, big-endian", data: utf16File(serviceYAML+"---\n"+setYAML, true), want: both},
		{name: "UTF-16 with JSON", data: utf16File(serviceJSON+setJSON, false), want: both},
		{name: "UTF-16 without a byte order mark", data: utf16File(setYAML, false)[2:], err: "control characters are not allowed"},
		{name: "a stream of JSON", data: serviceJSON + setJSON, want: both},
		{name: "a stream of JSON, a line each", data: serviceJSON + "\n" + setJSON + "\n", want: both},
		{name: "a stream of JSON, indented", data: indented(serviceJSON) + "\n" + indented(setJSON) + "\n", want: both},
		{name: "JSON and then YAML", data: serviceJSON + "\n---\n" + setYAML, want: both},
		{name: "YAML and then JSON", data: serviceYAML + "\n---\n" + setJSON, want: both},
		{name: "flow-style YAML", data: "{apiVersion: v1, kind: Service, metadata: {name: web}}\n---\n" + setYAML, want: both},
		{name: "a List", data: `{"apiVersion":"v1","kind":"List","items":[` + serviceJSON + "," + setJSON + `]}`, want: both},
		{name: "a List in a List", data: `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"List","items":[` + serviceJSON + "," + setJSON + `]}]}`, err: "items[0]: " + msgListInList()},
		{name: "aliases of a large text", data: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\nx: &x " + strings.Repeat("a", 1<<20) + "\ny: [" + strings.Repeat("*x, ", 100) + "]\n", err: msgAliasesTooLarge(64)},
		{name: "an item of a List without an apiVersion", data: `{"apiVersion":"v1","kind":"List","items":[{"kind":"Service","metadata":{"name":"web"}}]}`, err: "items[0]: Service web: apiVersion "},
		{name: "an item of a typed list with an apiVersion only", data: `{"apiVersion":"apps/v1","kind":"StatefulSetList","items":[{"apiVersion":"apps/v1","metadata":{"name":"web"}}]}`, err: "items[0]: Object 'Kind' is missing"},
		{name: "a list that says the kind once", data: "apiVersion: apps/v1\nkind: StatefulSetList\nitems:\n- {metadata: {name: a}}\n- {metadata: {name: b}}\n", want: []string{"StatefulSet/a", "StatefulSet/b"}},
		{name: "an empty list", data: `{"apiVersion":"v1","kind":"List","items":[]}`},
		{name: "items that are null", data: `{"apiVersion":"v1","kind":"List","items":null}`},
		{name: "merge keys", data: "apiVersion: v1\nkind: ConfigMap\nmetadata: &m {name: web}\ndata: {<<: *m, a: b}\n", want: []string{"ConfigMap/web"}},
		{name: "a field twice", data: setYAML + "spec: {replicas: 3, replicas: 1}\n", want: []string{"StatefulSet/web"}},

		{name: "no kind", data: "x: z\n", err: `Object 'Kind' is missing in '{"x":"z"}'`},
		{name: "no kind, behind others", data: serviceYAML + "---\n" + setYAML + "---\nx: z\n", err: ` 3: Object 'Kind' is missing in '{"x":"z"}'`},
		{name: "no kind in a stream", data: setJSON + `{"x":1}`, err: ` 2: Object 'Kind' is missing`},
		{name: "much without a kind", data: "x: " + strings.Repeat("z", 500), err: strings.Repeat("z", 90) + "…'"},
		{name: "the kind in capitals", data: "apiVersion: v1\nKind: Service\n", err: "Object 'Kind' is missing"},
		{name: "no apiVersion", data: "kind: StatefulSet\nmetadata: {name: web}\n", err: "StatefulSet web: apiVersion "},
		{name: "no kind in a List", data: `{"apiVersion":"v1","kind":"List","items":[{"metadata":{"name":"a"}}]}`, err: "Object 'Kind' is missing"},
		{name: "a List without items", data: "apiVersion: v1\nkind: List\nItems: []\n", err: msgListWithoutItems()},
		{name: "words", data: "just words\n", err: msgNotObjects()},
		{name: "an array", data: "- a\n- b\n", err: msgNotObjects()},
		{name: "an array of objects in JSON", data: "[" + setJSON + "]", err: msgNotObjects()},
		{name: "broken JSON behind others", data: serviceJSON + setJSON + "{", err: " 3: unexpected EOF"},
		{name: "broken YAML behind others", data: serviceYAML + "---\na: [\n", err: " 2: yaml: line "},
		{name: "broken YAML, with its line in the file", data: "# a\n---\n---\n" + serviceYAML + "--- # b\nb: 1\na: [\n", err: " 2: yaml: line 9: "},
		{name: "a Helm template", data: "apiVersion: v1\nkind: Service\n{{- if .x }}\nmetadata: {}\n{{- end }}\n", err: msgHelmTemplate(errors.New(""))},
		{name: "a quoted Helm template", data: "apiVersion: v1\nkind: Service\nmetadata: {name: '{{ .Release.Name }}'}\n", err: msgQuotedTemplate("Service {{ .Release.Name }}")},
		{name: "an image of a Helm template", data: setYAML + "spec: {template: {spec: {containers: [{name: a, image: '{{ .Values.image }}'}]}}}\n", err: msgQuotedTemplate("StatefulSet web")},
		{name: "a configuration with a template", data: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {image: '{{ .Labels.image }}'}\n", want: []string{"ConfigMap/web"}},
		{name: "a command with a template", data: setYAML + "spec: {template: {spec: {containers: [{name: a, image: b, args: ['{{ .Node }}']}]}}}\n", want: []string{"StatefulSet/web"}},
		{name: "a separator with something behind it", data: setYAML + "--- {a: b}\n", err: "invalid Yaml document separator"},
		{name: "a document that kubectl does not read", data: serviceYAML + "...\n" + setYAML, err: msgSkippedDocuments()},
		{name: "JSON objects in one YAML document", data: serviceYAML + "---\n" + serviceJSON + "\n" + setJSON, err: msgSkippedDocuments()},
		{name: "a name that is none", data: "apiVersion: v1\nkind: Service\nmetadata: {name: [a]}\n", err: "cannot unmarshal array"},
	} {
		t.Run(test.name, func(t *testing.T) {
			objects, err := Parse([]byte(test.data))
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			var got []string
			for _, o := range objects {
				got = append(got, o.Kind+"/"+o.Metadata.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

// Streams of JSON have lines, too.
func TestLinesOfJSON(t *testing.T) {
	objects, err := Parse([]byte(indented(serviceJSON) + "\n\n" + strings.ReplaceAll(indented(setJSON), "  ", "\t") + setJSON + "\nnull\n" + setJSON))
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, o := range objects {
		got = append(got, o.Line("metadata.name"), o.Line("spec.serviceName"))
	}
	if diff := cmp.Diff([]int{5, 1, 13, 16, 18, 18, 20, 20}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// FuzzParse: no input makes the reader panic, and without an error it returns every
// document.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{serviceYAML + "---\n" + setYAML, serviceJSON + setJSON, utf16File(setYAML, true), "x: y", "a: &a [*a]", setYAML + "...\n" + serviceYAML, "{a: b}\n---\n{", "--- |\n a\n---\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, err := Parse(data)
		if err != nil {
			return
		}
		for _, o := range objects {
			if o.Kind == "" || o.APIVersion == "" || !json.Valid(o.Raw) {
				t.Errorf("half an object: %+v", o)
			}
			_ = o.Where("spec.a")
			_ = o.problems(nil)
			_ = o.Unserved(Slots(&sts.Inventory{}))
		}
		if n := documentsIn(data); n > len(objects) && !bytes.Contains(data, []byte("items")) && data[0] < 0xef {
			t.Errorf("%d documents, and %d objects of them", n, len(objects))
		}
	})
}

// documentsIn counts the documents of a file another way, 0 where that is not known.
func documentsIn(data []byte) int {
	n := 0
	for decoder := json.NewDecoder(bytes.NewReader(data)); ; n++ {
		var v any
		err := decoder.Decode(&v)
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			break
		}
		if v == nil {
			n--
		}
	}
	n = 0
	for decoder := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var v any
		err := decoder.Decode(&v)
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			return 0
		}
		if v != nil {
			n++
		}
	}
}
