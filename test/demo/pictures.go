package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// pictures turn parts of the demo into pictures of a terminal, for a dark and a light page. What they show is what
// the commands have printed.
type pictures struct {
	folder string
	// name is that of the picture being taken, empty between pictures.
	name string
	text bytes.Buffer
}

// film starts a picture of the commands that follow; an empty name ends it.
func (s *stage) film(ctx context.Context, name string) error {
	p := s.pictures
	if p == nil {
		return nil
	}
	last := p.name
	p.name = name
	if last == "" {
		return nil
	}
	defer p.text.Reset()
	return p.render(ctx, s.root, last)
}

// add adds a command and its output to the picture.
func (p *pictures) add(line, output string) {
	if p.name == "" {
		return
	}
	if p.text.Len() > 0 {
		p.text.WriteString("\n")
	}
	p.text.WriteString("$ " + line + "\n" + strings.TrimSuffix(output, "\n") + "\n")
}

// themes are the pages on which a picture is shown.
var themes = []struct{ name, theme, background string }{
	{"dark", "github-dark", "#0d1117"},
	{"light", "github", "#f6f8fa"},
}

// render draws the picture with freeze.
func (p *pictures) render(ctx context.Context, root, name string) error {
	freeze, err := exec.CommandContext(ctx, filepath.Join(root, "hack", "tool.sh"), "freeze").Output()
	if err != nil {
		return fmt.Errorf("build freeze: %w", err)
	}
	session := filepath.Join(p.folder, name+".ansi")
	if err := os.WriteFile(session, p.text.Bytes(), 0o600); err != nil {
		return err
	}
	defer func() { _ = os.Remove(session) }()
	for _, t := range themes {
		picture := filepath.Join(p.folder, name+"-"+t.name+".svg")
		cmd := exec.CommandContext(ctx, strings.TrimSpace(string(freeze)), session, "--language", "ansi", "--output", picture,
			"--theme", t.theme, "--background", t.background, "--font.family", "monospace", "--font.size", "13", "--padding", "16", "--border.radius", "6")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("draw %s: %w\n%s", picture, err, out)
		}
	}
	return nil
}
