package render

import (
	"cmp"
	_ "embed"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/forecast"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The picture's measures, in pixels.
const (
	svgWidth  = 960
	svgLeft   = 120 // where the time begins
	svgRight  = 24
	svgTop    = 96
	svgBottom = 74
	// mostArrows is the number above which arrows would cover what they explain.
	mostArrows = 60
	// svgChar is the greatest width of a character of the small text.
	svgChar = 7
)

// svgSkeleton is the picture without what its size depends on. It has the colours for light and for
// dark. Words have the colour of text, and all that has a meaning has a shape as well, for readers
// who do not see colours.
//
//go:embed forecast.svg.tmpl
var svgSkeleton string

// lane is one ordinal's pods over time.
type lane struct {
	ordinal sts.Ordinal
	pod     string
	spans   []laneSpan
}

// laneSpan is a pod in one state, which may be endless.
type laneSpan struct {
	from, to   time.Duration
	endless    bool
	state      forecast.EventKind // what began it: PodCreated, PodReady, PodUnready, PodDeleted
	role       forecast.RevisionRole
	revision   string
	neverReady bool
}

// ForecastSVG draws a forecast: a row for each ordinal, the highest on top, and the time
// from left to right.
func ForecastSVG(out io.Writer, f *forecast.Forecast) error {
	d := &drawing{f: f, lanes: lanes(f), arrows: arrows(f)}
	d.row = rowHeight(len(d.lanes))
	d.end = max(f.Took.Duration, time.Second)
	if slices.ContainsFunc(d.lanes, (*lane).stuck) {
		d.end += d.end / 5 // to show it
	}
	return d.write(out)
}

// rowHeight limits the height of a picture of many ordinals.
func rowHeight(rows int) float64 {
	return min(34, max(4, 1200/float64(max(rows, 1))))
}

// lanes are the ordinals' pods, the highest ordinal first.
func lanes(f *forecast.Forecast) []*lane {
	roles := map[string]forecast.RevisionRole{}
	for _, r := range f.Revisions {
		roles[r.Name] = r.Role
	}
	byPod := map[string]*lane{}
	var out []*lane
	for _, o := range slices.Backward(f.Ordinals) {
		l := &lane{ordinal: o.Ordinal, pod: o.Pod}
		if b := o.Before; b != nil {
			state := forecast.PodReady
			switch {
			case b.Terminating:
				state = forecast.PodDeleted
			case !b.Ready:
				state = forecast.PodCreated
			}
			l.begin(laneSpan{from: -time.Hour, state: state, role: roles[b.Revision], revision: b.Revision})
		}
		byPod["pod/"+o.Pod] = l
		out = append(out, l)
	}
	for _, e := range f.Events {
		l := byPod[e.Object]
		if l == nil {
			continue
		}
		switch e.Kind {
		case forecast.PodGone:
			l.end(e.At.Duration)
		case forecast.PodCreated, forecast.PodReady, forecast.PodUnready, forecast.PodDeleted:
			l.begin(laneSpan{from: e.At.Duration, state: e.Kind, role: e.Role, revision: e.Revision})
		}
	}
	for _, l := range out {
		if n := len(l.spans) - 1; n >= 0 && l.spans[n].endless {
			l.spans[n].neverReady = l.spans[n].state != forecast.PodReady
		}
	}
	return out
}

// stuck says whether the ordinal's pod ends as one that is not ready.
func (l *lane) stuck() bool { return len(l.spans) > 0 && l.spans[len(l.spans)-1].neverReady }

func (l *lane) begin(s laneSpan) {
	l.end(s.from)
	s.endless = true
	l.spans = append(l.spans, s)
}

func (l *lane) end(at time.Duration) {
	if n := len(l.spans) - 1; n >= 0 && l.spans[n].endless {
		l.spans[n].to, l.spans[n].endless = at, false
	}
}

// arrow leads from an event to one of another ordinal that waits for it.
type arrow struct{ from, to *forecast.ForecastEvent }

func arrows(f *forecast.Forecast) []arrow {
	var out []arrow
	for i := range f.Events {
		e := &f.Events[i]
		if e.Ordinal == nil || e.Kind != forecast.PodCreated && e.Kind != forecast.PodDeleted {
			continue
		}
		for _, n := range e.After {
			if c := &f.Events[n-1]; c.Ordinal != nil && *c.Ordinal != *e.Ordinal {
				out = append(out, arrow{c, e})
			}
		}
	}
	if len(out) > mostArrows {
		return nil
	}
	return out
}

type drawing struct {
	strings.Builder

	f      *forecast.Forecast
	lanes  []*lane
	arrows []arrow
	row    float64
	end    time.Duration
}

func (d *drawing) put(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *drawing) height() float64 { return svgTop + d.row*float64(len(d.lanes)) + svgBottom }

// x is the place of a moment. A little of the time before the change and after the last event is
// shown.
func (d *drawing) x(at time.Duration) float64 {
	const tail = 28
	share := float64(at) / float64(d.end)
	return min(max(svgLeft, svgLeft+tail+share*(svgWidth-svgLeft-svgRight-2*tail)), svgWidth-svgRight)
}

func (d *drawing) y(row int) float64 { return svgTop + d.row*float64(row) }

// write fills in the skeleton.
func (d *drawing) write(out io.Writer) error {
	title := msgForecastPictureTitle(d.f.Namespace, d.f.Name, whatChanges(d.f))
	outcome := &d.f.Outcome
	d.draw()
	skeleton, err := template.New("forecast").Funcs(template.FuncMap{"xml": xmlText}).Parse(svgSkeleton)
	if err != nil {
		return err
	}
	return skeleton.Execute(out, map[string]any{
		"Width": svgWidth, "Height": d.height(), "Margin": svgRight, "OutcomeX": svgRight + 5, "OutcomeTextX": svgRight + 18,
		"Title": title, "ShortTitle": clip(title, 105),
		"Outcome": outcome.Message, "OutcomeColour": outcomeColour(outcome.State), "OutcomeLine": clip(fmt.Sprintf("%s: %s", outcome.State, outcome.Message), 130),
		"Drawing": d.String(),
	})
}

// draw draws what is different in each picture.
func (d *drawing) draw() {
	d.legend()
	d.axis()
	for n, l := range d.lanes {
		d.lane(n, l)
	}
	for _, a := range d.arrows {
		d.arrow(a)
	}
}

func whatChanges(f *forecast.Forecast) string {
	switch {
	case len(f.Changes) > 0:
	case len(f.Events) == 0:
		return msgForecastPictureOfNothing()
	case f.From == forecast.Manifest:
		return msgForecastPictureOfCreation()
	default:
		return msgForecastPictureOfNextSteps()
	}
	return strings.Join(f.Changes, ", ")
}

func outcomeColour(s forecast.OutcomeState) string {
	switch s {
	case forecast.OutcomeComplete:
		return "good"
	case forecast.OutcomeStuck:
		return "bad"
	}
	return "warn"
}

// legend explains what is in the picture.
func (d *drawing) legend() {
	x := float64(svgRight)
	entry := func(shape, text string) {
		d.put(`  %s`, fmt.Sprintf(shape, x))
		d.text(x+24, 80, "dim small", text)
		x += 40 + float64(len(text))*6.2
	}
	const box = `<rect class="%s" x="%%g" y="71" width="18" height="10" rx="2"/>`
	for _, r := range d.f.Revisions {
		text := sts.Words(r.Role)
		if images := imageWords(r.Images); images != "" {
			text += " " + images
		}
		entry(fmt.Sprintf(box, "bar "+sts.Words(r.Role)), clip(text, 50))
	}
	seen := map[forecast.EventKind]bool{}
	never := false
	for _, l := range d.lanes {
		for _, s := range l.spans {
			seen[s.state], never = true, never || s.neverReady
		}
	}
	if seen[forecast.PodCreated] || seen[forecast.PodUnready] {
		entry(fmt.Sprintf(box, "bar notready stable"), msgForecastLegendNotReady())
	}
	if seen[forecast.PodDeleted] {
		entry(fmt.Sprintf(box, "bar going"), msgForecastLegendTerminating())
	}
	if never {
		entry(`<rect x="%g" y="71" width="18" height="10" rx="2" fill="none" class="never"/>`, msgForecastLegendStuck())
	}
	if len(d.f.Claims) > 0 {
		entry(`<rect class="claim" x="%g" y="75" width="18" height="3"/>`, msgForecastLegendClaim())
	}
	if len(d.arrows) > 0 {
		entry(`<path class="arrow" d="M%g 76h16" marker-end="url(#head)"/>`, msgForecastLegendArrow())
	}
}

func imageWords(images map[string]string) string {
	var out []string
	for _, image := range images {
		out = append(out, image)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ", ")
}

// ticks are round times, about six of them.
func ticks(end time.Duration) []time.Duration {
	steps := []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if end/s <= 7 {
			step = s
			break
		}
	}
	var out []time.Duration
	for t := time.Duration(0); t <= end; t += max(step, end/8) {
		out = append(out, t)
	}
	return out
}

