package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// docs/ matches the current commands.
func TestDocsAreCurrent(t *testing.T) {
	t.Chdir("../..") // the commands in docs/plan.md name files from there
	files, err := generate(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		have, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		} else if string(have) != files[file] {
			t.Errorf("%s is out of date: run make docs", file)
		}
	}
	for _, all := range []string{"docs/reference/*.md", "docs/images/*.svg"} {
		pages, err := filepath.Glob(all)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			if _, ok := files[page]; !ok {
				t.Errorf("%s is about something that no longer exists: run make docs", page)
			}
		}
	}
}
