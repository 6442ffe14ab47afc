package main

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// The files in "Where to change what" of CONTRIBUTING.md exist and have what it names in them, and no change needs more than four.
func TestWhereToChangeWhat(t *testing.T) {
	t.Chdir("../..")
	lines := strings.Split(section(read(t, "CONTRIBUTING.md"), "## Where to change what"), "\n| ")
	if len(lines) < 3 { // the text before the table, and its header
		t.Fatal("the table has no rows")
	}
	for _, row := range lines[2:] {
		var files []string
		for _, match := range regexp.MustCompile("`([a-z0-9_/-]+\\.(?:go|md|txt))`").FindAllStringSubmatch(row, -1) {
			file := match[1]
			if !strings.Contains(file, "/") && len(files) > 0 {
				file = path.Join(path.Dir(files[0]), file) // beside the first one
			}
			files = append(files, file)
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", row, err)
			}
		}
		for _, match := range regexp.MustCompile("`(\\w+)` in `([a-z0-9_/-]+\\.go)`").FindAllStringSubmatch(row, -1) {
			if !regexp.MustCompile(`\b` + match[1] + `\b`).MatchString(read(t, match[2])) {
				t.Errorf("%s: %s has no %s", row, match[2], match[1])
			}
		}
		if len(files) == 0 || len(files) > 4 {
			t.Errorf("%s: %d files", row, len(files))
		}
	}
}
