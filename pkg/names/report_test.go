package names_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

func reportOf(t *testing.T, notReady []string, changes map[string]string, q names.Options) *names.DNSReport {
	t.Helper()
	patches := map[string]json.RawMessage{}
	for object, patch := range changes {
		raw, err := yaml.YAMLToJSON([]byte(patch))
		if err != nil {
			t.Fatal(err)
		}
		patches[object] = raw
	}
	inv := changedWorld(t, notReady, patches)
	q.Domain = names.Domain{Name: "cluster.local", Source: names.DomainCorefile}
	return names.NewReport(inv, q)
}

func TestReportOfARollout(t *testing.T) {
	// web-0 is new and not ready, web-1 is terminating, web-2 has two addresses, web-3 does not exist
	// yet and web-4 is out of range.
	report := reportOf(t, []string{"web-0"}, map[string]string{
		"StatefulSet/web":         "{spec: {replicas: 4}}",
		"Service/web":             "{spec: {ipFamilies: [IPv4, IPv6], ports: [{name: peer, port: 7000, targetPort: peer}, {name: dns, port: 53, protocol: UDP}]}}",
		"Pod/web-1":               `{metadata: {deletionTimestamp: "2026-03-01T12:00:10Z"}}`,
		"Pod/web-2":               `{status: {podIPs: [{ip: 10.0.0.3}, {ip: "fd00::3"}]}}`,
		"EndpointSlice/web-x7k2p": `{endpoints: [{addresses: [10.0.0.1], hostname: web-0, conditions: {ready: false}}, {addresses: [10.0.0.3], hostname: web-2, conditions: {ready: true}}]}`,
		"EndpointSlice/web-extra": `{metadata: {name: web-v6}, addressType: IPv6, endpoints: [{addresses: ["fd00::3"], hostname: web-2, conditions: {ready: true}}]}`,
	}, names.Options{Resolve: true})
	raw, err := yaml.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, string(raw), "rollout.report")
}