func (d *drawing) axis() {
	bottom := d.y(len(d.lanes))
	for _, t := range ticks(d.end) {
		x := d.x(t)
		d.put(`  <path class="grid" d="M%.1f %dV%g"/>`, x, svgTop-6, bottom+6)
		d.put(`  <text class="text dim small" x="%.1f" y="%g" text-anchor="middle">%s</text>`, x, bottom+22, say(t))
	}
	d.text(svgRight, bottom+46, "dim small", msgForecastPictureTimes(say(d.f.Assumed.ReadyAfter.Duration), say(d.f.Assumed.TerminateAfter.Duration)))
}

// say is a duration without its zeros: 2m, not 2m0s.
func say(t time.Duration) string {
	text := t.Round(time.Second).String()
	if t < time.Second {
		text = t.String()
	}
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (d *drawing) lane(n int, l *lane) {
	y, height := d.y(n), d.row*0.62
	if every := int(14/d.row) + 1; n%every == 0 {
		d.text(svgRight, y+height/2+4, cmp.Or(map[bool]string{true: "small"}[d.row < 14], ""), clipLeft(l.pod, (svgLeft-svgRight)/svgChar))
	}
	for _, s := range l.spans {
		class, state := sts.Words(s.role), msgForecastPodReady
		switch s.state {
		case forecast.PodCreated, forecast.PodUnready:
			class, state = class+" notready", msgForecastPodNotReady
		case forecast.PodDeleted:
			class, state = "going", msgForecastPodTerminating
		}
		if s.neverReady {
			class += " never"
		}
		to := s.to
		if s.endless {
			to = 2 * d.end
		}
		x := d.x(s.from)
		d.put(`  <rect class="bar %s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2"><title>%s</title></rect>`,
			class, x, y, max(1, d.x(to)-x), height, xmlText(state(l.pod, s.revision, s.neverReady)))
	}
	d.claims(l, y+height+1, max(1, d.row*0.09))
}

// claims are thin lines below their ordinal's pods.
func (d *drawing) claims(l *lane, y, height float64) {
	for _, c := range d.f.Claims {
		if c.Ordinal != l.ordinal {
			continue
		}
		from, to := -d.end, 2*d.end
		switch {
		case c.At == nil:
		case c.Effect == forecast.ClaimIsCreated:
			from = c.At.Duration
		case c.Effect == forecast.ClaimIsDeleted:
			to = c.At.Duration
		}
		x := d.x(from)
		d.put(`  <rect class="claim" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s</title></rect>`, x, y, max(1, d.x(to)-x), height, xmlText(c.Message))
		y += height + 1
	}
}

func (d *drawing) arrow(a arrow) {
	place := func(e *forecast.ForecastEvent) (float64, float64) {
		row := slices.IndexFunc(d.lanes, func(l *lane) bool { return l.ordinal == *e.Ordinal })
		return d.x(e.At.Duration), d.y(row) + d.row*0.31
	}
	x1, y1 := place(a.from)
	x2, y2 := place(a.to)
	if y2 > y1 {
		y1, y2 = y1+d.row*0.31, y2-d.row*0.31
	} else {
		y1, y2 = y1-d.row*0.31, y2+d.row*0.31
	}
	d.put(`  <path class="arrow" d="M%.1f %.1fL%.1f %.1f" marker-end="url(#head)"/>`, x1, y1, x2, y2)
}

func (d *drawing) text(x, y float64, class, text string) {
	d.put(`  <text class="%s" x="%g" y="%g">%s</text>`, strings.TrimSpace("text "+class), x, y, xmlText(text))
}

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// clip keeps the beginning of a text, clipLeft its end, where an ordinal is.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func clipLeft(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return "…" + string(r[len(r)-most+1:])
	}
	return s
}
