package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The output of dns for manifests, without a cluster.
func TestDNSOfManifests(t *testing.T) {
	const (
		web0 = "web-0.web.shop.svc.cluster.local"
		web1 = "web-1.web.shop.svc.cluster.local"

		misspelled = "warning: testdata/dns/bare.yaml:5: StatefulSet bare: unknown field \"spec.replicaz\" (did you mean \"replicas\"?): ignored; kubectl apply rejects it (strict field validation)\n"
	)
	for _, test := range []struct {
		args, out, err string
		code           int
	}{
		{args: "dns -f testdata/dns/web.yaml -o name", out: web0 + "\n" + web1 + "\n"},
		{args: "dns web -f testdata/dns/web.yaml -o name --replicas=0", err: "note: statefulset/web has 0 replicas: no DNS names\n"},
		{args: "dns web -f testdata/dns/web.yaml -o seeds --replicas=0", err: "note: statefulset/web has 0 replicas: no DNS names\n"},
		{args: "dns sts/web -f testdata/dns/web.yaml -o name --replicas=3 --ordinal=1-2 --cluster-domain=Corp.example.",
			out: "web-1.web.shop.svc.corp.example\nweb-2.web.shop.svc.corp.example\n"},
		{args: "dns -f testdata/dns/web.yaml -o name --ordinal=7", err: "statefulset/web has none of the ordinals in --ordinal\n"},
		{args: "dns -f testdata/dns/web.yaml -o name -l tier=back"},
		{args: "dns -f testdata/dns/web.yaml -o seeds -l tier=front", out: web0 + ":7000," + web1 + ":7000\n"},
		{args: "dns -f testdata/dns/two-ports.yaml -o seeds --port=client", out: web0 + ":8080," + web1 + ":8080\n"},
		{args: "dns -f testdata/dns/list.json -o srv -n ns", out: "_dns._udp.web.ns.svc.cluster.local.\tIN\tSRV\t0 100 53 web-0.web.ns.svc.cluster.local.\n"},
		{args: "dns -f testdata/dns/web.yaml -o hosts", out: "# BEGIN statefulset shop/web\n# END statefulset shop/web\n",
			err: "note: statefulset/web: no IPs known for ordinals 0-1\n"},
		{args: "dns -f testdata/dns/web.yaml -o jsonpath={.items[0].replicas[*].fqdn}", out: web0 + " " + web1},
		{args: "dns -f testdata/dns/web.yaml --exit-code -o name", out: web0 + "\n" + web1 + "\n"},
		{args: "dns -f testdata/dns/web.yaml -f testdata/dns/bare.yaml -o name --exit-code", out: web0 + "\n" + web1 + "\n", code: ExitFound,
			err: misspelled +
				"note: objects without a namespace are assumed to be in namespace shop, like the others; use --namespace to set another one\n" +
				"note: statefulset/bare has no governing Service: its pods have no DNS names\n" +
				"DNS problems found: UnknownField (statefulset/bare), InvalidSelector (statefulset/bare)\n"},
		{args: "dns -f testdata/dns/bare.yaml", out: `statefulset.apps/bare  1 name
  Service    none (spec.serviceName is not set)
  Domain     cluster.local (assumed; use --cluster-domain to set it)

  NAME
  bare-0 (no DNS name)

error: unknown field "spec.replicaz": kubectl apply rejects it; without strict field validation the field is dropped [UnknownField]
→ rename the field to replicas
error: spec.selector is required: the API server rejects this StatefulSet [InvalidSelector]
→ set spec.selector.matchLabels to labels of spec.template.metadata.labels
info: spec.serviceName is not set: the pods have no DNS names [NoServiceName]
→ set spec.serviceName to the name of a headless Service
`, err: misspelled},
		{args: "dns -f testdata/dns/folder", out: "NAME  SERVICE  NAMES  FINDINGS\na     web      2\nb     web      1\n"},
	} {
		t.Run(test.args, func(t *testing.T) {
			i := invoke(t, strings.Fields(test.args)...)
			if i.code != test.code {
				t.Errorf("exit code %d, want %d", i.code, test.code)
			}
			if diff := cmp.Diff(test.out, i.out.String()); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.err, i.err.String()); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
		})
	}
}
