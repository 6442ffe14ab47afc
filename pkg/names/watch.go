package names

import (
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The pause between two queries of one name, while the answer is incorrect.
const (
	minPause = 250 * time.Millisecond
	// MaxPause is the longest of these pauses.
	MaxPause = 5 * time.Second
)

// longer is the pause after this one.
func longer(pause time.Duration) time.Duration { return min(max(2*pause, minPause), MaxPause) }

// PermanentError is an error of a DNS server that another attempt does not resolve.
type PermanentError struct{ Err error }

func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *PermanentError) Unwrap() error { return e.Err }

// Watch is a report over time: it decides which names to query when, and what has changed. A name is
// queried only while it is published: before that, a query would make DNS servers cache, for all
// clients, that the name does not exist. It has no clock; now is an argument.
type Watch struct {
	// Report is that of the last look at the cluster, nil before the first one.
	Report *DNSReport

	ordinals sts.Ordinals
	tracks   map[Question]*track
	// problem is why the last round of queries failed, empty if it did not.
	problem  string
	pause    time.Duration
	answered bool   // there has been an answer
	server   string // of the last answers
}

// track is one query over time.
type track struct {
	// want is what the answer should be, and since when.
	want  string
	since time.Time
	asks  bool // the name should be queried now

	answer *Answer
	at     time.Time // of the answer
	due    time.Time // of the next query
	pause  time.Duration
	flying bool
	state  string // the last one in [Watch.Changes]
}

// NewWatch is a watch of the names of these ordinals, of all if there are none.
func NewWatch(ordinals sts.Ordinals) *Watch {
	return &Watch{ordinals: ordinals, tracks: map[Question]*track{}}
}

// Look takes over what the names should resolve to from a new report.
func (w *Watch) Look(now time.Time, r *DNSReport) {
	w.Report = r
	seen := map[Question]bool{}
	published := map[string]bool{} // also with an address that is not the pod's
	for i := range r.Items {
		for k := range r.Items[i].Replicas {
			replica := &r.Items[i].Replicas[k]
			published[replica.FQDN] = replica.Published != nil && *replica.Published
		}
	}
	r.Lookups(func(l *DNSLookup) {
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

// Due are the queries to make now; if there are none, next is how long to wait for the first of them.
func (w *Watch) Due(now time.Time) (due []Question, next time.Duration) {
	next = MaxPause
	w.Report.Lookups(func(l *DNSLookup) {
		t := w.tracks[l.Question]
		if !t.asks || l.Verdict == Correct {
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

// Answer takes over a server's answers to the queries that were due. It reports whether the round
// before had failed.
func (w *Watch) Answer(now time.Time, server string, answers []Answer) (recovered bool) {
	recovered = w.problem != ""
	if recovered {
		w.problem, w.pause = "", 0
	}
	w.answered, w.server = true, server
	for i := range answers {
		t := w.tracks[answers[i].Question]
		if t == nil || !t.flying {
			continue // the expected answer has changed meanwhile: it is queried again
		}
		t.flying, t.answer, t.at = false, &answers[i], now
		t.pause = longer(t.pause)
		t.due = now.Add(t.pause)
		if left := t.answer.TTL; left > 0 && left < t.pause {
			t.due = now.Add(left) // then the cached answer expires
		}
	}
	return recovered
}

// Fail schedules the queries that were due again, because the server could not be queried. It reports
// whether this is a new problem.
func (w *Watch) Fail(now time.Time, problem string) (isNew bool) {
	isNew = problem != w.problem
	w.problem, w.pause = problem, longer(w.pause)
	for _, t := range w.tracks {
		if t.flying {
			t.flying, t.due = false, now.Add(w.pause)
		}
	}
	return isNew
}

// Judge adds the last answers to the report, with the rest of their TTLs. clusterNow is the time in the
// cluster.
func (w *Watch) Judge(now, clusterNow time.Time) {
	var answers []Answer
	for _, t := range w.tracks {
		if t.answer != nil {
			a := *t.answer
			a.TTL = max(0, a.TTL-now.Sub(t.at)).Truncate(time.Second)
			answers = append(answers, a)
		}
	}
	w.Report.Server = w.server
	w.Report.Judge(clusterNow, answers)
}

// Complete reports whether there is an answer for each name that is queried. It is also true while
// the server cannot be queried: then there is nothing to wait for.
func (w *Watch) Complete() bool {
	for _, t := range w.tracks {
		if t.asks && t.answer == nil && w.problem == "" {
			return false
		}
	}
	return true
}
