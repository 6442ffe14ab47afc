package cli

import (
	"io"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Predictions from manifests, without a cluster.
func TestPlanOfManifests(t *testing.T) {
	const (
		web     = "plan -f testdata/plan/web.yaml "
		summary = ` -o go-template={{range.changes}}{{.}}|{{end}}{{.took}}|{{len.events}}|{{.outcome.state}}`
	)
	var said transcript
	for _, test := range []struct {
		args, out string // out is how standard output ends
		code      int
	}{
		{args: web + "-o name", out: "statefulset.apps/web\n"},
		{args: web + summary, out: "40s|6|Complete"},
		{args: web + "--ready-after 1m" + summary, out: "2m0s|6|Complete"},
		{args: web + "--broken --exit-code" + summary, out: "0s|2|Stuck", code: ExitStuck},
		{args: web + "--replicas 3" + summary, out: "20s|3|Complete"},
		{args: web + "--replicas 2" + summary, out: "0s|0|Complete"},
		{args: web + "--image app:v2 --terminate-after 0s" + summary, out: "40s|8|Complete"},
		{args: web + "--image app=app:v1" + summary, out: "0s|0|Complete"},
		{args: web + "--image app:v2 --partition 1 --exit-code" + summary, code: ExitFound,
			out: "30s|4|Paused"},
		{args: web + `--patch {"spec":{"terminationGracePeriodSeconds":5}}` + summary, out: "1m0s|8|Complete"},
		{args: web + "--restart" + summary, out: "1m0s|8|Complete"},
		{args: web + "--new-file testdata/plan/web-v2.yaml" + summary, out: "1m20s|11|Complete"},
		{args: web + "--new-file testdata/plan/web.yaml" + summary, out: "0s|0|Complete"},
		{args: web + "--lose-node node-1 --exit-code" + summary, out: "7m10s|7|Stuck", code: ExitStuck},
		{args: web + "--delete" + summary, out: "10s|5|Deleted"},
		{args: web + "--delete --cascade orphan" + summary, out: "0s|1|Orphaned"},
		{args: web + "--new-file testdata/plan/forbidden.yaml", code: ExitRefused},
		{args: web + "--as kim --new-file testdata/plan/forbidden.yaml -o name", code: ExitRefused},
		{args: "plan Web -f testdata/plan/wrong.yaml", code: ExitRefused},
		{args: "plan db -f testdata/plan/wrong.yaml --image a=a:2 --exit-code" + summary, code: ExitFound,
			out: "0s|0|Waiting"},
		{args: "plan -f testdata/plan/recreate.yaml --image app:v2 -o jsonpath={.notes[*].reason}|{.events[?(@.kind=='PodDeleted')].object}|{.outcome.state}",
			out: "AssumedGate AssumedHealthy Service|pod/web-0 pod/web-1|Complete"},
		{args: "plan -f testdata/plan/recreate.yaml -o jsonpath={.notes[*].reason}|{.updateStrategy}", out: "AssumedGate Service|Recreate"},
		{args: "plan -f testdata/plan/recreate.yaml --partition 1", code: ExitUsage},
		{args: "plan -f testdata/plan/recreate-rolling.yaml", code: ExitRefused},
		{args: web + "--replicas 5 -o jsonpath={.notes[*].reason}", out: "AssumedHealthy Autoscaler"},
		{args: web + "--max-unavailable 2 -o jsonpath={.notes[0].reason},{.assumed.features.maxUnavailable}", out: "AssumedGate,false"},
		{args: web + "--max-unavailable 2 --feature-gates MaxUnavailableStatefulSet=true -o jsonpath={.notes[0].reason},{.assumed.features.maxUnavailable}", out: "AssumedHealthy,true"},
		{args: web + "--image app:v2 -o jsonpath={.budgets[*].verdict}", out: "AlwaysBlocks AlwaysBlocks"},
		{args: web + "--image app:v2 --cluster-domain Corp.example. -o jsonpath={.names[0].name},{.names[0].effect}", out: "web-0.web.shop.svc.corp.example,Unchanged"},

		{args: "plan -f testdata/plan/odd.yaml", code: ExitRefused},
		{args: "plan -k testdata/doctor/kustomization" + summary, out: "20s|2|Complete"},
		{args: "plan prod-web -k testdata/doctor/kustomization -o name", out: "statefulset.apps/prod-web\n"},
		{args: "plan web -k testdata/doctor/kustomization", code: ExitUsage},
		{args: "plan -k testdata/doctor/kustomization -f testdata/plan/web.yaml", code: ExitUsage},
		{args: "plan -f testdata/dns/huge.yaml", code: ExitUsage},                          // without a look at each ordinal
		{args: web + "-f ./testdata/plan/web.yaml -o name", out: "statefulset.apps/web\n"}, // read once
		{args: web + "--new-file - --patch-file -", code: ExitUsage},
		{args: web + "--image a:1 --image b:1", code: ExitUsage},
		{args: web + "--replicas 0 -o jsonpath={.budgets[0].message}|{.budgets[0].verdict}", out: "|AlwaysBlocks"},

		{args: "plan", code: ExitUsage},
		{args: "plan web db", code: ExitUsage},
		{args: "plan -f testdata/plan/wrong.yaml", code: ExitUsage},
		{args: "plan no -f testdata/plan/web.yaml", code: ExitUsage},
		{args: web + "--new-file testdata/plan/wrong.yaml", code: ExitUsage},
		{args: web + "--new-file nowhere.yaml", code: ExitUsage},
		{args: web + "--replicas=-1", code: ExitUsage},
		{args: web + "--replicas=5000", code: ExitUsage},
		{args: web + "--partition=-1", code: ExitUsage},
		{args: "plan db -f testdata/plan/wrong.yaml --partition 1", code: ExitUsage},
		{args: "plan db -f testdata/plan/wrong.yaml --image x", code: ExitUsage},
		{args: web + "--max-unavailable=0", code: ExitUsage},
		{args: web + "--cascade=orphan", code: ExitUsage},
		{args: web + "--delete --cascade=no", code: ExitUsage},
		{args: web + "--delete --replicas=3", code: ExitUsage},
		{args: web + "--delete --broken", code: ExitUsage},
		{args: web + "--new-file testdata/plan/twice.yaml", code: ExitUsage},
		{args: web + "--lose-node=n --replicas=3", code: ExitUsage},
		{args: web + "--lose-node=node-2", code: ExitUsage},
		{args: web + "--ready-after=25h", code: ExitUsage},
		{args: web + "-n Bad_NS", code: ExitUsage},
		{args: web + "--ready-after=-1s", code: ExitUsage},
		{args: web + "--feature-gates=Other=true", code: ExitUsage},
		{args: web + "--cluster-domain=a_b", code: ExitUsage},
	} {
		i := invoke(t, splitArgs(test.args)...)
		said.add(i, test.args)
		t.Run(test.args, func(t *testing.T) {
			if i.code != test.code {
				t.Errorf("exit code %d, want %d", i.code, test.code)
			}
			if out := i.out.String(); !strings.HasSuffix(out, test.out) || test.out == "" && out != "" {
				t.Errorf("standard output %q, want %q at its end", out, test.out)
			}
		})
	}
	said.check(t, "plans")
}

// The API server has accepted a live set: only what its change makes invalid is a reason to refuse.
func TestPredictableSets(t *testing.T) {
	set := func(name string, replicas int32, policy appsv1.PodManagementPolicyType) *appsv1.StatefulSet {
		s := sts.Defaulted(ststest.Web(3).Sets[0])
		s.Name, s.Spec.Replicas, s.Spec.PodManagementPolicy, s.Spec.VolumeClaimTemplates = name, &replicas, policy, nil
		return s
	}
	for _, test := range []struct {
		name          string
		set, accepted *appsv1.StatefulSet
		want          int
	}{
		{"valid", set("web", 3, "Parallel"), nil, 0},
		{"a name of an older Kubernetes", set("web.v1", 3, "Parallel"), nil, ExitRefused},
		{"a live set with such a name", set("web.v1", 3, "Parallel"), set("web.v1", 3, "Parallel"), 0},
		{"a change of it", set("web.v1", 5, "Parallel"), set("web.v1", 3, "Parallel"), 0},
		{"an invalid change of it", set("web.v1", 5, "Serial"), set("web.v1", 3, "Parallel"), ExitRefused},
		{"too many replicas", set("web.v1", maxPlanReplicas+1, "Parallel"), set("web.v1", 3, "Parallel"), ExitUsage},
	} {
		got := 0
		if err := requirePredictable(test.set, test.accepted); err != nil {
			got = Exit(io.Discard, err)
		}
		if got != test.want {
			t.Errorf("%s: exit code %d, want %d", test.name, got, test.want)
		}
	}
}

// splitArgs are the words of a command line. A template's blank is written as a dot.
func splitArgs(line string) []string {
	args := strings.Fields(line)
	for i, a := range args {
		args[i] = strings.NewReplacer("{{range.changes", "{{range .changes", "{{len.events", "{{len .events").Replace(a)
	}
	return args
}

// The text and the picture.
func TestPlanOfAnExample(t *testing.T) {
	var said transcript
	for _, args := range []string{"plan -f ../../examples/postgres.yaml --replicas 5 --image postgres=postgres:17", "plan -f ../../examples/postgres.yaml -o svg"} {
		i := invoke(t, strings.Fields(args)...)
		if out := i.out.String(); i.code != 0 || i.err.Len() > 0 || strings.HasSuffix(args, "svg") != strings.HasPrefix(out, "<svg ") {
			t.Errorf("%s: exit code %d\n%s%s", args, i.code, out, i.err.String())
		} else if !strings.HasSuffix(args, "svg") {
			said.add(i, args)
		}
	}
	said.check(t, "plan-of-an-example")
}
