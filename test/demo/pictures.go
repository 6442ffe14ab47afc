package main

import (
	"bytes"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// pictures turn parts of the demo into pictures of a terminal. What they show is what the commands have printed.
type pictures struct {
	folder string
	// name is that of the picture that is being taken, empty between pictures.
	name string
	text bytes.Buffer
}

// film starts a picture of the commands that follow; an empty name ends it.
func (s *stage) film(name string) error {
	p := s.pictures
	if p == nil {
		return nil
	}
	last := p.name
	p.name = name
	if last == "" {
		return nil
	}
	defer p.text.Reset()
	return os.WriteFile(filepath.Join(p.folder, last+".svg"), terminal(p.text.String()), 0o644) //nolint:gosec // for everyone
}

// add adds a command and its output to the picture.
func (p *pictures) add(line, output string) {
	if p.name == "" {
		return
	}
	if p.text.Len() > 0 {
		p.text.WriteString("\n")
	}
	p.text.WriteString(bold + "$ " + line + plain + "\n" + strings.TrimSuffix(output, "\n") + "\n")
}

// The geometry of a picture, in pixels. The width of a character is forced, so that columns are aligned in any font.
const (
	lineHeight = 18.0
	charWidth  = 7.8
	margin     = 16.0
)

// The colors are those of GitHub's dark and light pages; one file has both.
const head = `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %[1]f %[2]f" role="img" xml:space="preserve">
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #1f2328 }
rect { fill: #f6f8fa; stroke: #d1d9e0 }
.bold { font-weight: bold } .dim { fill: #59636e } .red { fill: #cf222e } .green { fill: #1a7f37 } .orange { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } rect { fill: #0d1117; stroke: #30363d }
.dim { fill: #9198a1 } .red { fill: #ff7b72 } .green { fill: #3fb950 } .orange { fill: #f0883e }
}
</style>
<rect x="0.5" y="0.5" width="%.0f" height="%.0f" rx="6"/>
`

// looks are the classes of the escape sequences that the plugin writes.
var looks = map[string]string{"1": "bold", "2": "dim", "31": "red", "32": "green", "38;5;166": "orange", "0": ""}

var look = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// terminal is the picture of a text with colors.
func terminal(text string) []byte {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	widest := 0
	for _, line := range lines {
		widest = max(widest, utf8.RuneCountInString(look.ReplaceAllString(line, "")))
	}
	width, height := 2*margin+float64(widest)*charWidth, 2*margin+float64(len(lines))*lineHeight
	var b bytes.Buffer
	fmt.Fprintf(&b, head, width, height, width-1, height-1)
	for n, line := range lines {
		column, class := 0, ""
		y := margin + float64(n)*lineHeight + 13
		begin := 0
		for _, at := range append(look.FindAllStringSubmatchIndex(line, -1), []int{len(line), len(line), 0, 0}) {
			if part := line[begin:at[0]]; part != "" {
				count := utf8.RuneCountInString(part)
				fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" textLength="%.1f" class="%s">%s</text>`+"\n",
					margin+float64(column)*charWidth, y, float64(count)*charWidth, class, html.EscapeString(part))
				column += count
			}
			begin, class = at[1], looks[line[at[2]:at[3]]]
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