func TestVerdicts(t *testing.T) {
	const (
		web0 = "web-0.web.shop.svc.cluster.local"
		web2 = "web-2.web.shop.svc.cluster.local"
		own  = "web.shop.svc.cluster.local"
		srv  = "_peer._tcp.web.shop.svc.cluster.local"
	)
	empty := map[string]string{"EndpointSlice/web-x7k2p": "{endpoints: []}"}
	ok := func(addresses ...string) names.Answer {
		return names.Answer{Code: "NOERROR", Addresses: addresses, TTL: 30 * time.Second, Took: time.Millisecond}
	}
	nx := func(ttl time.Duration) names.Answer {
		return names.Answer{Code: "NXDOMAIN", TTL: ttl, Took: time.Millisecond}
	}
	services := func(list ...names.SRV) names.Answer {
		return names.Answer{Code: "NOERROR", Services: list}
	}
	peer := func(pod string) names.SRV {
		return names.SRV{Target: pod + ".web.shop.svc.cluster.local.", Port: 7000}
	}
	for _, test := range []struct {
		name, question, record string
		notReady               []string
		changes                map[string]string
		answer                 names.Answer
		verdict                names.Verdict
		message                string
	}{
		{name: "correct", question: web2, record: "A", answer: ok("10.0.0.3"), verdict: names.Correct},
		{name: "correct, with a duplicate", question: web2, record: "A", answer: ok("10.0.0.3", "10.0.0.3"), verdict: names.Correct},
		{name: "absent because the pod is not ready", question: web0, record: "A", notReady: []string{"web-0"}, changes: empty, answer: nx(5 * time.Second),
			verdict: names.Absent, message: names.MsgPodNotReady()},
		{name: "no record of this type", question: web2, record: "AAAA", changes: map[string]string{"Service/web": "{spec: {ipFamilies: [IPv4, IPv6]}}"}, answer: ok(),
			verdict: names.Absent},
		{name: "denied by a cache", question: web2, record: "A", changes: map[string]string{
			"Pod/web-2": `{status: {conditions: [{type: Ready, status: "True", lastTransitionTime: "2026-03-01T11:59:48Z"}]}}`,
		}, answer: nx(18 * time.Second), verdict: names.Denied,
			message: names.MsgDeniedFor(names.MsgNoSuchName(), 12*time.Second, 18*time.Second)},
		{name: "denied for longer than a cache would", question: web2, record: "A", answer: nx(18 * time.Second), verdict: names.Denied,
			message: names.MsgDeniedTooLong(names.MsgNoSuchName(), time.Hour)},
		{name: "published again, for a pod that has long been ready", question: web2, record: "A",
			changes: map[string]string{"EndpointSlice/web-x7k2p": `{metadata: {managedFields: [{manager: old, time: "2026-03-01T10:00:00Z"}, {manager: kube-controller-manager, time: "2026-03-01T11:59:59Z"}]}}`},
			answer:  nx(9 * time.Second), verdict: names.Denied,
			message: names.MsgDeniedFor(names.MsgNoSuchName(), time.Second, 9*time.Second)},
		{name: "denied with other records", question: web2, record: "A", answer: ok(), verdict: names.Denied,
			message: names.MsgDeniedTooLong(names.MsgNoSuchRecord("A"), time.Hour)},
		{name: "the previous address", question: web2, record: "A", answer: ok("10.0.0.77"), verdict: names.Incorrect,
			message: names.MsgWrong([]string{names.MsgNoPodsAddress("10.0.0.77")}, []string{"10.0.0.3"}, 30*time.Second)},
		{name: "the address of another pod", question: web2, record: "A", answer: ok("10.0.0.1"), verdict: names.Incorrect,
			message: names.MsgWrong([]string{names.MsgAddressOfPod("10.0.0.1", "web-0")}, []string{"10.0.0.3"}, 30*time.Second)},
		{name: "one address too many", question: web2, record: "A", answer: ok("10.0.0.77", "10.0.0.3"), verdict: names.Incorrect,
			message: names.MsgWrongToo([]string{names.MsgNoPodsAddress("10.0.0.77")}, 30*time.Second)},
		{name: "outdated EndpointSlice", question: web2, record: "A", changes: map[string]string{
			"Pod/web-2": "{status: {podIP: 10.0.0.9, podIPs: [{ip: 10.0.0.9}]}}",
		}, answer: ok("10.0.0.3"), verdict: names.Incorrect, message: names.MsgAsPublished([]string{names.MsgNoPodsAddress("10.0.0.3")}, []string{"10.0.0.9"})},
		{name: "another client's EndpointSlice has a second address", question: web2, record: "A", changes: map[string]string{
			"EndpointSlice/web-extra": "{metadata: {name: by-hand}, endpoints: [{addresses: [10.9.9.9], hostname: web-2}]}",
		}, answer: ok("10.9.9.9", "10.0.0.3"), verdict: names.Incorrect, message: names.MsgAsPublished([]string{names.MsgNoPodsAddress("10.9.9.9")}, nil)},
		{name: "another client's EndpointSlice has another family", question: web2, record: "AAAA", changes: map[string]string{
			"EndpointSlice/web-extra": `{metadata: {name: by-hand}, addressType: IPv6, endpoints: [{addresses: ["fd00::9"], hostname: web-2}]}`,
		}, answer: ok("fd00::9"), verdict: names.Incorrect, message: names.MsgAsPublished([]string{names.MsgNoPodsAddress("fd00::9")}, nil)},
		{name: "no longer ready, but still in DNS", question: web0, record: "A", notReady: []string{"web-0"}, changes: empty, answer: ok("10.0.0.1"),
			verdict: names.Stale, message: names.MsgStale([]string{"10.0.0.1"}, names.MsgPodNotReady(), 30*time.Second)},
		{name: "failed", question: web2, record: "A", answer: names.Answer{Code: "SERVFAIL"}, verdict: names.Failed, message: names.MsgErrorCode("SERVFAIL")},
		{name: "refused", question: web2, record: "A", answer: names.Answer{Code: "REFUSED"}, verdict: names.Failed, message: names.MsgErrorCode("REFUSED")},
		{name: "timed out", question: web2, record: "A", answer: names.Answer{TimedOut: true, Problem: "no answer within 2s", Took: 2 * time.Second}, verdict: names.NoAnswer, message: "no answer within 2s"},
		{name: "connection lost", question: web2, record: "A", answer: names.Answer{Problem: "connection reset"}, verdict: names.NoAnswer, message: names.MsgFailedQuery("connection reset")},
		{name: "EndpointSlices cannot be read", question: web2, record: "A", changes: map[string]string{"EndpointSlice/web-x7k2p": "null", "missing": "endpointslices"}, answer: ok("10.0.0.3"),
			verdict: names.Correct},
		{name: "service", question: own, record: "A", answer: ok("10.0.0.2", "10.0.0.1", "10.0.0.3"), verdict: names.Correct},
		{name: "service, incomplete", question: own, record: "A", answer: ok("10.0.0.1", "10.0.0.3"), verdict: names.Incomplete,
			message: names.MsgIncomplete([]string{"10.0.0.2"}, 30*time.Second)},
		{name: "service, one wrong", question: own, record: "A", answer: ok("10.0.0.1", "10.0.0.3", "6.6.6.6"), verdict: names.Incorrect,
			message: names.MsgWrong([]string{"6.6.6.6"}, []string{"10.0.0.2"}, 30*time.Second)},
		{name: "service with a cluster IP", question: own, record: "A", changes: map[string]string{"Service/web": "{spec: {clusterIP: 10.96.0.9, clusterIPs: [10.96.0.9]}}"},
			answer: ok("10.96.0.9"), verdict: names.Correct},
		{name: "SRV", question: srv, record: "SRV", answer: services(peer("web-2"), peer("web-0"), peer("web-1")), verdict: names.Correct},
		{name: "SRV lacks one", question: srv, record: "SRV", answer: services(peer("web-2"), peer("web-0")), verdict: names.Incomplete,
			message: names.MsgIncomplete([]string{"web-1.web.shop.svc.cluster.local:7000"}, 0)},
		{name: "SRV of an endpoint without a hostname", question: srv, record: "SRV",
			changes: map[string]string{"EndpointSlice/web-x7k2p": `{endpoints: [{addresses: [10.0.0.7]}, {addresses: ["fd00::"]}]}`},
			answer:  services(peer("10-0-0-7"), peer("fd00--0")), verdict: names.Correct},
		{name: "SRV denied", question: srv, record: "SRV", answer: nx(5 * time.Second), verdict: names.Denied,
			message: names.MsgDenied(names.MsgNoSuchName(), 5*time.Second)},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := reportOf(t, test.notReady, test.changes, names.Options{Resolve: true})
			test.answer.Question = names.Question{Name: test.question, Type: test.record}
			report.Judge(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), []names.Answer{test.answer})
			item := report.Items[0]
			lookups := slices.Concat(item.Service.Lookups, item.Service.Ports[0].Lookups)
			for _, r := range item.Replicas {
				lookups = append(lookups, r.Lookups...)
			}
			for _, l := range lookups {
				if l.Question != test.answer.Question {
					continue
				}
				if l.Verdict != test.verdict || l.Message != test.message {
					t.Errorf("%s: %q\nwant %s: %q", l.Verdict, l.Message, test.verdict, test.message)
				}
				return
			}
			t.Errorf("no query for %v", test.answer.Question)
		})
	}
}

