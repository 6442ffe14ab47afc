package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Forecast prints what will happen: a timeline, what happens to claims and names, what
// PodDisruptionBudgets would have allowed, and the outcome. In full, a long timeline is not shortened.
func Forecast(w io.Writer, f *forecast.Forecast, st Style, full bool) error {
	p := &forecastPage{Forecast: f, style: st}
	p.head()
	if len(f.Events) > 0 {
		if err := p.timeline(full); err != nil {
			return err
		}
	}
	if err := p.sections(full); err != nil {
		return err
	}
	p.end()
	_, err := io.WriteString(w, p.out.String())
	return err
}

type forecastPage struct {
	*forecast.Forecast
	style Style
	out   strings.Builder
}

func (p *forecastPage) line(indent int, tone Tone, text string) {
	p.out.WriteString(p.style.Wrap(strings.Repeat(" ", indent), indent, tone, text))
}

// head names the set and its changes, and how long they take.
func (p *forecastPage) head() {
	text := msgForecastNothingHappens(p.Name)
	if n := len(p.Events); n > 0 {
		text = msgForecastSteps(p.Name, n, p.Took.Duration, p.Assumed.ReadyAfter.Duration, p.Assumed.TerminateAfter.Duration)
	}
	p.line(0, Bold, text)
	for _, c := range p.Changes {
		p.line(2, Plain, c)
	}
}

// step is one line of the timeline: an event, or several of one kind at one time.
type step struct {
	events []*forecast.ForecastEvent
	orders []sts.Ordinal // the numbers of the events, also of those that the line includes
	after  []sts.Ordinal
	what   string // without the subject
	claims int    // that are created with it
}

// shownSteps and shownStepsEnd are how many lines at the beginning and at the end of a long timeline
// are shown.
const shownSteps, shownStepsEnd = 18, 6

func (p *forecastPage) timeline(full bool) error {
	p.out.WriteString("\n")
	t := table{style: p.style, indent: "  "}
	t.header("TIME", "STEP", "EVENT", "AFTER", "REASON")
	steps := p.steps()
	left := len(steps) - shownSteps - shownStepsEnd
	var at string
	for i, s := range steps {
		if !full && left > 2 && i >= shownSteps && i < shownSteps+left {
			if i == shownSteps {
				t.row(cell{p.omitted(steps[i : i+left]), Dim})
			}
			at = ""
			continue
		}
		e := s.events[0]
		now := sts.Duration(e.At.Duration)
		shown := now
		if now == at {
			shown = ""
		}
		at = now
		t.row(cell{shown, Plain}, cell{numbers(s.orders), Dim}, cell{p.what(s), eventTone(e)}, cell{numbers(s.after), Dim}, cell{e.Waits, Dim})
	}
	t.fit("REASON", "AFTER")
	return t.print(&p.out)
}

// steps groups what happens at one time: the same event of several pods, and a pod with its new
// claims. An event that waits for another one of that time stays behind it.
func (p *forecastPage) steps() []step {
	var out []step
	begin := 0                    // of the lines of this time
	line := map[sts.Ordinal]int{} // by the number of an event of this time
	claims := map[sts.Ordinal][]*forecast.ForecastEvent{}
	for i := range p.Events {
		e := &p.Events[i]
		if i > 0 && e.At != p.Events[i-1].At {
			begin = len(out)
			clear(line)
		}
		if e.Kind == forecast.ClaimCreated {
			claims[*e.Ordinal] = append(claims[*e.Ordinal], e)
			continue
		}
		s := newStep(e, claims)
		least := begin
		for _, n := range s.after {
			if at, ok := line[n]; ok {
				least = max(least, at+1)
			}
		}
		at := slices.IndexFunc(out[least:], s.sameAs)
		if at += least; at < least {
			at = len(out)
			out = append(out, s)
		} else {
			out[at].add(s)
		}
		for _, n := range s.orders {
			line[n] = at
		}
	}
	return out
}

