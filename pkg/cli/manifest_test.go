package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What plan and dns report about manifests as users and tools write them.
func TestManifestsAsTheServerReadsThem(t *testing.T) {
	const (
		set = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: NAME}
spec:
  SPEC
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "app:v1"}]}
`
		service = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80}]}
`
	)
	object := func(name, spec string) string {
		return strings.NewReplacer("NAME", name, "SPEC", spec).Replace(set)
	}
	const inNamespace = " -o jsonpath={.items[*].namespace}/{.items[*].service.found}"
	var said transcript
	for _, test := range []struct {
		name, file, args string
		code             int
		out              string // a part of what scripts read
	}{
		{name: "Replicas is not replicas", file: object("web", "Replicas: 3"), args: "plan -o jsonpath={.outcome.message},{.notes[0].reason},{.notes[0].message}",
			out: ",UnknownField,"},
		{name: "a misspelled field fails a pipeline", file: object("web", "Replicas: 3"), args: "plan -o name --exit-code", code: ExitRefused,
			out: "statefulset.apps/web"},
		{name: "a field of a newer Kubernetes does not", file: object("web", "quorumMode: Fast"), args: "plan -o name --exit-code",
			out: "statefulset.apps/web"},
		{name: "the right spelling wins", file: service + "---\n" + object("web", "serviceName: web\n  servicename: other"), args: "dns -o name",
			out: "web-0.web.default"},
		{name: "a misspelled serviceName gives no names", file: service + "---\n" + object("web", "servicename: web"), args: "dns --exit-code", code: ExitFound,
			out: "web-0 "},
		{name: "a number for a text", file: strings.Replace(object("web", "replicas: 1"), `"app:v1"`, "1", 1), args: "plan", code: ExitUsage},
		{name: "the last of two values applies", file: object("web", "replicas: 3\n  replicas: 2"), args: "dns -o name",
			out: ""},
		{name: "a kind in other letters", file: strings.Replace(object("web", "replicas: 1"), "StatefulSet", "Statefulset", 1), args: "plan", code: ExitUsage},
		{name: "a kind in the wrong group", file: strings.Replace(service, "v1", "apps/v1", 1) + "---\n" + object("web", "replicas: 1"), args: "plan", code: ExitUsage},
		{name: "an object without a kind", file: object("web", "replicas: 1") + "---\nx: z\n", args: "plan", code: ExitUsage},

		{name: "two namespaces", file: inNS(object("web", "replicas: 1"), "a") + "---\n" + inNS(object("web", "replicas: 2"), "b"), args: "plan", code: ExitUsage},
		{name: "the first of two namespaces", file: inNS(object("web", "replicas: 1"), "a") + "---\n" + inNS(object("web", "replicas: 2"), "b"), args: "plan -n a -o jsonpath={.namespace},{.outcome.message}", out: "a,"},
		{name: "the second of two namespaces", file: inNS(object("web", "replicas: 1"), "a") + "---\n" + inNS(object("web", "replicas: 2"), "b"), args: "plan web -n b -o jsonpath={.namespace},{.outcome.message}", out: "b,"},
		{name: "neither of two namespaces", file: inNS(object("web", "replicas: 1"), "a") + "---\n" + inNS(object("web", "replicas: 2"), "b"), args: "dns -n c", code: ExitUsage},
		{name: "a Service without a namespace beside a set with one", file: service + "---\n" + inNS(object("web", "serviceName: web"), "data"), args: "dns" + inNamespace, out: "data/true"},
		{name: "a set without a namespace beside a Service with one", file: inNS(service, "data") + "---\n" + object("web", "serviceName: web"), args: "dns" + inNamespace, out: "data/true"},
		{name: "with --namespace", file: service + "---\n" + inNS(object("web", "serviceName: web"), "data"), args: "dns -n data" + inNamespace, out: "data/true"},
		{name: "several namespaces, and a Service without one", file: service + "---\n" + inNS(object("web", "serviceName: web"), "a") + "---\n" + inNS(object("web", "serviceName: web"), "b"), args: "dns web -o jsonpath={.items[*].findings[*].code},{.items[*].findings[*].message}",
			out: "ServiceMissing,"},
		{name: "plan knows it, too", file: service + "---\n" + inNS(object("web", "serviceName: web"), "a") + "---\n" + inNS(object("db", "serviceName: web"), "b"), args: "plan db -o jsonpath={.notes[*].reason},{.notes[*].message}",
			out: "Service,"},
		{name: "a set that is defined twice", file: object("web", "replicas: 1") + "---\n" + object("db", "replicas: 1") + "---\n" + object("db", "replicas: 2"), args: "dns", code: ExitUsage},
		{name: "plan of a set that is defined twice", file: object("web", "replicas: 1") + "---\n" + object("db", "replicas: 1") + "---\n" + object("db", "replicas: 2"), args: "plan db", code: ExitUsage},
		{name: "another set is defined twice", file: object("web", "replicas: 1") + "---\n" + object("db", "replicas: 1") + "---\n" + object("db", "replicas: 2"), args: "dns web -o jsonpath={.items[*].name}", out: "web"},
		{name: "doctor says where it puts a set without a namespace", file: inNS(service, "data") + "---\n" + object("web", "serviceName: web"), args: "doctor -o jsonpath={.items[*].namespace}", out: "data"},
		{name: "none names a namespace", file: service + "---\n" + object("web", "serviceName: web"), args: "dns" + inNamespace, out: "default/true"},
	} {
		file := writeManifest(t, test.file)
		i := invoke(t, append(strings.Fields(test.args), "-f", file)...)
		said.add(i, test.args+" -f FILE # "+test.name, file, "FILE")
		t.Run(test.name, func(t *testing.T) {
			if i.code != test.code {
				t.Errorf("exit code %d, want %d", i.code, test.code)
			}
			if !strings.Contains(i.out.String(), test.out) {
				t.Errorf("standard output %q lacks %q", i.out.String(), test.out)
			}
		})
	}
	said.check(t, "manifests")
}