// With --wait and --watch a report is judged again with every answer: nothing is left of the one before.
func TestJudgedAgain(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	question := names.Question{Name: "web-2.web.shop.svc.cluster.local", Type: "A"}
	right := names.Answer{Question: question, Code: "NOERROR", Addresses: []string{"10.0.0.3"}}
	once, twice := reportOf(t, nil, nil, names.Options{Resolve: true}), reportOf(t, nil, nil, names.Options{Resolve: true})
	once.Judge(now, []names.Answer{right})
	twice.Judge(now, []names.Answer{{Question: question, Code: "NOERROR", Addresses: []string{"10.0.0.77"}, TTL: 30 * time.Second, Took: time.Millisecond}})
	twice.Judge(now, []names.Answer{right})
	if diff := cmp.Diff(once.Items[0].Replicas[2].Lookups, twice.Items[0].Replicas[2].Lookups, cmpopts.IgnoreUnexported(names.DNSLookup{})); diff != "" {
		t.Errorf("judged once (-) and twice (+):\n%s", diff)
	}
}

func TestNamesWithAnotherAddress(t *testing.T) {
	r := reportOf(t, nil, map[string]string{
		"EndpointSlice/web-x7k2p": "{endpoints: [{addresses: [10.0.0.1], hostname: web-0}, {addresses: [10.0.0.2, 10.9.9.9], hostname: web-1}, {addresses: [10.9.9.9], hostname: web-2}]}",
	}, names.Options{})
	for i, want := range []struct {
		published bool
		reason    names.Reason
		message   string
	}{{true, "", ""}, {true, "", ""}, {false, names.WrongAddress, names.MsgOtherAddresses([]string{"10.9.9.9"})}} {
		n := r.Items[0].Replicas[i]
		if *n.Published != want.published || n.Reason != want.reason || n.Message != want.message {
			t.Errorf("%s: %t %s %q, want %+v", n.Pod, *n.Published, n.Reason, n.Message, want)
		}
	}
}

