package render

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestInProgress(t *testing.T) {
	for step, want := range map[string]string{
		"evict pod web-2": "evicting pod web-2",
		"step 2 of 3: promote the canary to ordinal 3":                                             "step 2 of 3: promoting the canary to ordinal 3",
		"also roll back ordinal 2 to revision web-6f":                                              "also rolling back ordinal 2 to revision web-6f",
		"if needed, transfer leadership to another member":                                         "if needed, transferring leadership to another member",
		"scale up from 1 to 2 replicas: add web-1":                                                 "scaling up from 1 to 2 replicas: adding web-1",
		"scale down from 2 to 1 replica: remove web-1; set whenScaled to Retain":                   "scaling down from 2 to 1 replica: removing web-1; setting whenScaled to Retain",
		"remove web-1; set whenScaled to Retain until the scale-down is complete":                  "removing web-1; setting whenScaled to Retain until the scale-down is complete",
		"remove db-4, which has no pod: create Pod db-4 in StatefulSet db failed":                  "removing db-4, which has no pod: create Pod db-4 in StatefulSet db failed",
		"remove the finalizer from pod db-4; check the member: it may have partially left its own": "removing the finalizer from pod db-4; check the member: it may have partially left its own",
		"unknown words stay": "unknown words stay",
	} {
		if got := inProgress(step); got != want {
			t.Errorf("%q becomes %q, want %q", step, got, want)
		}
	}
}

// TestEveryStepHasAGerund reads the golden file of the messages of pkg/operate.
func TestEveryStepHasAGerund(t *testing.T) {
	files, err := filepath.Glob("../operate/testdata/messages/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files of messages: ", err)
	}
	// A further verb, after a semicolon or a colon, gets its gerund, too; except in these sentences.
	further := regexp.MustCompile(`[;:] ([a-z]+) [^;:]*`)
	imperatives := []string{
		": create Pod db-4 in StatefulSet db failed", // the controller's event
		"; check the member",                         // what a person should do
	}
	gerund := regexp.MustCompile(`^(?:step \d+ of \d+: |also |if needed, )?\w+ing `)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		ofStep := false
		for line := range strings.Lines(string(text)) {
			step, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
			if !indented {
				ofStep = strings.HasPrefix(line, "step")
				continue
			}
			if ofStep {
				found++
				if got := inProgress(step); !gerund.MatchString(got) {
					t.Errorf("%s: step %q is %q in progress: add its verb to gerunds", file, step, got)
				}
				for _, verb := range further.FindAllStringSubmatch(inProgress(step), -1) {
					if gerunds[verb[1]] != "" && !slices.ContainsFunc(imperatives, func(s string) bool { return strings.HasPrefix(verb[0], s) }) {
						t.Errorf("%s: step %q is %q in progress: %q lacks a gerund: add it to firstPart", file, step, inProgress(step), verb[0])
					}
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("found %d steps in %d files", found, len(files))
	}
}
