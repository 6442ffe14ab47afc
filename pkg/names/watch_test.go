package names

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// watching is a Watch in the time of a test.
type watching struct {
	*Watch
	t   *testing.T
	now time.Time
}

func newWatching(t *testing.T, ordinals ...string) *watching {
	chosen, err := sts.ParseOrdinals(ordinals...)
	if err != nil {
		t.Fatal(err)
	}
	return &watching{Watch: NewWatch(chosen), t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func (f *watching) look(items ...DNSStatus) {
	f.Look(f.now, &DNSReport{Items: items})
	f.Judge(f.now, f.now)
}

// lookups is a look at names without pods.
func (f *watching) lookups(lookups ...DNSLookup) {
	f.look(DNSStatus{Service: DNSServiceStatus{Lookups: lookups}})
}

func (f *watching) answer(answers ...Answer) bool {
	recovered := f.Answer(f.now, "10.96.0.10", answers)
	f.Judge(f.now, f.now)
	return recovered
}

func (f *watching) fail(problem string) bool {
	isNew := f.Fail(f.now, problem)
	f.Judge(f.now, f.now)
	return isNew
}

// asks checks which names are queried or, if there are none, when the next one is.
func (f *watching) asks(what string, next time.Duration, hosts ...string) {
	f.t.Helper()
	due, wait := f.Due(f.now)
	var got []string
	for _, q := range due {
		got = append(got, q.Name)
	}
	if !slices.Equal(got, hosts) || len(hosts) == 0 && wait != next {
		f.t.Errorf("%s: asks for %v, next in %s; want %v, %s", what, got, wait, hosts, next)
	}
}

func lookup(name string, expected bool, want ...string) DNSLookup {
	return DNSLookup{Question: Question{Name: name, Type: recordA}, Expected: expected, Want: want}
}

func found(name string, ips ...string) Answer {
	return Answer{Question: Question{Name: name, Type: recordA}, Code: rcodeSuccess, Addresses: ips}
}

func missing(name string, ttl time.Duration) Answer {
	return Answer{Question: Question{Name: name, Type: recordA}, Code: rcodeNameError, TTL: ttl}
}

// Only published names that do not resolve correctly are queried, with growing pauses, but no later
// than a cached answer expires.
func TestWatchQueriesIncorrectNames(t *testing.T) {
	f := newWatching(t)
	// An address that is not the pod's is always wrong: the name is queried, and the answer shown.
	yes := true
	f.look(DNSStatus{Replicas: []DNSReplica{{FQDN: "web-7", Published: &yes, Lookups: []DNSLookup{lookup("web-7", true)}}}})
	f.asks("with another address", 0, "web-7")

	f.lookups(lookup("web-0", true, "10.0.0.1"), lookup("web-1", true, "10.0.0.2"), lookup("web-2", false), lookup("web-3", true))
	f.asks("first, published names", 0, "web-0", "web-1")
	ttl := 8 * time.Second
	f.answer(found("web-0", "10.0.0.1"), missing("web-1", ttl))
	f.asks("soon, incorrect names", minPause)
	for _, pause := range []time.Duration{minPause, 2 * minPause, 4 * minPause, 8 * minPause, 16 * minPause} {
		f.now = f.now.Add(pause)
		f.asks("after "+pause.String(), 0, "web-1")
		ttl -= pause
		f.answer(missing("web-1", ttl))
	}
	f.asks("when the cached answer expires", 250*time.Millisecond)
	f.now = f.now.Add(250 * time.Millisecond)
	f.asks("then", 0, "web-1")
	// The expected answer changes during the query.
	f.lookups(lookup("web-0", true, "10.0.0.1"), lookup("web-1", true, "10.0.0.9"), lookup("web-2", true, "10.0.0.3"))
	f.answer(missing("web-1", time.Second))
	f.asks("changed names, at once", 0, "web-1", "web-2")
}

// A server that does not answer is queried again with growing pauses. A problem is new once.
func TestWatchRetriesTheServer(t *testing.T) {
	f := newWatching(t)
	f.lookups(lookup("web-0", true, "10.0.0.1"), lookup("web-1", true, "10.0.0.2"))
	f.asks("first", 0, "web-0", "web-1")
	if f.Complete() {
		t.Error("complete without an answer")
	}
	for n, pause := range []time.Duration{minPause, 2 * minPause, 4 * minPause} {
		if isNew := f.fail("connection refused"); isNew != (n == 0) {
			t.Errorf("failure %d: new %t", n, isNew)
		}
		f.asks("after a failure, with a longer pause", pause)
		f.now = f.now.Add(pause)
		f.asks("and again", 0, "web-0", "web-1")
	}
	if !f.Complete() || f.Report.Server != "" {
		t.Errorf("waits for answers of a server that cannot be queried: %q", f.Report.Server)
	}
	if !f.fail("connection reset") {
		t.Error("another problem is not new")
	}
	f.now = f.now.Add(8 * minPause)
	f.asks("again", 0, "web-0", "web-1")
	if !f.answer(found("web-0", "10.0.0.1"), found("web-1", "10.0.0.2")) {
		t.Error("not recovered")
	}
	if f.answer() {
		t.Error("recovered twice")
	}
	if !f.Complete() || f.Report.Server != "10.96.0.10" {
		t.Errorf("not complete: server %q", f.Report.Server)
	}
	f.asks("all names are correct", MaxPause)
	f.lookups(lookup("web-0", true, "10.0.0.9"))
	f.asks("changed", 0, "web-0")
	if !f.fail("connection reset") {
		t.Error("a problem that comes back is not new")
	}
	f.asks("after the first failure since then", minPause)
}

// An answer is shown with the rest of its TTL.
func TestWatchCountsTTLsDown(t *testing.T) {
	f := newWatching(t)
	f.lookups(lookup("web-0", true, "10.0.0.1"))
	f.asks("first", 0, "web-0")
	f.answer(missing("web-0", 8*time.Second))
	f.now = f.now.Add(1500 * time.Millisecond)
	f.lookups(lookup("web-0", true, "10.0.0.1"))
	if got := f.Report.Items[0].Service.Lookups[0].KeptFor; got == nil || got.Duration != 6*time.Second {
		t.Errorf("cached for another %v, want 6s", got)
	}
}

func TestWaitingFor(t *testing.T) {
	ready := func(pod string, more ...DNSLookup) DNSReplica {
		return DNSReplica{FQDN: pod, Pod: pod, Desired: true, Expected: true, Ready: true, Lookups: more}
	}
	web := func(replicas ...DNSReplica) DNSStatus {
		return DNSStatus{Name: "web", Service: DNSServiceStatus{Name: "web"}, Replicas: replicas}
	}
	none := func(*watching) {}
	pending := lookup("web-0", true, "10.0.0.1")
	for _, test := range []struct {
		name     string
		ordinals []string
		play     func(f *watching)
		want     string
		resolved bool
	}{
		{"not seen yet", nil, none, msgForCluster(), false},
		{"no set", nil, func(f *watching) { f.look() }, msgForSet(), false},
		{"none of the ordinals", []string{"7"}, func(f *watching) { f.look(web()) }, msgForOrdinals(), false},
		{"no replicas, and none requested", nil, func(f *watching) { f.look(web()) }, msgForLastAnswers(), true},
		{"no answer", nil, func(f *watching) { f.look(web(ready("web-0", pending))) }, msgForFirstAnswers(), false},
		{"no server", nil, func(f *watching) {
			f.look(web(ready("web-0", pending)))
			f.fail("cannot query DNS server 10.96.0.10")
		}, msgForServer("cannot query DNS server 10.96.0.10"), false},
		{"no record", nil, func(f *watching) {
			f.look(web(ready("web-0", pending)))
			f.Due(f.now)
			f.answer(missing("web-0", 0))
		}, msgForNames(1, "web-0", msgDenied(msgNoSuchName(), 0)), false},
		{"correct", nil, func(f *watching) {
			f.look(web(ready("web-0", pending)))
			f.Due(f.now)
			f.answer(found("web-0", "10.0.0.1"))
		}, msgForLastAnswers(), true},
		{"not ready", nil, func(f *watching) {
			f.look(web(DNSReplica{FQDN: "web-0", Desired: true}, DNSReplica{FQDN: "web-1", Desired: true}))
		}, msgForNames(2, "web-0", msgPodNotReady()), false},
		{"being removed", nil, func(f *watching) { f.look(web(DNSReplica{FQDN: "web-0", Desired: true, Ready: true})) }, msgForNames(1, "web-0", msgPodLeaving()), false},
		{"with a reason", nil, func(f *watching) { f.look(web(DNSReplica{FQDN: "web-0", Desired: true, Message: msgNoPod()})) }, msgForNames(1, "web-0", msgNoPod()), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newWatching(t, test.ordinals...)
			test.play(f)
			if got := f.WaitingFor(); got != test.want {
				t.Errorf("waiting %s, want %s", got, test.want)
			}
			if f.Report != nil && f.Resolved() != test.resolved {
				t.Errorf("resolved: %t", !test.resolved)
			}
		})
	}
}

func TestNameless(t *testing.T) {
	named, nameless := DNSStatus{Name: "web", Service: DNSServiceStatus{Name: "web"}, Replicas: []DNSReplica{{}}}, DNSStatus{Name: "db", Replicas: []DNSReplica{{}}}
	for want, items := range map[string][]DNSStatus{"db": {named, nameless}, "": {named, {Name: "empty"}}} {
		if got := (&DNSReport{Items: items}).Nameless(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A change is reported once; the first state of a name is none.
func TestChanges(t *testing.T) {
	f := newWatching(t)
	expect := func(what string, want ...Change) {
		t.Helper()
		if diff := cmp.Diff(want, f.Changes(), cmp.AllowUnexported(DNSLookup{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	web := func(ready bool, ips ...string) {
		f.look(DNSStatus{Replicas: []DNSReplica{{FQDN: "web-0", Desired: true, Ready: ready, Expected: ready, Lookups: []DNSLookup{lookup("web-0", ready, ips...)}}}})
	}
	judged := func(l DNSLookup, v Verdict, code, message string, got ...string) DNSLookup {
		l.Verdict, l.Code, l.Message, l.Got = v, code, message, got
		return l
	}
	web(true, "10.0.0.1")
	expect("without an answer")
	f.Due(f.now)
	f.answer(found("web-0", "10.0.0.1"))
	expect("the first state")
	web(false)
	expect("not ready", Change{DNSLookup: lookup("web-0", false), Unpublished: true, Why: msgPodNotReady()})
	web(false)
	expect("still not ready")
	web(true, "10.0.0.2")
	expect("no answer yet")
	f.Due(f.now)
	wrong := found("web-0", "10.0.0.1")
	wrong.TTL = 5 * time.Second
	f.answer(wrong)
	incorrect := judged(lookup("web-0", true, "10.0.0.2"), Incorrect, rcodeSuccess, msgWrong([]string{"10.0.0.1"}, []string{"10.0.0.2"}, wrong.TTL), "10.0.0.1")
	incorrect.KeptFor = &metav1.Duration{Duration: wrong.TTL}
	expect("the previous address", Change{DNSLookup: incorrect})
	f.now = f.now.Add(3 * time.Second)
	web(true, "10.0.0.2")
	expect("the same, cached for less")
	f.Due(f.now)
	f.answer(found("web-0", "10.0.0.2"))
	expect("correct", Change{DNSLookup: judged(lookup("web-0", true, "10.0.0.2"), Correct, rcodeSuccess, "", "10.0.0.2"), After: 3 * time.Second})
	f.look()
	expect("scaled down")
	web(false)
	expect("back: its first state")
}

func TestServerHint(t *testing.T) {
	for _, test := range []struct {
		codes  []string
		source DomainSource
		want   sts.Hint
	}{
		{[]string{"SERVFAIL", "SERVFAIL"}, DomainCorefile, hintServerLog()},
		{[]string{"SERVFAIL", "NOERROR"}, DomainCorefile, nil},
		{[]string{"NXDOMAIN", "NXDOMAIN"}, DomainAssumed, hintClusterDomain("corp.test")},
		{[]string{"NXDOMAIN", "NXDOMAIN"}, DomainCorefile, nil},
		{[]string{"NXDOMAIN", "NOERROR"}, DomainAssumed, nil},
	} {
		r := &DNSReport{ClusterDomain: "corp.test", ClusterDomainSource: test.source, Items: []DNSStatus{{}}}
		var answers []Answer
		for i, code := range test.codes {
			l := lookup(string(rune('a'+i)), true, "10.0.0.1")
			r.Items[0].Service.Lookups = append(r.Items[0].Service.Lookups, l)
			answers = append(answers, Answer{Question: l.Question, Code: code})
		}
		r.Judge(time.Time{}, answers)
		if got := r.ServerHint(); got.String() != test.want.String() {
			t.Errorf("%v: hint %q, want %q", test.codes, got, test.want)
		}
	}
}

// What a pipeline stops for.
func TestFoundAndUnchecked(t *testing.T) {
	finding := func(code sts.FindingCode, severity sts.Severity) sts.Finding {
		return sts.Finding{Code: code, Severity: severity}
	}
	r := &DNSReport{
		Items: []DNSStatus{
			{Name: "web", Findings: []sts.Finding{finding("A", sts.SeverityError), finding("B", sts.SeverityInfo)}},
			{Name: "db", Findings: []sts.Finding{finding("C", sts.SeverityWarning)}},
		},
		Missing: []sts.Missing{{Resource: "nodes"}, {Resource: "services", Reason: "forbidden"}, {Resource: "pods"}},
	}
	if got, want := strings.Join(r.Found(), ", "), "A (statefulset/web), C (statefulset/db)"; got != want {
		t.Errorf("found %s, want %s", got, want)
	}
	if m := r.Unchecked(); m == nil || m.Resource != "services" {
		t.Errorf("unchecked: %v", m)
	}
	if m := (&DNSReport{Missing: r.Missing[:1]}).Unchecked(); m != nil {
		t.Errorf("no check needs %v", m)
	}
}

func TestNameserver(t *testing.T) {
	for text, want := range map[string]string{
		"search shop.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\nnameserver 10.96.0.11\noptions ndots:5\n": "10.96.0.10",
		"# nameserver 10.0.0.1\nnameserver\tfd00::a": "fd00::a",
		"search example.org\nnameserver\n":           "",
	} {
		if got := Nameserver(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
