// Package tools_test builds snapshots of a release with the real goreleaser, installs them with the real krew, and
// uses the plugin in the real k9s. Run it with `make test-tools`.
package tools_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var onlyTargets = flag.String("targets", "", "build these targets of .goreleaser.yaml only, for example linux_amd64,windows_arm64")

const (
	root = "../.."
	// version is that of the first snapshot, newer that of the one to upgrade to.
	version, newer = "v0.0.1", "v0.0.2"
)

// tool is the path of a pinned program, which is built if it is missing: its progress is on standard error.
func tool(t *testing.T, name string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "hack/tool.sh", name)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	path, err := cmd.Output()
	if err != nil {
		t.Fatalf("hack/tool.sh %s: %v", name, err)
	}
	return strings.TrimSpace(string(path))
}

func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	out, err := start(t.Context(), dir, env, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// start returns standard output, and after an error standard error as well.
func start(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil {
		return stdout.String() + stderr.String(), err
	}
	return stdout.String(), nil
}

// snapshot builds the commit that is checked out in a clone of its own, and returns the folder with the result.
func snapshot(t *testing.T, version string, targets []string) string {
	t.Helper()
	source, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	clone := filepath.Join(t.TempDir(), "clone")
	run(t, source, nil, "git", "clone", "--quiet", source, clone)
	raw, err := os.ReadFile(filepath.Join(clone, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := yaml.Unmarshal(raw, &config); err != nil {
		t.Fatal(err)
	}
	config["builds"].([]any)[0].(map[string]any)["targets"] = targets
	if !hasWindows(targets) {
		delete(config, "scoops") // goreleaser requires an archive for Windows
	}
	if raw, err = yaml.Marshal(config); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "goreleaser.yaml")
	if err := os.WriteFile(file, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, clone, []string{"VERSION=" + version}, "hack/goreleaser.sh", "release", "--snapshot", "--clean", "--skip=sign,ko", "--config", file)
	return filepath.Join(clone, "dist")
}

func hasWindows(targets []string) bool {
	return slices.ContainsFunc(targets, func(target string) bool { return strings.HasPrefix(target, "windows_") })
}

// targets are those to build.
func targets(t *testing.T) []string {
	t.Helper()
	if *onlyTargets != "" {
		return strings.Split(*onlyTargets, ",")
	}
	var config struct {
		Builds []struct {
			Targets []string `json:"targets"`
		} `json:"builds"`
	}
	raw, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		t.Fatal(err)
	}
	return config.Builds[0].Targets
}

func TestSnapshot(t *testing.T) {
	all := targets(t)
	dist := snapshot(t, version, all)
	sums := checksums(t, dist)
	if diff := cmp.Diff(sums, checksums(t, snapshot(t, version, all))); diff != "" {
		t.Errorf("two builds of the same commit differ:\n%s", diff)
	}

	var want []string
	for _, target := range all {
		fields := strings.Split(target, "_")
		system, arch := fields[0], fields[1]
		suffix := ".tar.gz"
		if system == "windows" {
			suffix = ".zip"
		}
		name := "kubectl-sts_" + system + "_" + arch
		want = append(want, name+suffix, name+".cdx.json")
		t.Run(target, func(t *testing.T) {
			checkArchive(t, filepath.Join(dist, name+suffix), filepath.Join(dist, name+".cdx.json"))
		})
		if system == "linux" {
			debian := map[string]string{"arm": "armhf", "ppc64le": "ppc64el"}[arch]
			redhat := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "arm": "armv6hl"}[arch]
			want = append(want, "kubectl-sts_0.0.1_"+or(debian, arch)+".deb", "kubectl-sts-0.0.1-1."+or(redhat, arch)+".rpm")
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(sums))); diff != "" {
		t.Errorf("files of the release (-want +got):\n%s", diff)
	}
	checkSumsIn(t, filepath.Join(dist, "homebrew", "Casks", "kubectl-sts.rb"), sums)
	if hasWindows(all) {
		checkSumsIn(t, filepath.Join(dist, "scoop", "kubectl-sts.json"), sums)
	}
	t.Run("krew", func(t *testing.T) { checkKrewManifest(t, dist) })
	debs, err := filepath.Glob(filepath.Join(dist, "*.deb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, deb := range debs {
		files := filesOfDeb(t, deb)
		if _, ok := files["./usr/bin/kubectl_complete-sts"]; !ok { // a link
			t.Errorf("%s lacks the completion helper: %v", filepath.Base(deb), slices.Sorted(maps.Keys(files)))
		}
		for _, name := range []string{"./usr/bin/kubectl-sts", "./usr/share/man/man1/kubectl-sts-status.1",
			"./usr/share/doc/kubectl-sts/copyright", "./usr/share/doc/kubectl-sts/THIRD_PARTY_NOTICES"} {
			if len(files[name]) == 0 {
				t.Errorf("%s lacks %s: %v", filepath.Base(deb), name, slices.Sorted(maps.Keys(files)))
			}
		}
	}
}

// checkArchive looks at what is in an archive, and whether its notices and its SBOM name every module of its
// binary.
func checkArchive(t *testing.T, archive, sbom string) {
	files := filesOf(t, archive)
	binary := "kubectl-sts"
	if strings.HasSuffix(archive, ".zip") {
		binary += ".exe"
	}
	for _, name := range []string{binary, "LICENSE", "THIRD_PARTY_NOTICES", "README.md", "plugins.yaml", "man/kubectl-sts.1", "man/kubectl-sts-canary-start.1"} {
		if len(files[name]) == 0 {
			t.Errorf("lacks %s: %v", name, slices.Sorted(maps.Keys(files)))
		}
	}
	info, err := buildinfo.Read(bytes.NewReader(files[binary]))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(sbom)
	if err != nil {
		t.Fatal(err)
	}
	var bom struct {
		BOMFormat string `json:"bomFormat"`
		Metadata  struct {
			Component struct {
				Version string `json:"version"`
			} `json:"component"`
		} `json:"metadata"`
		Components []struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &bom); err != nil {
		t.Fatal(err)
	}
	if bom.BOMFormat != "CycloneDX" || bom.Metadata.Component.Version != version {
		t.Errorf("the SBOM is a %s of version %s", bom.BOMFormat, bom.Metadata.Component.Version)
	}
	listed := map[string]string{}
	for _, c := range bom.Components {
		listed[c.Name] = c.Version
	}
	for _, dep := range info.Deps {
		if !strings.Contains(string(files["THIRD_PARTY_NOTICES"]), "\n  "+dep.Path+" "+dep.Version+" ") {
			t.Errorf("the notices lack %s %s", dep.Path, dep.Version)
		}
		if listed[dep.Path] != dep.Version {
			t.Errorf("the SBOM has %q of %s, want %s", listed[dep.Path], dep.Path, dep.Version)
		}
	}
	commit := ""
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			commit = setting.Value
		}
	}
	if want := strings.TrimSpace(run(t, root, nil, "git", "rev-parse", "HEAD")); commit != want {
		t.Errorf("the commit in the binary is %q, want %s", commit, want)
	}
}

