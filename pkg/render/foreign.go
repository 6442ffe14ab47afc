package render

import (
	"regexp"
	"strings"
	"unicode"
)

// escapes are the sequences that move the cursor, set colors or set the window's title: CSI, the
// strings OSC, DCS, SOS, PM and APC with their content, and the short ones (ECMA-48, section 5).
var escapes = regexp.MustCompile(`\x1b\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[\x20-\x2f]*[\x30-\x7e]`)

// Foreign is a line that another program or an API object contains, without anything that would change the
// terminal. A progress bar that overwrites itself is shown as it ended.
func Foreign(line string) string {
	line = strings.TrimRight(line, "\r\n")
	line = line[strings.LastIndexByte(line, '\r')+1:]
	line = strings.ReplaceAll(escapes.ReplaceAllString(line, ""), "\t", "    ")
	return strings.Map(func(r rune) rune {
		if changesTerminal(r) {
			return -1
		}
		return r
	}, line)
}

// changesTerminal reports whether the character does something else than stand for itself: control
// characters, those of format, such as U+202E, which reverses the rest of the line, and the separators of
// lines and paragraphs.
func changesTerminal(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Printable is the text without what would change the terminal: messages of events, of container
// states and of the API server are foreign. Its lines stay.
func Printable(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return changesTerminal(r) && r != '\n' }) < 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Foreign(line)
	}
	return strings.Join(lines, "\n")
}

// OneLine is the printable text on one line.
func OneLine(text string) string { return strings.ReplaceAll(Printable(text), "\n", " ") }
