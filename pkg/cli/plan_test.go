package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Predictions from manifests, without a cluster.
func TestPlanOfManifests(t *testing.T) {
	const (
		web     = "plan -f testdata/plan/web.yaml "
		summary = ` -o go-template={{range.changes}}{{.}}|{{end}}{{.took}}|{{len.events}}|{{.outcome.state}}`
	)
	for _, test := range []struct {
		args, out, err string
		code           int
	}{
		{args: web + "-o name", out: "statefulset.apps/web\n"},
		{args: web + summary, out: "40s|6|Complete"},
		{args: web + "--ready-after 1m" + summary, out: "2m0s|6|Complete"},
		{args: web + "--broken --exit-code" + summary, out: "0s|2|Stuck", code: ExitStuck,
			err: "stuck: pod web-0 will not become ready\n→ kubectl sts status web -n shop\n"},
		{args: web + "--replicas 3" + summary, out: "replicas: 2 → 3|20s|3|Complete"},
		{args: web + "--replicas 2" + summary, out: "0s|0|Complete"},
		{args: web + "--image app:v2 --terminate-after 0s" + summary, out: "containers[app].image: app:v1 → app:v2|40s|8|Complete"},
		{args: web + "--image app=app:v1" + summary, out: "0s|0|Complete"},
		{args: web + "--image app:v2 --partition 1 --exit-code" + summary, code: ExitFound,
			out: "containers[app].image: app:v1 → app:v2|partition: 0 → 1 (pods 1 and above use the new template)|30s|4|Paused",
			err: "statefulset.apps/web: ordinal 0 is below the partition and will not be updated\n"},
		{args: web + `--patch {"spec":{"terminationGracePeriodSeconds":5}}` + summary, out: "terminationGracePeriodSeconds = 5 (new)|1m0s|8|Complete"},
		{args: web + "--restart" + summary, out: "metadata.annotations.kubectl.kubernetes.io/restartedAt = 2026-03-01T12:00:00Z (new)|1m0s|8|Complete"},
		{args: web + "--new-file testdata/plan/web-v2.yaml" + summary, out: "replicas: 2 → 3|containers[app].image: app:v1 → app:v2|1m20s|11|Complete"},
		{args: web + "--new-file testdata/plan/web.yaml" + summary, out: "0s|0|Complete"},
		{args: web + "--lose-node node-1 --exit-code" + summary, out: "node node-1 becomes unreachable|7m10s|7|Stuck", code: ExitStuck,
			err: "stuck: pod web-1 stays unavailable until node node-1 is deleted or tainted as out-of-service; it is then recreated on another node with the same name and claims\n" +
				"→ make sure that the machine of node node-1 is powered off (two pods must never write to the same volume), then run kubectl delete node node-1\n"},
		{args: web + "--delete" + summary, out: "deleted with --cascade=background|10s|5|Deleted"},
		{args: web + "--delete --cascade orphan" + summary, out: "deleted with --cascade=orphan|0s|1|Orphaned"},
		{args: web + "--new-file testdata/plan/forbidden.yaml", code: ExitRefused,
			err: "refused: the API server would reject the change: spec.serviceName, spec.volumeClaimTemplates of statefulset/web are immutable, only replicas, ordinals, template, updateStrategy, revisionHistoryLimit, persistentVolumeClaimRetentionPolicy, minReadySeconds can be changed\n" +
				"→ delete the StatefulSet with --cascade=orphan, then apply the new manifest, which takes over the pods and claims; to preview the deletion: kubectl sts plan web -f testdata/plan/web.yaml --delete --cascade=orphan\n"},
		{args: web + "--as kim --new-file testdata/plan/forbidden.yaml -o name", code: ExitRefused,
			err: "refused: the API server would reject the change: spec.serviceName, spec.volumeClaimTemplates of statefulset/web are immutable, only replicas, ordinals, template, updateStrategy, revisionHistoryLimit, persistentVolumeClaimRetentionPolicy, minReadySeconds can be changed\n" +
				"→ delete the StatefulSet with --cascade=orphan, then apply the new manifest, which takes over the pods and claims; to preview the deletion: kubectl sts plan web -f testdata/plan/web.yaml --delete --cascade=orphan --as kim\n"},
		{args: "plan Web -f testdata/plan/wrong.yaml", code: ExitRefused, err: "refused: the API server would reject statefulset/Web: " +
			`metadata.name: invalid value "Web": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'); ` +
			"spec.selector: does not match spec.template.metadata.labels; spec.template.spec.restartPolicy: unsupported value \"Never\", must be Always; spec.template.spec.containers[0]: name and image are required\n"},
		{args: "plan db -f testdata/plan/wrong.yaml --image a=a:2 --exit-code" + summary, code: ExitFound,
			out: "containers[a].image: a:1 → a:2|0s|0|Waiting", err: "statefulset.apps/db: ordinal 0 will be updated when its pod is deleted (OnDelete)\n"},
		{args: "plan -f testdata/plan/recreate.yaml --image app:v2 -o jsonpath={.notes[*].reason}|{.events[?(@.kind=='PodDeleted')].object}|{.outcome.state}",
			out: "AssumedGate AssumedHealthy Service|pod/web-0 pod/web-1|Complete"},
		{args: "plan -f testdata/plan/recreate.yaml -o jsonpath={.notes[*].reason}|{.updateStrategy}", out: "AssumedGate Service|Recreate"},
		{args: "plan -f testdata/plan/recreate.yaml --partition 1", code: ExitUsage,
			err: "error: statefulset/web has the update strategy Recreate: --partition and --max-unavailable require RollingUpdate\n"},
		{args: "plan -f testdata/plan/recreate-rolling.yaml", code: ExitRefused,
			err: "refused: the API server would reject statefulset/web: spec.updateStrategy.rollingUpdate: only allowed with type RollingUpdate, not Recreate\n"},
		{args: web + "--replicas 5 -o jsonpath={.notes[*].reason}", out: "AssumedHealthy Autoscaler"},
		{args: web + "--max-unavailable 2 -o jsonpath={.notes[0].reason},{.assumed.features.maxUnavailable}", out: "AssumedGate,false"},
		{args: web + "--max-unavailable 2 --feature-gates MaxUnavailableStatefulSet=true -o jsonpath={.notes[0].reason},{.assumed.features.maxUnavailable}", out: "AssumedHealthy,true"},
		{args: web + "--image app:v2 -o jsonpath={.budgets[*].verdict}", out: "AlwaysBlocks AlwaysBlocks"},
		{args: web + "--image app:v2 --cluster-domain Corp.example. -o jsonpath={.names[0].name},{.names[0].effect}", out: "web-0.web.shop.svc.corp.example,Unchanged"},

		{args: "plan -f testdata/plan/odd.yaml", code: ExitRefused, err: "warning: testdata/plan/odd.yaml: StatefulSet odd is read as apps/v1: Kubernetes no longer serves apps/v1beta1\n" +
			"refused: the API server would reject statefulset/odd: spec.replicas: invalid value -2, must not be negative; spec.minReadySeconds: invalid value -1, must not be negative; spec.updateStrategy.type: unsupported value \"Rolling\", must be RollingUpdate, OnDelete or Recreate\n"},
		{args: web + "-f testdata/plan/web.yaml", code: ExitUsage, err: "error: --filename testdata/plan/web.yaml,testdata/plan/web.yaml: StatefulSet web is defined more than once\n"},
		{args: web + "--new-file - --patch-file -", code: ExitUsage, err: "error: standard input can be read only once: use a file for the other flags\n"},
		{args: web + "--image a:1 --image b:1", code: ExitUsage, err: "error: more than one image specified for container app\n"},
		{args: web + "--replicas 0 -o jsonpath={.budgets[0].message}", out: "poddisruptionbudget/web would block every deletion: 2 healthy, 2 required"},

		{args: "plan", code: ExitUsage, err: "error: a StatefulSet name or --filename is required\n"},
		{args: "plan web db", code: ExitUsage, err: "error: exactly one StatefulSet name is required (for example web or sts/web)\n"},
		{args: "plan -f testdata/plan/wrong.yaml", code: ExitUsage, err: "error: --filename testdata/plan/wrong.yaml contains several StatefulSets, name one of Web, db\n"},
		{args: "plan no -f testdata/plan/web.yaml", code: ExitUsage, err: "error: --filename testdata/plan/web.yaml: StatefulSet no not found, only web\n"},
		{args: web + "--new-file testdata/plan/wrong.yaml", code: ExitUsage, err: "error: --new-file testdata/plan/wrong.yaml: StatefulSet web not found, only StatefulSet/Web, StatefulSet/db\n"},
		{args: web + "--new-file nowhere.yaml", code: ExitUsage, err: "error: --new-file nowhere.yaml: no such file or directory\n"},
		{args: web + "--replicas=-1", code: ExitUsage, err: "error: --replicas: invalid value \"-1\", must not be negative\nSee 'kubectl sts plan --help' for usage.\n"},
		{args: web + "--replicas=5000", code: ExitUsage, err: "error: statefulset/web has 5000 replicas, more than the maximum of 2000\n"},
		{args: web + "--partition=-1", code: ExitUsage, err: "error: --partition: invalid value \"-1\", must not be negative\nSee 'kubectl sts plan --help' for usage.\n"},
		{args: "plan db -f testdata/plan/wrong.yaml --partition 1", code: ExitUsage,
			err: "error: statefulset/db has the update strategy OnDelete: --partition and --max-unavailable require RollingUpdate\n"},
		{args: "plan db -f testdata/plan/wrong.yaml --image x", code: ExitUsage,
			err: "error: statefulset/db has several containers, specify one as CONTAINER=x\n→ use one of its containers: a, b\n"},
		{args: web + "--max-unavailable=0", code: ExitUsage, err: "error: --max-unavailable: invalid value \"0\", must be a number greater than 0 or a percentage (for example 20%)\n"},
		{args: web + "--cascade=orphan", code: ExitUsage, err: "error: --cascade requires --delete\n"},
		{args: web + "--delete --cascade=no", code: ExitUsage, err: "error: --cascade: invalid value \"no\", must be \"background\", \"orphan\" or \"foreground\"\nSee 'kubectl sts plan --help' for usage.\n"},
		{args: web + "--delete --replicas=3", code: ExitUsage, err: "error: --delete and --replicas are mutually exclusive\nSee 'kubectl sts plan --help' for usage.\n"},
		{args: web + "--delete --broken", code: ExitUsage, err: "error: --delete and --broken are mutually exclusive\nSee 'kubectl sts plan --help' for usage.\n"},
		{args: web + "--new-file testdata/plan/twice.yaml", code: ExitUsage, err: "error: --new-file testdata/plan/twice.yaml: StatefulSet web is defined more than once\n"},
		{args: web + "--lose-node=n --replicas=3", code: ExitUsage, err: "error: --lose-node and --replicas are mutually exclusive\nSee 'kubectl sts plan --help' for usage.\n"},
		{args: web + "--lose-node=node-2", code: ExitUsage,
			err: "error: --lose-node=node-2: no pod of statefulset/web runs there; each is taken to run on a node of its own: node-0 …\n"},
		{args: web + "--ready-after=25h", code: ExitUsage, err: "error: --ready-after and --terminate-after must be at most 24h\n"},
		{args: web + "-n Bad_NS", code: ExitUsage, err: "error: --namespace: invalid value \"Bad_NS\", a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')\n"},
		{args: web + "--ready-after=-1s", code: ExitUsage, err: "error: --ready-after: invalid value \"-1s\", must not be negative\nSee 'kubectl sts plan --help' for usage.\n"},
		{args: web + "--feature-gates=Other=true", code: ExitUsage,
			err: "error: --feature-gates: invalid value \"Other=true\", must be MaxUnavailableStatefulSet=true or MaxUnavailableStatefulSet=false\n"},
		{args: web + "--cluster-domain=a_b", code: ExitUsage, err: "error: --cluster-domain: invalid value \"a_b\", must be a DNS name\n"},
	} {
		t.Run(test.args, func(t *testing.T) {
			i := invoke(t, splitArgs(test.args)...)
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
	for _, test := range []struct{ args, begins string }{
		{"plan -f ../../examples/postgres.yaml --replicas 5 --image postgres=postgres:17",
			"statefulset.apps/postgres: 20 steps in 2m30s (assumed: pods ready after 20s, terminated after 10s)\n" +
				"  containers[postgres].image: postgres:17.0 → postgres:17\n\n" +
				"  TIME   STEP  EVENT                                  AFTER  REASON\n" +
				"  0s     1     postgres-4 deleted for the update\n"},
		{"plan -f ../../examples/postgres.yaml -o svg", "<svg "},
	} {
		i := invoke(t, strings.Fields(test.args)...)
		if out := i.out.String(); i.code != 0 || !strings.HasPrefix(out, test.begins) || i.err.Len() > 0 {
			t.Errorf("%s: exit code %d\n%s%s", test.args, i.code, out, i.err.String())
		}
	}
}
