// Package pkg_test holds the line that the design draws: which package may import which, and what the pure
// packages may not touch. .golangci.yml says the same to an editor; this says it about the whole import graph,
// for every platform, and without a linter installed.
package pkg_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/kubectl-sts/kubectl-sts"
	root   = module + "/pkg/"
)

// A layer is a folder of pkg/ with everything below it that is no layer of its own.
type layer struct {
	// imports are the other layers that it may import.
	imports []string
	// pure layers look and decide: the same input, the same answer.
	pure bool
	// never are import paths that it may reach neither directly nor through another package.
	never []string
}

var (
	frontEnd = []string{"github.com/spf13/cobra", "k8s.io/cli-runtime", "k8s.io/kubectl"}
	cluster  = append([]string{"k8s.io/client-go"}, frontEnd...)
)

// layers is the picture in CONTRIBUTING.md, "Imports point downwards". To add a package, draw it there, then here.
var layers = map[string]layer{
	"sts":              {pure: true, never: cluster},
	"names":            {pure: true, never: cluster, imports: []string{"sts"}},
	"forecast":         {pure: true, never: cluster, imports: []string{"names", "sts"}},
	"profile":          {pure: true, never: cluster, imports: []string{"sts"}},
	"operate":          {pure: true, never: cluster, imports: []string{"profile", "forecast", "sts"}},
	"claims":           {pure: true, never: cluster, imports: []string{"operate", "sts"}},
	"report":           {pure: true, never: cluster, imports: []string{"operate", "sts"}},
	"manifest":         {never: cluster, imports: []string{"sts"}, pure: true},
	"doctor":           {pure: true, never: cluster, imports: []string{"manifest", "claims", "report", "operate", "profile", "forecast", "names", "sts"}},
	"access":           {pure: true, never: cluster, imports: []string{"sts"}},
	"render":           {pure: true, never: cluster, imports: []string{"access", "doctor", "claims", "report", "operate", "profile", "forecast", "names", "sts"}},
	"loop":             {never: cluster, imports: []string{"operate", "profile", "forecast", "sts"}},
	"claims/claimloop": {never: cluster, imports: []string{"claims", "loop", "operate", "sts"}},
	"names/nameloop":   {never: cluster, imports: []string{"names", "loop", "operate", "sts"}},
	"kube":             {never: frontEnd, imports: []string{"access", "doctor", "claims", "operate", "names", "sts"}},
	"shell":            {never: cluster, imports: []string{"operate", "render", "sts"}},
	"cli":              {imports: []string{"access", "doctor", "manifest", "claims", "claims/claimloop", "names/nameloop", "kube", "loop", "shell", "report", "operate", "render", "profile", "forecast", "names", "sts"}},
}

var (
	// pureModules are the only paths beside the standard library that a pure package imports.
	// go.yaml.in/yaml/v3 is what sigs.k8s.io/yaml reads with; it alone knows the lines.
	// json-patch is what the API server patches with, component-helpers what it adds up pods with
	// and what kube-scheduler finds nodes with,
	// dnsmessage only reads and writes DNS messages.
	pureModules = []string{"k8s.io/api", "k8s.io/apimachinery", "sigs.k8s.io/json", "sigs.k8s.io/yaml", "go.yaml.in/yaml/v3", "gopkg.in/evanphx/json-patch.v4", "github.com/distribution/reference", "k8s.io/component-helpers/resource", "k8s.io/component-helpers/scheduling/corev1/nodeaffinity", "golang.org/x/net/dns/dnsmessage", "golang.org/x/text"}

	// impure are the doors to the outside, or to chance, inside what is otherwise allowed.
	impure = []string{
		"crypto/rand", "io/ioutil", "log", "math/rand", "net", "os", "path/filepath", "plugin", "syscall", "unsafe",
		"k8s.io/apimachinery/pkg/util/httpstream",
		"k8s.io/apimachinery/pkg/util/net",
		"k8s.io/apimachinery/pkg/util/proxy",
		"k8s.io/apimachinery/pkg/util/rand",
		"k8s.io/apimachinery/pkg/util/uuid",
		"k8s.io/apimachinery/pkg/util/wait",
	}
	// harmless are below an impure path and only handle values.
	harmless = []string{"net/netip", "net/url"}

	// clocks are the functions through which time comes in unasked.
	clocks = map[string][]string{
		"time":                                 {"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"},
		"k8s.io/apimachinery/pkg/apis/meta/v1": {"Now", "NowMicro"},
	}
)

