package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-sts/kubectl-sts/hack/commandtree"
	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
)

// foreignFlags are the flags of kubectl, Helm and etcd that docs mention.
var foreignFlags = []string{"api-versions",
	"clusterrole", "force-conflicts", "group", "initial-cluster", "initial-cluster-state", "previous", "server-side", "type",
}

// Every flag that README, docs and help texts mention exists.
func TestFlagsInDocsExist(t *testing.T) {
	t.Chdir("../..")
	known := map[string]bool{}
	for _, name := range foreignFlags {
		known[name] = true
	}
	add := func(f *pflag.Flag) { known[f.Name] = true }
	root := cli.NewRoot(cli.Env{})
	root.LocalFlags().VisitAll(add)
	commandtree.Each(root, func(c *cobra.Command) { c.LocalFlags().VisitAll(add) })
	flag := regexp.MustCompile("(?m)(?:^|[\\s`(\\[])--([a-z][a-z-]+)")
	for _, file := range pages(t, "README.md", "docs/*.md", "pkg/cli/help/*.txt") {
		for _, m := range flag.FindAllStringSubmatch(read(t, file), -1) {
			if !known[m[1]] {
				t.Errorf("%s: no command has the flag --%s", file, m[1])
			}
		}
	}
}

// Every link from one page to another, or to a heading, leads somewhere.
func TestLinksInDocs(t *testing.T) {
	t.Chdir("../..")
	link := regexp.MustCompile(`\]\(([^)\s]*)\)`)
	for _, file := range pages(t, "*.md", "docs/*.md", "docs/reference/*.md") {
		for _, m := range link.FindAllStringSubmatch(read(t, file), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target, anchor, _ := strings.Cut(m[1], "#")
			if target == "" {
				target = file
			} else {
				target = filepath.Join(filepath.Dir(file), target)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s: %v", file, m[1], err)
			} else if anchor != "" && !slices.Contains(anchors(read(t, target)), anchor) {
				t.Errorf("%s: %s: no such heading", file, m[1])
			}
		}
	}
}

func pages(t *testing.T, patterns ...string) []string {
	t.Helper()
	var out []string
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files (%v)", pattern, err)
		}
		out = append(out, files...)
	}
	return out
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// anchors are the anchors that GitHub gives to the headings of a page.
func anchors(page string) []string {
	var out []string
	dropped := regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		out = append(out, strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return out
}
