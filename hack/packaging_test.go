// Package hack_test checks the packaging of the plugin: the krew manifest, the targets of the release, the key
// bindings for k9s, and the make targets that the documents mention.
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

// krewPlugin has all fields of a v1alpha2 manifest; any other field is an error.
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

// krewPlatforms are the platforms that the validation of the krew index (validate-krew-manifest v0.5.0)
// supports. make test-tools runs it.
var krewPlatforms = []string{
	"darwin/386", "darwin/amd64", "darwin/arm64",
	"linux/386", "linux/amd64", "linux/arm", "linux/arm64", "linux/ppc64le",
	"windows/386", "windows/amd64", "windows/arm64",
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
		t.Errorf("the name of the plugin is %q: krew requires the file to have the same name", name)
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
			t.Errorf("selector %v: krew selects by os and arch, and supports %v", labels, krewPlatforms)
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
				t.Errorf("%s: %s goes to %q; the program, its LICENSE and the notices must be in the same folder", system, f.From, f.To)
			}
		}
		if want := []string{platform.Bin, "LICENSE", "THIRD_PARTY_NOTICES"}; !slices.Equal(files, want) {
			t.Errorf("%s: files are %v, want %v", system, files, want)
		}
	}
	if zero != 0 && zero != len(spec.Platforms) {
		t.Errorf("%d of %d checksums are zero: either all or none must be", zero, len(spec.Platforms))
	}
}

type goreleaser struct {
	Builds []struct {
		ID      string   `json:"id"`
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
	Kos []struct {
		Build     string   `json:"build"`
		BaseImage string   `json:"base_image"`
		Platforms []string `json:"platforms"`
	} `json:"kos"`
}

// The krew manifest lists every platform that a release builds and krew supports.
func TestKrewAndReleaseAgree(t *testing.T) {
	var plugin krewPlugin
	read(t, "krew/sts.yaml", &plugin)
	var offered []string
	for _, platform := range plugin.Spec.Platforms {
		offered = append(offered, platform.Selector.MatchLabels["os"]+"/"+platform.Selector.MatchLabels["arch"])
	}
	var built []string
	for _, target := range readRelease(t).Builds[0].Targets {
		fields := strings.Split(target, "_") // os, arch, and a variant such as 6 in linux_arm_6
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
		if strings.HasPrefix(f.Src, "build/") {
			continue // written by hack/releasefiles
		}
		if _, err := os.Stat(filepath.Join("..", f.Src)); err != nil {
			t.Errorf("an archive should contain %s: %v", f.Src, err)
		}
	}
	for _, needed := range []string{"LICENSE", "build/THIRD_PARTY_NOTICES", "README.md", "plugins.yaml"} {
		if !slices.Contains(files, needed) {
			t.Errorf("archives lack %s", needed)
		}
	}
	if !slices.Contains(build.Env, "CGO_ENABLED=0") || !slices.Contains(build.Flags, "-trimpath") {
		t.Errorf("builds use %v %v: a release must be reproducible on any machine", build.Env, build.Flags)
	}
}

// Nothing but the workflow builds the container image: it is for every Linux of the archives, without a shell, and
// for a user who is not root.
func TestContainerImage(t *testing.T) {
	release := readRelease(t)
	if len(release.Kos) != 1 {
		t.Fatalf(".goreleaser.yaml has %d images, want 1", len(release.Kos))
	}
	image, build := release.Kos[0], release.Builds[0]
	if image.Build != build.ID || build.ID == "" {
		t.Errorf("the image has the build %q, want %q", image.Build, build.ID)
	}
	matches(t, "base_image", image.BaseImage, `^gcr\.io/distroless/static-debian\d+:nonroot$`)
	var want []string
	for _, target := range build.Targets {
		if fields := strings.Split(target, "_"); fields[0] == "linux" {
			want = append(want, "linux/"+fields[1])
		}
	}
	var got []string
	for _, platform := range image.Platforms {
		got = append(got, strings.TrimSuffix(platform, "/v7")) // the base image has no older arm
	}
	if !slices.Equal(got, want) {
		t.Errorf("the image is for %v, the archives are for %v", got, want)
	}
}

// The linker silently ignores -X for a variable that does not exist; the version would then be empty.
func TestVersionVariableExists(t *testing.T) {
	const target = "github.com/kubectl-sts/kubectl-sts/pkg/cli.version="
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if ldflags := strings.Join(readRelease(t).Builds[0].Ldflags, " "); !strings.Contains(ldflags, "-X "+target) {
		t.Errorf(".goreleaser.yaml does not set %s: %s", target, ldflags)
	}
	if !strings.Contains(string(makefile), "-X $(MODULE)/pkg/cli.version=") {
		t.Errorf("the Makefile does not set %s", target)
	}
	files, err := filepath.Glob("../pkg/cli/*.go")
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
					// The linker cannot set a variable that is initialized by an expression.
					if len(value.Values) > i {
						if _, literal := value.Values[i].(*ast.BasicLit); !literal {
							t.Errorf("%s: version must be a plain string, so that the linker can set it", file)
						}
					}
					return
				}
			}
		}
	}
	t.Error("pkg/cli has no variable version for the linker to set")
}

