package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const modulePath = "github.com/kubectl-sts/kubectl-sts/"

// comments are the doc comments of the packages below pkg: the descriptions of documents, their fields and
// their enum values. The first paragraph of a comment is for users, further ones are for readers of the code.
type comments struct {
	packages map[string]*packageComments // by directory: "pkg/sts"
	values   map[string]string           // of constants that are no string literals, by name
	errs     []error
}

type packageComments struct {
	types  map[string]string
	fields map[string]string // by "Type.Field"
	json   map[string]string // JSON names by "Type.Field"
	values []value
}

// value is a string constant, with its comment and what that says to users.
type value struct {
	name, kind, value, doc, means string
}

// readComments reads all packages below root/pkg. The values are those that comments refer to besides
// string constants, such as [DefaultTimeout].
func readComments(root string, values map[string]string) (*comments, error) {
	c := &comments{packages: map[string]*packageComments{}, values: values}
	err := filepath.WalkDir(filepath.Join(root, "pkg"), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(relative)
		if c.packages[dir] == nil {
			c.packages[dir] = &packageComments{types: map[string]string{}, fields: map[string]string{}, json: map[string]string{}}
		}
		c.packages[dir].read(parsed)
		return nil
	})
	return c, err
}

func (p *packageComments) read(file *ast.File) {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		ofGroup := group.Doc
		if group.Lparen.IsValid() { // it is about all of the group
			ofGroup = nil
		}
		for _, spec := range group.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				p.types[spec.Name.Name] = text(spec.Doc, ofGroup)
				if s, ok := spec.Type.(*ast.StructType); ok {
					p.readFields(spec.Name.Name, s)
				}
			case *ast.ValueSpec:
				if group.Tok == token.CONST {
					p.readValues(spec, ofGroup)
				}
			}
		}
	}
}

func (p *packageComments) readFields(owner string, s *ast.StructType) {
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			key := owner + "." + name.Name
			p.fields[key] = text(f.Doc, f.Comment)
			if f.Tag != nil {
				tag, _ := strconv.Unquote(f.Tag.Value)
				p.json[key], _, _ = strings.Cut(reflect.StructTag(tag).Get("json"), ",")
			}
		}
	}
}

func (p *packageComments) readValues(spec *ast.ValueSpec, ofGroup *ast.CommentGroup) {
	kind := ""
	switch t := spec.Type.(type) {
	case *ast.Ident:
		kind = t.Name
	case *ast.SelectorExpr: // a type of another package
		kind = fmt.Sprint(t.X, ".", t.Sel.Name)
	}
	for i, name := range spec.Names {
		if i >= len(spec.Values) {
			continue
		}
		lit, ok := spec.Values[i].(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			continue
		}
		v := value{name: name.Name, kind: kind, doc: text(spec.Doc, spec.Comment, ofGroup)}
		v.value, _ = strconv.Unquote(lit.Value)
		p.values = append(p.values, v)
	}
}

// text is the first comment that is not empty.
func text(groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if t := strings.TrimSpace(g.Text()); t != "" {
			return t
		}
	}
	return ""
}

// directory is where the source of a type is, "" if it is not in this module.
func directory(t reflect.Type) string {
	dir, ours := strings.CutPrefix(t.PkgPath(), modulePath)
	if !ours {
		return ""
	}
	return dir
}

// ofType describes a type in a sentence.
func (c *comments) ofType(t reflect.Type) string {
	dir := directory(t)
	s := c.phrase(dir, t.Name(), t.Name(), c.in(dir).types[t.Name()])
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:] + "."
}

// ofField describes a field of a struct.
func (c *comments) ofField(t reflect.Type, f reflect.StructField) string {
	dir, key := directory(t), t.Name()+"."+f.Name
	return c.phrase(dir, key, f.Name, c.in(dir).fields[key])
}

// ofKind are the string constants of a type and what they mean, in the order of the source: those of its
// package, then those of other packages.
func (c *comments) ofKind(t reflect.Type) []value {
	out := c.matching(directory(t), func(v value) bool { return v.kind == t.Name() })
	qualified := path.Base(directory(t)) + "." + t.Name()
	for _, dir := range slices.Sorted(maps.Keys(c.packages)) {
		out = append(out, c.matching(dir, func(v value) bool { return v.kind == qualified })...)
	}
	return out
}

