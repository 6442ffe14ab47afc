package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// width is the line width of the demo's explanations.
const width = 78

// stage runs chapters: it prints explanations, runs commands, and counts checks.
type stage struct {
	out      *os.File
	color    bool
	root     string
	env      []string
	client   kubernetes.Interface
	dns      string // where CoreDNS listens
	commands int
	checks   int
	// pictures are taken on request.
	pictures *pictures
}

func newStage(out *os.File) *stage {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &stage{out: out, color: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// use puts the plugin and the cluster's kubectl first in PATH, and sets KUBECONFIG to the cluster.
func (s *stage) use(c *cluster.Cluster, root, bin string) {
	s.root, s.client, s.dns = root, c.Client(), c.State().DNS
	path := bin + string(os.PathListSeparator) + filepath.Dir(c.Bin("kubectl")) + string(os.PathListSeparator) + os.Getenv("PATH")
	s.env = append(os.Environ(), "PATH="+path, "KUBECONFIG="+c.Kubeconfig())
}

const (
	bold  = "\x1b[1m"
	cyan  = "\x1b[36m"
	green = "\x1b[32m"
	plain = "\x1b[0m"
)

func (s *stage) print(style, text string) {
	if s.color && style != "" {
		text = style + text + plain
	}
	fmt.Fprintln(s.out, text)
}

func (s *stage) title(text string) {
	fmt.Fprintln(s.out)
	s.print(bold, text)
	s.print(bold, strings.Repeat("─", len([]rune(text))))
}

// say prints an explanation.
func (s *stage) say(text string) {
	fmt.Fprintln(s.out)
	for _, line := range wrap(text, width) {
		s.print("", line)
	}
}

func (s *stage) item(text string) {
	for i, line := range wrap(text, width-2) {
		lead := "  "
		if i == 0 {
			lead = "• "
		}
		s.print("", lead+line)
	}
}

// run runs a kubectl command, shows its output, and requires this exit code.
func (s *stage) run(ctx context.Context, want int, line string) error {
	s.commands++
	fmt.Fprintln(s.out)
	s.print(cyan, "$ "+line)
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+line)
	// The same file for both: on a terminal the command sees a terminal, in a file the order is kept.
	cmd.Stdout, cmd.Stderr = s.out, s.out
	cmd.Dir, cmd.Env = s.root, s.env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var output bytes.Buffer
	if s.pictures != nil {
		cmd.Stdout, cmd.Env = io.MultiWriter(s.out, &output), append(cmd.Env, "FORCE_COLOR=1")
		cmd.Stderr = cmd.Stdout
	}
	err := cmd.Run()
	if s.pictures != nil {
		s.pictures.add(line, output.String())
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	if got != want {
		return fmt.Errorf("%q: exit code %d, want %d", line, got, want)
	}
	if want != 0 {
		return s.checked(fmt.Sprintf("the exit code is %d", want), nil)
	}
	return nil
}

// checked prints a check that succeeded, or returns the error.
func (s *stage) checked(what string, err error) error {
	if err != nil {
		return fmt.Errorf("check failed: %s: %w", what, err)
	}
	s.checks++
	for i, line := range wrap(what, width-4) {
		lead := "    "
		if i == 0 {
			lead = "  ✓ "
		}
		s.print(green, lead+line)
	}
	return nil
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
