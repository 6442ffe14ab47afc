package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

// screen is standard error while a command runs: lines from several sources, and on a
// terminal a last line that is overwritten as time passes.
type screen struct {
	out   io.Writer
	style render.Style
	// terminal: lines can be overwritten.
	terminal bool
	// silent: no progress is shown, only warnings, notes and the output of commands.
	silent bool
	// quiet: only warnings and the output of commands are shown.
	quiet bool

	mu   sync.Mutex
	live string
}

func newScreen(env *Env) *screen {
	return &screen{
		out: env.ErrOut, style: env.errStyle(),
		terminal: env.ErrTerminal && env.progress != progressPlain && env.progress != progressNone && env.verbosity == 0 && !env.quiet,
		silent:   env.progress == progressNone || env.quiet, quiet: env.quiet,
	}
}

// The values of --progress.
const (
	progressAuto  = "auto"
	progressPlain = "plain"
	progressNone  = "none"
)

// addQuiet adds --quiet, which means the same with every command.
func addQuiet(root *cobra.Command, value *bool) {
	root.PersistentFlags().BoolVarP(value, "quiet", "q", false, "Print only results, warnings and errors: no progress, no notes, and no plan that needs no confirmation")
}

// addProgress adds --progress, which means the same with every command.
func addProgress(root *cobra.Command, value *string) {
	addGlobalChoice(root, value, "progress", "Progress on stderr: auto overwrites its last line on a terminal, plain only appends lines, none shows no progress",
		progressAuto, progressPlain, progressNone)
}

// say writes text that ends with a newline. It may be colored: what is foreign in it is made printable
// before, as [render.Style.Wrap] does.
func (s *screen) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	_, _ = io.WriteString(s.out, text)
}

// line writes a line of plain text, which may be foreign.
func (s *screen) line(text string) { s.say(render.OneLine(text) + "\n") }

// note writes a note, which is not needed by those who know.
func (s *screen) note(text string) {
	if !s.quiet {
		s.line(text)
	}
}

// warn writes a warning.
func (s *screen) warn(text string) { s.line("warning: " + text) }

// tell is the screen for a view of the cluster.
func (s *screen) tell() kube.Tell {
	return kube.Tell{Warn: s.warn, Say: s.line}
}

// over overwrites its previous line. Nothing is written where lines cannot be
// overwritten: the line is only about time that passes. The text may be foreign.
// It is cut at the edge: a line that wraps could not be removed.
func (s *screen) over(text string) {
	text = s.style.Cut(render.OneLine(text), s.style.Width-1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.terminal || text == s.live {
		return
	}
	s.wipe()
	s.live = text
	_, _ = io.WriteString(s.out, s.style.Paint(render.Dim, text))
}

// progress writes lines about the progress, as say does.
func (s *screen) progress(text string) {
	if !s.silent {
		s.say(text)
	}
}

// beat writes a line of plain text where the time that passes is not shown by over.
func (s *screen) beat(text string) {
	if !s.terminal {
		s.progress(render.OneLine(text) + "\n")
	}
}

// done removes the live line.
func (s *screen) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
}

func (s *screen) wipe() {
	if s.live != "" {
		_, _ = fmt.Fprintf(s.out, "\r%s\r", strings.Repeat(" ", utf8.RuneCountInString(s.live)))
		s.live = ""
	}
}

func warnTo(w io.Writer, text string) { _, _ = fmt.Fprintln(w, render.OneLine("warning: "+text)) }

// note writes a note to standard error, unless --quiet is set.
func (e *Env) note(text string) {
	if !e.quiet {
		_, _ = fmt.Fprintln(e.ErrOut, render.OneLine("note: "+text))
	}
}
