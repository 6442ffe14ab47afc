// Command gendocs writes the documentation that follows from the code: the reference of the commands, the
// JSON Schemas, tables and output of commands in pages that are otherwise written by hand, and pictures of
// that output. Run it with `make docs`. It is deterministic: its output contains no date and nothing of the
// machine it runs on.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	// Pages of removed commands and pictures of removed screens are deleted.
	for _, all := range []string{"reference/*.md", "images/*.svg", "schema/*.json"} {
		old, err := filepath.Glob(filepath.Join(root, "docs", all))
		if err != nil {
			return err
		}
		for _, file := range old {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(filepath.Join(root, "docs", filepath.Dir(all)), 0o755); err != nil {
			return err
		}
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(root, file), []byte(files[file]), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns all files, by their path below root. In pages that are written by hand only the
// generated parts change.
func generate(root string) (map[string]string, error) {
	files := reference()
	files["examples/rbac/roles.yaml"] = access.Examples()
	c, err := readComments(root, profileDefaults)
	if err != nil {
		return nil, err
	}
	fields, err := reportFields(c)
	if err != nil {
		return nil, err
	}
	codes, err := findingCodes(c)
	if err != nil {
		return nil, err
	}
	ofProfiles, err := profileFields(c)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct{ file, name, text string }{
		{"docs/exit-codes.md", "codes", exitCodes()},
		{"docs/json.md", "fields", fields},
		{"docs/dns.md", "findings", codes},
		{"docs/doctor.md", "checks", doctorChecks()},
		{"docs/safety.md", "claim states", claimStates(c)},
		{"docs/safety.md", "roles", access.RoleTable()},
		{"docs/safety.md", "permissions", access.Table()},
		{"docs/guards.md", "commands", commandGuards()},
		{"docs/guards.md", "guards", guardMeanings()},
		{"docs/stuck.md", "reasons", stuckReasons()},
		{"docs/versions.md", "known", knownIssues()},
		{"docs/profiles.md", "profiles", profiles()},
		{"docs/profiles.md", "sections", profileSections()},
		{"docs/profiles.md", "variables", profileVariables()},
		{"docs/profiles.md", "fields", ofProfiles},
	} {
		text, ok := files[part.file]
		if !ok {
			raw, err := os.ReadFile(filepath.Join(root, part.file))
			if err != nil {
				return nil, err
			}
			text = string(raw)
		}
		if files[part.file], err = between(text, part.name, part.text); err != nil {
			return nil, fmt.Errorf("%s: %w", part.file, err)
		}
	}
	for _, name := range []string{"install-sts.sh", "rollout.sh", "smoke-test.sh"} {
		script, err := os.ReadFile(filepath.Join(root, "examples", "ci", name))
		if err != nil {
			return nil, err
		}
		const page = "docs/ci.md"
		if files[page] == "" {
			raw, err := os.ReadFile(filepath.Join(root, page))
			if err != nil {
				return nil, err
			}
			files[page] = string(raw)
		}
		if files[page], err = between(files[page], name, "```sh\n"+string(script)+"```\n"); err != nil {
			return nil, fmt.Errorf("%s: %w", page, err)
		}
	}
	ofReports, err := schemas(c)
	if err != nil {
		return nil, err
	}
	maps.Copy(files, ofReports)
	for _, page := range []string{"docs/plan.md", "docs/doctor.md", "README.md"} {
		raw, generated := files[page]
		if !generated {
			content, err := os.ReadFile(filepath.Join(root, page))
			if err != nil {
				return nil, err
			}
			raw = string(content)
		}
		text, pictures, err := screens(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", page, err)
		}
		files[page] = text
		maps.Copy(files, pictures)
	}
	return files, nil
}

// between replaces the text between the two marks of that name.
func between(text, name, part string) (string, error) {
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end of generated: "+name+" -->"
	head, rest, found := strings.Cut(text, begin)
	if !found {
		return "", fmt.Errorf("lacks the mark %q", strings.TrimSpace(begin))
	}
	_, tail, found := strings.Cut(rest, end)
	if !found {
		return "", fmt.Errorf("lacks the mark %q", end)
	}
	return head + begin + part + end + tail, nil
}

// cell formats text for one cell of a Markdown table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}
