package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

// human prints the sets for a person.
func (p *reporter) human(w io.Writer, now time.Time, st render.Style) error {
	// Sets by name: a screen each. A list: a line each.
	if len(p.options.query.Names) == 0 || p.out.isWide() || p.out.labels {
		if len(p.report.Items) == 0 {
			return nil
		}
		return render.StatusTable(w, p.report, st, p.out.tableColumns(p.options.all))
	}
	for i := range p.report.Items {
		if i > 0 {
			_, _ = fmt.Fprintln(w)
		}
		item := p.report.Items[i]
		item.Hint = p.hint(item.Hint)
		if err := render.StatusScreen(w, &item, now, st); err != nil {
			return err
		}
	}
	return nil
}

// tell prints the view's messages between the frames before and after them.
func (p *reporter) tell() kube.Tell {
	screen := newScreen(p.env)
	noted := func(say func(string)) func(string) {
		return func(text string) {
			say(text)
			if p.env.ErrTerminal {
				p.below.Store(true)
			}
		}
	}
	tell := screen.tell()
	return kube.Tell{Warn: noted(tell.Warn), Say: noted(tell.Say)}
}

// redraw replaces the last frame on the terminal. What does not fit is omitted from the
// end: the highest ordinals, where updates begin, are at the top.
func (p *reporter) redraw(text string) error {
	text = render.Fit(text, p.env.Size)
	width, height := p.env.Size()
	size := [2]int{width, height}
	resized := p.lines > 0 && size != p.size
	p.size = size
	if p.below.Swap(false) {
		p.shown, p.lines = "", 0
	}
	if resized { // the terminal may have wrapped the last frame, so that it is not known where it begins
		p.shown, p.lines = "", 0
		if _, err := io.WriteString(p.env.Out, "\x1b[H\x1b[2J"); err != nil {
			return err
		}
	}
	if text == p.shown {
		return nil
	}
	move := ""
	if p.lines > 0 {
		move = fmt.Sprintf("\x1b[%dA\r", p.lines)
	}
	// Each line is written over the old one: clearing the screen first would flicker,
	// and some terminals keep what is cleared in their scrollback.
	frame := move + strings.ReplaceAll(text, "\n", "\x1b[K\n") + "\x1b[J"
	p.shown, p.lines = text, strings.Count(text, "\n")
	_, err := io.WriteString(p.env.Out, frame)
	return err
}

// lineMode prints a line for each set that has changed.
func (p *reporter) lineMode(w io.Writer) {
	if p.said == nil {
		p.said = map[string]string{}
	}
	for i := range p.report.Items {
		item := &p.report.Items[i]
		key, line := item.Namespace+"/"+item.Name, render.StatusLine(item)
		if said := render.Ageless(line); p.said[key] != said {
			p.said[key] = said
			_, _ = fmt.Fprintln(w, line)
		}
	}
}

// progress prints what --for is waiting for on standard error.
func (p *reporter) progress() {
	p.lineMode(p.env.ErrOut)
}
