package names

import (
	"fmt"
	"time"
)

// Change is the new state of a name.
type Change struct {
	DNSLookup
	// Unpublished: the name is not queried, because it is not published.
	Unpublished bool
	// Why it is not published, if that is known.
	Why string
	// After is how long it took until the name resolved correctly, since that was expected.
	After time.Duration
}

// Changes are the names whose state differs from the one at the previous call. The first state of a
// name is no change, and a name without an answer has none.
func (w *Watch) Changes() []Change {
	var changes []Change
	why := w.Report.reasons()
	w.Report.Lookups(func(l *DNSLookup) {
		t := w.tracks[l.Question]
		state := t.stateOf(l)
		if state == "" || state == t.state {
			return
		}
		if t.state != "" {
			changes = append(changes, t.change(l, why[l.Name]))
		}
		t.state = state
	})
	return changes
}

// stateOf is what is compared of a name. How long an answer may be cached is no change.
func (t *track) stateOf(l *DNSLookup) string {
	switch {
	case !t.asks:
		return "unpublished"
	case l.Verdict == "":
		return ""
	case l.Verdict != Correct:
		return fmt.Sprint(l.Verdict, l.Got, l.Want)
	}
	return fmt.Sprint(l.Verdict, l.Got)
}

func (t *track) change(l *DNSLookup, why string) Change {
	c := Change{DNSLookup: *l, Unpublished: !t.asks}
	switch {
	case c.Unpublished:
		c.Why = why
	case l.Verdict == Correct:
		c.After = t.at.Sub(t.since)
	}
	return c
}
