package pkg_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// A command in a hint ends its line, so that it can be pasted: no golden file has text after one, and what
// follows it reads well on a line of its own.
func TestCommandsInHintsCanBePasted(t *testing.T) {
	read := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "testdata") || !slices.Contains([]string{".txt", ".decisions"}, filepath.Ext(path)) ||
			strings.HasPrefix(d.Name(), "github-") { // titles have the command, too
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		transcript := filepath.Dir(path) == filepath.Join("cli", "testdata") // command lines and their output
		messages := filepath.Base(filepath.Dir(path)) == "messages" || filepath.Ext(path) == ".decisions"
		for i, line := range strings.Split(string(text), "\n") {
			if messages && line != "" && !saysSomething(line) {
				t.Errorf("%s:%d: a line without a letter or digit, which the end of a command left: %s", path, i+1, line)
			}
			if transcript && !strings.HasPrefix(line, "→") {
				continue
			}
			for _, command := range commandsIn(line) {
				read++
				if why := notPasteable(command); why != "" {
					t.Errorf("%s:%d: %s in: %s", path, i+1, why, command)
				}
			}
		}
		return nil
	})
	if err != nil || read < 300 {
		t.Errorf("%d commands, %v", read, err)
	}
}

func TestNotPasteable(t *testing.T) {
	for line, want := range map[string]string{
		"see the docs of kubectl":                                                 "",
		"→ continue: kubectl sts canary promote web":                              "",
		"→ kubectl sts canary promote web -n odd, or kubectl sts canary abort we": `"odd,"`,
		"→ kubectl sts canary abort web; or wait":                                 `"web;"`,
		"→ kubectl sts drain-scale web (add the same --drain-cmd)":                `"(add"`,
		"→ kubectl sts canary abort web then wait":                                `"then"`,
		"→ kubectl get pod 'web":                                                  "an open quote",
		`→ kubectl patch pdb web -p '{"a":"it'\''s; or (x), "}'`:                  "",
		`restore with "kubectl sts pvc-gc undo -n shop", please`:                  "",
	} {
		got := ""
		for _, command := range commandsIn(line) {
			if got == "" {
				got = notPasteable(command)
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

var commandName = regexp.MustCompile(`(^|[^-\w/])kubectl (sts|annotate|apply|create|delete|describe|edit|get|label|logs|patch|rollout|scale) `)

// saysSomething reports whether the line has a letter or digit. In a hint, text after a command begins a
// line, which should not be only a closing parenthesis.
func saysSomething(line string) bool {
	return strings.IndexFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}

// commandsIn are the rests of the line from each command on. A command in double quotes ends with them.
func commandsIn(line string) []string {
	var commands []string
	for _, at := range commandName.FindAllStringIndex(line, -1) {
		begin := at[0] + strings.Index(line[at[0]:], "kubectl")
		command := line[begin:]
		if begin > 0 && line[begin-1] == '"' {
			command, _, _ = strings.Cut(command, `"`)
		}
		commands = append(commands, command)
	}
	return commands
}

var (
	quoted      = regexp.MustCompile(`\$?'[^']*'|\\.`)
	punctuation = regexp.MustCompile(`[,;:.]$|[();&|<>"]`)
)

// notPasteable is the first word of the line that a shell would not take for a part of the command.
func notPasteable(command string) string {
	for _, word := range strings.Fields(quoted.ReplaceAllString(command, "Q")) {
		switch {
		case strings.Contains(word, "'"):
			return "an open quote"
		case slices.Contains([]string{"appears", "command", "does", "rejects"}, word):
			return "" // a sentence about kubectl
		case punctuation.MatchString(word) || slices.Contains([]string{"and", "if", "or", "then", "to", "which"}, word):
			return strconv.Quote(word)
		}
	}
	return ""
}
