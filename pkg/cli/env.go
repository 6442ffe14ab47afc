package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

// Env is the process around a command, and the one seam that a test replaces.
type Env struct {
	genericiooptions.IOStreams
	Clock clock.WithTicker
	// Program is how the process was started: a path or a name on the PATH.
	Program string
	// Called is the name in usage texts: "kubectl sts" or "kubectl-sts".
	Called string
	// Getenv reads an environment variable.
	Getenv func(string) string
	// progress and color are the values of --progress and --color, verbosity that of -v.
	progress, color string
	verbosity       int
	// quiet is the value of --quiet.
	quiet bool
	// noHeaders is the value of --no-headers.
	noHeaders bool
	// ascii: text for people on the terminal is ASCII.
	ascii bool
	// readers are those of the streams of a process, nil in tests.
	readers *readers
	// InTerminal, OutTerminal and ErrTerminal are whether the streams are terminals; Size
	// is that of the output terminal.
	InTerminal, OutTerminal, ErrTerminal bool
	Size                                 func() (width, height int)
	// Who is the default lock owner: user@host.
	Who string
}

// OSEnv is the real process. stop is called with the cause when the reader of a report closes its output.
func OSEnv(stop func(error)) Env {
	readers, ascii := &readers{closed: stop}, !showsUnicode(os.Getenv)
	streamTo := func(f *os.File) io.Writer { return &stream{out: f, ascii: ascii, readers: readers} }
	return Env{
		IOStreams:   genericiooptions.IOStreams{In: os.Stdin, Out: streamTo(os.Stdout), ErrOut: streamTo(os.Stderr)},
		ascii:       ascii,
		readers:     readers,
		Clock:       clock.RealClock{},
		Program:     os.Args[0],
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

// calledAs distinguishes `kubectl sts` from `kubectl-sts`. kubectl runs a plugin by its
// full path; a shell runs it by the word that was typed, with the path in the variable
// "_".
func calledAs(arg0, underscore string) string {
	base := programName(arg0)
	plugin, isPlugin := strings.CutPrefix(base, pluginPrefix)
	typed := !strings.ContainsAny(arg0, `/\`) || programName(underscore) == base
	if !isPlugin || typed {
		return base
	}
	return "kubectl " + pluginName(plugin)
}

// pluginName is what is typed after kubectl for the plugin kubectl-FILE: the dashes of its file separate words,
// its underscores are dashes.
func pluginName(file string) string {
	return strings.NewReplacer("-", " ", "_", "-").Replace(file)
}

// plugin is what is typed after kubectl in the commands of hints and help texts: sts, unless the program is
// installed as another plugin.
func (e *Env) plugin() string {
	if name, ok := strings.CutPrefix(e.Called, "kubectl "); ok {
		return name
	}
	if file, ok := strings.CutPrefix(e.Called, "kubectl-"); ok {
		return pluginName(file)
	}
	return "sts"
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

// style is that of text on standard output.
func (e *Env) style() render.Style {
	return e.styleOf(e.OutTerminal)
}

func (e *Env) styleOf(terminal bool) render.Style {
	s := render.Style{Color: e.colored(terminal), ASCII: e.ascii, NoHeaders: e.noHeaders}
	if terminal && e.Size != nil {
		s.Width, _ = e.Size()
	}
	return s
}

// helpWidth is the width of lists of flags.
func (e *Env) helpWidth() int {
	const most = 100
	if e.OutTerminal && e.Size != nil {
		if width, _ := e.Size(); width > 0 {
			return min(width, most)
		}
	}
	return most
}

// errStyle is that of text on standard error.
func (e *Env) errStyle() render.Style {
	return e.styleOf(e.ErrTerminal)
}

// changing says that the command changes the cluster from here on: it does not end when its output is closed.
func (e *Env) changing() {
	if e.readers != nil {
		e.readers.changing.Store(true)
	}
}

// confirm asks for confirmation on the terminal. Without one, --yes is required.
func (e *Env) confirm(ctx context.Context, question string) error {
	a, err := e.ask(ctx, question+" [y/N] ")
	if err == nil && a != "y" && a != "yes" {
		return errDeclined
	}
	return err
}

// confirmNumber asks the user to type the number of objects.
func (e *Env) confirmNumber(ctx context.Context, n int, what string) error {
	a, err := e.ask(ctx, msgTypeNumber(n, what))
	if err == nil && a != strconv.Itoa(n) {
		return errDeclined
	}
	return err
}

// confirmName asks the user to type a name. Without a terminal, a flag is required.
func (e *Env) confirmName(ctx context.Context, question, name, flag string) error {
	if !e.InTerminal {
		return usagef("%s", flag)
	}
	a, err := e.ask(ctx, question)
	if err == nil && a != name {
		return errDeclined
	}
	return err
}

func (e *Env) ask(ctx context.Context, question string) (string, error) {
	if !e.InTerminal {
		return "", usagef("a confirmation is required, but there is no terminal: rerun with --yes to confirm")
	}
	if e.readers != nil && e.readers.gone.Load() {
		return "", errOutputClosed // the question cannot be read
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
		if !strings.HasSuffix(line, "\n") { // the input ended without Enter
			_, _ = fmt.Fprintln(e.ErrOut)
		}
		return strings.ToLower(strings.TrimSpace(line)), nil
	}
}
