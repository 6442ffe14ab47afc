package print_test

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/print"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func dnsWorld(t *testing.T) *sts.Inventory {
	t.Helper()
	raw, err := os.ReadFile("../inspect/testdata/dns/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	inv, err := ststest.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	inv.Domain = sts.ClusterDomain{Name: "cluster.local", Source: sts.DomainCorefile}
	return inv
}

// lagging is a world in which web-0 is not ready, web-3 does not exist, and there is a second set
// whose Service does not exist.
func lagging(t *testing.T) *sts.Inventory {
	inv := dnsWorld(t)
	replicas := int32(4)
	inv.Sets[0].Spec.Replicas = &replicas
	ready := &inv.Pods[0].Status.Conditions[1]
	ready.Status = corev1.ConditionFalse
	no := false
	inv.Slices[0].Endpoints[0].Conditions.Ready = &no
	other := inv.Sets[0].DeepCopy()
	other.Name, other.UID, other.Spec.ServiceName = "queue", "other", "q"
	inv.Sets = append(inv.Sets, other)
	return inv
}

func answered(t *testing.T, inv *sts.Inventory) *inspect.DNSReport {
	t.Helper()
	r := inspect.NewDNSReport(inv, inspect.DNSQuery{Resolve: true})
	r.Server = "pod kube-system/coredns-7d8-x2k (port-forward)"
	name := func(n, kind string) sts.DNSQuestion { return sts.DNSQuestion{Name: n, Type: kind} }
	const below = ".web.shop.svc.cluster.local"
	r.Judge(inv.TakenAt, []sts.DNSAnswer{
		{DNSQuestion: name("web-0"+below, "A"), Code: "NXDOMAIN", TTL: 5 * time.Second, Took: time.Millisecond},
		{DNSQuestion: name("web-1"+below, "A"), Code: "NOERROR", Addresses: []string{"10.0.0.2"}, TTL: 5 * time.Second, Took: 1800 * time.Microsecond},
		{DNSQuestion: name("web-2"+below, "A"), Code: "NOERROR", Addresses: []string{"10.0.0.77"}, TTL: 12 * time.Second, Took: 300 * time.Microsecond},
		{DNSQuestion: name("web-3"+below, "A"), TimedOut: true, Problem: "no answer within 2s", Took: 2 * time.Second},
		{DNSQuestion: name("web.shop.svc.cluster.local", "A"), Code: "NOERROR", Addresses: []string{"10.0.0.2", "10.0.0.3"}, TTL: 5 * time.Second, Took: time.Millisecond},
		{DNSQuestion: name("_peer._tcp.web.shop.svc.cluster.local", "SRV"), Code: "NXDOMAIN", TTL: 25 * time.Second, Took: time.Millisecond},
	})
	return r
}

