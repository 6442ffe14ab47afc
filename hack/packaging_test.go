// Package hack_test checks what the plugin is shipped with: the krew manifest, the release's targets, the key
// bindings for k9s, and the make targets that our documents name.
package hack_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// krewPlugin is all that a manifest of v1alpha2 may hold; anything else is an error when it is read.
type krewPlugin struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string         `json:"version"`
		Homepage         string         `json:"homepage"`
		ShortDescription string         `json:"shortDescription"`
		Description      string         `json:"description"`
		Caveats          string         `json:"caveats"`
		Platforms        []krewPlatform `json:"platforms"`
	} `json:"spec"`
}

type krewPlatform struct {
	Selector struct {
		MatchLabels map[string]string `json:"matchLabels"`
	} `json:"selector"`
	URI    string `json:"uri"`
	SHA256 string `json:"sha256"`
	Files  []struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"files"`
	Bin string `json:"bin"`
}

// krewPlatforms are the systems that the krew index' own check (validate-krew-manifest v0.4.5) knows.
var krewPlatforms = []string{
	"darwin/386", "darwin/amd64", "darwin/arm64",
	"linux/386", "linux/amd64", "linux/arm", "linux/arm64", "linux/ppc64le",
	"windows/386", "windows/amd64",
}

func TestKrewManifest(t *testing.T) {
	const file = "krew/sts.yaml"
	var plugin krewPlugin
	read(t, file, &plugin)
	spec := plugin.Spec

	if plugin.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || plugin.Kind != "Plugin" {
		t.Errorf("%s is a %s %s", file, plugin.APIVersion, plugin.Kind)
	}
	name := plugin.Metadata.Name
	if name+".yaml" != path.Base(file) {
		t.Errorf("the plugin is called %q: krew wants the file to be called so too", name)
	}
	matches(t, "metadata.name", name, `^[\w-]+$`)
	matches(t, "spec.version", spec.Version, `^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)
	matches(t, "spec.homepage", spec.Homepage, `^https://\S+$`)
	matches(t, "spec.shortDescription", spec.ShortDescription, `^\S.{0,48}[^\s.]$`)
	for field, text := range map[string]string{"description": spec.Description, "caveats": spec.Caveats} {
		if text == "" {
			t.Errorf("spec.%s is empty", field)
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 80 {
				t.Errorf("spec.%s has a line of %d characters, krew shows 80: %q", field, len(line), line)
			}
		}
	}

	zero := 0
	for _, platform := range spec.Platforms {
		labels := platform.Selector.MatchLabels
		system := labels["os"] + "/" + labels["arch"]
		if len(labels) != 2 || !slices.Contains(krewPlatforms, system) {
			t.Errorf("selector %v: krew selects by os and arch, and knows %v", labels, krewPlatforms)
		}
		suffix, exe := ".tar.gz", ""
		if labels["os"] == "windows" {
			suffix, exe = ".zip", ".exe"
		}
		archive := "kubectl-sts_" + labels["os"] + "_" + labels["arch"] + suffix
		if want := spec.Homepage + "/releases/download/" + spec.Version + "/" + archive; platform.URI != want {
			t.Errorf("%s: uri is %s, want %s", system, platform.URI, want)
		}
		matches(t, system+" sha256", platform.SHA256, `^[a-f0-9]{64}$`)
		if strings.Trim(platform.SHA256, "0") == "" {
			zero++
		}
		if platform.Bin != "kubectl-sts"+exe {
			t.Errorf("%s: bin is %q", system, platform.Bin)
		}
		var files []string
		for _, f := range platform.Files {
			files = append(files, f.From)
			if f.To != "." {
				t.Errorf("%s: %s goes to %q; krew wants the program and its LICENSE side by side", system, f.From, f.To)
			}
		}
		if want := []string{platform.Bin, "LICENSE"}; !slices.Equal(files, want) {
			t.Errorf("%s: files are %v, want %v", system, files, want)
		}
	}
	if zero != 0 && zero != len(spec.Platforms) {
		t.Errorf("%d of %d sums are zero: either the version is released and has all sums, or none", zero, len(spec.Platforms))
	}
}

type goreleaser struct {
	Builds []struct {
		Main    string   `json:"main"`
		Binary  string   `json:"binary"`
		Env     []string `json:"env"`
		Flags   []string `json:"flags"`
		Ldflags []string `json:"ldflags"`
		Targets []string `json:"targets"`
	} `json:"builds"`
	Archives []struct {
		NameTemplate string   `json:"name_template"`
		Formats      []string `json:"formats"`
		Files        []struct {
			Src string `json:"src"`
		} `json:"files"`
	} `json:"archives"`
}

