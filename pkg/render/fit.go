package render

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Fit cuts text to a terminal: lines at its width, and as many of them as leave a
// line for the cursor. Lines are left out in the middle, with their number: the updated
// ordinals are at the top, and the current state is in the last paragraph. An unknown
// size cuts nothing.
func Fit(text string, size func() (width, height int)) string {
	width, height := size()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	const least = 4 // a smaller terminal is not supported
	if room := height - 1; height > least && len(lines) > room {
		end := conclusion(lines, room/2)
		left := len(lines) - room + 1
		lines = slices.Concat(lines[:room-1-end], []string{fmt.Sprintf("… %d more lines: enlarge the terminal", left)}, lines[len(lines)-end:])
	}
	for i, line := range lines {
		lines[i] = fitLine(line, width)
	}
	return strings.Join(lines, "\n") + "\n"
}

// conclusion is how many lines the last paragraph has, with the blank line before it;
// 0 when it is too long.
func conclusion(lines []string, most int) int {
	for n := 1; n <= min(most, len(lines)); n++ {
		if lines[len(lines)-n] == "" {
			return n
		}
	}
	return 0
}

// fitLine cuts a line that may have colours, which take no space.
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
			continue // colours behind the edge are kept: they reset those before it
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

// fit makes the table as narrow as its style requires, with some space for the last
// column: the columns with these titles are removed, in this order, then the widest texts
// are cut in the middle. An unknown width changes nothing.
func (t *table) fit(drop ...string) {
	if t.style.Width <= 0 || len(t.rows) == 0 {
		return
	}
	over := func() int {
		all := t.widths()
		return t.fixed() + min(all[len(all)-1], 24) - t.style.Width
	}
	for _, title := range drop {
		if over() <= 0 {
			return
		}
		t.drop(title)
	}
	const least = 12
	widths := t.widths()
	for n := over(); n > 0; n-- {
		widest := 0
		for i := range widths[:len(widths)-1] {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= least {
			break
		}
		widths[widest]--
	}
	for _, row := range t.rows {
		for i := range row[:len(row)-1] {
			row[i].text = t.style.middle(row[i].text, widths[i])
		}
	}
}

// fixed is how wide the table is without its last column.
func (t *table) fixed() int {
	widths := t.widths()
	n := len(t.indent)
	for _, w := range widths[:len(widths)-1] {
		n += w + 2
	}
	return n
}

// drop removes the column with that title.
func (t *table) drop(title string) {
	at := slices.IndexFunc(t.rows[0], func(c cell) bool { return c.text == title })
	if at < 0 {
		return
	}
	for i, row := range t.rows {
		if len(row) > 1 {
			t.rows[i] = slices.Delete(row, at, at+1)
		}
	}
}

// Cut shortens plain text to a width at its end; an unknown width, below 1, cuts nothing.
func (s Style) Cut(text string, width int) string {
	if width < 1 || utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + s.ellipsis()
}

// middle shortens text to a width: names of one kind differ at their ends.
func (s Style) middle(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	end := width / 2
	return string(runes[:width-1-end]) + s.ellipsis() + string(runes[len(runes)-end:])
}