// withPrefix are the string constants of all packages whose names have the prefix.
func (c *comments) withPrefix(prefix string) []value {
	var out []value
	for _, dir := range slices.Sorted(maps.Keys(c.packages)) {
		out = append(out, c.matching(dir, func(v value) bool { return v.kind == "" && strings.HasPrefix(v.name, prefix) })...)
	}
	return out
}

// matching are the string constants of a package that match, and what they mean.
func (c *comments) matching(dir string, matches func(value) bool) []value {
	var out []value
	for _, v := range c.in(dir).values {
		if matches(v) {
			v.means = c.phrase(dir, v.name, v.name, v.doc)
			out = append(out, v)
		}
	}
	return out
}

func (c *comments) in(dir string) *packageComments {
	if p := c.packages[dir]; p != nil {
		return p
	}
	return &packageComments{}
}

// phrase turns the comment of a Go name into the phrase that documents and schemas show: the first paragraph
// without the name that it starts with, and without the final full stop. "State is the state of the set."
// becomes "the state of the set". A Go name in brackets becomes what documents have instead: the JSON
// name of a field, the value of a constant.
func (c *comments) phrase(dir, key, name, comment string) string {
	if comment == "" {
		c.errs = append(c.errs, fmt.Errorf("%s: %s lacks a comment, which describes it for users", dir, key))
		return ""
	}
	s, _, _ := strings.Cut(comment, "\n\n")
	s = strings.TrimSuffix(strings.Join(strings.Fields(s), " "), ".")
	parts := strings.Split(s, "`")
	for i := 0; i < len(parts); i += 2 { // every other one is code
		parts[i] = goName.ReplaceAllStringFunc(parts[i], func(link string) string {
			plain, err := c.plain(dir, strings.Trim(link, "[]"))
			if err != nil {
				c.errs = append(c.errs, fmt.Errorf("%s: the comment of %s: %w", dir, key, err))
			}
			return plain
		})
	}
	s = strings.Join(parts, "`")
	for _, start := range []string{" is ", " are ", ": "} {
		if rest, ok := strings.CutPrefix(s, name+start); ok {
			return rest
		}
	}
	if m := otherName.FindStringSubmatch(s); len(m) > 1 && m[1] != name {
		c.errs = append(c.errs, fmt.Errorf("%s: the comment of %s starts with %s", dir, key, m[1]))
	}
	rest, _ := strings.CutPrefix(s, name+" ") // "When distinguishes two such …"
	first, size := utf8.DecodeRuneInString(rest)
	return string(unicode.ToLower(first)) + rest[size:]
}

// otherName is the name at the start of a comment, which a rename may have missed.
var otherName = regexp.MustCompile(`^([A-Z]\w*)(?:: | is | are )`)

// goName is a doc link of Go.
var goName = regexp.MustCompile(`\[[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)*\]`)

// plain is what a Go name is called in documents.
func (c *comments) plain(dir, name string) (string, error) {
	parts := strings.Split(name, ".")
	p := c.in(dir)
	if len(parts) > 1 && unicode.IsLower(rune(name[0])) {
		for _, d := range slices.Sorted(maps.Keys(c.packages)) {
			if path.Base(d) == parts[0] {
				p, parts = c.packages[d], parts[1:]
				break
			}
		}
	}
	local := strings.Join(parts, ".")
	if json := p.json[local]; json != "" && json != "-" {
		return "`" + json + "`", nil
	}
	for _, v := range p.values {
		if v.name == local {
			return "`" + v.value + "`", nil
		}
	}
	if v, ok := c.values[local]; ok {
		return v, nil
	}
	return name, fmt.Errorf("[%s] is no field of a document and no constant: users cannot know it", name)
}

// docsPage is a page of docs/ in a comment.
var docsPage = regexp.MustCompile(`docs/([a-z-]+\.md)(#[a-z0-9-]+)?`)

// markdown links the pages that a phrase refers to.
func markdown(phrase string) string { return docsPage.ReplaceAllString(phrase, "[$1]($1$2)") }
