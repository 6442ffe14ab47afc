package cli

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
)

// stream is standard output or standard error of the process. It outlives its reader: "… | head" ends a report, but
// never a change, whose output is lost then.
type stream struct {
	out io.Writer
	// ascii: what the terminal cannot show is replaced.
	ascii bool
	// readers is shared by both streams.
	readers *readers
}

// readers are those of the output, and what happens when one closes it.
type readers struct {
	// closed is called at the first write after a reader has closed its end, unless a change is in progress.
	closed func(error)
	// changing: the command changes the cluster, so the output does not matter.
	changing atomic.Bool
	// gone: output is lost.
	gone atomic.Bool
}

// endedReport says whether a report was ended because its output was closed.
func (r *readers) endedReport() bool { return r.gone.Load() && !r.changing.Load() }

// errOutputClosed is why a report ends: its reader needs no more of it.
var errOutputClosed = errors.New("the output was closed")

// Write implements [io.Writer].
func (s *stream) Write(text []byte) (int, error) {
	shown := text
	if s.ascii {
		shown = []byte(asciiOnly.Replace(string(text)))
	}
	_, err := s.out.Write(shown)
	switch {
	case !errors.Is(err, syscall.EPIPE):
		if err != nil {
			return 0, err
		}
	case s.readers.changing.Load():
		s.readers.gone.Store(true)
	default:
		s.readers.gone.Store(true)
		s.readers.closed(errOutputClosed)
		return 0, errOutputClosed
	}
	return len(text), nil
}

// exactly is the writer for text that programs read: nothing in it is replaced.
func exactly(w io.Writer) io.Writer {
	if s, ok := w.(*stream); ok && s.ascii {
		return &stream{out: s.out, readers: s.readers}
	}
	return w
}

// asciiOnly replaces the characters of our own that are not ASCII. A shortened text has been marked in ASCII before:
// its width counts.
var asciiOnly = strings.NewReplacer("…", "...", "→", ">", "└", "`", "├", "|", "│", "|", "─", "-", "✓", "+", "✗", "x")

// showsUnicode says whether the locale and the terminal can show more than ASCII.
func showsUnicode(getenv func(string) string) bool {
	if getenv("TERM") == "dumb" {
		return false
	}
	if runtime.GOOS == "windows" { // its console has no locale
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // in the order of POSIX
		if value := strings.ToLower(getenv(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}
