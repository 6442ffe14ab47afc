// Package render turns reports into what people read. It is pure: a value and a
// style in, text out.
package render

import (
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Style is how text may look on the stream that it goes to.
type Style struct {
	// Color allows ANSI colours.
	Color bool
	// ASCII: marks of our own that count for the width are ASCII. Others are replaced when they are written.
	ASCII bool
	// Fold shows runs of healthy pods in a line, for a screen that is too small.
	Fold bool
	// NoHeaders omits the headers of tables.
	NoHeaders bool
	// Width is the terminal's, 0 when it is unknown: then nothing is cut.
	Width int
}

// Tone is the meaning of a piece of text; Style gives it a colour.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Good
	Warn
	Bad
	Dim
	Bold
)

// Orange, not the yellow of the first 16 colors, which is not readable on white.
var codes = map[Tone]string{Good: "32", Warn: "38;5;166", Bad: "31", Dim: "2", Bold: "1"}

// Paint colours the text where the style allows it.
func (s Style) Paint(t Tone, text string) string {
	text = Printable(text)
	code := codes[t]
	if !s.Color || code == "" || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// leastRoom is the width below which text is not wrapped: it would not be readable.
const leastRoom = 40

// Wrap breaks the text at words to fit the width; further lines are indented like the
// text of the first one. Line breaks in the text become spaces: what another client has written must
// not look like a line of ours. The prefix may be coloured, so its width is given.
func (s Style) Wrap(prefix string, prefixWidth int, t Tone, text string) string {
	if s.Width == 0 || s.Width-prefixWidth < leastRoom {
		return prefix + s.Paint(t, OneLine(text)) + "\n"
	}
	return s.wrap(prefix, prefixWidth, t, strings.Fields(text))
}

// wrap breaks the text between words.
func (s Style) wrap(prefix string, prefixWidth int, t Tone, words []string) string {
	room := s.Width - prefixWidth
	if s.Width == 0 || room < leastRoom {
		return prefix + s.Paint(t, OneLine(strings.Join(words, " "))) + "\n"
	}
	var b strings.Builder
	line, lead := "", prefix
	flush := func() {
		b.WriteString(lead + s.Paint(t, line) + "\n")
		line, lead = "", strings.Repeat(" ", prefixWidth)
	}
	for _, word := range words {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > room:
			flush()
			line = word
		default:
			line += " " + word
		}
	}
	flush()
	return b.String()
}

// arrow precedes a hint or an outcome.
func (s Style) arrow(indent string) (prefix string, width int) {
	return indent + s.Paint(Dim, "→") + " ", len(indent) + 2
}

// cell is a piece of text with its tone; its width counts without the colour.
type cell struct {
	text string
	tone Tone
}

// table aligns columns with two spaces between them, as kubectl does. The last
// column is neither padded nor, unless the style has a width, cut. A row of one cell
// goes across all columns.
type table struct {
	style  Style
	indent string
	rows   [][]cell
	// titled: the first row are the titles.
	titled bool
}

var trailingBlanks = regexp.MustCompile(` +\n`)

func (t *table) header(titles ...string) {
	row := make([]cell, len(titles))
	for i, title := range titles {
		row[i] = cell{title, Dim}
	}
	t.rows, t.titled = append(t.rows, row), true
}

func (t *table) row(cells ...cell) {
	for i := range cells {
		cells[i].text = OneLine(cells[i].text)
	}
	t.rows = append(t.rows, cells)
}

func (t *table) widths() []int {
	var widths []int
	for _, row := range t.rows {
		if len(row) == 1 {
			continue // a line across all columns
		}
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	return widths
}

func (t *table) print(w io.Writer) error {
	if t.titled && t.style.NoHeaders {
		t.rows = t.rows[1:]
	}
	widths := t.widths()
	var b strings.Builder
	for _, row := range t.rows {
		b.WriteString(t.indent)
		used := len(t.indent)
		for i, c := range row {
			if i == len(row)-1 {
				b.WriteString(t.style.Paint(c.tone, t.style.cut(c.text, used)))
				break
			}
			b.WriteString(t.style.Paint(c.tone, c.text))
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+2))
			used += widths[i] + 2
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, trailingBlanks.ReplaceAllString(b.String(), "\n"))
	return err
}

// cut keeps a line within the width, unless too little space is left to read anything.
func (s Style) cut(text string, used int) string {
	room := s.Width - used
	if s.Width == 0 || room < 20 || utf8.RuneCountInString(text) <= room {
		return text
	}
	return string([]rune(text)[:room-1]) + s.ellipsis()
}

// ellipsis is the mark of a text that was cut, one column wide.
func (s Style) ellipsis() string {
	if s.ASCII {
		return "~"
	}
	return "…"
}
