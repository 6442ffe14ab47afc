// Command mutants breaks the code on purpose, in one place at a time, and fails if the unit test that
// should notice passes. It changes no file: go test reads the broken code through an overlay.
//
//	go run ./hack/mutants [NAME…]
//
// Each file in testdata is one mutant: what is broken, the file, the test that must fail, the old text
// (which must occur exactly once in the file), and the new text.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

// mutants is where they are, in the module.
const mutants = "hack/mutants/testdata"

// mutant is one change to one file.
type mutant struct {
	name, description string
	file              string   // in the module
	test              []string // arguments of go test
	old, new          string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, names []string) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	all, err := load(filepath.Join(root, mutants))
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(m mutant) bool { return m.name == name }) {
			return fmt.Errorf("mutant %q not found in %s", name, mutants)
		}
	}
	if len(names) > 0 {
		all = slices.DeleteFunc(all, func(m mutant) bool { return !slices.Contains(names, m.name) })
	}
	return check(ctx, out, root, all)
}

func moduleRoot(ctx context.Context) (string, error) {
	raw, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// load reads all mutants of a directory, by name.
func load(dir string) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.mutant"))
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m, err := parse(string(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		m.name = strings.TrimSuffix(filepath.Base(file), ".mutant")
		all = append(all, m)
	}
	return all, nil
}

// parse reads a mutant: lines of head, then the texts. The last line break of a text is not part of it.
func parse(text string) (m mutant, err error) {
	text = strings.ReplaceAll(text, "\r\n", "\n") // of a checkout on Windows
	head, texts, hasOld := strings.Cut(text, "\n-- old --\n")
	before, after, hasNew := strings.Cut(texts, "\n-- new --\n")
	if !hasOld || !hasNew {
		return m, errors.New(`"-- old --" or "-- new --" is missing`)
	}
	m.old, m.new = before, strings.TrimSuffix(after, "\n")
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
		case key == "file":
			m.file = value
		case key == "test":
			m.test = strings.Fields(strings.TrimPrefix(value, "go test "))
		case m.description == "":
			m.description = line
		default:
			return m, fmt.Errorf("unexpected line %q", line)
		}
	}
	switch {
	case m.description == "" || m.file == "" || len(m.test) == 0:
		return m, errors.New("a description, file: and test: are required")
	case m.old == "" || m.old == m.new:
		return m, errors.New("the texts are equal, or the old one is empty")
	}
	return m, nil
}

// apply returns the file with the mutant in it.
func (m mutant) apply(content string) (string, error) {
	content = strings.ReplaceAll(content, "\r\n", "\n")
	if n := strings.Count(content, m.old); n != 1 {
		return "", fmt.Errorf("does not apply: the old text occurs %d times in %s, want 1", n, m.file)
	}
	return strings.Replace(content, m.old, m.new, 1), nil
}

// check runs the tests of all mutants, prints how each ended, and returns an error unless all are caught.
func check(ctx context.Context, out io.Writer, root string, all []mutant) error {
	tests := tests{root: root, passing: map[string]error{}}
	survived, failed := 0, 0
	for _, m := range all {
		caught, err := tests.catch(ctx, m)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failed++
			fmt.Fprintf(out, "ERROR     %s: %v\n", m.name, err)
		case !caught:
			survived++
			fmt.Fprintf(out, "SURVIVED  %s: %s (%s: go test %s)\n", m.name, m.description, m.file, strings.Join(m.test, " "))
		default:
			fmt.Fprintf(out, "caught    %s\n", m.name)
		}
	}
	fmt.Fprintf(out, "%d caught, %d survived, %d failed\n", len(all)-survived-failed, survived, failed)
	if survived+failed > 0 {
		return errors.New("not all mutants were caught")
	}
	return nil
}

// tests runs go test in a module.
type tests struct {
	root    string
	passing map[string]error // what go test without a mutant returned, by its arguments
}

// catch reports whether the mutant's test fails with the mutant. It must pass without.
func (t tests) catch(ctx context.Context, m mutant) (bool, error) {
	path := filepath.Join(t.root, filepath.FromSlash(m.file))
	content, err := os.ReadFile(path)
	if err != nil {
		return false, fmt.Errorf("does not apply: %w", err)
	}
	changed, err := m.apply(string(content))
	if err != nil {
		return false, err
	}
	command := strings.Join(m.test, " ")
	passes, known := t.passing[command]
	if !known {
		failed, err := t.run(ctx, "", m.test)
		if err == nil && failed {
			err = fmt.Errorf("go test %s fails without the mutant", command)
		}
		passes, t.passing[command] = err, err
	}
	if passes != nil {
		return false, passes
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	broken, overlay := filepath.Join(dir, filepath.Base(path)), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {path: broken}})
	if err != nil {
		return false, err
	}
	if err := errors.Join(os.WriteFile(broken, []byte(changed), 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		return false, err
	}
	return t.run(ctx, overlay, m.test)
}

// run reports whether a test failed. Anything else that ends go test, as code that does not compile, is an
// error, and so is that no test was run.
func (t tests) run(ctx context.Context, overlay string, args []string) (failed bool, err error) {
	command := exec.CommandContext(ctx, "go", append([]string{"test", "-vet=off", "-overlay=" + overlay}, args...)...)
	command.Dir = t.root
	output, err := command.CombinedOutput()
	switch ended := (*exec.ExitError)(nil); {
	case err == nil && bytes.Contains(output, []byte("no test")): // to run, or files
		return false, fmt.Errorf("go test %s runs no test", strings.Join(args, " "))
	case err == nil:
		return false, nil
	case !errors.As(err, &ended):
		return false, err
	case bytes.Contains(output, []byte("--- FAIL: ")), bytes.Contains(output, []byte("panic: ")):
		return true, nil
	}
	return false, fmt.Errorf("go test %s: %w\n%s", strings.Join(args, " "), err, output)
}
