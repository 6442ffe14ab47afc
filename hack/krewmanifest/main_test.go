package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	const source = `# about the template
spec:
  version: {{ .TagName }}
  platforms:
  - selector: {}
    {{addURIAndSha "https://example.org/{{ .TagName }}/a.tar.gz" .TagName }}
`
	sum := strings.Repeat("ab", 32)
	got, err := render(source, "v1.2.3", map[string]string{"a.tar.gz": sum})
	if err != nil {
		t.Fatal(err)
	}
	want := header + `spec:
  version: v1.2.3
  platforms:
  - selector: {}
    uri: https://example.org/v1.2.3/a.tar.gz
    sha256: "` + sum + "\"\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	if _, err := render(source, "v1.2.3", map[string]string{"b.tar.gz": sum}); err == nil || !strings.Contains(err.Error(), "a.tar.gz") {
		t.Errorf("an archive without a sum gives %v, want an error that names it", err)
	}
	if _, err := render("{{ .Tag }}", "v1.2.3", nil); err == nil {
		t.Error("an unknown variable is rendered without an error")
	}
}

func TestParseSums(t *testing.T) {
	sum := strings.Repeat("0f", 32)
	got, err := parseSums(sum + "  a.tar.gz\n" + sum + " *b.zip\n")
	if err != nil || got["a.tar.gz"] != sum || got["b.zip"] != sum {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parseSums("not a sum\n"); err == nil {
		t.Error("a line that is no checksum is accepted")
	}
}

// The manifest in the repository is the template with its version and its checksums.
func TestManifestInTreeIsRendered(t *testing.T) {
	source, err := os.ReadFile("../../.krew.yaml")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile("../../krew/sts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^  version: (\S+)$`).FindSubmatch(manifest)
	if version == nil {
		t.Fatal("krew/sts.yaml has no version")
	}
	var sums map[string]string
	for _, pair := range regexp.MustCompile(`(?m)^    uri: \S+/(\S+)\n    sha256: "([0-9a-f]{64})"$`).FindAllSubmatch(manifest, -1) {
		if sum := string(pair[2]); strings.Trim(sum, "0") != "" {
			if sums == nil {
				sums = map[string]string{}
			}
			sums[string(pair[1])] = sum
		}
	}
	want, err := render(string(source), string(version[1]), sums)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(manifest) {
		t.Errorf("krew/sts.yaml differs from .krew.yaml: run make krew-manifest RELEASE=%s", version[1])
	}
}
