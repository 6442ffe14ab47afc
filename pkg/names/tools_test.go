package names

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The exact output of the tools: BIND 9.18, busybox 1.35 and an old busybox, glibc.
const (
	bindHead    = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n"
	busyboxHead = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
	oldHead     = "Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n\n"
	digHead     = ";; Got answer:\n;; WARNING: .local is reserved for Multicast DNS\n" +
		";; ->>HEADER<<- opcode: QUERY, status: %s, id: 25999\n;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0\n\n"
	digTail = "\n;; Query time: 4 msec\n;; SERVER: 10.96.0.10#53(10.96.0.10) (UDP)\n;; WHEN: Sun Nov 22 16:06:19 UTC 2026\n;; MSG SIZE  rcvd: 66\n"
	digSOA  = "\n;; AUTHORITY SECTION:\ncluster.local.\t\t30\tIN\tSOA\tns.dns.cluster.local. hostmaster.cluster.local. 1763827000 7200 1800 86400 5\n"
)

func TestTools(t *testing.T) {
	const web0 = "web-0.web.shop.svc.cluster.local"
	dig := func(status, records string) string { return fmt.Sprintf(digHead, status) + records + digTail }
	tests := []struct {
		name, tool, record, text, want string
	}{
		{"BIND: address", "nslookup", "A", bindHead + "Name:\t" + web0 + "\nAddress: 10.0.0.5\n", "NOERROR 10.0.0.5"},
		{"BIND: IPv6", "nslookup", "AAAA", "Server:\t\tfd00::a\nAddress:\tfd00::a#53\n\nName:\t" + web0 + "\nAddress: fd00::5\n", "NOERROR fd00::5"},
		{"BIND: two addresses behind an alias", "nslookup", "A", bindHead + "web-0.web\tcanonical name = b.web.\nName:\tb.web\nAddress: 10.0.0.5\nName:\tb.web\nAddress: 10.0.0.6\n", "NOERROR 10.0.0.5 10.0.0.6"},
		{"BIND: services", "nslookup", "SRV", bindHead + "_http\tservice = 0 50 80 " + web0 + ".\n_http\tservice = 0 50 81 web-1.web.\n", "NOERROR " + web0 + ":80 web-1.web:81"},
		{"BIND: no such name", "nslookup", "A", bindHead + "** server can't find none.web.shop.svc.cluster.local: NXDOMAIN\n", "NXDOMAIN"},
		{"BIND: no such record", "nslookup", "AAAA", bindHead + "*** Can't find web-1.web.shop.svc.cluster.local.: No answer\n", "NOERROR"},
		{"BIND: server failure", "nslookup", "A", ";; Got SERVFAIL reply from 10.96.0.10\n" + bindHead + "** server can't find fail.web.shop.svc.cluster.local: SERVFAIL\n", "SERVFAIL"},
		{"BIND: time-out", "nslookup", "A", ";; communications error to 10.96.0.10#53: timed out\n;; no servers could be reached\n", "timed out: " + msgNoAnswer()},
		{"BIND: the first server was silent", "nslookup", "A", ";; communications error to 10.96.0.9#53: timed out\n" + bindHead + "Name:\t" + web0 + "\nAddress: 10.0.0.5\n", "NOERROR 10.0.0.5"},

		{"busybox: address", "nslookup", "A", busyboxHead + "Name:\t" + web0 + "\nAddress: 10.0.0.5\n\n", "NOERROR 10.0.0.5"},
		{"busybox: services", "nslookup", "SRV", busyboxHead + "_http\tservice = 0 50 80 " + web0 + "\n", "NOERROR " + web0 + ":80"},
		{"busybox: no such name", "nslookup", "A", busyboxHead + "** server can't find none.web.shop.svc.cluster.local.: NXDOMAIN\n\n", "NXDOMAIN"},
		{"busybox: no such record", "nslookup", "AAAA", busyboxHead + "\n", "NOERROR"},
		{"busybox: refused", "nslookup", "A", busyboxHead + "** server can't find ref.web.shop.svc.cluster.local.: REFUSED\n\n", "REFUSED"},
		{"busybox: time-out", "nslookup", "A", ";; connection timed out; no servers could be reached\n", "timed out: " + msgNoAnswer()},
		{"busybox: connection refused", "nslookup", "A", "nslookup: read: Connection refused\n;; connection timed out; no servers could be reached\n", "timed out: " + msgNoAnswer()},

		{"old busybox: addresses of both kinds", "nslookup", "A", oldHead + "Name:      web-0.web\nAddress 1: 10.0.0.5 " + web0 + "\nAddress 2: fd00::5 " + web0 + "\n", "NOERROR 10.0.0.5"},
		{"old busybox: none", "nslookup", "A", oldHead + "nslookup: can't resolve 'none.web': Name or service not known\n", "NOTFOUND"},
		{"unexpected output", "nslookup", "A", "Segmentation \x1b[31mfault\n", msgUnexpectedOutput("Segmentation \x1b[31mfault")},

		{"dig: address", "dig", "A", dig("NOERROR", ";; ANSWER SECTION:\n"+web0+". 5 IN\tA\t10.0.0.5\n"), "NOERROR 10.0.0.5 5s"},
		{"dig: alias", "dig", "A", dig("NOERROR", ";; ANSWER SECTION:\nweb-0. 3 IN\tCNAME\tb.\nb.\t\t5\tIN\tA\t10.0.0.5\n"), "NOERROR 10.0.0.5 3s"},
		{"dig: services", "dig", "SRV", dig("NOERROR", ";; ANSWER SECTION:\n_http. 5 IN SRV\t0 50 80 "+web0+".\n"), "NOERROR " + web0 + ":80 5s"},
		{"dig: no such name", "dig", "A", dig("NXDOMAIN", digSOA), "NXDOMAIN 5s"},
		{"dig: no such record", "dig", "AAAA", dig("NOERROR", digSOA), "NOERROR 5s"},
		{"dig: server failure", "dig", "A", dig("SERVFAIL", ""), "SERVFAIL"},
		{"dig: time-out", "dig", "A", ";; communications error to 10.96.0.10#53: timed out\n;; no servers could be reached\n", "timed out: " + msgNoAnswer()},

		{"getent: addresses", "getent", "A", "10.0.0.5        STREAM " + web0 + "\n10.0.0.5        DGRAM\n10.0.0.5        RAW\n", "NOERROR 10.0.0.5"},
		{"getent: of the other kind", "getent", "AAAA", "::ffff:10.0.0.5 STREAM " + web0 + "\n", "NOTFOUND"},
		{"getent: none", "getent", "A", "", "NOTFOUND"},
		{"getent: services", "getent", "SRV", "", msgGetentSRV()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := Answer{Question: Question{Type: test.record}}
			readers[test.tool](test.text, &a)
			if diff := cmp.Diff(test.want, outcome(a)); diff != "" {
				t.Error(diff)
			}
			for cut := range test.text { // truncated output does not crash it
				readers[test.tool](test.text[:cut], &Answer{Question: a.Question})
			}
		})
	}
}

