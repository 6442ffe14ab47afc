package cmd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/print"
)

// Env is the process around a command, and the one seam that a test replaces.
type Env struct {
	genericiooptions.IOStreams
	Clock clock.WithTicker
	// Called is the name that usage texts show: "kubectl sts" or "kubectl-sts".
	Called string
	// Getenv reads an environment variable.
	Getenv func(string) string
	// InTerminal and OutTerminal say whether the streams are terminals; Size is the
	// output terminal's.
	InTerminal, OutTerminal, ErrTerminal bool
	Size                                 func() (width, height int)
	// Who is the default owner of what a command does: user@host.
	Who string
}

// OSEnv is the process that the program really runs in.
func OSEnv() Env {
	return Env{
		IOStreams:   genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Clock:       clock.RealClock{},
		Called:      calledAs(os.Args[0], os.Getenv("_")),
		Getenv:      os.Getenv,
		InTerminal:  isTerminal(os.Stdin),
		OutTerminal: isTerminal(os.Stdout),
		ErrTerminal: isTerminal(os.Stderr),
		Size: func() (int, int) {
			for _, f := range []*os.File{os.Stdout, os.Stderr} {
				if w, h, err := term.GetSize(int(f.Fd())); err == nil {
					return w, h
				}
			}
			return 0, 0
		},
		Who: who(),
	}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// calledAs tells `kubectl sts` from `kubectl-sts`. kubectl runs a plugin by its
// full path; a shell by the word that was typed, and it leaves the path of what
// it runs in the variable "_". A plugin name's underscores are dashes to kubectl.
func calledAs(arg0, underscore string) string {
	base := strings.TrimSuffix(filepath.Base(arg0), ".exe")
	plugin, isPlugin := strings.CutPrefix(base, "kubectl-")
	typed := !strings.ContainsAny(arg0, `/\`) || strings.TrimSuffix(filepath.Base(underscore), ".exe") == base
	if !isPlugin || typed {
		return base
	}
	return "kubectl " + strings.ReplaceAll(plugin, "_", "-")
}

func who() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return name + "@" + host
}

// style is how text may look on standard output.
func (e *Env) style() print.Style {
	return e.styleOf(e.OutTerminal)
}

func (e *Env) styleOf(terminal bool) print.Style {
	s := print.Style{Color: terminal && e.colors()}
	if terminal && e.Size != nil {
		s.Width, _ = e.Size()
	}
	return s
}

// errStyle is how text may look on standard error.
func (e *Env) errStyle() print.Style {
	return e.styleOf(e.ErrTerminal)
}

// colors honours https://no-color.org and dumb terminals.
func (e *Env) colors() bool {
	return e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
}

// confirm asks on the terminal. Without one, nobody can answer: that needs --yes.
func (e *Env) confirm(ctx context.Context, question string) error {
	a, err := e.ask(ctx, question+" [y/N] ")
	if err == nil && a != "y" && a != "yes" {
		return errDeclined
	}
	return err
}

// confirmNumber has a person type how many things are meant.
func (e *Env) confirmNumber(ctx context.Context, n int, what string) error {
	a, err := e.ask(ctx, fmt.Sprintf("Type %d to %s: ", n, what))
	if err == nil && a != strconv.Itoa(n) {
		return errDeclined
	}
	return err
}

func (e *Env) ask(ctx context.Context, question string) (string, error) {
	if !e.InTerminal {
		return "", usagef("a confirmation is required, but there is no terminal: rerun with --yes to accept the plan above")
	}
	_, _ = fmt.Fprint(e.ErrOut, question)
	answer := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(e.In).ReadString('\n')
		if err != nil && err != io.EOF {
			line = ""
		}
		answer <- line
	}()
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(e.ErrOut)
		return "", context.Cause(ctx)
	case line := <-answer:
		if !strings.HasSuffix(line, "\n") { // nobody has pressed Enter
			_, _ = fmt.Fprintln(e.ErrOut)
		}
		return strings.ToLower(strings.TrimSpace(line)), nil
	}
}
