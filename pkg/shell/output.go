package shell

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

const (
	// headSize is how many bytes of a command's standard output are kept: its beginning.
	headSize = 1 << 20
	// tailSize is how many bytes of a command's output a report keeps: its end.
	tailSize = 4096
	// maxLine is after how many bytes an unfinished line is shown in parts.
	maxLine = 4096
)

// headWriter keeps the beginning of a command's output, to extract values from it.
type headWriter struct {
	text      strings.Builder
	truncated bool
}

// Write implements io.Writer. It never fails: output that is too long is cut.
func (w *headWriter) Write(p []byte) (int, error) {
	fits := min(len(p), headSize-w.text.Len())
	w.truncated = w.truncated || fits < len(p)
	w.text.Write(p[:fits])
	return len(p), nil
}

// labelWriter shows a command's output line by line with a label, and keeps its end.
type labelWriter struct {
	show  func(line string)
	label string
	quiet bool // kept, and not shown

	mu   sync.Mutex
	line []byte // is not complete yet
	end  []byte
}

// Write implements io.Writer.
func (w *labelWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end = append(w.end, p...)
	w.end = w.end[max(0, len(w.end)-tailSize):]
	rest := slices.Concat(w.line, p)
	for len(rest) > 0 {
		n := bytes.IndexByte(rest[:min(len(rest), maxLine)], '\n') + 1
		if n == 0 && len(rest) >= maxLine {
			n = wholeRunes(rest[:maxLine])
		}
		if n == 0 {
			break
		}
		w.showLine(rest[:n])
		rest = rest[n:]
	}
	w.line = append(w.line[:0], rest...)
	return len(p), nil
}

// flush shows a last line without a newline.
func (w *labelWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.line) > 0 {
		w.showLine(w.line)
		w.line = nil
	}
}

func (w *labelWriter) showLine(line []byte) {
	if w.quiet {
		return
	}
	w.show(w.label + " | " + render.Foreign(string(line)) + "\n")
}

// tail is the end of the output, without the last newline.
func (w *labelWriter) tail() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.TrimRight(strings.ToValidUTF8(string(w.end), ""), "\r\n")
}

// wholeRunes is how many of the bytes are whole runes.
func wholeRunes(b []byte) int {
	for n := len(b) - 1; n > len(b)-utf8.UTFMax; n-- {
		if utf8.RuneStart(b[n]) {
			if utf8.FullRune(b[n:]) {
				return len(b)
			}
			return n
		}
	}
	return len(b)
}
