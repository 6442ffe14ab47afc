package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

// dnsWatch queries names until they resolve correctly. It watches what they should resolve to. A
// name is queried only while it is published: before that, a query would make DNS servers cache,
// for all clients, that the name does not exist.
type dnsWatch struct {
	*common
	options dnsOptions
	out     *output
	client  *kube.Client
	server  nameServer
	screen  *screen

	report *names.DNSReport
	tracks map[names.Question]*track
	// broken is why the last query of the server failed.
	broken string
	pause  time.Duration
	asked  bool // there has been an answer
	begun  bool // the first round of answers has been shown

	told     string // the last progress, without ages
	nextTell time.Time
}

// track is one query over time.
type track struct {
	// want is what the answer should be, and since when.
	want  string
	since time.Time
	asks  bool // the name should be queried now

	answer *names.Answer
	at     time.Time // of the answer
	due    time.Time // of the next query
	pause  time.Duration
	flying bool
	told   string
}

// The pause between two queries of one name, while the answer is incorrect.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
)

// answered is the result of a round of queries.
type answered struct {
	answers []names.Answer
	err     error
}

// watchDNS runs until the name of every ordinal in range resolves correctly (--wait), or until it is
// stopped.
func watchDNS(ctx context.Context, c *common, client *kube.Client, server nameServer, o dnsOptions, out *output) error {
	w := &dnsWatch{common: c, options: o, out: out, client: client, server: server, screen: newScreen(c.env), tracks: map[names.Question]*track{}}
	defer w.screen.done()
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.timeout, &loop.TimeoutError{After: o.timeout})
		defer cancel()
	}
	view, err := client.OpenNames(ctx, o.query, w.screen.tell())
	if err != nil {
		return w.end(ctx, err)
	}
	err = w.run(ctx, view)
	return w.end(ctx, err)
}

func (w *dnsWatch) run(ctx context.Context, view *kube.View) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, answers, asking := view.WatchAll(ctx), make(chan answered, 1), false
	defer func() {
		cancel()
		if asking {
			<-answers // the query uses the server, which is closed next
		}
	}()
	timer := w.env.Clock.NewTimer(lastPause)
	defer timer.Stop()
	for {
		select {
		case inv, ok := <-changes:
			if !ok {
				return errors.Join(view.Err(), context.Cause(ctx))
			}
			w.follow(names.NewReport(inv, w.options.names))
		case a := <-answers:
			asking = false
			if ctx.Err() != nil { // an interrupted query says nothing about the server
				return context.Cause(ctx)
			}
			if err := w.receive(a); err != nil {
				return err
			}
		case <-timer.C():
		}
		if w.report == nil {
			continue
		}
		if done, err := w.tell(asking); done || err != nil {
			return err
		}
		if asking {
			continue
		}
		due, next := w.due()
		if len(due) > 0 {
			asking = true
			go func() {
				got, err := w.server.Resolve(ctx, due)
				answers <- answered{got, err}
			}()
			continue
		}
		timer.Reset(next)
	}
}

// end is the command's error after watching.
func (w *dnsWatch) end(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	cause := context.Cause(ctx)
	if timeout := (*loop.TimeoutError)(nil); errors.As(cause, &timeout) {
		if !w.options.wait {
			return nil // the requested duration of --watch
		}
		timeout.Last = operate.Decision{Verdict: operate.Wait, Message: w.waitingFor()}
		if w.report != nil { // the last state
			if err := showDNS(w.common, w.options, w.out, w.report); err != nil {
				return err
			}
		}
		return timeout
	}
	return cause
}

// follow updates what the names should resolve to.
func (w *dnsWatch) follow(r *names.DNSReport) {
	w.report = r
	now := w.env.Clock.Now()
	seen := map[names.Question]bool{}
	published := map[string]bool{} // also with an address that is not the pod's
	for i := range r.Items {
		for k := range r.Items[i].Replicas {
			replica := &r.Items[i].Replicas[k]
			published[replica.FQDN] = replica.Published != nil && *replica.Published
		}
	}
	w.report.Lookups(func(l *names.DNSLookup) {
		seen[l.Question] = true
		t := w.tracks[l.Question]
		if t == nil {
			t = &track{}
			w.tracks[l.Question] = t
		}
		if want := fmt.Sprint(l.Expected, l.Want); want != t.want {
			t.want, t.since, t.due, t.pause, t.flying = want, now, now, 0, false
			t.answer = nil
		}
		t.asks = l.Expected && (len(l.Want) > 0 || published[l.Name])
	})
	for q := range w.tracks {
		if !seen[q] {
			delete(w.tracks, q)
		}
	}
}

