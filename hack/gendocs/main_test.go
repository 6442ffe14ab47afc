package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What stands in docs/ is what the commands say now.
func TestDocsAreCurrent(t *testing.T) {
	const root = "../.."
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		have, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Error(err)
		} else if string(have) != files[file] {
			t.Errorf("%s is out of date: run make docs", file)
		}
	}
	pages, err := filepath.Glob("../../docs/reference/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if _, ok := files["docs/reference/"+filepath.Base(page)]; !ok {
			t.Errorf("%s describes a command that is not there: run make docs", page)
		}
	}
}