// What krew can install is what a release builds, as far as krew knows the system.
func TestKrewAndReleaseAgree(t *testing.T) {
	var plugin krewPlugin
	read(t, "krew/sts.yaml", &plugin)
	var offered []string
	for _, platform := range plugin.Spec.Platforms {
		offered = append(offered, platform.Selector.MatchLabels["os"]+"/"+platform.Selector.MatchLabels["arch"])
	}
	var built []string
	for _, target := range readRelease(t).Builds[0].Targets {
		fields := strings.Split(target, "_") // os, arch, and a variant like the 6 of linux_arm_6
		if system := fields[0] + "/" + fields[1]; slices.Contains(krewPlatforms, system) {
			built = append(built, system)
		}
	}
	slices.Sort(offered)
	slices.Sort(built)
	if !slices.Equal(offered, built) {
		t.Errorf("krew/sts.yaml offers %v\n.goreleaser.yaml builds %v", offered, built)
	}
}

func TestReleaseArchives(t *testing.T) {
	release := readRelease(t)
	archive, build := release.Archives[0], release.Builds[0]
	if want := "kubectl-sts_{{ .Os }}_{{ .Arch }}"; archive.NameTemplate != want {
		t.Errorf("archives are called %s, .krew.yaml expects %s", archive.NameTemplate, want)
	}
	var files []string
	for _, f := range archive.Files {
		files = append(files, f.Src)
		if _, err := os.Stat(filepath.Join("..", f.Src)); err != nil {
			t.Errorf("an archive should contain %s: %v", f.Src, err)
		}
	}
	for _, needed := range []string{"LICENSE", "README.md", "plugins.yaml"} {
		if !slices.Contains(files, needed) {
			t.Errorf("archives lack %s", needed)
		}
	}
	if !slices.Contains(build.Env, "CGO_ENABLED=0") || !slices.Contains(build.Flags, "-trimpath") {
		t.Errorf("builds are made with %v %v: a release must not depend on the machine that made it", build.Env, build.Flags)
	}
}

// The linker ignores a -X for a variable that is not there, and the version is then empty without a word.
func TestVersionVariableExists(t *testing.T) {
	const target = "github.com/kubectl-sts/kubectl-sts/pkg/cmd.version="
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if ldflags := strings.Join(readRelease(t).Builds[0].Ldflags, " "); !strings.Contains(ldflags, "-X "+target) {
		t.Errorf(".goreleaser.yaml does not set %s: %s", target, ldflags)
	}
	if !strings.Contains(string(makefile), "-X $(MODULE)/pkg/cmd.version=") {
		t.Errorf("the Makefile does not set %s", target)
	}
	files, err := filepath.Glob("../pkg/cmd/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			vars, ok := decl.(*ast.GenDecl)
			if !ok || vars.Tok != token.VAR {
				continue
			}
			for _, spec := range vars.Specs {
				value := spec.(*ast.ValueSpec)
				for i, ident := range value.Names {
					if ident.Name != "version" {
						continue
					}
					// The linker also leaves alone what is initialised by an expression.
					if len(value.Values) > i {
						if _, literal := value.Values[i].(*ast.BasicLit); !literal {
							t.Errorf("%s: version has to be a plain string, so that the linker can set it", file)
						}
					}
					return
				}
			}
		}
	}
	t.Error("pkg/cmd has no variable version for the linker to set")
}

// k9sPlugin is what the schema of k9s' plugins.yaml allows; anything else is an error when it is read.
type k9sPlugin struct {
	ShortCut        string   `json:"shortCut"`
	Override        bool     `json:"override"`
	Description     string   `json:"description"`
	Confirm         *bool    `json:"confirm"`
	Dangerous       bool     `json:"dangerous"`
	Scopes          []string `json:"scopes"`
	Command         string   `json:"command"`
	Background      bool     `json:"background"`
	OverwriteOutput bool     `json:"overwriteOutput"`
	Args            []any    `json:"args"`
	Inputs          []struct {
		Name     string   `json:"name"`
		Label    string   `json:"label"`
		Type     string   `json:"type"`
		Required bool     `json:"required"`
		Default  any      `json:"default"`
		Options  []string `json:"options"`
	} `json:"inputs"`
}

// k9sTaken are the capitals that k9s' own StatefulSet view uses: sort by age, name, namespace and ready,
// port-forwards, go to the end, jump to the owner. A second binding makes k9s drop ours.
const k9sTaken = "AFGJNPR"

