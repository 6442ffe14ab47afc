package main

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// The files in "Where to change what" of CONTRIBUTING.md exist, and no change needs more than four.
func TestWhereToChangeWhat(t *testing.T) {
	t.Chdir("../..")
	rows := strings.Split(section(read(t, "CONTRIBUTING.md"), "## Where to change what"), "\n| ")[2:]
	if len(rows) != 10 {
		t.Errorf("%d rows, want 10", len(rows))
	}
	for _, row := range rows {
		var files []string
		for _, found := range regexp.MustCompile("`([a-z0-9_/-]+\\.(?:go|md|txt))`").FindAllStringSubmatch(row, -1) {
			file := found[1]
			if !strings.Contains(file, "/") {
				file = path.Join(path.Dir(files[0]), file)
			}
			files = append(files, file)
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", row, err)
			}
		}
		if len(files) == 0 || len(files) > 4 {
			t.Errorf("%s: %d files", row, len(files))
		}
	}
}