// graph maps each of our packages to the import paths in its non-test files, for all platforms together.
type graph map[string][]string

func TestImportsGoDownwards(t *testing.T) {
	direct, _ := readSources(t, ".")
	for _, v := range direct.violations() {
		t.Error(v)
	}
}

func TestMainOnlyCallsCLI(t *testing.T) {
	direct, _ := readSources(t, filepath.Join("..", "cmd"))
	for pkg, imports := range direct {
		for _, path := range imports {
			if strings.HasPrefix(path, module+"/") && path != root+"cli" {
				t.Errorf("%s imports %s: main holds signals, streams and the exit code, everything else is behind pkg/cli", pkg, path)
			}
		}
	}
}

func TestNothingIsReachedThroughOthers(t *testing.T) {
	all := listDependencies(t)
	for _, v := range all.reached() {
		t.Error(v)
	}
}

func TestPurePackagesHaveNoClock(t *testing.T) {
	_, uses := readSources(t, ".")
	for _, use := range uses {
		t.Error(use)
	}
}

// The picture in CONTRIBUTING.md has every import that the layers allow, and no other one that they do not
// allow at least through another package.
func TestThePictureHasTheLayers(t *testing.T) {
	drawn := picture(t)
	for name, rules := range layers {
		reachable := map[string]bool{}
		for queue := slices.Clone(rules.imports); len(queue) > 0; queue = queue[1:] {
			if !reachable[queue[0]] {
				reachable[queue[0]] = true
				queue = append(queue, layers[queue[0]].imports...)
			}
		}
		for to := range layers {
			switch allowed := slices.Contains(rules.imports, to); {
			case allowed && !drawn[name][to]:
				t.Errorf("CONTRIBUTING.md does not draw that %s may import %s", name, to)
			case drawn[name][to] && !reachable[to]:
				t.Errorf("CONTRIBUTING.md draws that %s may import %s, which layers does not allow", name, to)
			}
		}
	}
}

// picture is what each layer may import, as drawn in CONTRIBUTING.md: anything that follows it on a line.
func picture(t *testing.T) map[string]map[string]bool {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "## Imports point downwards\n\n```\n")
	text, _, _ = strings.Cut(text, "```")
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		line = branch.ReplaceAllString(line, "cli ─▶")
		begin, rest, alternatives := strings.Cut(line, "{")
		if !alternatives {
			lines = append(lines, line)
			continue
		}
		inside, end, _ := strings.Cut(rest, "}")
		for _, way := range strings.Split(inside, ",") {
			lines = append(lines, begin+way+end)
		}
	}
	drawn := map[string]map[string]bool{}
	for _, line := range lines {
		var above []string
		for _, column := range strings.Split(line, "─▶") {
			var here []string
			for _, word := range strings.Split(column, ",") {
				for name := range layers {
					if path.Base(name) == strings.TrimSpace(word) {
						here = append(here, name)
					}
				}
			}
			for _, from := range above {
				for _, to := range here {
					if drawn[from] == nil {
						drawn[from] = map[string]bool{}
					}
					drawn[from][to] = true
				}
			}
			above = append(above, here...)
		}
	}
	return drawn
}

// branch is the beginning of a line that continues one from above.
var branch = regexp.MustCompile(`^ *[├└]─+▶`)

