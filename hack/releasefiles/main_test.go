package main

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The binary itself says which modules are in it.
func TestEveryLinkedModuleHasItsNotice(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "kubectl-sts")
	build := exec.Command("go", "build", "-o", binary, "./cmd/kubectl-sts")
	build.Dir = "../.."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := linked("../..", []string{runtime.GOOS + "_" + runtime.GOARCH})
	if err != nil {
		t.Fatal(err)
	}
	text, err := notices(modules)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"std"}
	for _, dep := range info.Deps {
		want = append(want, dep.Path)
		if !strings.Contains(text, "\n  "+dep.Path+" "+dep.Version+"  (") || !strings.Contains(text, "\n"+dep.Path+"/LICEN") {
			t.Errorf("the notices lack %s %s or its licence", dep.Path, dep.Version)
		}
	}
	var got []string
	for _, m := range modules {
		got = append(got, m.path)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modules of the binary and of the notices (-binary +notices):\n%s", diff)
	}
}

func TestNotices(t *testing.T) {
	top := t.TempDir()
	forked := filepath.Join(top, "third_party", "forked")
	if err := os.MkdirAll(forked, 0o755); err != nil {
		t.Fatal(err)
	}
	const mit = "Permission is hereby granted, free of charge, to any\n   person obtaining a copy of it"
	for name, text := range map[string]string{
		"LICENSE": mit, "NOTICE.txt": "made by us\r\n", "license.go": "package license", "license_test.md.go": "", "README.md": "read",
		"third_party/forked/COPYING": "Redistribution and use in source and binary forms",
	} {
		if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a := &module{path: "example.org/a", version: "v1.0.0", texts: map[string]string{}}
	if err := a.read(top, forked); err != nil {
		t.Fatal(err)
	}
	b := &module{path: "example.org/b", version: "v2.0.0", texts: map[string]string{"LICENSE.md": mit}}
	got, err := notices([]*module{a, b})
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ = strings.Cut(got, "are below.\n\n")
	want := "  example.org/a v1.0.0  (BSD, MIT)\n  example.org/b v2.0.0  (MIT)\n" +
		"\n" + rule + "example.org/a/LICENSE\nexample.org/b/LICENSE.md\n" + rule + "\n" + mit + "\n" +
		"\n" + rule + "example.org/a/NOTICE.txt\n" + rule + "\nmade by us\n" +
		"\n" + rule + "example.org/a/third_party/forked/COPYING\n" + rule + "\nRedistribution and use in source and binary forms\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	for _, texts := range []map[string]string{{}, {"LICENSE": "All rights reserved."}} {
		m := &module{path: "example.org/c", version: "v3.0.0", texts: texts}
		if _, err := notices([]*module{m}); err == nil || !strings.Contains(err.Error(), "example.org/c v3.0.0") {
			t.Errorf("a module with the texts %v: %v, want an error that names it", texts, err)
		}
	}
	if err := a.read(filepath.Join(top, "elsewhere"), forked); err == nil {
		t.Error("a package outside of its module is accepted")
	}
}

func TestManual(t *testing.T) {
	pages := manual("v1.2.3", time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)))
	for _, name := range []string{"kubectl-sts.1", "kubectl-sts-canary.1", "kubectl-sts-canary-start.1", "kubectl-sts-pvc-gc-undo.1", "kubectl-sts-completion-install.1"} {
		if pages[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	page := pages["kubectl-sts-canary-abort.1"]
	for _, want := range []string{
		".TH \"KUBECTL\\-STS\\-CANARY\\-ABORT\" 1 \"2026\\-01\\-02\" \"kubectl sts v1.2.3\" \"kubectl sts\"\n",
		".SH NAME\nkubectl\\-sts\\-canary\\-abort \\- ",
		".SH SYNOPSIS\n.B kubectl sts canary abort ",
		"\n.TP\n\\fB\\-\\-timeout\\fR \\fIduration\\fR\n", " (default user@host)\n",
		".SH EXIT STATUS\n.TP\n.B 0\n",
		".SH SEE ALSO\n.BR kubectl (1) ,\n.BR kubectl\\-sts\\-canary (1)\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if !strings.Contains(pages["kubectl-sts.1"], "\\fB\\-\\-kubeconfig\\fR") || !strings.Contains(pages["kubectl-sts.1"], "\\fB\\-\\-version\\fR") {
		t.Errorf("the first page lacks flags:\n%s", pages["kubectl-sts.1"])
	}
	for name, page := range pages {
		for _, also := range regexp.MustCompile(`\.BR kubectl\\-sts(\S*) \(1\)`).FindAllStringSubmatch(page, -1) {
			if other := "kubectl-sts" + strings.ReplaceAll(also[1], `\-`, "-") + ".1"; pages[other] == "" {
				t.Errorf("%s refers to %s, which does not exist", name, other)
			}
		}
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !slices.Contains([]string{".TH", ".SH", ".TP", ".B", ".BR", ".nf", ".fi"}, strings.Fields(line)[0]) {
				t.Errorf("%s: not a line of text: %s", name, line)
			}
		}
	}
	if got, want := roff(`.a\b -c 'd'`), `\&.a\eb \-c \(aqd\(aq`; got != want {
		t.Errorf("escaped as %s, want %s", got, want)
	}
}