// newStep is an event, with the claims that are created for its pod.
func newStep(e *forecast.ForecastEvent, claims map[sts.Ordinal][]*forecast.ForecastEvent) step {
	s := step{events: []*forecast.ForecastEvent{e}, what: predicate(e)}
	all := []*forecast.ForecastEvent{e}
	if e.Kind == forecast.PodCreated {
		all = append(slices.Clone(claims[*e.Ordinal]), e)
		s.claims = len(all) - 1
		delete(claims, *e.Ordinal)
	}
	for _, one := range all {
		s.orders = append(s.orders, sts.Ordinal(one.Order))
		for _, n := range orders(one.After) {
			if !slices.Contains(s.orders, n) {
				s.after = append(s.after, n)
			}
		}
	}
	return s
}

func (s step) sameAs(o step) bool {
	return o.events[0].Kind == s.events[0].Kind && o.what == s.what && o.claims == s.claims && o.events[0].Waits == s.events[0].Waits
}

func (s *step) add(o step) {
	s.events, s.orders, s.after = append(s.events, o.events...), append(s.orders, o.orders...), append(s.after, o.after...)
}

func orders(list []int) []sts.Ordinal {
	out := make([]sts.Ordinal, len(list))
	for i, n := range list {
		out[i] = sts.Ordinal(n)
	}
	return out
}

// numbers are the numbers of steps, in short.
func numbers(list []sts.Ordinal) string {
	if len(list) == 0 {
		return ""
	}
	text := sts.FormatOrdinals(list)
	if len(text) > len("10, 12") {
		return fmt.Sprintf("%s…%s", slices.Min(list), slices.Max(list))
	}
	return text
}

// predicate is the message of an event without its object.
func predicate(e *forecast.ForecastEvent) string {
	_, name, _ := strings.Cut(e.Object, "/")
	_, rest, _ := strings.Cut(e.Message, " "+name+" ")
	return rest
}

// what describes an event of one object or several.
func (p *forecastPage) what(s step) string {
	names := make([]string, len(s.events))
	for i, e := range s.events {
		var kind string
		kind, names[i], _ = strings.Cut(e.Object, "/")
		if e.Ordinal == nil { // no pod, and no claim
			names[i] = strings.TrimSuffix(kind, ".apps") + " " + names[i]
		}
	}
	return msgForecastStep(sayNames(names), s.what, s.claims, len(names) > 1)
}

// sayNames lists a few names, and of many consecutive ones the first and the last.
func sayNames(names []string) string {
	const few = 3
	parts := names
	if len(names) > few {
		parts = nil
		for rest := names; len(rest) > 0; {
			n := run(rest)
			if n < few {
				n = 1
				parts = append(parts, rest[0])
			} else {
				parts = append(parts, rest[0]+" to "+rest[n-1])
			}
			rest = rest[n:]
		}
	}
	n := len(parts)
	switch {
	case n > 2*few: // of several templates, say
		return names[0] + " to " + names[len(names)-1]
	case n > 1:
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
	return parts[0]
}

// run is how many of the first names differ by one in their ordinals, up or down.
func run(names []string) int {
	step, n := 0, 1
	for ; n < len(names); n++ {
		a, b := strings.LastIndex(names[n-1], "-")+1, strings.LastIndex(names[n], "-")+1
		from, err := strconv.Atoi(names[n-1][a:])
		to, err2 := strconv.Atoi(names[n][b:])
		if err != nil || err2 != nil || names[n-1][:a] != names[n][:b] || to-from != 1 && from-to != 1 || step != 0 && to-from != step {
			break
		}
		step = to - from
	}
	return n
}

func eventTone(e *forecast.ForecastEvent) Tone {
	switch e.Kind {
	case forecast.PodReady, forecast.PodAvailable:
		return Good
	case forecast.PodDeleted, forecast.ClaimGone:
		return Warn
	}
	return Plain
}

// omitted stands for the lines that are left out.
func (p *forecastPage) omitted(steps []step) string {
	subjects := map[sts.Ordinal]bool{}
	for _, s := range steps {
		for _, e := range s.events {
			if e.Ordinal != nil {
				subjects[*e.Ordinal] = true
			}
		}
	}
	var all []sts.Ordinal
	for o := range subjects {
		all = append(all, o)
	}
	last := steps[len(steps)-1]
	return msgForecastOmitted(len(steps), all, last.events[0].At.Duration)
}