// checkSumsIn checks that the file has checksums of archives, and no other words of that length.
func checkSumsIn(t *testing.T, file string, sums map[string]string) {
	t.Helper()
	if *onlyTargets != "" {
		if _, err := os.Stat(file); os.IsNotExist(err) {
			return // none of its archives was built
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return
	}
	found := 0
	for _, word := range strings.FieldsFunc(string(raw), func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }) {
		if len(word) == 64 {
			found++
			if !slices.Contains(slices.Collect(maps.Values(sums)), word) {
				t.Errorf("%s has an unknown checksum %s", file, word)
			}
		}
	}
	if found == 0 {
		t.Errorf("%s has no checksums:\n%s", file, raw)
	}
}

// checksums are those of checksums.txt, by file.
func checksums(t *testing.T, dist string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dist, "checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		sum, file, _ := strings.Cut(strings.TrimSpace(line), "  ")
		sums[file] = sum
	}
	return sums
}

// filesOf reads an archive.
func filesOf(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	if !strings.HasSuffix(archive, ".zip") {
		raw, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		return untar(t, raw)
	}
	files := map[string][]byte{}
	r, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for _, f := range r.File {
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(content); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func untar(t *testing.T, gzipped []byte) map[string][]byte {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(gzipped))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// filesOfDeb reads the files that a Debian package installs: an ar archive with a data.tar.gz.
func filesOfDeb(t *testing.T, deb string) map[string][]byte {
	t.Helper()
	raw, err := os.ReadFile(deb)
	if err != nil {
		t.Fatal(err)
	}
	const head, entry = len("!<arch>\n"), 60
	for at := head; at+entry <= len(raw); {
		name, size := strings.TrimRight(string(raw[at:at+16]), " /"), 0
		if err := json.Unmarshal(bytes.TrimSpace(raw[at+48:at+58]), &size); err != nil {
			t.Fatal(err)
		}
		content := raw[at+entry : at+entry+size]
		if name == "data.tar.gz" {
			return untar(t, content)
		}
		at += entry + size + size%2
	}
	t.Fatalf("%s has no data.tar.gz", deb)
	return nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// host is the target of this machine.
func host() string {
	if runtime.GOARCH == "arm" {
		return runtime.GOOS + "_arm_6"
	}
	return runtime.GOOS + "_" + runtime.GOARCH
}