// k9sPlugin has all fields of the schema of k9s' plugins.yaml before k9s 0.51; any other field is an error. It
// has no inputs: k9s ignores them before 0.51, and then passes the names of their variables.
type k9sPlugin struct {
	ShortCut        string   `json:"shortCut"`
	Override        bool     `json:"override"`
	Description     string   `json:"description"`
	Confirm         bool     `json:"confirm"`
	Dangerous       bool     `json:"dangerous"`
	Scopes          []string `json:"scopes"`
	Command         string   `json:"command"`
	Background      bool     `json:"background"`
	OverwriteOutput bool     `json:"overwriteOutput"`
	Args            []string `json:"args"`
}

// k9sOwn are the capital letters that k9s itself uses in a view, in any of its versions 0.40.10, 0.50.6, 0.50.15,
// 0.50.16, 0.50.18 and 0.51.0: KeyShift… in internal/ui/table.go (P) and, in internal/view, table.go (A, N, since
// 0.50.18 also O, S), owner_extender.go (J), pf_extender.go (F), vul_extender.go (V, with image scans), sts.go (R,
// until 0.50.16) and pvc.go (C, O, S, V, until 0.50.16). G is the end of a list. k9s ignores a plugin that binds
// one of them.
var k9sOwn = map[string]string{
	"statefulsets":           "AFGJNOPRSV",
	"persistentvolumeclaims": "ACGJNOPSV",
}

func TestK9sPlugins(t *testing.T) {
	var file struct {
		Plugins map[string]k9sPlugin `json:"plugins"`
	}
	read(t, "plugins.yaml", &file)
	if len(file.Plugins) == 0 {
		t.Fatal("plugins.yaml binds no keys")
	}
	owners := map[string]string{}
	for name, plugin := range file.Plugins {
		matches(t, name+": shortCut", plugin.ShortCut, `^Shift-[A-Z]$`)
		if len(plugin.Scopes) != 1 || k9sOwn[plugin.Scopes[0]] == "" {
			t.Fatalf("%s: the scopes are %v, want one of k9sOwn", name, plugin.Scopes)
		}
		view := plugin.Scopes[0]
		if strings.Contains(k9sOwn[view], strings.TrimPrefix(plugin.ShortCut, "Shift-")) {
			t.Errorf("%s: k9s uses %s in the view of %s itself", name, plugin.ShortCut, view)
		}
		if other, taken := owners[view+plugin.ShortCut]; taken {
			t.Errorf("%s and %s both use %s", name, other, plugin.ShortCut)
		}
		owners[view+plugin.ShortCut] = name
		if plugin.Description == "" || plugin.Confirm || plugin.Background {
			t.Errorf("%s: it must have a description, run in the foreground, and leave the confirmation to the command", name)
		}

		line, script := plugin.typed(t, name), plugin.Args[3]
		if !strings.HasSuffix(line, " --context $CONTEXT -n $NAMESPACE") || view == "statefulsets" && !strings.Contains(line, " $NAME ") {
			t.Errorf("%s: lacks $NAME, --context $CONTEXT or -n $NAMESPACE, so it would use another object than the selected one: %s", name, line)
		}
		reads := regexp.MustCompile(`^kubectl sts (status|history|diff|dns|doctor|plan|pvc-gc) `).MatchString(line)
		if reads == plugin.Dangerous {
			t.Errorf("%s: dangerous is %t; it must be true for what changes something, so that k9s hides it in read-only mode", name, plugin.Dangerous)
		}
		if end := `kubectl sts "$@" --color=always 2>&1 | less -R -+F`; reads && !strings.HasSuffix(strings.TrimSpace(script), end) {
			t.Errorf("%s: the script must end with %s", name, end)
		}
		// What k9s would replace in a script could be read as a part of it.
		for _, variable := range regexp.MustCompile(`\$(!?[\w-]+|\{[^}]*\})`).FindAllString(script, -1) {
			if variable != "$answer" {
				t.Errorf("%s: the script contains %s: pass it as an argument", name, variable)
			}
		}
	}
}

// Every make target that a document mentions exists.
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
	documents := []string{"../README.md", "../CONTRIBUTING.md", "../SECURITY.md", "../.ci/run"}
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
				t.Errorf("%s mentions make %s, which is not in the Makefile", document, name[1])
			}
		}
	}
	if found == 0 {
		t.Error("no document mentions a make target: the test is probably broken")
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

// readRelease accepts unknown fields: `goreleaser check` validates them.
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
