// Command words fails if a text contains a phrase from words.txt. It checks string literals and comments
// of Go files, docs, examples and scripts. exceptions.txt lists the exceptions.
//
//	go run ./hack/words [FILE…]
package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	//go:embed words.txt
	wordList string
	//go:embed exceptions.txt
	exceptionList string
)

// word is a phrase and its replacement.
type word struct {
	pattern *regexp.Regexp
	instead string
}

type exception struct {
	file, text string
	pattern    *regexp.Regexp // the text, with any space between its words
	used       bool
}

// text is a text for people, and its first line.
type text struct {
	line    int
	content string
}

func main() {
	found, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, f := range found {
		fmt.Println(f)
	}
	if len(found) > 0 {
		fmt.Printf("found %d; add exceptions to hack/words/exceptions.txt\n", len(found))
		os.Exit(1)
	}
}

func run(files []string) ([]string, error) {
	words, err := parseWords(wordList)
	if err != nil {
		return nil, err
	}
	exceptions, err := parseExceptions(exceptionList)
	if err != nil {
		return nil, err
	}
	all := len(files) == 0
	if all {
		if files, err = tracked(); err != nil {
			return nil, err
		}
	}
	var found []string
	for _, file := range files {
		texts, err := textsOf(file)
		if err != nil {
			return nil, err
		}
		found = append(found, check(file, texts, words, exceptions)...)
	}
	for _, e := range exceptions {
		if all && !e.used {
			found = append(found, fmt.Sprintf("hack/words/exceptions.txt: %s no longer contains %q: remove the line", e.file, e.text))
		}
	}
	return found, nil
}

// tracked returns the files of the repository with texts for people.
func tracked() ([]string, error) {
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("list the files: %w", err)
	}
	var files []string
	for _, name := range strings.Fields(string(out)) {
		read := slices.Contains([]string{".go", ".md", ".yaml", ".sh", ".txtar"}, filepath.Ext(name)) || filepath.Base(name) == "Makefile" ||
			strings.HasPrefix(name, "pkg/cli/help/")
		if !read || strings.HasPrefix(name, "hack/words/") || strings.Contains(name, "/testdata/") && filepath.Ext(name) != ".txtar" {
			continue
		}
		if _, err := os.Stat(name); err == nil { // it may be deleted but not committed
			files = append(files, name)
		}
	}
	return files, nil
}

// lines returns the lines of a list without comments, each split at " => ".
func lines(list string) ([][2]string, error) {
	var out [][2]string
	for n, line := range strings.Split(list, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		left, right, ok := strings.Cut(line, " => ")
		if !ok {
			return nil, fmt.Errorf("line %d: %q has no \" => \"", n+1, line)
		}
		out = append(out, [2]string{left, right})
	}
	return out, nil
}

func parseWords(list string) ([]word, error) {
	pairs, err := lines(list)
	if err != nil {
		return nil, fmt.Errorf("words.txt: %w", err)
	}
	var out []word
	for _, p := range pairs {
		pattern, err := regexp.Compile("(?i)" + strings.ReplaceAll(p[0], " ", `\s+`))
		if err != nil {
			return nil, fmt.Errorf("words.txt: %w", err)
		}
		out = append(out, word{pattern, p[1]})
	}
	return out, nil
}

func parseExceptions(list string) ([]*exception, error) {
	pairs, err := lines(list)
	if err != nil {
		return nil, fmt.Errorf("exceptions.txt: %w", err)
	}
	var out []*exception
	for _, p := range pairs {
		pattern := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(p[1]), " ", `\s+`))
		out = append(out, &exception{file: p[0], text: p[1], pattern: pattern})
	}
	return out, nil
}

// check finds the words in the texts of a file.
func check(file string, texts []text, words []word, exceptions []*exception) []string {
	var found []string
	for _, t := range texts {
		for _, w := range words {
			for _, at := range w.pattern.FindAllStringIndex(t.content, -1) {
				if excepted(file, t.content, at, exceptions) {
					continue
				}
				line := t.line + strings.Count(t.content[:at[0]], "\n")
				found = append(found, fmt.Sprintf("%s:%d: %q: write: %s", file, line, t.content[at[0]:at[1]], w.instead))
			}
		}
	}
	return found
}

// excepted reports whether the text of an exception contains what was found, or a part of it.
func excepted(file, content string, at []int, exceptions []*exception) bool {
	for _, e := range exceptions {
		if e.file == file && slices.ContainsFunc(e.pattern.FindAllStringIndex(content, -1), func(text []int) bool { return text[0] < at[1] && at[0] < text[1] }) {
			e.used = true
			return true
		}
	}
	return false
}

// textsOf returns the whole file, or the string literals and comments of a Go file.
func textsOf(file string) ([]text, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if filepath.Ext(file) != ".go" {
		return []text{{1, string(content)}}, nil
	}
	if generated(content) {
		return nil, nil
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, content, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var out []text
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			n.Tag = nil // not a text
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				if value, err := strconv.Unquote(n.Value); err == nil {
					out = append(out, text{files.Position(n.Pos()).Line, value})
				}
			}
		}
		return true
	})
	for _, group := range parsed.Comments {
		out = append(out, text{files.Position(group.Pos()).Line, group.Text()})
	}
	return out, nil
}

func generated(content []byte) bool {
	first, _, _ := bufio.NewReader(bytes.NewReader(content)).ReadLine()
	return bytes.Contains(first, []byte("DO NOT EDIT"))
}