// Which names --wait waits for, and which of them are already an error.
func TestUnresolvedAndPending(t *testing.T) {
	name := func(pod string) string { return pod + ".web.shop.svc.cluster.local" }
	all := []string{"web.shop.svc.cluster.local", "_peer._tcp.web.shop.svc.cluster.local"}
	right := []names.Answer{
		{Question: names.Question{Name: name("web-1"), Type: "A"}, Code: "NOERROR", Addresses: []string{"10.0.0.2"}},
		{Question: names.Question{Name: name("web-2"), Type: "A"}, Code: "NOERROR", Addresses: []string{"10.0.0.3"}},
		{Question: names.Question{Name: all[0], Type: "A"}, Code: "NOERROR", Addresses: []string{"10.0.0.2", "10.0.0.3"}},
		{Question: names.Question{Name: all[1], Type: "SRV"}, Code: "NOERROR", Services: []names.SRV{{Target: name("web-1"), Port: 7000}, {Target: name("web-2"), Port: 7000}}},
		{Question: names.Question{Name: name("web-0"), Type: "A"}, Code: "NXDOMAIN"},
	}
	twoReady := map[string]string{"EndpointSlice/web-x7k2p": "{endpoints: [{addresses: [10.0.0.2], hostname: web-1}, {addresses: [10.0.0.3], hostname: web-2}]}"}
	for _, test := range []struct {
		name                string
		notReady            []string
		changes             map[string]string
		answers             []names.Answer
		unresolved, pending []string
	}{
		{"no answers", nil, nil, nil, append([]string{name("web-0"), name("web-1"), name("web-2")}, all...), append([]string{name("web-0"), name("web-1"), name("web-2")}, all...)},
		{"web-0 is not ready and has no name", []string{"web-0"}, twoReady, right, nil, []string{name("web-0")}},
		{"web-0 is ready and has no name", nil, twoReady, right, []string{name("web-0")}, []string{name("web-0")}},
		{"an ordinal out of range does not matter", []string{"web-0"}, map[string]string{
			"StatefulSet/web": "{spec: {ordinals: {start: 1}, replicas: 2}}", "EndpointSlice/web-x7k2p": twoReady["EndpointSlice/web-x7k2p"]}, right, nil, nil},
		{"a set without a Service", nil, map[string]string{"StatefulSet/web": `{spec: {serviceName: ""}}`}, nil,
			[]string{"web-0", "web-1", "web-2"}, []string{"web-0", "web-1", "web-2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := reportOf(t, test.notReady, test.changes, names.Options{Resolve: true})
			report.Judge(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), test.answers)
			if diff := cmp.Diff(test.unresolved, report.Unresolved()); diff != "" {
				t.Errorf("unresolved (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.pending, report.Pending()); diff != "" {
				t.Errorf("pending (-want +got):\n%s", diff)
			}
		})
	}
}
