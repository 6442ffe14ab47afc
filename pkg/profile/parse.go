package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Mistake is one error in a profile's file.
type Mistake struct {
	// Line and Column count from 1; 0 is the file as a whole.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Path is the field: drain[1].command[0].
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

func (m Mistake) String() string {
	text := m.Message
	if m.Path != "" {
		text = m.Path + ": " + text
	}
	if m.Line > 0 {
		text = fmt.Sprintf("line %d: %s", m.Line, text)
	}
	return text
}

// Mistakes are all errors in a file, by line.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].String()
	}
	return strings.Join(lines, "\n")
}

// Parse reads a profile. It is strict: unknown and duplicate fields are mistakes, and so is a
// variable that has no value where it is used. The error is of type [Mistakes] and has all of them.
func Parse(data []byte) (*Profile, error) {
	r := &reader{at: map[string]*yaml.Node{}}
	p := &Profile{}
	if root := r.document(data); root != nil {
		r.value(root, reflect.ValueOf(p).Elem(), "")
		r.unreadable = r.mistakes.paths()
		if !r.unreadable[""] {
			r.validate(p)
		}
	}
	if len(r.mistakes) > 0 {
		slices.SortStableFunc(r.mistakes, func(a, b Mistake) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return nil, r.mistakes
	}
	p.setDefaults()
	return p, nil
}

// paths are the fields that have a mistake.
func (m Mistakes) paths() map[string]bool {
	out := map[string]bool{}
	for i := range m {
		out[m[i].Path] = true
	}
	return out
}

// reader fills a profile from YAML and records the position of each field.
type reader struct {
	at       map[string]*yaml.Node
	mistakes Mistakes
	// unreadable are the fields that have no value for that reason: they get no other mistake.
	unreadable map[string]bool
	// captured is the section in which a variable gets its value, by name.
	captured map[string]Section
}

// wrong adds a mistake at a field; where the field is absent, at what should contain it.
func (r *reader) wrong(path, message string) {
	if r.unreadable[path] {
		return
	}
	m := Mistake{Path: path, Message: message}
	for holder := path; ; {
		if node := r.at[holder]; node != nil {
			m.Line, m.Column = node.Line, node.Column
			break
		}
		cut := strings.LastIndexAny(holder, ".[")
		if cut < 0 {
			if node := r.at[""]; node != nil {
				m.Line, m.Column = node.Line, node.Column
			}
			break
		}
		holder = holder[:cut]
	}
	r.mistakes = append(r.mistakes, m)
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// document is the one document of a file, nil when that is a mistake already.
func (r *reader) document(data []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	err := decoder.Decode(&first)
	if errors.Is(err, io.EOF) {
		r.wrong("", msgFileEmpty())
		return nil
	}
	if err == nil {
		if err = decoder.Decode(&second); errors.Is(err, io.EOF) {
			return first.Content[0]
		}
	}
	m := Mistake{Message: msgManyDocuments()}
	if err != nil {
		found := yamlError.FindStringSubmatch(err.Error())
		if found == nil {
			found = []string{"", ""}
		}
		m.Message = msgNotYAML(strings.TrimPrefix(err.Error(), found[0]))
		m.Line, _ = strconv.Atoi(found[1]) // digits, or none
	} else {
		m.Line, m.Column = second.Line, second.Column
	}
	r.mistakes = append(r.mistakes, m)
	return nil
}

// value reads a node into a Go value of the profile's types.
func (r *reader) value(node *yaml.Node, into reflect.Value, path string) {
	r.at[path] = node
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		r.wrong(path, msgAnchor())
	}
	if node.Kind == yaml.AliasNode {
		return
	}
	if into.Type() == reflect.TypeFor[metav1.Duration]() {
		var text string
		r.value(node, reflect.ValueOf(&text).Elem(), path)
		d, err := time.ParseDuration(text)
		switch {
		case text == "":
		case err != nil:
			r.wrong(path, msgDuration(text))
		case d <= 0:
			r.wrong(path, msgDurationPositive())
		}
		into.Set(reflect.ValueOf(metav1.Duration{Duration: d}))
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(into.Type().Elem())
		r.value(node, fresh.Elem(), path)
		into.Set(fresh)
	case reflect.Struct:
		if r.is(node, yaml.MappingNode, "!!map", "a mapping", path) {
			r.fields(node, into, path)
		}
	case reflect.Map:
		if r.is(node, yaml.MappingNode, "!!map", "a mapping of names to strings", path) {
			into.Set(reflect.MakeMap(into.Type()))
			r.pairs(node, path, func(key, value *yaml.Node, path string) {
				text := reflect.New(into.Type().Elem()).Elem()
				r.value(value, text, path)
				into.SetMapIndex(reflect.ValueOf(key.Value), text)
			})
		}
	case reflect.Slice:
		if r.is(node, yaml.SequenceNode, "!!seq", "a list", path) {
			into.Set(reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content)))
			for i, item := range node.Content {
				r.value(item, into.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
		}
	case reflect.Int:
		if r.is(node, yaml.ScalarNode, "!!int", "an integer", path) {
			n, err := strconv.Atoi(node.Value)
			if err != nil {
				r.wrong(path, msgInteger(node.Value))
			}
			into.SetInt(int64(n))
		}
	case reflect.String:
		if r.is(node, yaml.ScalarNode, "!!str", "a string", path) {
			if node.Value == "" && !strings.Contains(path, ".else.") {
				r.wrong(path, msgEmpty())
			}
			into.SetString(node.Value)
		}
	default:
		panic("profile: no reader for " + into.Type().String()) // a test reads all fields
	}
}

func (r *reader) is(node *yaml.Node, kind yaml.Kind, tag, want, path string) bool {
	switch {
	case node.Kind == kind && node.ShortTag() == tag:
		return true
	case node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null":
		r.wrong(path, msgNoValue())
	case node.Kind == yaml.ScalarNode && tag == "!!str":
		r.wrong(path, msgNotString(node.Value))
	default:
		r.wrong(path, msgMustBe(want))
	}
	return false
}

// fields reads a mapping into a struct. Each key is a field's name in JSON.
func (r *reader) fields(node *yaml.Node, into reflect.Value, path string) {
	known := map[string]reflect.Value{}
	var names []string
	var collect func(v reflect.Value)
	collect = func(v reflect.Value) {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if field.Anonymous && name == "" {
				collect(v.Field(i))
				continue
			}
			known[name] = v.Field(i)
			names = append(names, name)
		}
	}
	collect(into)
	r.pairs(node, path, func(key, value *yaml.Node, path string) {
		field, ok := known[key.Value]
		if !ok {
			r.at[path] = key
			r.wrong(path, msgUnknownField(names))
			return
		}
		r.value(value, field, path)
	})
}

// pairs goes through a mapping's keys, each of which may occur once.
func (r *reader) pairs(node *yaml.Node, path string, each func(key, value *yaml.Node, path string)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		below := strings.TrimPrefix(path+"."+key.Value, ".")
		line, twice := seen[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || key.Anchor != "" || key.Value == "":
			r.mistakes = append(r.mistakes, Mistake{Line: key.Line, Column: key.Column, Path: path, Message: msgKey()})
		case twice:
			r.mistakes = append(r.mistakes, Mistake{Line: key.Line, Column: key.Column, Path: below, Message: msgDuplicateField(line)})
		default:
			seen[key.Value] = key.Line
			each(key, node.Content[i+1], below)
		}
	}
}