// outcome is an answer in one line.
func outcome(a Answer) string {
	parts := []string{a.Code}
	if a.Problem != "" {
		parts = []string{a.Problem}
	}
	if a.TimedOut {
		parts = append([]string{"timed out:"}, parts...)
	}
	parts = append(parts, a.Addresses...)
	for _, s := range a.Services {
		parts = append(parts, fmt.Sprintf("%s:%d", s.Target, s.Port))
	}
	if a.TTL > 0 {
		parts = append(parts, a.TTL.String())
	}
	return strings.Join(parts, " ")
}

func TestToolOutput(t *testing.T) {
	web0, web1 := Question{Name: "web-0.web", Type: "A"}, Question{Name: "web-1.web", Type: "A"}
	command := ToolCommand(1400*time.Millisecond, []Question{web0, web1})
	if diff := cmp.Diff([]string{"sh", "1", "A/web-0.web", "A/web-1.web"}, command[3:]); diff != "" {
		t.Error(diff)
	}
	out := ParseToolOutput("@tool nslookup\n@asked A/web-0.web\n" + bindHead + "Name:\tweb-0.web\nAddress: 10.0.0.5\n")
	if out.Tool != "nslookup" || out.Server != "10.96.0.10" {
		t.Errorf("tool %q, server %q", out.Tool, out.Server)
	}
	if a, ok := out.Answer(web0); !ok || a.Question != web0 || outcome(a) != "NOERROR 10.0.0.5" {
		t.Errorf("%+v, %t", a, ok)
	}
	if a, ok := out.Answer(web1); ok || a.Question != web1 {
		t.Errorf("a query that was not made: %+v, %t", a, ok)
	}
	if _, ok := (&ToolOutput{}).Answer(web0); ok {
		t.Error("there is an answer without output")
	}
}

func TestServerOf(t *testing.T) {
	for section, want := range map[string]string{
		bindHead: "10.96.0.10", busyboxHead: "10.96.0.10", oldHead: "10.96.0.10", digHead + digTail: "10.96.0.10",
		"Server:\t\tfd00::a\nAddress:\tfd00::a#53\n": "fd00::a", "Server:\t\x1b[31m\n": "", "10.0.0.5 STREAM web-0\n": "",
	} {
		if got := serverOf(section); got != want {
			t.Errorf("%q: %q, want %q", section, got, want)
		}
	}
}
