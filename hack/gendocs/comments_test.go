package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const source = `package web

type Status struct {
	// State is one of these; see docs/stuck.md#reasons.
	//
	// For readers of the code.
	State State ` + "`json:\"state\"`" + `
	// With [Good], and only if [Status.State] is set: how many
	// there are.
	Count int ` + "`json:\"count,omitempty\"`" + `
	Bare  int ` + "`json:\"bare\"`" + ` // Bare are the rest, default [DefaultRest].
	None  int ` + "`json:\"none\"`" + `
	// Path is like ` + "`a[b].c`" + `, not like [Unknown].
	Path string ` + "`json:\"path\"`" + `
	// Renamed is an old name.
	New string ` + "`json:\"new\"`" + `
}

type State string

// The states.
const (
	// Good: all is well.
	Good State = "AllGood"
	Bad  State = "Bad"
)

// Lone: it has no group.
const Lone = "Lone"
`

func TestPhrase(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "pkg", "web")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "web.go"), []byte(source), 0o644)); err != nil {
		t.Fatal(err)
	}
	c, err := readComments(root, map[string]string{"DefaultRest": "3"})
	if err != nil {
		t.Fatal(err)
	}
	p := c.packages["pkg/web"]
	all := map[string]string{}
	for key, doc := range p.fields {
		_, name, _ := strings.Cut(key, ".")
		all[key] = c.phrase("pkg/web", key, name, doc)
	}
	for _, v := range c.matching("pkg/web", func(value) bool { return true }) {
		all[v.name] = v.means
	}
	for key, want := range map[string]string{
		"Status.State": "one of these; see docs/stuck.md#reasons",
		"Status.Count": "with `AllGood`, and only if `state` is set: how many there are",
		"Status.Bare":  "the rest, default 3",
		"Status.None":  "",
		"Status.Path":  "like `a[b].c`, not like Unknown",
		"Good":         "all is well",
		"Bad":          "",
		"Lone":         "it has no group",
	} {
		if all[key] != want {
			t.Errorf("%s: %q, want %q", key, all[key], want)
		}
	}
	errs := errors.Join(c.errs...).Error()
	for _, want := range []string{
		"pkg/web: Status.None lacks a comment", "pkg/web: Bad lacks a comment",
		"the comment of Status.New starts with Renamed",
		"the comment of Status.Path: [Unknown] is no field of a document and no constant",
	} {
		if !strings.Contains(errs, want) {
			t.Errorf("the errors lack %q:\n%s", want, errs)
		}
	}
	if len(c.errs) != 4 {
		t.Errorf("%d errors, want 4:\n%s", len(c.errs), errs)
	}
	if got := markdown(all["Status.State"]); got != "one of these; see [stuck.md](stuck.md#reasons)" {
		t.Error(got)
	}
}
