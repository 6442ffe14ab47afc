package tools_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// krew is a machine on which kubectl and krew are installed, and an index with our plugin.
type krew struct {
	t *testing.T
	// path has kubectl and krew; index is a folder with a Git repository, home where krew installs plugins.
	path, index, home string
}

func newKrew(t *testing.T) *krew {
	t.Helper()
	components, err := cluster.Build(t.Context(), "", os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	k := &krew{t: t, path: t.TempDir(), index: t.TempDir(), home: t.TempDir()}
	for name, to := range map[string]string{"kubectl": filepath.Join(components, "kubectl"), "kubectl-krew": tool(t, "krew")} {
		if err := os.Symlink(to, filepath.Join(k.path, name)); err != nil {
			t.Fatal(err)
		}
	}
	k.git("init", "--quiet", "--initial-branch=main")
	return k
}

func (k *krew) git(args ...string) {
	k.t.Helper()
	run(k.t, k.index, []string{"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@localhost", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@localhost"}, "git", args...)
}

// publish adds a version to the index.
func (k *krew) publish(manifest []byte) {
	k.t.Helper()
	if err := os.MkdirAll(filepath.Join(k.index, "plugins"), 0o755); err != nil {
		k.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(k.index, "plugins", "sts.yaml"), manifest, 0o644); err != nil {
		k.t.Fatal(err)
	}
	k.git("add", ".")
	k.git("commit", "--quiet", "--message", "sts")
}

func (k *krew) env() []string {
	return []string{
		"PATH=" + strings.Join([]string{k.path, filepath.Join(k.home, "bin"), os.Getenv("PATH")}, string(os.PathListSeparator)),
		"KREW_ROOT=" + k.home, "KREW_DEFAULT_INDEX_URI=" + k.index, "KREW_NO_UPGRADE_CHECK=1", "HOME=" + k.home,
		"KUBECONFIG=" + filepath.Join(k.home, "none"),
	}
}

func (k *krew) kubectl(args ...string) string {
	k.t.Helper()
	return run(k.t, k.home, k.env(), filepath.Join(k.path, "kubectl"), args...)
}

// installed are the versions in krew's store.
func (k *krew) installed() []string {
	k.t.Helper()
	versions, err := filepath.Glob(filepath.Join(k.home, "store", "sts", "*"))
	if err != nil {
		k.t.Fatal(err)
	}
	for i := range versions {
		versions[i] = filepath.Base(versions[i])
	}
	return versions
}

// manifest renders .krew.yaml for a snapshot, with the platforms whose archives were built, to be downloaded from
// the server.
func manifest(t *testing.T, dist, version, server string) []byte {
	t.Helper()
	sums := checksums(t, dist)
	// Every platform needs a checksum to be rendered.
	const zero = "0000000000000000000000000000000000000000000000000000000000000000"
	source, err := os.ReadFile(filepath.Join(root, ".krew.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, field := range strings.Fields(string(source)) {
		if name := filepath.Base(strings.Trim(field, `"`)); strings.HasPrefix(name, "kubectl-sts_") {
			sum := sums[name]
			if sum == "" {
				sum = zero
			}
			lines.WriteString(sum + "  " + name + "\n")
		}
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "checksums.txt")
	if err := os.WriteFile(file, []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	rendered := filepath.Join(folder, "sts.yaml")
	run(t, root, nil, "go", "run", "./hack/krewmanifest", "-version", version, "-checksums", file, "-o", rendered)
	raw, err := os.ReadFile(rendered)
	if err != nil {
		t.Fatal(err)
	}
	var plugin map[string]any
	if err := yaml.Unmarshal(raw, &plugin); err != nil {
		t.Fatal(err)
	}
	spec := plugin["spec"].(map[string]any)
	spec["platforms"] = slices.DeleteFunc(spec["platforms"].([]any), func(p any) bool { return p.(map[string]any)["sha256"] == zero })
	for _, p := range spec["platforms"].([]any) {
		platform := p.(map[string]any)
		platform["uri"] = server + "/" + filepath.Base(platform["uri"].(string))
	}
	if raw, err = yaml.Marshal(plugin); err != nil {
		t.Fatal(err)
	}
	return raw
}

// A user installs the plugin from the index, upgrades and uninstalls it.
func TestKrew(t *testing.T) {
	k := newKrew(t)
	dists := map[string]string{}
	for _, v := range []string{version, newer} {
		dists[v] = snapshot(t, v, []string{host()})
	}
	serve := func(v string) []byte {
		server := httptest.NewServer(http.FileServer(http.Dir(dists[v])))
		t.Cleanup(server.Close)
		return manifest(t, dists[v], v, server.URL)
	}

	k.publish(serve(version))
	k.kubectl("krew", "install", "sts")
	k.runs(version)

	k.publish(serve(newer))
	k.kubectl("krew", "update")
	k.kubectl("krew", "upgrade", "sts")
	k.runs(newer)

	k.kubectl("krew", "uninstall", "sts")
	if versions := k.installed(); len(versions) != 0 {
		t.Errorf("after the uninstallation there are %v", versions)
	}
	if out, err := start(t.Context(), k.home, k.env(), filepath.Join(k.path, "kubectl"), "sts", "--version"); err == nil {
		t.Errorf("the plugin still runs: %s", out)
	}

	// The file that make snapshot writes, with an archive that was not downloaded.
	file := filepath.Join(t.TempDir(), "sts.yaml")
	if err := os.WriteFile(file, serve(version), 0o644); err != nil {
		t.Fatal(err)
	}
	suffix := ".tar.gz"
	if runtime.GOOS == "windows" {
		suffix = ".zip"
	}
	k.kubectl("krew", "install", "--manifest="+file, "--archive="+filepath.Join(dists[version], "kubectl-sts_"+runtime.GOOS+"_"+runtime.GOARCH+suffix))
	k.runs(version)

	// The index may require another name.
	installed := filepath.Join(k.home, "store", "sts", version)
	if err := os.Symlink(filepath.Join(installed, "kubectl-sts"), filepath.Join(k.path, "kubectl-statefulset")); err != nil {
		t.Fatal(err)
	}
	if help := k.kubectl("statefulset", "status", "--help"); !strings.Contains(help, "kubectl statefulset status web") || strings.Contains(help, "kubectl sts ") {
		t.Errorf("as kubectl-statefulset it prints\n%s", help)
	}
	for _, name := range []string{"LICENSE", "THIRD_PARTY_NOTICES"} {
		if _, err := os.Stat(filepath.Join(installed, name)); err != nil {
			t.Error(err)
		}
	}
}

// runs checks that kubectl runs the version, and that it is the only one.
func (k *krew) runs(version string) {
	k.t.Helper()
	if out := k.kubectl("sts", "--version"); !strings.HasPrefix(out, "kubectl-sts "+version+" ") {
		k.t.Errorf("kubectl sts --version prints %q, want %s", out, version)
	}
	if versions := k.installed(); !slices.Equal(versions, []string{version}) {
		k.t.Errorf("installed are %v, want %s", versions, version)
	}
}

// checkKrewManifest runs the validation of the krew index: it installs the archive of every platform.
func checkKrewManifest(t *testing.T, dist string) {
	k := newKrew(t)
	server := httptest.NewServer(http.FileServer(http.Dir(dist)))
	t.Cleanup(server.Close)
	validate, good := tool(t, "validate-krew-manifest"), manifest(t, dist, version, server.URL)
	file := filepath.Join(t.TempDir(), "sts.yaml")
	for _, test := range []struct {
		content []byte
		valid   bool
	}{{good, true}, {regexp.MustCompile(`[0-9a-f]{64}`).ReplaceAll(good, []byte(strings.Repeat("a", 64))), false}} {
		if err := os.WriteFile(file, test.content, 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := start(t.Context(), root, k.env(), validate, "-manifest", file); (err == nil) != test.valid {
			t.Errorf("%v\n%s\nthe manifest:\n%s", err, out, test.content)
		}
	}
}
