package cli

import (
	"strings"
	"testing"
)

// The output of dns for manifests, without a cluster.
func TestDNSOfManifests(t *testing.T) {
	const (
		web0 = "web-0.web.shop.svc.cluster.local"
		web1 = "web-1.web.shop.svc.cluster.local"
	)
	var said transcript
	for _, test := range []struct {
		args, out string // without out, it is a text for people
		code      int
	}{
		{args: "dns -f testdata/dns/web.yaml -o name", out: web0 + "\n" + web1 + "\n"},
		{args: "dns web -f testdata/dns/web.yaml -o name --replicas=0"},
		{args: "dns web -f testdata/dns/web.yaml -o seeds --replicas=0"},
		{args: "dns sts/web -f testdata/dns/web.yaml -o name --replicas=3 --ordinal=1-2 --cluster-domain=Corp.example.",
			out: "web-1.web.shop.svc.corp.example\nweb-2.web.shop.svc.corp.example\n"},
		{args: "dns -f testdata/dns/web.yaml -o name --ordinal=7"},
		{args: "dns -f testdata/dns/web.yaml -o name -l tier=back"},
		{args: "dns -f testdata/dns/web.yaml -o seeds -l tier=front", out: web0 + ":7000," + web1 + ":7000\n"},
		{args: "dns -f testdata/dns/two-ports.yaml -o seeds --port=client", out: web0 + ":8080," + web1 + ":8080\n"},
		{args: "dns -f testdata/dns/list.json -o srv -n ns", out: "_dns._udp.web.ns.svc.cluster.local.\tIN\tSRV\t0 100 53 web-0.web.ns.svc.cluster.local.\n"},
		{args: "dns -f testdata/dns/web.yaml -o hosts", out: "# BEGIN statefulset shop/web\n# END statefulset shop/web\n"},
		{args: "dns -f testdata/dns/web.yaml -o jsonpath={.items[0].replicas[*].fqdn}", out: web0 + " " + web1},
		{args: "dns -f testdata/dns/web.yaml --exit-code -o name", out: web0 + "\n" + web1 + "\n"},
		{args: "dns -f testdata/dns/web.yaml -f testdata/dns/bare.yaml -o name --exit-code", out: web0 + "\n" + web1 + "\n", code: ExitFound},
		{args: "dns -f testdata/dns/bare.yaml"},
		{args: "dns -f testdata/dns/folder"},
	} {
		i := invoke(t, strings.Fields(test.args)...)
		said.add(i, test.args)
		t.Run(test.args, func(t *testing.T) {
			if i.code != test.code {
				t.Errorf("exit code %d, want %d", i.code, test.code)
			}
			if out := i.out.String(); out != test.out && (test.out != "" || strings.Contains(test.args, " -o ")) {
				t.Errorf("standard output %q, want %q", out, test.out)
			}
		})
	}
	said.check(t, "dns-of-manifests")
}
