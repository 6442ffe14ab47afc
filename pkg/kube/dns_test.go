package kube

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Where the domain of a cluster is read from.
const (
	coredns   = "/api/v1/namespaces/kube-system/configmaps/coredns"
	rke2      = "/api/v1/namespaces/kube-system/configmaps/rke2-coredns-rke2-coredns"
	openshift = "/api/v1/namespaces/openshift-dns/configmaps/dns-default"
	kubelet   = "/api/v1/nodes/node-0/proxy/configz"
)

func corefile(zones string) *corev1.ConfigMap {
	return &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, Data: map[string]string{"Corefile": ".:53 {\n  kubernetes " + zones + " in-addr.arpa\n}\n"}}
}

// TestReadNames: one set's names cost a request per kind; a Service without a selector one more.
func TestReadNames(t *testing.T) {
	slice := func(name, service string) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: service}}}
	}
	service := func(name, ip string) *corev1.Service {
		return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: name}, Spec: corev1.ServiceSpec{ClusterIP: ip}}
	}
	endpoints := func(name string) *corev1.Endpoints { //nolint:staticcheck // deprecated, and still what Patroni writes
		return &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: name}} //nolint:staticcheck // the same
	}
	more := []runtime.Object{slice("web-1", "web"), slice("app-1", "app"), service("app", "10.0.0.1"), service("other", corev1.ClusterIPNone),
		endpoints("web"), endpoints("app"), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: "stranger"}}}
	const sets, slices1 = "/apis/apps/v1/namespaces/test/statefulsets", "/apis/discovery.k8s.io/v1/namespaces/test/endpointslices"
	one := []string{sets + "/web", inNamespace + "pods?labelSelector=app%3Dweb", inNamespace + "services" + paged, slices1 + "?labelSelector=kubernetes.io%2Fservice-name%3Dweb"}
	all := []string{sets + paged, inNamespace + "pods" + paged, inNamespace + "services" + paged, slices1 + paged}
	for name, test := range map[string]struct {
		names  []string
		domain string
		change func(*sts.Inventory)
		sent   []string
		ends   string // names of Endpoints
	}{
		"one set":                 {[]string{"web"}, "example.org", nil, one, ""},
		"all sets":                {nil, "example.org", nil, all, ""},
		"one set, its domain":     {[]string{"web"}, "", nil, append(one, coredns), ""},
		"no selector":             {[]string{"web"}, "example.org", func(inv *sts.Inventory) { inv.Services[0].Spec.Selector = nil }, append(one, inNamespace+"endpoints"+namedWeb), "web"},
		"all sets, no selector":   {nil, "example.org", func(inv *sts.Inventory) { inv.Services[0].Spec.Selector = nil }, append(all, inNamespace+"endpoints"+paged), "web"},
		"without a Service":       {nil, "example.org", func(inv *sts.Inventory) { inv.Sets[0].Spec.ServiceName = "" }, all[:3], ""},
		"there are no sets":       {nil, "", func(inv *sts.Inventory) { inv.Sets = nil }, all[:1], ""},
		"the Service is not read": {[]string{"web"}, "example.org", func(inv *sts.Inventory) { inv.Services = nil }, one, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inv := ststest.Web(2)
			if test.change != nil {
				test.change(inv)
			}
			r, client := script(t, inv, replies(map[string]any{"GET " + coredns: corefile("cluster.example")}), more...)
			got, _, err := client.ReadNames(t.Context(), Query{Namespace: "test", Names: test.names}, test.domain)
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Sorted(slices.Values(test.sent))
			if diff := cmp.Diff(want, r.urls()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if strings.Join(namesOf(got.Endpoints), " ") != test.ends || !got.TakenAt.Equal(ststest.Now) {
				t.Errorf("endpoints %v, taken at %s", namesOf(got.Endpoints), got.TakenAt)
			}
			if name != "one set" {
				return
			}
			have := [][]string{namesOf(got.Pods), namesOf(got.Services), namesOf(got.Slices)}
			if diff := cmp.Diff([][]string{{"web-0", "web-1"}, {"other", "web"}, {"web-1"}}, have); diff != "" {
				t.Errorf("pods, services, slices (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDomain: the domain is what the user says, else that of CoreDNS, else that of a kubelet, else the
// usual one. What may not be read is missing.
func TestDomain(t *testing.T) {
	noMap := failure(http.StatusNotFound, metav1.StatusReasonNotFound, "no such configmap")
	config := map[string]any{"kubeletconfig": map[string]string{"clusterDomain": "by.kubelet"}}
	for name, test := range map[string]struct {
		given     string
		responses map[string]any
		want      names.Domain
		missing   string
		kubelet   bool // is asked
	}{
		"given":                {"given.org", nil, names.Domain{Name: "given.org", Source: names.DomainGiven}, "", false},
		"CoreDNS":              {"", map[string]any{coredns: corefile("a.org b.org")}, names.Domain{Name: "a.org", Source: names.DomainCorefile, Others: []string{"b.org"}}, "", false},
		"RKE2":                 {"", map[string]any{rke2: corefile("rke.org")}, names.Domain{Name: "rke.org", Source: names.DomainCorefile}, "", false},
		"OpenShift, forbidden": {"", map[string]any{coredns: mayNot("configmaps"), openshift: corefile("os.org")}, names.Domain{Name: "os.org", Source: names.DomainCorefile}, "", false},
		"a kubelet":            {"", map[string]any{kubelet: config}, names.Domain{Name: "by.kubelet", Source: names.DomainKubelet}, "", true},
		"a kubelet, since CoreDNS is forbidden": {"", map[string]any{coredns: mayNot("configmaps"), rke2: mayNot("configmaps"), openshift: mayNot("configmaps"), kubelet: config},
			names.Domain{Name: "by.kubelet", Source: names.DomainKubelet}, "configmaps", true},
		"assumed":                      {"", nil, names.Domain{Name: "cluster.local", Source: names.DomainAssumed}, "", true},
		"assumed, nothing may be read": {"", map[string]any{coredns: mayNot("configmaps"), kubelet: mayNot("nodes/proxy")}, names.Domain{Name: "cluster.local", Source: names.DomainAssumed}, "configmaps nodes/proxy", true},
		"a kubelet that is down":       {"", map[string]any{kubelet: failure(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable, "no route")}, names.Domain{Name: "cluster.local", Source: names.DomainAssumed}, "", true},
		"a kubelet that says nothing":  {"", map[string]any{kubelet: []string{}}, names.Domain{Name: "cluster.local", Source: names.DomainAssumed}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			responses := map[string]any{"GET " + coredns: noMap, "GET " + rke2: noMap, "GET " + openshift: noMap, "GET " + kubelet: noMap}
			for url, response := range test.responses {
				responses["GET "+url] = response
			}
			r, client := script(t, ststest.Web(1), replies(responses))
			inv, domain, err := client.ReadNames(t.Context(), Query{Namespace: "test", Names: []string{"web"}}, test.given)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, domain, cmp.Transformer("others", func(d names.Domain) string { return fmt.Sprint(d) })); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			var missing []string
			for _, m := range inv.Missing {
				missing = append(missing, m.Resource)
			}
			if got := strings.Join(missing, " "); got != test.missing {
				t.Errorf("missing %q, want %q", got, test.missing)
			}
			if asked := slices.Contains(r.urls(), kubelet); asked != test.kubelet {
				t.Errorf("a kubelet is asked: %t", asked)
			}
		})
	}
	_, client := script(t, ststest.Web(1), replies(map[string]any{"GET " + coredns: failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcd")}))
	if _, _, err := client.ReadNames(t.Context(), Query{Namespace: "test", Names: []string{"web"}}, ""); !apierrors.IsInternalError(err) {
		t.Errorf("a server that fails: %v", err)
	}
	for _, resource := range []string{"statefulsets", "services", "endpointslices", "pods", "endpoints"} {
		inv := ststest.Web(1)
		inv.Services[0].Spec.Selector = nil
		_, client := script(t, inv, forbids(resource))
		got, _, err := client.ReadNames(t.Context(), Query{Namespace: "test", Names: []string{"web"}}, "example.org")
		switch {
		case resource == "statefulsets" && !apierrors.IsForbidden(err), resource != "statefulsets" && err != nil:
			t.Errorf("%s are forbidden: %v", resource, err)
		case err == nil && got.Knows(resource):
			t.Errorf("%s are forbidden and not missing: %v", resource, got.Missing)
		}
	}
}

// TestNameServers: the pods that answer DNS queries, from EndpointSlices or by their labels.
func TestNameServers(t *testing.T) {
	const (
		endpointSlices = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices"
		pods           = "/api/v1/namespaces/kube-system/pods"
		osSlices       = "/apis/discovery.k8s.io/v1/namespaces/openshift-dns/endpointslices"
	)
	endpoint := func(pod string, ready *bool) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: pod}, Conditions: discoveryv1.EndpointConditions{Ready: ready}}
	}
	port := func(name string, protocol corev1.Protocol, n int32) discoveryv1.EndpointPort {
		return discoveryv1.EndpointPort{Name: &name, Protocol: &protocol, Port: &n}
	}
	slice := func(p discoveryv1.EndpointPort, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{Ports: []discoveryv1.EndpointPort{port("dns", corev1.ProtocolUDP, 53), p}, Endpoints: endpoints}
	}
	tcp, metrics := port("dns-tcp", corev1.ProtocolTCP, 5353), port("metrics", corev1.ProtocolTCP, 9153)
	pod := func(name string, ready corev1.ConditionStatus, ports ...corev1.ContainerPort) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Ports: ports}}},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}}}
	}
	ending := pod("ending", corev1.ConditionTrue)
	ending.DeletionTimestamp = &metav1.Time{Time: ststest.Now}
	external := endpoint("node", nil)
	external.TargetRef = nil
	found := func(namespace string, port int32, pods ...string) (out []NameServer) {
		for _, p := range pods {
			out = append(out, NameServer{Namespace: namespace, Pod: p, Port: port})
		}
		return out
	}
	for name, test := range map[string]struct {
		responses map[string]any
		want      []NameServer
		requests  int
	}{
		"endpoints": {map[string]any{endpointSlices: page(endpointSlices, "", slice(tcp, endpoint("b", nil), endpoint("a", new(true)), endpoint("c", new(bool)), external),
			slice(tcp, endpoint("a", nil)), slice(metrics, endpoint("d", nil)))}, found("kube-system", 5353, "a", "b"), 1},
		"pods": {map[string]any{pods: page(pods, "", pod("b", corev1.ConditionTrue), pod("a", corev1.ConditionTrue), pod("c", corev1.ConditionFalse), ending)},
			found("kube-system", 53, "a", "b"), 2},
		"endpoints are forbidden": {map[string]any{endpointSlices: mayNot("endpointslices"), pods: page(pods, "", pod("a", corev1.ConditionTrue,
			corev1.ContainerPort{Name: "dns", Protocol: corev1.ProtocolUDP, ContainerPort: 53}, corev1.ContainerPort{Name: "dns-tcp", ContainerPort: 1053}))}, found("kube-system", 1053, "a"), 2},
		"OpenShift": {map[string]any{osSlices: page(osSlices, "", slice(tcp, endpoint("dns-1", nil)))}, found("openshift-dns", 5353, "dns-1"), 3},
	} {
		responses := map[string]any{}
		for url, response := range test.responses {
			responses["GET "+url] = response
		}
		r, client := script(t, &sts.Inventory{}, replies(responses))
		got, err := client.NameServers(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || len(r.urls()) != test.requests {
			t.Errorf("%s: %d requests (-want +got):\n%s", name, len(r.urls()), diff)
		}
		for _, url := range r.urls() {
			if !strings.Contains(url, "labelSelector=") {
				t.Errorf("%s: %s lists everything", name, url)
			}
		}
	}
	_, client := recordRequests(t, &sts.Inventory{})
	if _, err := client.NameServers(t.Context()); !errors.Is(err, ErrNoNameServer) {
		t.Errorf("there are none: %v", err)
	}
	_, client = script(t, &sts.Inventory{}, forbids("pods", "endpointslices"))
	if _, err := client.NameServers(t.Context()); !apierrors.IsForbidden(err) {
		t.Errorf("nothing may be read: %v", err)
	}
	_, client = script(t, &sts.Inventory{}, func(request) any {
		return failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "etcd")
	})
	if _, err := client.NameServers(t.Context()); !apierrors.IsInternalError(err) {
		t.Errorf("a server that fails: %v", err)
	}
}
