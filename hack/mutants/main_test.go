package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// TestCheck runs the tests of a module of one function with mutants of it.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":    "module example.com/m\n\ngo 1.21\n",
		"a.go":      "package m\n\nfunc abs(n int) int {\n\tif n < 0 {\n\t\treturn -n\n\t}\n\treturn n\n}\n",
		"a_test.go": "package m\n\nimport \"testing\"\n\nfunc TestAbs(t *testing.T) {\n\tif abs(-2) != 2 {\n\t\tt.Error(\"wrong\")\n\t}\n}\n",
	} {
		assert.NilError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	of := func(name, file, test, old, changed string) mutant {
		return mutant{name: name, description: "It is broken.", file: file, test: strings.Fields(test), old: old, new: changed}
	}
	all := []mutant{
		of("caught", "a.go", ". -run ^TestAbs$", "return -n", "return n"),
		of("panics", "a.go", ". -run ^TestAbs$", "return -n", `panic("no")`),
		of("survives", "a.go", ". -run ^TestAbs$", "n < 0", "n <= 0"),
		of("not-there", "a.go", ". -run ^TestAbs$", "return 1", "return 2"),
		of("twice", "a.go", ". -run ^TestAbs$", "return", "return 1 +"),
		of("no-file", "b.go", ". -run ^TestAbs$", "return", ""),
		of("does-not-compile", "a.go", ". -run ^TestAbs$", "return -n", "return m"),
		of("no-test", "a.go", ". -run ^TestNothing$", "return -n", "return n"),
	}
	var out strings.Builder
	err := check(t.Context(), &out, dir, all)
	assert.ErrorContains(t, err, "not all mutants were caught")
	for _, want := range []string{
		"caught    caught\n", "caught    panics\n", "SURVIVED  survives: It is broken. (a.go: go test . -run ^TestAbs$)\n",
		"ERROR     not-there: does not apply: the old text occurs 0 times in a.go, want 1\n",
		"ERROR     twice: does not apply: the old text occurs 2 times in a.go, want 1\n",
		"ERROR     no-file: does not apply: ", "ERROR     does-not-compile: go test . -run ^TestAbs$: exit status 1\n",
		"ERROR     no-test: go test . -run ^TestNothing$ runs no test\n", "2 caught, 1 survived, 5 failed\n",
	} {
		assert.Assert(t, strings.Contains(out.String(), want), "want %q in\n%s", want, out.String())
	}

	// A test that fails anyway catches nothing.
	assert.NilError(t, os.WriteFile(filepath.Join(dir, "b_test.go"), []byte("package m\n\nimport \"testing\"\n\nfunc TestBroken(t *testing.T) { t.Fail() }\n"), 0o600))
	out.Reset()
	err = check(t.Context(), &out, dir, []mutant{of("fails-anyway", "a.go", ". -run ^TestBroken$", "return -n", "return n")})
	assert.ErrorContains(t, err, "not all mutants were caught")
	assert.Equal(t, out.String(), "ERROR     fails-anyway: go test . -run ^TestBroken$ fails without the mutant\n0 caught, 0 survived, 1 failed\n")

	out.Reset()
	assert.NilError(t, check(t.Context(), &out, dir, all[:1]))
}

func TestParse(t *testing.T) {
	const head = "It is broken.\n\nfile: a.go\ntest: go test ./a -run ^TestA$\n"
	m, err := parse(head + "-- old --\n\tone\n\ttwo\n-- new --\n\tone\n")
	assert.NilError(t, err)
	assert.Equal(t, m.description+"|"+m.file+"|"+strings.Join(m.test, "|")+"|"+m.old+"|"+m.new, "It is broken.|a.go|./a|-run|^TestA$|\tone\n\ttwo|\tone")
	m, err = parse(head + "-- old --\none\n-- new --\n")
	assert.NilError(t, err)
	assert.Equal(t, m.new, "") // the text is removed
	for text, want := range map[string]string{
		head + "-- old --\none\n":                                                            "is missing",
		head + "And so on.\n-- old --\none\n-- new --\ntwo\n":                                `unexpected line "And so on."`,
		"It is broken.\nfile: a.go\n-- old --\none\n-- new --\n":                             "are required",
		head + "-- old --\none\n-- new --\none\n":                                            "the texts are equal",
		strings.Replace(head, "It is broken.\n", "", 1) + "-- old --\none\n-- new --\ntwo\n": "are required",
	} {
		_, err := parse(text)
		assert.ErrorContains(t, err, want)
	}
}

// TestMutants: every mutant applies, and its test is one function, which exists and plays no random stories.
func TestMutants(t *testing.T) {
	root := filepath.Join("..", "..")
	all, err := load("testdata")
	assert.NilError(t, err)
	assert.Assert(t, len(all) > 0)
	functions := regexp.MustCompile(`(?s)\nfunc (Test\w+)\((.*?)\n}`)
	seen := map[string]string{}
	for _, m := range all {
		content, err := os.ReadFile(filepath.Join(root, m.file))
		if err == nil {
			_, err = m.apply(string(content))
		}
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if other := seen[m.file+"\n"+m.new]; other != "" {
			t.Errorf("%s is the same as %s", m.name, other)
		}
		seen[m.file+"\n"+m.new] = m.name
		if len(m.test) != 3 || m.test[1] != "-run" {
			t.Errorf("%s: test: want go test PACKAGE -run ^TEST$, got %v", m.name, m.test)
			continue
		}
		files, err := filepath.Glob(filepath.Join(root, m.test[0], "*_test.go"))
		assert.NilError(t, err)
		tests := map[string]bool{}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			assert.NilError(t, err)
			for _, f := range functions.FindAllStringSubmatch(string(raw), -1) {
				tests["^"+f[1]+"$"] = !strings.Contains(f[2], "rand.")
			}
		}
		if deterministic, exists := tests[m.test[2]]; !exists || !deterministic {
			t.Errorf("%s: %s is no test of %s, or a random one; there are %s", m.name, m.test[2], m.test[0],
				strings.Join(slices.Sorted(maps.Keys(tests)), " "))
		}
	}
}
