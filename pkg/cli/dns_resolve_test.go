package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// A flag that says where to query, or until when, implies --resolve.
func TestQueriesAreImplied(t *testing.T) {
	c := &common{env: &Env{}, config: genericclioptions.NewConfigFlags(true)}
	for _, test := range []struct {
		options  resolveOptions
		resolves bool
	}{
		{resolveOptions{}, false},
		{resolveOptions{resolve: true}, true},
		{resolveOptions{from: "pod/web-0"}, true},
		{resolveOptions{server: "10.96.0.10"}, true},
		{resolveOptions{wait: true}, true},
		{resolveOptions{watch: true}, true},
	} {
		o := dnsOptions{resolveOptions: test.options}
		if err := o.check(newDNS(c), newOutput(&cobra.Command{})); err != nil || o.resolve != test.resolves || o.names.Resolve != test.resolves {
			t.Errorf("%+v: resolve %t, error %v", test.options, o.resolve, err)
		}
	}
}

func TestOwnServer(t *testing.T) {
	for _, test := range []struct{ text, want, err string }{
		{"search shop.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\nnameserver 10.96.0.11\noptions ndots:5\n", "10.96.0.10", ""},
		{"# nameserver 10.0.0.1\nnameserver\tfd00::a", "fd00::a", ""},
		{"search example.org\nnameserver\n", "", "no nameserver"},
	} {
		file := filepath.Join(t.TempDir(), "resolv.conf")
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ownServer(file)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != msgDNSNoNameserver(file) {
			t.Errorf("%q: %s, error %v", test.text, got, err)
		}
	}
	if _, err := ownServer(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: error %v", err)
	}
}

func TestServerHint(t *testing.T) {
	for _, test := range []struct {
		codes  []string
		source names.DomainSource
		want   string
	}{
		{[]string{"SERVFAIL", "SERVFAIL"}, names.DomainCorefile, hintDNSServerLog().String()},
		{[]string{"SERVFAIL", "NOERROR"}, names.DomainCorefile, ""},
		{[]string{"NXDOMAIN", "NXDOMAIN"}, names.DomainAssumed, hintDNSClusterDomain("corp.test").String()},
		{[]string{"NXDOMAIN", "NXDOMAIN"}, names.DomainCorefile, ""},
		{[]string{"NXDOMAIN", "NOERROR"}, names.DomainAssumed, ""},
	} {
		r := &names.DNSReport{ClusterDomain: "corp.test", ClusterDomainSource: test.source, Items: []names.DNSStatus{{}}}
		var answers []names.Answer
		for i, code := range test.codes {
			q := names.Question{Name: string(rune('a' + i)), Type: "A"}
			r.Items[0].Service.Lookups = append(r.Items[0].Service.Lookups, names.DNSLookup{Question: q, Expected: true, Want: []string{"10.0.0.1"}})
			answers = append(answers, names.Answer{Question: q, Code: code})
		}
		r.Judge(time.Time{}, answers)
		if got := serverHint(r).String(); (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%v: hint %q, want %q", test.codes, got, test.want)
		}
	}
}

// Only published names that do not resolve correctly are queried, with growing pauses, but no later
// than a cached answer expires.
func TestWatchQueriesIncorrectNames(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := clocktesting.NewFakeClock(now)
	streams, _, _, stderr := genericiooptions.NewTestIOStreams()
	env := &Env{IOStreams: streams, Clock: clock}
	w := &dnsWatch{common: &common{env: env, config: genericclioptions.NewConfigFlags(true)}, screen: newScreen(env), tracks: map[names.Question]*track{}}
	question := func(name string) names.Question { return names.Question{Name: name, Type: "A"} }
	lookup := func(name string, expected bool, want ...string) names.DNSLookup {
		return names.DNSLookup{Question: question(name), Expected: expected, Want: want}
	}
	see := func(lookups ...names.DNSLookup) {
		w.follow(&names.DNSReport{Items: []names.DNSStatus{{Service: names.DNSServiceStatus{Lookups: lookups}}}})
	}
	var answers []names.Answer
	asks := func(what string, next time.Duration, hosts ...string) {
		t.Helper()
		w.report.Judge(clock.Now(), answers)
		due, wait := w.due()
		var got []string
		for _, q := range due {
			got = append(got, q.Name)
		}
		if strings.Join(got, " ") != strings.Join(hosts, " ") || len(hosts) == 0 && wait != next {
			t.Errorf("%s: asks for %v, next in %s; want %v, %s", what, got, wait, hosts, next)
		}
	}
	receive := func(list ...names.Answer) {
		t.Helper()
		answers = list
		if err := w.receive(answered{answers: list}); err != nil {
			t.Fatal(err)
		}
	}
	// An address that is not the pod's is always wrong: the name is queried, and the answer shown.
	yes := true
	w.follow(&names.DNSReport{Items: []names.DNSStatus{{Replicas: []names.DNSReplica{
		{FQDN: "web-7", Published: &yes, Lookups: []names.DNSLookup{lookup("web-7", true)}},
	}}}})
	asks("with another address", 0, "web-7")

	right := names.Answer{Question: question("web-0"), Code: "NOERROR", Addresses: []string{"10.0.0.1"}}
	denied := names.Answer{Question: question("web-1"), Code: "NXDOMAIN", TTL: 8 * time.Second}

	see(lookup("web-0", true, "10.0.0.1"), lookup("web-1", true, "10.0.0.2"), lookup("web-2", false), lookup("web-3", true))
	asks("first, published names", 0, "web-0", "web-1")
	receive(right, denied)
	asks("soon, incorrect names", firstPause)
	for _, pause := range []time.Duration{firstPause, 2 * firstPause, 4 * firstPause, 8 * firstPause, 16 * firstPause} {
		clock.Step(pause)
		asks("after "+pause.String(), 0, "web-1")
		denied.TTL -= pause
		receive(right, denied)
	}
	asks("when the cached answer expires", 250*time.Millisecond)
	clock.Step(250 * time.Millisecond)
	asks("then", 0, "web-1")
	// The expected answer changes during the query.
	see(lookup("web-0", true, "10.0.0.1"), lookup("web-1", true, "10.0.0.9"), lookup("web-2", true, "10.0.0.3"))
	receive(right, denied)
	answers = []names.Answer{right}
	asks("changed names, at once", 0, "web-1", "web-2")

	broken := &hintedError{err: errors.New("cannot query DNS server 10.96.0.10: connection refused"), hint: sts.Hintf("hint")}
	for range 2 {
		if err := w.receive(answered{err: broken}); err != nil {
			t.Fatal(err)
		}
		asks("after a failure, with a longer pause", w.pause)
		clock.Step(w.pause)
		asks("and again", 0, "web-1", "web-2")
	}
	receive(right, names.Answer{Question: question("web-1"), Code: "NOERROR", Addresses: []string{"10.0.0.9"}},
		names.Answer{Question: question("web-2"), Code: "NOERROR", Addresses: []string{"10.0.0.3"}})
	asks("all names are correct", lastPause)
	said := "warning: " + msgDNSRetrying("cannot query DNS server 10.96.0.10: connection refused") + "\n→ hint\n" + msgDNSServerBack() + "\n"
	if stderr.String() != said {
		t.Errorf("said %q, want %q", stderr, said)
	}
	if err := w.receive(answered{err: &hopelessError{context.DeadlineExceeded}}); err == nil {
		t.Error("retries a hopeless error")
	}
}