// due are the queries to make now, or how long to wait for the first of them.
func (w *dnsWatch) due() ([]names.Question, time.Duration) {
	var due []names.Question
	now, next := w.env.Clock.Now(), lastPause
	w.report.Lookups(func(l *names.DNSLookup) {
		t := w.tracks[l.Question]
		if !t.asks || l.Verdict == names.Correct {
			return
		}
		if wait := t.due.Sub(now); wait > 0 {
			next = min(next, wait)
			return
		}
		if !slices.Contains(due, l.Question) {
			t.flying = true
			due = append(due, l.Question)
		}
	})
	return due, next
}

// receive handles answers or a failure. An error ends the watch.
func (w *dnsWatch) receive(a answered) error {
	now := w.env.Clock.Now()
	if a.err != nil {
		if hopeless(a.err) {
			return a.err
		}
		if text := a.err.Error(); text != w.broken {
			w.broken = text
			w.screen.warn(msgDNSRetrying(text))
			if hinted := (*hintedError)(nil); errors.As(a.err, &hinted) {
				w.screen.say(render.Hint(w.hint(hinted.hint), w.screen.style))
			}
		}
		w.pause = min(max(2*w.pause, firstPause), lastPause)
		for _, t := range w.tracks {
			if t.flying {
				t.flying, t.due = false, now.Add(w.pause)
			}
		}
		return nil
	}
	if w.broken != "" {
		w.broken, w.pause = "", 0
		w.screen.line(msgDNSServerBack())
	}
	w.asked = true
	for i := range a.answers {
		t := w.tracks[a.answers[i].Question]
		if t == nil || !t.flying {
			continue // the expected answer has changed meanwhile: it is queried again
		}
		t.flying, t.answer, t.at = false, &a.answers[i], now
		t.pause = min(max(2*t.pause, firstPause), lastPause)
		t.due = now.Add(t.pause)
		if left := t.answer.TTL; left > 0 && left < t.pause {
			t.due = now.Add(left) // then the cached answer expires
		}
	}
	return nil
}

// judge adds the answers so far to the report, with the rest of their TTLs.
func (w *dnsWatch) judge() {
	var answers []names.Answer
	now := w.env.Clock.Now()
	for _, t := range w.tracks {
		if t.answer != nil {
			a := *t.answer
			a.TTL = max(0, a.TTL-now.Sub(t.at)).Truncate(time.Second)
			answers = append(answers, a)
		}
	}
	if w.asked {
		w.report.Server = w.server.String()
	}
	w.report.Judge(w.client.Now(), answers)
}

// tell shows what is new and reports whether --wait is done.
func (w *dnsWatch) tell(asking bool) (done bool, err error) {
	w.judge()
	if w.options.wait {
		if nameless := w.nameless(); nameless != nil {
			return true, nameless
		}
		done = !w.astray() && len(w.report.Pending()) == 0
	}
	if !done && !w.begun && (asking || w.unasked()) {
		return false, nil
	}
	if done && !w.options.watch || !w.begun && w.options.watch {
		if err := showDNS(w.common, w.options, w.out, w.report); err != nil {
			return true, err
		}
	}
	if w.options.watch {
		err = w.tellChanges()
	} else if !done {
		w.tellProgress()
	}
	w.begun = true
	return done, err
}

// unasked: there are queries without a first answer.
func (w *dnsWatch) unasked() bool {
	for _, t := range w.tracks {
		if t.asks && t.answer == nil && w.broken == "" {
			return true
		}
	}
	return false
}

// astray: so far there is no set, or none with any of the requested ordinals.
func (w *dnsWatch) astray() bool {
	return len(w.report.Items) == 0 || len(w.options.names.Ordinals) > 0 && !slices.ContainsFunc(w.report.Items, func(d names.DNSStatus) bool {
		return len(d.Replicas) > 0
	})
}