func TestK9sPlugins(t *testing.T) {
	var file struct {
		Plugins map[string]k9sPlugin `json:"plugins"`
	}
	read(t, "plugins.yaml", &file)
	if len(file.Plugins) == 0 {
		t.Fatal("plugins.yaml binds no keys")
	}
	changing := regexp.MustCompile(`\b(start|promote|abort|resume|takeover|undo|scale|restart|drain|delete|gc)\b`)
	owners := map[string]string{}
	for name, plugin := range file.Plugins {
		matches(t, name+": shortCut", plugin.ShortCut, `^Shift-[A-Z]$`)
		if strings.HasSuffix(plugin.ShortCut, "-") || strings.Contains(k9sTaken, plugin.ShortCut[len(plugin.ShortCut)-1:]) {
			t.Errorf("%s: k9s uses %s in the StatefulSet view itself", name, plugin.ShortCut)
		}
		if other, taken := owners[plugin.ShortCut]; taken {
			t.Errorf("%s and %s both want %s", name, other, plugin.ShortCut)
		}
		owners[plugin.ShortCut] = name
		if plugin.Description == "" || plugin.Command == "" {
			t.Errorf("%s: description and command are required", name)
		}
		if len(plugin.Scopes) == 0 {
			t.Errorf("%s: scopes are required", name)
		}
		for _, scope := range plugin.Scopes {
			if !slices.Contains([]string{"statefulsets", "statefulset", "sts"}, scope) {
				t.Errorf("%s: scope %q is not the StatefulSet view", name, scope)
			}
		}
		if len(plugin.Inputs) > 5 {
			t.Errorf("%s: k9s shows five inputs at most", name)
		}
		for _, input := range plugin.Inputs {
			if input.Name == "" || !slices.Contains([]string{"string", "number", "bool", "dropdown"}, input.Type) {
				t.Errorf("%s: an input needs a name and one of k9s' types: %+v", name, input)
			}
		}

		line := plugin.commandLine(t, name)
		if !strings.Contains(line, "kubectl sts ") && !strings.Contains(line, "kubectl-sts ") {
			t.Errorf("%s does not run this plugin: %s", name, line)
		}
		for _, needed := range []string{"--context $CONTEXT", "-n $NAMESPACE", "$NAME"} {
			if !strings.Contains(line, needed) {
				t.Errorf("%s: lacks %s, so it would work on another object than the one shown: %s", name, needed, line)
			}
		}
		if changing.MatchString(line) && !plugin.Dangerous {
			t.Errorf("%s changes the set: it needs dangerous: true, so that k9s' read-only mode hides it", name)
		}
	}
}

// commandLine is command and arguments as one would type them, with quotes and ${} taken off.
func (p k9sPlugin) commandLine(t *testing.T, name string) string {
	t.Helper()
	words := []string{p.Command}
	for _, arg := range p.Args {
		switch arg := arg.(type) {
		case string:
			words = append(words, arg)
		case float64, int64:
			words = append(words, "number")
		default:
			t.Errorf("%s: argument %v is a %T; k9s takes strings and numbers", name, arg, arg)
		}
	}
	line := strings.NewReplacer(`"`, "", "'", "", "${", "$", "}", "").Replace(strings.Join(words, " "))
	return strings.ReplaceAll(line, "--namespace $NAMESPACE", "-n $NAMESPACE")
}

// A document that names a make target which is not there costs its reader more than one that names none.
func TestNamedMakeTargetsExist(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, rule := range regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`).FindAllSubmatch(makefile, -1) {
		targets[string(rule[1])] = true
	}
	named := regexp.MustCompile("(?m)(?:`|^|[$] )make ([a-z][a-z0-9-]*)")
	documents := []string{"../README.md", "../CONTRIBUTING.md", "../.ci/run"}
	err = filepath.WalkDir("../docs", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			documents = append(documents, path)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	found := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, name := range named.FindAllSubmatch(text, -1) {
			found++
			if !targets[string(name[1])] {
				t.Errorf("%s names make %s, which the Makefile does not have", document, name[1])
			}
		}
	}
	if found == 0 {
		t.Error("no document names a make target: this test looks for the wrong thing")
	}
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(content, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// readRelease is lenient: `goreleaser check` knows the fields of its file, we look at a few.
func readRelease(t *testing.T) goreleaser {
	t.Helper()
	content, err := os.ReadFile("../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var release goreleaser
	if err := yaml.Unmarshal(content, &release); err != nil {
		t.Fatalf(".goreleaser.yaml: %v", err)
	}
	if len(release.Builds) != 1 || len(release.Archives) != 1 {
		t.Fatalf(".goreleaser.yaml has %d builds and %d archives, want one of each", len(release.Builds), len(release.Archives))
	}
	return release
}

func matches(t *testing.T, what, value, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(value) {
		t.Errorf("%s is %q, want %s", what, value, pattern)
	}
}
