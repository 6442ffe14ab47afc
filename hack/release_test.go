// The script requires bash.
//go:build !windows

package hack_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hack/release-check.sh names what is missing until nothing is.
func TestReleaseCheck(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@localhost"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	check := func(code int, want ...string) {
		t.Helper()
		cmd := exec.Command("hack/release-check.sh", "v0.1.0")
		cmd.Dir = dir
		out, err := cmd.Output()
		got := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			got = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		var missing []string
		for line := range strings.Lines(string(out)) {
			if what, found := strings.CutPrefix(line, "missing: "); found {
				what, _, _ = strings.Cut(strings.TrimSuffix(what, "\n"), ":")
				missing = append(missing, what)
			}
		}
		if diff := cmp.Diff(want, missing); diff != "" || got != code {
			t.Errorf("exit code %d, want %d; missing (-want +got):\n%s", got, code, diff)
		}
	}
	for _, script := range []string{"release-check.sh", "release-notes.sh"} {
		content, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		write("hack/"+script, string(content), 0o755)
	}
	write("README.md", "There is no release yet.\n", 0o644)
	write("examples/ci/install-sts.sh", "# there is no release yet\n", 0o755)
	write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n- a line\n", 0o644)
	write("krew/sts.yaml", "spec:\n  version: v0.0.9\n    sha256: \"000\"\n", 0o644)
	git("init", "--quiet")
	const tag = "the tag, when nothing else is missing"
	check(1, "a clean work tree", `the section "## [0.1.0]" in CHANGELOG.md`, `an empty section "## [Unreleased]" in CHANGELOG.md`,
		"the installation in examples/ci/install-sts.sh", "the installation in README.md", "version v0.1.0 in krew/sts.yaml", tag)

	write("README.md", "Install it.\n", 0o644)
	write("examples/ci/install-sts.sh", "kubectl krew install sts\n", 0o755)
	write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n## [0.1.0]\n\n- a line\n", 0o644)
	write("krew/sts.yaml", "spec:\n  version: v0.1.0\n    sha256: \"000\"\n", 0o644)
	git("add", ".")
	git("commit", "--quiet", "--message", "release")
	check(1, tag)
	git("tag", "v0.1.0")
	check(1, "the checksums in krew/sts.yaml")

	write("krew/sts.yaml", "spec:\n  version: v0.1.0\n    sha256: \"0a0\"\n", 0o644)
	git("commit", "--quiet", "--all", "--message", "checksums")
	check(0)
	git("checkout", "--quiet", "--orphan", "other")
	git("commit", "--quiet", "--message", "another history")
	check(1, "the tag v0.1.0 in the history of this commit")
}
