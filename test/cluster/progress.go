package cluster

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// progress tells a person that a long build lives: one line rewritten in place
// on a terminal, a line now and then in a log.
type progress struct {
	out      io.Writer
	terminal bool

	mu      sync.Mutex
	what    string
	doing   string
	unit    string
	counted int
	began   time.Time
	stop    chan struct{}
	stopped sync.WaitGroup
}

func newProgress(out io.Writer) *progress {
	if out == nil {
		out = io.Discard
	}
	p := &progress{out: out}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// say prints one line.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line(fmt.Sprintf(format, args...) + "\n")
}

// line needs p.mu.
func (p *progress) line(text string) {
	if p.terminal {
		text = "\r\x1b[K" + text // over the line that is rewritten in place
	}
	_, _ = io.WriteString(p.out, text) // progress that can't be shown is no failure
}

// start begins to report on what.
func (p *progress) start(what, usually string) {
	p.what, p.began, p.stop = what, time.Now(), make(chan struct{})
	p.say("%s (%s)", what, usually)
	every := 15 * time.Second
	if p.terminal {
		every = 200 * time.Millisecond
	}
	p.stopped.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.beat()
			case <-p.stop:
				return
			}
		}
	})
}

// phase names the step at hand and what is counted in it.
func (p *progress) phase(doing, unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doing, p.unit, p.counted = doing, unit, 0
}

func (p *progress) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf("  %s: %d %s, %s", p.doing, p.counted, p.unit, time.Since(p.began).Round(time.Second))
	if !p.terminal {
		text += "\n"
	}
	p.line(text)
}

// done reports success.
func (p *progress) done() {
	p.say("%s: done in %s", p.what, time.Since(p.began).Round(100*time.Millisecond))
}

// finish ends the reporting, however it went.
func (p *progress) finish() {
	close(p.stop)
	p.stopped.Wait()
	if p.terminal {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.line("")
	}
}

// count is a writer that counts the lines with this prefix.
func (p *progress) count(prefix string) io.Writer {
	return &lineCounter{p: p, prefix: prefix}
}

type lineCounter struct {
	p      *progress
	prefix string
	rest   []byte
}

func (c *lineCounter) Write(data []byte) (int, error) {
	c.rest = append(c.rest, data...)
	for {
		line, rest, found := bytes.Cut(c.rest, []byte("\n"))
		if !found {
			return len(data), nil
		}
		c.rest = rest
		if strings.HasPrefix(string(line), c.prefix) {
			c.p.mu.Lock()
			c.p.counted++
			c.p.mu.Unlock()
		}
	}
}