// nameless is a set whose pods can never have names.
func (w *dnsWatch) nameless() error {
	for i := range w.report.Items {
		if item := &w.report.Items[i]; item.Service.Name == "" && len(item.Replicas) > 0 {
			return &outcomeError{Decision: operate.Decision{
				Verdict: operate.Stuck, Message: msgDNSNothingToWaitFor(item.Name),
				Hint: hintDNSNoServiceName(),
			}}
		}
	}
	return nil
}

// tellEvery limits the lines of progress while many pods change.
const tellEvery = 2 * time.Second

// tellProgress writes to standard error what --wait is waiting for.
func (w *dnsWatch) tellProgress() {
	text := "waiting " + w.waitingFor()
	now := w.env.Clock.Now()
	if told := render.Ageless(text); told != w.told && !now.Before(w.nextTell) {
		w.told, w.nextTell = told, now.Add(tellEvery)
		w.screen.say(w.screen.style.Wrap("", 0, render.Plain, text))
		return
	}
	w.screen.over(text)
}

// waitingFor are the names that do not resolve correctly, and why the first one does not.
func (w *dnsWatch) waitingFor() string {
	if w.report == nil {
		return msgDNSForCluster()
	}
	pending := w.report.Pending()
	switch {
	case len(w.report.Items) == 0:
		return msgDNSForSet()
	case w.astray():
		return msgDNSForOrdinals()
	case w.broken != "":
		problem, _, _ := strings.Cut(w.broken, "\n")
		return msgDNSForServer(problem)
	case !w.asked && w.unasked():
		return msgDNSForFirstAnswers()
	case len(pending) == 0:
		return msgDNSForLastAnswers()
	}
	return msgDNSForNames(len(pending), pending[0], w.reasons()[pending[0]])
}

// reasons are why names do not resolve correctly, as far as that is known.
func (w *dnsWatch) reasons() map[string]string {
	why := map[string]string{}
	for i := range w.report.Items {
		for k := range w.report.Items[i].Replicas {
			switch r := &w.report.Items[i].Replicas[k]; {
			case r.Message != "":
				why[r.FQDN] = r.Message
			case !r.Expected && !r.Ready:
				why[r.FQDN] = msgDNSPodNotReady()
			case !r.Expected:
				why[r.FQDN] = msgDNSPodLeaving()
			}
		}
	}
	w.report.Lookups(func(l *names.DNSLookup) {
		if l.Message != "" && l.Verdict != names.Correct && why[l.Name] == "" {
			why[l.Name] = l.Message
		}
	})
	return why
}

// tellChanges shows the changes of each name: a line in human-readable formats, else the report.
func (w *dnsWatch) tellChanges() error {
	var lines []string
	why := w.reasons()
	w.report.Lookups(func(l *names.DNSLookup) {
		t := w.tracks[l.Question]
		news, text := t.news(l, why[l.Name])
		if news == "" || news == t.told {
			return
		}
		if t.told != "" {
			lines = append(lines, msgDNSChange(l.Name, l.Type, text))
		}
		t.told = news
	})
	switch {
	case len(lines) == 0 || !w.begun:
		return nil
	case w.out.format() != "" && !w.out.isWide():
		return showDNS(w.common, w.options, w.out, w.report)
	}
	_, err := fmt.Fprintln(w.env.Out, render.Printable(strings.Join(lines, "\n")))
	return err
}

// news is the state of a name: text for a person, and news to compare with the previous state. It is
// empty while there is no answer.
func (t *track) news(l *names.DNSLookup, why string) (news, text string) {
	switch {
	case !t.asks:
		return "unpublished", msgDNSUnpublished(why)
	case l.Verdict == "":
		return "", ""
	case l.Verdict != names.Correct:
		return fmt.Sprint(l.Verdict, l.Got, l.Want), msgDNSState(l.Verdict.Label(), l.Message)
	}
	text = strings.Join(l.Got, ", ")
	if len(l.Got) > mostNamed {
		text = msgDNSRecords(len(l.Got))
	}
	if took := t.at.Sub(t.since).Round(100 * time.Millisecond); took > 0 {
		text = msgDNSAfter(text, took)
	}
	return fmt.Sprint(l.Verdict, l.Got), msgDNSState(l.Verdict.Label(), text)
}