// violations are the direct imports that the layers do not allow.
func (g graph) violations() []string {
	var found []string
	report := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }

	for _, pkg := range sorted(g) {
		name := layerOf(pkg)
		if name == "" {
			continue
		}
		rules, known := layers[name]
		if !known {
			report("%s is in no layer: decide what it may import, draw it in CONTRIBUTING.md (Imports point downwards) and add %q to layers in pkg/architecture_test.go", pkg, name)
			continue
		}
		for _, path := range g[pkg] {
			if to := layerOf(path); to != "" {
				if to != name && !slices.Contains(rules.imports, to) {
					report("%s imports %s: %s may import only %v of our packages", pkg, path, name, rules.imports)
				}
				continue
			}
			switch {
			case strings.HasPrefix(path, module):
				report("%s imports %s: what is outside of pkg/ is not for pkg/", pkg, path)
			case under(path, rules.never...):
				report("%s imports %s, which %s must not know", pkg, path, name)
			case !rules.pure || strings.HasSuffix(pkg, "test"): // helpers of tests read testdata
			case under(path, impure...) && !under(path, harmless...):
				report("%s imports %s: a pure package touches neither files, streams, the network nor chance; take the value as an argument", pkg, path)
			case !standard(path) && !under(path, pureModules...):
				report("%s imports %s: a pure package uses only the standard library and %v", pkg, path, pureModules)
			}
		}
	}
	return found
}

// reached are the forbidden packages that a layer gets at through others, each with the way there.
func (g graph) reached() []string {
	var found []string
	for _, pkg := range sorted(g) {
		rules := layers[layerOf(pkg)]
		if len(rules.never) == 0 {
			continue
		}
		way := map[string]string{pkg: ""} // import path → who imports it
		for queue := []string{pkg}; len(queue) > 0; queue = queue[1:] {
			at := queue[0]
			if under(at, rules.never...) {
				chain := at
				for from := way[at]; from != ""; from = way[from] {
					chain = from + " → " + chain
				}
				found = append(found, fmt.Sprintf("%s reaches %s: %s", pkg, at, chain))
				break // one import chain is enough to fix it
			}
			for _, next := range g[at] {
				if _, seen := way[next]; !seen {
					way[next] = at
					queue = append(queue, next)
				}
			}
		}
	}
	return found
}

// readSources parses every non-test Go file below dir, whatever platform it is for, and returns the imports and
// each use of the clock in a pure package. Reading the files here also makes go test's cache notice changes.
func readSources(t *testing.T, dir string) (imports graph, clockUses []string) {
	t.Helper()
	imports = graph{}
	files := token.NewFileSet()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), "_")):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		pkg := module + "/" + filepath.ToSlash(filepath.Join("pkg", filepath.Dir(path)))
		imports[pkg] = append(imports[pkg], importsOf(file)...)
		if layers[layerOf(pkg)].pure {
			for _, use := range clockUse(file) {
				clockUses = append(clockUses, fmt.Sprintf("%s: %s in a pure package: use the Inventory's TakenAt", files.Position(use.Pos()), use.Sel.Name))
			}
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return imports, clockUses
}

func importsOf(file *ast.File) []string {
	var paths []string
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value) // the parser has accepted it
		paths = append(paths, path)
	}
	return paths
}

// clockUse finds selectors like time.Now, under whatever name the package was imported.
func clockUse(file *ast.File) []*ast.SelectorExpr {
	banned := map[string][]string{} // local name → functions
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		functions, watched := clocks[path]
		if !watched {
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		banned[name] = functions
	}
	var uses []*ast.SelectorExpr
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if pkg, ok := selector.X.(*ast.Ident); ok && slices.Contains(banned[pkg.Name], selector.Sel.Name) {
				uses = append(uses, selector)
			}
		}
		return true
	})
	return uses
}

// listDependencies asks the go command for everything that pkg/ is built from.
func listDependencies(t *testing.T) graph {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports", "./...")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	all := graph{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatalf("go list -json: %v", err)
		}
		all[pkg.ImportPath] = pkg.Imports
	}
}

