package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// yamlNodes are the documents of a file with their lines, without the empty ones; false
// where it is not YAML, but a stream of JSON, or where an error ends it: then those before it.
func yamlNodes(data []byte) ([]*yaml.Node, bool) {
	var out []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return out, true
		}
		if err != nil {
			return out, false
		}
		if len(node.Content) == 1 && node.Content[0].ShortTag() != "!!null" {
			out = append(out, node.Content[0])
		}
	}
}

// jsonNodes are the documents of a stream of JSON with their lines, nil where it is none.
func jsonNodes(data []byte) []*yaml.Node {
	var (
		out           []*yaml.Node
		before, until int // the number of lines before a document, and where it begins
	)
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			return nil
		}
		start := int(decoder.InputOffset()) - len(raw)
		before, until = before+bytes.Count(data[until:start], []byte("\n")), start
		var node yaml.Node
		if yaml.Unmarshal(asYAML(raw), &node) != nil || len(node.Content) != 1 {
			return nil
		}
		if node.Content[0].ShortTag() != "!!null" {
			shift(node.Content[0], before)
			out = append(out, node.Content[0])
		}
	}
}

// expanded is the number of bytes of all texts in the documents, with aliases replaced.
func expanded(documents []*yaml.Node) int {
	sizes := map[*yaml.Node]int{} // of anchors
	var size func(*yaml.Node) int
	size = func(node *yaml.Node) int {
		if node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		if n, known := sizes[node]; known {
			return n
		}
		if node.Anchor != "" {
			sizes[node] = 0 // an alias within its own anchor is rejected later
		}
		n := len(node.Value)
		for _, below := range node.Content {
			n = min(n+size(below), maxExpanded+1)
		}
		if node.Anchor != "" {
			sizes[node] = n
		}
		return n
	}
	n := 0
	for _, d := range documents {
		n = min(n+size(d), maxExpanded+1)
	}
	return n
}

// surrogates are a pair of escapes that JSON has and YAML has not.
var surrogates = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)

// asYAML is JSON for a parser of YAML that is asked for the lines. JSON indents with tabs, YAML must not; in a text
// there are none.
func asYAML(raw []byte) []byte {
	return surrogates.ReplaceAll(bytes.ReplaceAll(raw, []byte("\t"), []byte(" ")), []byte("?"))
}

// shift adds to the lines of a node of JSON.
func shift(node *yaml.Node, lines int) {
	node.Line += lines
	for _, below := range node.Content {
		shift(below, lines)
	}
}

// problems are the errors of strict field validation, with the fields that are set twice in the
// YAML: kubectl sends only the last value of these.
func (o *Object) problems(found []sts.FieldProblem) []sts.FieldProblem {
	if o.node != nil {
		found = slices.DeleteFunc(found, func(p sts.FieldProblem) bool { return p.Twice })
		found = append(found, duplicates(o.node, "")...)
	}
	return found
}

// duplicates are the fields of a document that are set twice. Merge keys do not count.
func duplicates(node *yaml.Node, path string) []sts.FieldProblem {
	var out []sts.FieldProblem
	switch node.Kind {
	case yaml.SequenceNode:
		for i, item := range node.Content {
			out = append(out, duplicates(item, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case yaml.MappingNode:
		seen := map[string]bool{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i].Value
			below := strings.TrimPrefix(path+"."+key, ".")
			if strings.ContainsAny(key, ".[") {
				below = path + "[" + key + "]"
			}
			if seen[key] && node.Content[i].Kind == yaml.ScalarNode && key != "<<" {
				out = append(out, sts.FieldProblem{Path: below, Twice: true})
			}
			seen[key] = true
			out = append(out, duplicates(node.Content[i+1], below)...)
		}
	}
	return out
}

// lineOf is the line of the last field of this path, 0 where it is not known.
func lineOf(node *yaml.Node, path string) int {
	steps := stepsOf(path)
	if len(steps) == 0 {
		return 0
	}
	last := len(steps) - 1
	node = nodeBelow(node, steps[:last])
	if node == nil || node.Kind != yaml.MappingNode {
		return 0
	}
	line := 0
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == steps[last] {
			line = node.Content[i].Line
		}
	}
	return line
}

// stepsOf are the names of fields and the indexes in a path. A key in brackets may have dots.
func stepsOf(path string) []string {
	var out []string
	for path != "" {
		if path[0] == '[' {
			step, rest, _ := strings.Cut(path[1:], "]")
			out, path = append(out, step), rest
			continue
		}
		path = strings.TrimPrefix(path, ".")
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		if end > 0 {
			out = append(out, path[:end])
		}
		path = path[end:]
	}
	return out
}

// nodeAt is the node at a path, nil where it is not known.
func nodeAt(node *yaml.Node, path string) *yaml.Node { return nodeBelow(node, stepsOf(path)) }

func nodeBelow(node *yaml.Node, steps []string) *yaml.Node {
	for _, step := range steps {
		if node != nil && node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		switch {
		case node == nil:
			return nil
		case node.Kind == yaml.SequenceNode:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(node.Content) {
				return nil
			}
			node = node.Content[i]
		default:
			node = valueOf(node, step)
		}
	}
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// valueOf is the value of the last field of this name.
func valueOf(node *yaml.Node, name string) *yaml.Node {
	var out *yaml.Node
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			out = node.Content[i+1]
		}
	}
	return out
}
