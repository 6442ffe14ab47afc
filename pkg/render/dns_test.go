package render_test

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// fromCorefile is the domain of these worlds.
var fromCorefile = names.Domain{Name: "cluster.local", Source: names.DomainCorefile}

func dnsWorld(t *testing.T) *sts.Inventory {
	t.Helper()
	raw, err := os.ReadFile("../names/testdata/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	inv, err := ststest.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
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

func answered(t *testing.T, inv *sts.Inventory) *names.DNSReport {
	t.Helper()
	r := names.NewReport(inv, names.Options{Domain: fromCorefile, Resolve: true})
	r.Server = "pod kube-system/coredns-7d8-x2k (port-forward)"
	name := func(n, kind string) names.Question { return names.Question{Name: n, Type: kind} }
	const below = ".web.shop.svc.cluster.local"
	r.Judge(inv.TakenAt, []names.Answer{
		{Question: name("web-0"+below, "A"), Code: "NXDOMAIN", TTL: 5 * time.Second, Took: time.Millisecond},
		{Question: name("web-1"+below, "A"), Code: "NOERROR", Addresses: []string{"10.0.0.2"}, TTL: 5 * time.Second, Took: 1800 * time.Microsecond},
		{Question: name("web-2"+below, "A"), Code: "NOERROR", Addresses: []string{"10.0.0.77"}, TTL: 12 * time.Second, Took: 300 * time.Microsecond},
		{Question: name("web-3"+below, "A"), TimedOut: true, Problem: "no answer within 2s", Took: 2 * time.Second},
		{Question: name("web.shop.svc.cluster.local", "A"), Code: "NOERROR", Addresses: []string{"10.0.0.2", "10.0.0.3"}, TTL: 5 * time.Second, Took: time.Millisecond},
		{Question: name("_peer._tcp.web.shop.svc.cluster.local", "SRV"), Code: "NXDOMAIN", TTL: 25 * time.Second, Took: time.Millisecond},
	})
	return r
}

func TestDNSOutput(t *testing.T) {
	complete := func(t *testing.T) *names.DNSReport {
		return names.NewReport(dnsWorld(t), names.Options{Domain: fromCorefile})
	}
	lags := func(t *testing.T) *names.DNSReport {
		return names.NewReport(lagging(t), names.Options{Domain: fromCorefile})
	}
	resolved := func(t *testing.T) *names.DNSReport { return answered(t, lagging(t)) }
	domains := func(t *testing.T) *names.DNSReport {
		domain := fromCorefile
		domain.Others = []string{"corp.example"}
		return names.NewReport(dnsWorld(t), names.Options{Domain: domain})
	}
	offline := func(t *testing.T) *names.DNSReport {
		inv := dnsWorld(t)
		inv.Pods, inv.Slices = nil, nil
		assumed := names.Domain{Name: names.DefaultDomain, Source: names.DomainAssumed}
		return names.NewReport(inv, names.Options{Domain: assumed, Offline: true})
	}
	screen := func(st render.Style) func(io.Writer, *names.DNSReport) error {
		return func(w io.Writer, r *names.DNSReport) error {
			return render.DNSScreen(w, r, &r.Items[len(r.Items)-1], st)
		}
	}
	table := func(st render.Style, c render.Columns) func(io.Writer, *names.DNSReport) error {
		return func(w io.Writer, r *names.DNSReport) error { return render.DNSTable(w, r, st, c) }
	}
	all := func(c render.Columns) func(io.Writer, *names.DNSReport) error {
		return func(w io.Writer, r *names.DNSReport) error {
			return render.DNSNames(w, r, render.Style{}, c)
		}
	}
	for _, test := range []struct {
		name   string
		report func(*testing.T) *names.DNSReport
		print  func(io.Writer, *names.DNSReport) error
	}{
		{"dns-screen", complete, screen(render.Style{})},
		{"dns-screen-domains", domains, screen(render.Style{})},
		{"dns-screen-lags", lags, screen(render.Style{Width: 80})},
		{"dns-screen-resolved", resolved, screen(render.Style{Width: 120})},
		{"dns-screen-resolved-80-columns", resolved, screen(render.Style{Width: 80})},
		{"dns-screen-resolved-colour", resolved, screen(render.Style{Width: 100, Color: true})},
		{"dns-screen-no-service", lags, func(w io.Writer, r *names.DNSReport) error {
			return render.DNSScreen(w, r, &r.Items[0], render.Style{Width: 80})
		}},
		{"dns-screen-offline", offline, screen(render.Style{})},
		{"dns-table", lags, table(render.Style{Width: 100}, render.Columns{})},
		{"dns-table-resolved", resolved, table(render.Style{Width: 80}, render.Columns{Namespace: true})},
		{"dns-table-offline", offline, table(render.Style{}, render.Columns{})},
		{"dns-wide", lags, all(render.Columns{})},
		{"dns-wide-resolved", resolved, all(render.Columns{Namespace: true})},
		{"dns-wide-offline", offline, all(render.Columns{})},
		{"dns-hosts", lags, render.DNSHosts},
		{"dns-env", lags, func(w io.Writer, r *names.DNSReport) error { return render.DNSEnv(w, r, false) }},
		{"dns-env-namespaces", complete, func(w io.Writer, r *names.DNSReport) error { return render.DNSEnv(w, r, true) }},
		{"dns-srv", lags, render.DNSRecords},
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
	port := func(name string, port, service int32) names.DNSPort {
		return names.DNSPort{Name: name, Port: port, ServicePort: service}
	}
	for _, test := range []struct {
		name, port string
		ports      []names.DNSPort
		want, err  string
	}{
		{"no port", "", nil, "web-0.web,web-1.web\n", ""},
		{"the only port", "", []names.DNSPort{port("", 7000, 80)}, "web-0.web:7000,web-1.web:7000\n", ""},
		{"by name", "client", []names.DNSPort{port("peer", 7000, 7000), port("client", 9042, 80)}, "web-0.web:9042,web-1.web:9042\n", ""},
		{"by number", "9999", []names.DNSPort{port("peer", 7000, 7000)}, "web-0.web:9999,web-1.web:9999\n", ""},
		{"ambiguous", "", []names.DNSPort{port("peer", 7000, 7000), port("client", 9042, 80)}, "", render.ErrDNSSeveralPorts("web", "web", []string{"peer", "client"}).Error()},
		{"unknown", "sql", []names.DNSPort{port("peer", 7000, 7000), port("client", 9042, 80)}, "", render.ErrDNSNoSuchPort("web", "web", "sql", []string{"peer", "client"}).Error()},
		{"no ports", "sql", nil, "", render.ErrDNSNoSuchPort("web", "web", "sql", nil).Error()},
		{"unknown targetPort", "", []names.DNSPort{port("peer", 0, 7000)}, "", render.ErrDNSPortUnknown("web", "peer").Error()},
		{"not a valid port number", "70000", nil, "", render.ErrDNSNoSuchPort("web", "web", "70000", nil).Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &names.DNSReport{Items: []names.DNSStatus{{
				Name: "web", Service: names.DNSServiceStatus{Name: "web", Ports: test.ports},
				Replicas: []names.DNSReplica{{FQDN: "web-0.web", Desired: true}, {FQDN: "web-1.web", Desired: true}, {FQDN: "web-2.web"}},
			}}}
			var b strings.Builder
			err := render.DNSSeeds(&b, r, test.port)
			if got := b.String(); got != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
				t.Errorf("%q %v\nwant %q %s", got, err, test.want, test.err)
			}
		})
	}
}

func TestDNSEnvIsSafeInAShell(t *testing.T) {
	r := &names.DNSReport{Items: []names.DNSStatus{{
		Name: "0-web.x", Service: names.DNSServiceStatus{FQDN: "$(reboot)'.x"},
	}}}
	var b strings.Builder
	if err := render.DNSEnv(&b, r, false); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "_0_WEB_X_SERVICE='$(reboot)'\\''.x'\n_0_WEB_X_HOSTS=\n"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
