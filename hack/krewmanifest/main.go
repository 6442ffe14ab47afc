// Command krewmanifest renders .krew.yaml, the template that krew-release-bot uses on a release, for archives
// whose checksums are in a file.
//
//	go run ./hack/krewmanifest -version v0.1.0 -checksums dist/checksums.txt -o krew/sts.yaml
//
// Without -checksums every checksum is zero: the manifest of a version that is not released, which krew
// rejects. See "Releasing" in CONTRIBUTING.md.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
)

const header = `# Rendered from .krew.yaml: change that file, then run make krew-manifest.
`

const unreleased = `# %s is not released yet, so there are no archives and the checksums are zero: krew rejects this file.
# For the archives of a local build, make snapshot writes dist/sts.yaml.
`

func main() {
	from := flag.String("template", ".krew.yaml", "the template")
	version := flag.String("version", "", "the tag of the release, for example v0.1.0")
	sums := flag.String("checksums", "", "a file with lines of checksum and archive name; empty for a version that is not released")
	to := flag.String("o", "", "the output file")
	flag.Parse()
	if err := run(*from, *version, *sums, *to); err != nil {
		fmt.Fprintln(os.Stderr, "krewmanifest:", err)
		os.Exit(1)
	}
}

func run(from, version, checksums, to string) error {
	if version == "" || to == "" {
		return errors.New("-version and -o are required: see the comment at the top of hack/krewmanifest/main.go")
	}
	source, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var sums map[string]string
	if checksums != "" {
		content, err := os.ReadFile(checksums)
		if err != nil {
			return err
		}
		if sums, err = parseSums(string(content)); err != nil {
			return fmt.Errorf("%s: %w", checksums, err)
		}
	}
	manifest, err := render(string(source), version, sums)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, manifest, 0o644)
}

// parseSums reads the format of sha256sum. It returns the checksums by archive name.
func parseSums(content string) (map[string]string, error) {
	sums := map[string]string{}
	for line := range strings.Lines(content) {
		fields := strings.Fields(line)
		if len(fields) != 2 || len(fields[0]) != 64 {
			return nil, fmt.Errorf("line %q is not a sha256 sum and a file name", strings.TrimSpace(line))
		}
		sums[strings.TrimPrefix(fields[1], "*")] = fields[0]
	}
	return sums, nil
}

// render does what krew-release-bot does, with given checksums instead of downloads. Nil checksums render as
// zeros.
func render(source, version string, sums map[string]string) ([]byte, error) {
	// The comment at the template's top is about the template.
	for strings.HasPrefix(source, "#") {
		_, source, _ = strings.Cut(source, "\n")
	}
	addURIAndSha := func(uriTemplate, tag string) (string, error) {
		var uri bytes.Buffer
		parsed, err := template.New("uri").Parse(uriTemplate)
		if err != nil {
			return "", err
		}
		if err := parsed.Execute(&uri, map[string]string{"TagName": tag}); err != nil {
			return "", err
		}
		archive := path.Base(uri.String())
		sum, found := sums[archive]
		switch {
		case sums == nil:
			sum = strings.Repeat("0", 64)
		case !found:
			return "", fmt.Errorf("no checksum of %s", archive)
		}
		// Four spaces, as the bot indents for platforms with a dash at two and keys at four. The quotes prevent
		// a checksum of digits only, such as the zeros, from being parsed as a number.
		return fmt.Sprintf("uri: %s\n    sha256: %q", uri.String(), sum), nil
	}
	parsed, err := template.New("manifest").Option("missingkey=error").
		Funcs(template.FuncMap{"addURIAndSha": addURIAndSha}).Parse(source)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(header)
	if sums == nil {
		fmt.Fprintf(&out, unreleased, version)
	}
	if err := parsed.Execute(&out, map[string]string{"TagName": version}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
