package print

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Fit cuts text to a terminal: lines at its width, and as many of them as leave a
// line for the cursor. How many were left out is said. An unknown size cuts nothing.
func Fit(text string, size func() (width, height int)) string {
	width, height := size()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	const least = 4 // lower than that is no help to anybody
	if room := height - 1; height > least && len(lines) > room {
		left := len(lines) - room + 1
		lines = append(lines[:room-1:room-1], fmt.Sprintf("… %d more lines: make the terminal higher", left))
	}
	for i, line := range lines {
		lines[i] = fitLine(line, width)
	}
	return strings.Join(lines, "\n") + "\n"
}

// fitLine cuts a line that may hold colours, which take no room.
func fitLine(line string, width int) string {
	if width <= 0 || utf8.RuneCountInString(line) <= width {
		return line
	}
	var b strings.Builder
	used, escape, coloured := 0, false, false
	for _, r := range line {
		switch {
		case r == '\x1b':
			escape, coloured = true, true
		case escape:
			escape = r != 'm'
		case used == width:
			continue // colours behind the edge are still wanted: they end what began before
		default:
			used++
		}
		b.WriteRune(r)
	}
	if !coloured {
		return b.String()
	}
	return b.String() + "\x1b[0m"
}
