// Command releasefiles writes the files of a release that are generated and not in the repository: the manual
// pages (build/man) and the licences of the modules that are linked into the binary (build/THIRD_PARTY_NOTICES).
// The container image gets the notices, too. goreleaser runs it before it builds; see .goreleaser.yaml.
//
//	go run ./hack/releasefiles -version v0.1.0 -date 2026-01-02T15:04:05Z
//
// Its output depends on the repository and the flags only: two builds of a commit are the same.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// kodata is the folder whose files ko adds to the container image.
const kodata = "cmd/kubectl-sts/kodata"

func main() {
	version := flag.String("version", "", "the version in the manual pages")
	date := flag.String("date", "", "the date in the manual pages, as in RFC 3339")
	flag.Parse()
	if err := run(".", *version, *date); err != nil {
		fmt.Fprintln(os.Stderr, "releasefiles:", err)
		os.Exit(1)
	}
}

func run(root, version, date string) error {
	at, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return fmt.Errorf("-date: %w", err)
	}
	targets, err := targets(root)
	if err != nil {
		return err
	}
	modules, err := linked(root, targets)
	if err != nil {
		return err
	}
	notices, err := notices(modules)
	if err != nil {
		return err
	}
	license, err := os.ReadFile(filepath.Join(root, "LICENSE"))
	if err != nil {
		return err
	}
	files := map[string]string{
		"build/THIRD_PARTY_NOTICES":     notices,
		kodata + "/THIRD_PARTY_NOTICES": notices,
		kodata + "/LICENSE":             string(license),
	}
	for name, page := range manual(version, at) {
		files["build/man/"+name] = page
	}
	for _, folder := range []string{"build", kodata} { // pages of removed commands
		if err := os.RemoveAll(filepath.Join(root, folder)); err != nil {
			return err
		}
	}
	for name, content := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