func TestDNSOutput(t *testing.T) {
	complete := func(t *testing.T) *inspect.DNSReport { return inspect.NewDNSReport(dnsWorld(t), inspect.DNSQuery{}) }
	lags := func(t *testing.T) *inspect.DNSReport { return inspect.NewDNSReport(lagging(t), inspect.DNSQuery{}) }
	resolved := func(t *testing.T) *inspect.DNSReport { return answered(t, lagging(t)) }
	domains := func(t *testing.T) *inspect.DNSReport {
		inv := dnsWorld(t)
		inv.Domain.Others = []string{"corp.example"}
		return inspect.NewDNSReport(inv, inspect.DNSQuery{})
	}
	offline := func(t *testing.T) *inspect.DNSReport {
		inv := dnsWorld(t)
		inv.Pods, inv.Slices, inv.Domain.Source = nil, nil, sts.DomainAssumed
		return inspect.NewDNSReport(inv, inspect.DNSQuery{Offline: true})
	}
	screen := func(st print.Style) func(io.Writer, *inspect.DNSReport) error {
		return func(w io.Writer, r *inspect.DNSReport) error {
			return print.DNSScreen(w, r, &r.Items[len(r.Items)-1], st)
		}
	}
	table := func(st print.Style, c print.Columns) func(io.Writer, *inspect.DNSReport) error {
		return func(w io.Writer, r *inspect.DNSReport) error { return print.DNSTable(w, r, st, c) }
	}
	names := func(c print.Columns) func(io.Writer, *inspect.DNSReport) error {
		return func(w io.Writer, r *inspect.DNSReport) error {
			return print.DNSNames(w, r, print.Style{}, c)
		}
	}
	for _, test := range []struct {
		name   string
		report func(*testing.T) *inspect.DNSReport
		print  func(io.Writer, *inspect.DNSReport) error
	}{
		{"dns-screen", complete, screen(print.Style{})},
		{"dns-screen-domains", domains, screen(print.Style{})},
		{"dns-screen-lags", lags, screen(print.Style{Width: 80})},
		{"dns-screen-resolved", resolved, screen(print.Style{Width: 120})},
		{"dns-screen-resolved-80-columns", resolved, screen(print.Style{Width: 80})},
		{"dns-screen-resolved-colour", resolved, screen(print.Style{Width: 100, Color: true})},
		{"dns-screen-no-service", lags, func(w io.Writer, r *inspect.DNSReport) error {
			return print.DNSScreen(w, r, &r.Items[0], print.Style{Width: 80})
		}},
		{"dns-screen-offline", offline, screen(print.Style{})},
		{"dns-table", lags, table(print.Style{Width: 100}, print.Columns{})},
		{"dns-table-resolved", resolved, table(print.Style{Width: 80}, print.Columns{Namespace: true})},
		{"dns-table-offline", offline, table(print.Style{}, print.Columns{})},
		{"dns-wide", lags, names(print.Columns{})},
		{"dns-wide-resolved", resolved, names(print.Columns{Namespace: true})},
		{"dns-wide-offline", offline, names(print.Columns{})},
		{"dns-hosts", lags, print.DNSHosts},
		{"dns-env", lags, func(w io.Writer, r *inspect.DNSReport) error { return print.DNSEnv(w, r, false) }},
		{"dns-env-namespaces", complete, func(w io.Writer, r *inspect.DNSReport) error { return print.DNSEnv(w, r, true) }},
		{"dns-srv", lags, print.DNSRecords},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := test.report(t)
			// The set without findings, or with answers, is the last in every world.
			var b strings.Builder
			if err := test.print(&b, r); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, b.String(), test.name+".txt")
		})
	}
}

func TestDNSSeeds(t *testing.T) {
	port := func(name string, port, service int32) inspect.DNSPort {
		return inspect.DNSPort{Name: name, Port: port, ServicePort: service}
	}
	for _, test := range []struct {
		name, port string
		ports      []inspect.DNSPort
		want, err  string
	}{
		{"no port", "", nil, "web-0.web,web-1.web\n", ""},
		{"the only port", "", []inspect.DNSPort{port("", 7000, 80)}, "web-0.web:7000,web-1.web:7000\n", ""},
		{"by name", "client", []inspect.DNSPort{port("peer", 7000, 7000), port("client", 9042, 80)}, "web-0.web:9042,web-1.web:9042\n", ""},
		{"by number", "9999", []inspect.DNSPort{port("peer", 7000, 7000)}, "web-0.web:9999,web-1.web:9999\n", ""},
		{"ambiguous", "", []inspect.DNSPort{port("peer", 7000, 7000), port("client", 9042, 80)}, "", "service web of statefulset/web has several ports: --port must be peer or client"},
		{"unknown", "sql", []inspect.DNSPort{port("peer", 7000, 7000), port("client", 9042, 80)}, "", "service web of statefulset/web has no port sql: use peer or client"},
		{"no ports", "sql", nil, "", "service web of statefulset/web has no port sql: it has no ports"},
		{"unknown targetPort", "", []inspect.DNSPort{port("peer", 0, 7000)}, "", "port peer of service web has a targetPort that no container defines: use a port number"},
		{"not a valid port number", "70000", nil, "", "service web of statefulset/web has no port 70000: it has no ports"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &inspect.DNSReport{Items: []inspect.DNSStatus{{
				Name: "web", Service: inspect.DNSServiceStatus{Name: "web", Ports: test.ports},
				Replicas: []inspect.DNSReplica{{FQDN: "web-0.web", Desired: true}, {FQDN: "web-1.web", Desired: true}, {FQDN: "web-2.web"}},
			}}}
			var b strings.Builder
			err := print.DNSSeeds(&b, r, test.port)
			if got := b.String(); got != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
				t.Errorf("%q %v\nwant %q %s", got, err, test.want, test.err)
			}
		})
	}
}

func TestDNSEnvIsSafeInAShell(t *testing.T) {
	r := &inspect.DNSReport{Items: []inspect.DNSStatus{{
		Name: "0-web.x", Service: inspect.DNSServiceStatus{FQDN: "$(reboot)'.x"},
	}}}
	var b strings.Builder
	if err := print.DNSEnv(&b, r, false); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "_0_WEB_X_SERVICE='$(reboot)'\\''.x'\n_0_WEB_X_HOSTS=\n"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