// writeManifest writes a file whose name has no comma, at which --filename would split it.
func writeManifest(t *testing.T, text string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "manifest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "m.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func inNS(object, namespace string) string {
	return strings.Replace(object, "metadata: {", fmt.Sprintf("metadata: {namespace: %s, ", namespace), 1)
}

// plan and dns report the same about a Service, and --exit-code fails for a problem that keeps a
// name in use from resolving, or a name that no pod could have.
func TestPlanAndDNSAgree(t *testing.T) {
	const set = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: NAME}
spec:
  serviceName: SERVICE
  replicas: REPLICAS
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: app, image: "app:v1", args: ["ARGS"], ports: [{name: http, containerPort: 80}]}]}
---
`
	const used = "--peers=web-0.web,web-1.web"
	service := func(spec string) string {
		return "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: " + spec + "\n---\n"
	}
	var said transcript
	for _, test := range []struct {
		name, set, service, replicas, args, rest string
		// severity is that of the worst finding about the Service, names whether plan has them.
		severity string
		names    bool
		code     int
	}{
		{name: "headless", service: "{clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80}]}", args: used, names: true},
		{name: "a cluster IP", service: "{selector: {app: web}, ports: [{name: http, port: 80}]}", severity: "Info", names: true},
		{name: "a cluster IP, and the names are used", service: "{selector: {app: web}, ports: [{name: http, port: 80}]}", args: used, severity: "Info", names: true},
		{name: "no Service, and no use", severity: "Info", names: true},
		{name: "no Service, and the names are used", args: used, severity: "Warning", names: true, code: ExitFound},
		{name: "no Service, and a ConfigMap uses the names", rest: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: peers}\ndata: {list: \"web-0.web\\nweb-1.web\"}\n", severity: "Warning", names: true, code: ExitFound},
		{name: "an external name", service: "{type: ExternalName, externalName: db.example.org}", severity: "Error", code: ExitFound},
		{name: "another selector", service: "{clusterIP: None, selector: {app: wep}, ports: [{name: http, port: 80}]}", severity: "Error", code: ExitFound},
		{name: "a label that pods get later", service: "{clusterIP: None, selector: {app: web, role: leader}, ports: [{name: http, port: 80}]}", severity: "Info", names: true},
		{name: "no selector", service: "{clusterIP: None, ports: [{name: http, port: 80}]}", severity: "Info", names: true},
		{name: "no selector, and Endpoints beside it", service: "{clusterIP: None, ports: [{name: http, port: 80}]}", rest: "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets: []\n", severity: "Info", names: true},
		{name: "no selector, and an EndpointSlice beside it", service: "{clusterIP: None, ports: [{name: http, port: 80}]}", rest: "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\nmetadata: {name: web-1, labels: {kubernetes.io/service-name: web, endpointslice.kubernetes.io/managed-by: ha.example.org}}\nendpoints: []\n", severity: "Info", names: true},
		{name: "a Service name with a dot", set: "SERVICE=web.shop", severity: "Error", code: ExitFound},
		{name: "52 characters", set: "NAME=argocd-sharding-algorithm-test-application-controlle", service: "{clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80}]}", names: true},
		{name: "53 characters", set: "NAME=argocd-sharding-algorithm-test-application-controller", service: "{clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80}]}", severity: "Error", names: true, code: ExitFound},
		{name: "a port that is not open, and not used", service: "{clusterIP: None, selector: {app: web}, ports: [{name: tls, port: 443, targetPort: tls}]}", severity: "Info", names: true},
	} {
		set := set
		if from, to, ok := strings.Cut(test.set, "="); ok {
			set = strings.ReplaceAll(set, from, to)
		}
		text := strings.NewReplacer("NAME", "web", "SERVICE", "web", "REPLICAS", "2", "ARGS", test.args).Replace(set) + test.rest
		if test.service != "" {
			text = service(test.service) + text
		}
		file := writeManifest(t, text)
		dns := invoke(t, "dns", "-f", file, "--exit-code", "-o", "jsonpath={range .items[0].findings[*]}{.severity}: {.message}\n{end}")
		plan := invoke(t, "plan", "-f", file, "-o", "jsonpath={.names[*].name}|{.notes[*].message}")
		said.add(dns, "dns -f FILE --exit-code # "+test.name)
		said.add(plan, "plan -f FILE")
		t.Run(test.name, func(t *testing.T) {
			severity, messages, _ := strings.Cut(dns.out.String(), ": ")
			if dns.code != test.code || severity != test.severity {
				t.Errorf("dns: exit code %d, %s: %s", dns.code, severity, messages)
			}
			names, notes, _ := strings.Cut(plan.out.String(), "|")
			if (names != "") != test.names {
				t.Errorf("plan: names %s, notes %s", names, notes)
			}
		})
	}
	said.check(t, "plan-and-dns-agree")
}
