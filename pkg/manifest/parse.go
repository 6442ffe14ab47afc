package manifest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// jsonPrefix is how far kubectl looks into a file for the opening brace of JSON.
const jsonPrefix = 4096

// maxExpanded is the number of bytes that the texts of a file may have after its aliases are replaced. It is more than
// any cluster stores for one object, and a reader of YAML needs several times as much memory.
const maxExpanded = 64 << 20

// Parse reads the objects of a file as kubectl does, with the same decoders: YAML
// documents or a stream of JSON, in UTF-8, or in UTF-16 with its byte order mark; lists are
// expanded. A document that kubectl would skip is an error.
func Parse(data []byte) ([]Object, error) {
	data, _, err := transform.Bytes(unicode.BOMOverride(unicode.UTF8.NewDecoder()), data)
	if err != nil {
		return nil, err
	}
	nodes, isYAML := yamlNodes(data)
	if expanded(nodes) > maxExpanded {
		return nil, errors.New(msgAliasesTooLarge(maxExpanded >> 20))
	}
	documents, err := splitDocuments(data)
	if err != nil {
		return nil, err
	}
	if !isYAML {
		nodes = jsonNodes(data)
	}
	if isYAML && len(nodes) > len(documents) || !isYAML && unread(data) {
		return nil, errors.New(msgSkippedDocuments())
	}
	var out []Object
	for i, raw := range documents {
		object := Object{Raw: raw}
		if len(documents) > 1 {
			object.Document = i + 1
		}
		if len(nodes) == len(documents) {
			object.node = nodes[i]
		}
		if out, err = addObjects(out, object); err != nil {
			return nil, inDocument(object.Document, err)
		}
	}
	return out, nil
}

// splitDocuments are the documents of a file as JSON, without the empty ones.
func splitDocuments(data []byte) ([]json.RawMessage, error) {
	var out []json.RawMessage
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), jsonPrefix)
	for {
		var document runtime.RawExtension
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			err = errors.New(lineOfFile(data, strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")))
			if bytes.Contains(data, []byte("{{")) {
				err = errors.New(msgHelmTemplate(err))
			}
			if len(out) > 0 {
				err = inDocument(len(out)+1, err)
			}
			return nil, err
		}
		if raw := bytes.TrimSpace(document.Raw); len(raw) > 0 && !bytes.Equal(raw, []byte("null")) {
			out = append(out, raw)
		}
	}
}

// yamlLine is how errors of YAML name a line, from the beginning of the document.
var yamlLine = regexp.MustCompile(`^yaml: line (\d+)`)

// lineOfFile is an error of YAML that counts lines from the beginning of the file.
func lineOfFile(data []byte, message string) string {
	m := yamlLine.FindStringSubmatch(message)
	if m == nil {
		return message
	}
	line, err := strconv.Atoi(m[1])
	if err != nil {
		return message
	}
	for _, d := range documentsFrom(data) {
		if _, err := sigsyaml.YAMLToJSON(d.text); err != nil && strings.Contains(err.Error(), strings.TrimPrefix(message, "yaml: ")) {
			return fmt.Sprintf("yaml: line %d%s", line+d.before, message[len(m[0]):])
		}
	}
	return message
}

// part is a document of a file, and the number of lines before it.
type part struct {
	text   []byte
	before int
}

// documentsFrom are the parts between separators.
func documentsFrom(data []byte) []part {
	var (
		out     []part
		current part
		n       int
	)
	for line := range bytes.Lines(data) {
		n++
		if rest, separates := bytes.CutPrefix(line, []byte("---")); separates && (len(bytes.TrimSpace(rest)) == 0 || bytes.HasPrefix(bytes.TrimSpace(rest), []byte("#"))) {
			out, current = append(out, current), part{before: n}
			continue
		}
		current.text = append(current.text, line...)
	}
	return append(out, current)
}

func inDocument(n int, err error) error {
	if n == 0 {
		return err
	}
	return fmt.Errorf("document %d: %w", n, err)
}

// mostQuoted is how much of a document an error quotes.
const mostQuoted = 100

// addObjects adds the object of a document, or the objects of its list. Errors are kubectl's
// own.
func addObjects(out []Object, object Object) ([]Object, error) {
	if object.Raw[0] != '{' {
		return nil, errors.New(msgNotObjects())
	}
	decoded, _, err := unstructured.UnstructuredJSONScheme.Decode(object.Raw, nil, nil)
	if err != nil {
		quoted := string(object.Raw)
		if len(quoted) > mostQuoted {
			err = errors.New(strings.ReplaceAll(err.Error(), quoted, quoted[:mostQuoted]+"…"))
		}
		return nil, err
	}
	if err := kjson.Unmarshal(object.Raw, &object); err != nil {
		return nil, err
	}
	if object.isTemplate() {
		return nil, errors.New(msgQuotedTemplate(object.String()))
	}
	if object.APIVersion == "" {
		return nil, fmt.Errorf("%s: apiVersion not set", object.String())
	}
	if _, isList := decoded.(*unstructured.UnstructuredList); !isList {
		if object.Kind == "List" {
			return nil, errors.New(msgListWithoutItems())
		}
		return append(out, object), nil
	}
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := kjson.Unmarshal(object.Raw, &list); err != nil {
		return nil, err
	}
	for i, item := range list.Items {
		inner := Object{Raw: bytes.TrimSpace(item), Document: object.Document, node: nodeAt(object.node, "items["+strconv.Itoa(i)+"]")}
		if out, err = addItem(out, inner, object.APIVersion, strings.TrimSuffix(object.Kind, "List")); err != nil {
			return nil, fmt.Errorf("items[%d]: %w", i, err)
		}
	}
	return out, nil
}

// addItem adds an item of a list. The items of a StatefulSetList have no kind of their own: they have that of the
// list, which is empty for a List.
func addItem(out []Object, item Object, apiVersion, kind string) ([]Object, error) {
	var head struct {
		APIVersion string          `json:"apiVersion"`
		Kind       string          `json:"kind"`
		Items      json.RawMessage `json:"items"`
	}
	if err := kjson.Unmarshal(item.Raw, &head); err != nil {
		return nil, err
	}
	if strings.HasSuffix(head.Kind, "List") && head.Items != nil {
		return nil, errors.New(msgListInList())
	}
	if head.Kind != "" || head.APIVersion != "" || kind == "" {
		return addObjects(out, item)
	}
	if err := kjson.Unmarshal(item.Raw, &item); err != nil {
		return nil, err
	}
	item.Kind, item.APIVersion = kind, apiVersion
	return append(out, item), nil
}

// unread says whether there is more than one document between two separators, of which kubectl
// reads only the first. Streams of JSON need no separators.
func unread(data []byte) bool {
	for decoder := json.NewDecoder(bytes.NewReader(data)); ; {
		var v json.RawMessage
		err := decoder.Decode(&v)
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil {
			break
		}
	}
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data))); ; {
		chunk, err := reader.Read()
		if err != nil {
			return false
		}
		var first, second yaml.Node
		decoder := yaml.NewDecoder(bytes.NewReader(chunk))
		if decoder.Decode(&first) == nil && !errors.Is(decoder.Decode(&second), io.EOF) {
			return true
		}
	}
}