// layerOf is the layer of one of our packages, its first folder where no layer has it, or "" for
// what is not ours.
func layerOf(path string) string {
	rest, ours := strings.CutPrefix(path, root)
	if !ours {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	for layer := range layers {
		if under(rest, layer) && len(layer) > len(name) {
			name = layer
		}
	}
	return name
}

func under(path string, parents ...string) bool {
	return slices.ContainsFunc(parents, func(parent string) bool {
		return path == parent || strings.HasPrefix(path, parent+"/")
	})
}

// standard tells the standard library by its first element, which has no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func sorted(g graph) []string {
	var names []string
	for name := range g {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A guard that never fails guards nothing: the checks below are shown what they have to find.

func TestViolationsAreFound(t *testing.T) {
	const clientset = "k8s.io/client-go/kubernetes"
	tests := []struct {
		name    string
		pkg     string
		imports []string
		want    string // part of the one message, or empty for none
	}{
		{"downwards", "operate", []string{root + "sts", root + "forecast", "time", "k8s.io/api/core/v1"}, ""},
		{"within a layer", "profile/builtin", []string{root + "profile"}, ""},
		{"values below net", "sts", []string{"net/netip", "net/url"}, ""},
		{"commands may do all of it", "cli", []string{"os", clientset, "github.com/spf13/cobra", root + "loop"}, ""},
		{"upwards", "sts", []string{root + "operate"}, "sts may import only"},
		{"sideways", "loop", []string{root + "kube"}, "loop may import only"},
		{"sideways, back", "kube", []string{root + "loop"}, "kube may import only"},
		{"a loop below its decisions", "claims/claimloop", []string{root + "claims", root + "loop"}, ""},
		{"decisions above their loop", "claims", []string{root + "claims/claimloop"}, "claims may import only"},
		{"a subpackage upwards", "render/table", []string{root + "cli"}, "render may import only"},
		{"files", "report", []string{"os"}, "touches neither files"},
		{"files for a test", "sts/ststest", []string{"os"}, ""},
		{"processes", "operate", []string{"os/exec"}, "touches neither files"},
		{"network", "operate", []string{"net/http"}, "touches neither files"},
		{"chance", "forecast", []string{"math/rand/v2"}, "touches neither files"},
		{"a client in a decision", "operate", []string{clientset}, "must not know"},
		{"a client in the names", "names", []string{clientset}, "must not know"},
		{"a client in the loop", "loop", []string{clientset}, "must not know"},
		{"flags in the client", "kube", []string{"k8s.io/cli-runtime/pkg/genericclioptions"}, "must not know"},
		{"another module", "render", []string{"github.com/example/tables"}, "only the standard library"},
		{"a module with a similar name", "sts", []string{"k8s.io/apiserver/pkg/server"}, "only the standard library"},
		{"outside of pkg", "cli", []string{module + "/hack/gendocs"}, "outside of pkg/"},
		{"unknown package", "helpers", nil, "is in no layer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := graph{root + test.pkg: test.imports}.violations()
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("found %q where nothing is wrong", got)
			case test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)):
				t.Errorf("found %q, want one message with %q", got, test.want)
			}
		})
	}
}

func TestWaysAreFound(t *testing.T) {
	g := graph{
		root + "operate":     {root + "sts", "k8s.io/apimachinery/pkg/labels"},
		root + "sts":         {"example.org/helper"},
		root + "cli":         {"k8s.io/client-go/kubernetes"},
		root + "kube":        {"k8s.io/client-go/kubernetes"},
		"example.org/helper": {"k8s.io/client-go/rest", root + "operate"}, // a circle must not hang the search
	}
	got := strings.Join(g.reached(), "\n")
	want := root + "operate reaches k8s.io/client-go/rest: " + root + "operate → " + root + "sts → example.org/helper → k8s.io/client-go/rest\n" +
		root + "sts reaches k8s.io/client-go/rest: " + root + "sts → example.org/helper → k8s.io/client-go/rest"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestClocksAreFound(t *testing.T) {
	const source = `package operate
import (
	"time"
	clock "time"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)
var a = time.Now()
var b = clock.Since
var c = metav1.Now()
var d = 3 * time.Second
func f(s struct{ Now func() }) { s.Now(); time.Sleep(0); _ = a.After(a) }
`
	file, err := parser.ParseFile(token.NewFileSet(), "bad.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, use := range clockUse(file) {
		got = append(got, use.X.(*ast.Ident).Name+"."+use.Sel.Name)
	}
	if want := []string{"time.Now", "clock.Since", "metav1.Now", "time.Sleep"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}
