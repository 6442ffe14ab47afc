package hack_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
)

// The plugin must accept every command line in the documents, because people paste them.
func TestShownCommandLinesParse(t *testing.T) {
	total := 0
	for _, file := range documents(t) {
		for _, c := range commandLines(file.text) {
			total++
			if err := parses(c.line, c.mention); err != nil {
				t.Errorf("%s: %s\n  %v", file.path, c.line, err)
			}
		}
	}
	var k9s struct {
		Plugins map[string]k9sPlugin `json:"plugins"`
	}
	read(t, "plugins.yaml", &k9s)
	for name, plugin := range k9s.Plugins {
		total++
		if err := parses(plugin.typed(t, name)+plugin.added(), false); err != nil {
			t.Errorf("plugins.yaml: %s: %v", name, err)
		}
	}
	if total < 30 {
		t.Errorf("only %d command lines found: the test is probably broken", total)
	}
}

// Invalid command lines are detected.
func TestWrongCommandLinesDoNotParse(t *testing.T) {
	for _, line := range []string{
		"kubectl sts drain web",
		"kubectl sts canary begin web",
		"kubectl sts status web --until=complete",
		"kubectl sts canary promote web --to-ordinal two",
		"kubectl sts canary promote",
	} {
		if parses(line, false) == nil {
			t.Errorf("%q should not parse", line)
		}
	}
	text := "`kubectl sts status` and\n```sh\n$ kubectl sts canary abort b --yes | tail  # why\nkubectl sts status \\\nc\n```\nkubectl sts is nice"
	want := []shown{{"kubectl sts status", true}, {"kubectl sts canary abort b --yes", false}, {"kubectl sts status  c", false}}
	if got := commandLines(text); !slices.Equal(got, want) {
		t.Errorf("found %+v, want %+v", got, want)
	}
}

// A row of the table of exit codes names only flags of its commands.
func TestExitCodesNameFlagsOfTheirCommands(t *testing.T) {
	raw, err := os.ReadFile("../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	root := cli.NewRoot(cli.Env{IOStreams: genericiooptions.NewTestIOStreamsDiscard(), Called: "kubectl sts"})
	total := 0
	for line := range strings.Lines(string(raw)) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		var commands []*cobra.Command
		for _, span := range anySpan.FindAllStringSubmatch(first, -1) {
			if c, _, err := root.Find(strings.Fields(span[1])); err == nil && c != root {
				commands = append(commands, c)
			}
		}
		if len(commands) == 0 || !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, flag := range flagSpan.FindAllStringSubmatch(line, -1) {
			if total++; !slices.ContainsFunc(commands, func(c *cobra.Command) bool { return c.Flags().Lookup(flag[1]) != nil }) {
				t.Errorf("docs/exit-codes.md: %s has no flag --%s", first, flag[1])
			}
		}
	}
	if total < 10 {
		t.Errorf("only %d flags found: the test is probably broken", total)
	}
}

var (
	anySpan  = regexp.MustCompile("`([^`]+)`")
	flagSpan = regexp.MustCompile("`(?:[a-z -]+ )?--([a-z-]+)")
)

type document struct{ path, text string }

func documents(t *testing.T) []document {
	t.Helper()
	var out []document
	add := func(path string) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			return
		}
		out = append(out, document{path, string(raw)})
	}
	add("../README.md")
	add("../CHANGELOG.md")
	add("../CONTRIBUTING.md")
	add("../SECURITY.md")
	for _, dir := range []string{"../docs", "../examples"} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				add(path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	return out
}

var (
	codeSpan   = regexp.MustCompile("`(kubectl[ -]sts [^`]+)`")
	inBlock    = regexp.MustCompile(`(?:^|[\s(])(kubectl[ -]sts [^|;&>#)]+)`)
	hintsApart = regexp.MustCompile(`, or |, when `)
)

// shown is a command line in a document. A mention is part of a sentence and may omit required
// arguments.
type shown struct {
	line    string
	mention bool
}

// commandLines finds the commands in code spans, and in code blocks line by line.
func commandLines(text string) []shown {
	var out []shown
	block := false
	// Continuation lines are joined.
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			block = !block
		case block || strings.HasPrefix(line, "# `"):
			for _, part := range hintsApart.Split(line, -1) {
				if m := inBlock.FindStringSubmatch(part); m != nil {
					out = append(out, shown{strings.TrimSpace(m[1]), false})
				}
			}
		default:
			for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
				out = append(out, shown{strings.TrimSpace(m[1]), true})
			}
		}
	}
	return out
}

// parses checks whether the plugin accepts the command line, without a cluster.
func parses(line string, mention bool) error {
	words, err := split(line)
	if err != nil {
		return err
	}
	words = words[1:]
	if words[0] == "sts" { // not kubectl-sts
		words = words[1:]
	}
	for i, w := range words {
		// Placeholders for names and images, and usage lines.
		words[i] = strings.NewReplacer("[", "", "]", "", "...", "", "…", "x").Replace(w)
		if w == "N" {
			words[i] = "1" // a placeholder for a number
		}
	}
	if words[len(words)-1] == "flags" {
		words = words[:len(words)-1]
	}
	root := cli.NewRoot(cli.Env{IOStreams: genericiooptions.NewTestIOStreamsDiscard(), Called: "kubectl sts"})
	command, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if err := command.ParseFlags(rest); err != nil {
		return err
	}
	args := command.Flags().Args()
	if command.HasAvailableSubCommands() && len(args) > 0 && command.ValidArgsFunction == nil { // pvc-gc accepts names, too
		return errors.New("there is no such command")
	}
	if mention && len(args) == 0 {
		return nil
	}
	return command.ValidateArgs(args)
}

func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, begun := rune(0), false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, begun = r, true
		case r == ' ':
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

// typed is the command line of a key: the arguments after the script's name are its "$@".
func (p k9sPlugin) typed(t *testing.T, name string) string {
	t.Helper()
	if p.Command != "env" || len(p.Args) < 6 || !slices.Equal(p.Args[:3], []string{"KUBECONFIG=$KUBECONFIG", "sh", "-c"}) || p.Args[4] != "sts" {
		t.Fatalf("%s: expected env KUBECONFIG=$KUBECONFIG sh -c SCRIPT sts …", name)
	}
	return "kubectl " + strings.Join(p.Args[4:], " ")
}

// added are the arguments that a script adds, with an answer to its question.
func (p k9sPlugin) added() string {
	var all string
	for _, added := range regexp.MustCompile(`"\$@"((?: --[a-z=-]+| "\$answer")+)`).FindAllStringSubmatch(p.Args[3], -1) {
		all += strings.ReplaceAll(added[1], `"$answer"`, "1")
	}
	return all
}
