package diagnose_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// What a real kubelet (1.36) has written about pods that do not become ready, about three minutes after
// they were created: the sets of test/e2e/testdata/node/pod-states.txtar. After a minute, about those that
// it does not run at all: pod-rejected.txtar. After four minutes (1.37), about one that it evicts: pod-evicted.txtar.
func TestTroubleOfARealKubelet(t *testing.T) {
	type verdict struct {
		reason, message string
		failing         bool
	}
	for file, want := range map[string]map[string]verdict{
		"kubelet.json": {
			"crash":   {"CrashLoopBackOff", `\bapp\b.*\b3\b.*\b\d+\b`, true},
			"pull":    {"(ErrImagePull|ImagePullBackOff)", `network is unreachable`, true},
			"init":    {"InitContainerRunning", `\bwait-for-db\b`, false},
			"config":  {"CreateContainerConfigError", `secret "none" not found`, true},
			"command": {"(RunContainerError|CrashLoopBackOff)", `\bapp\b.*\bStartError\b.*\b128\b.*\b\d+\b`, true},
			"mount":   {"FailedMount", `configmap "none" not found \(x\d+ .*\b2m`, true},
			"sidecar": {"CrashLoopBackOff", `\bproxy\b.*\b7\b.*\b\d+\b`, true},
			"unready": {"NotReady", `\bmetrics$`, false},
			"gate":    {"ReadinessGatesNotReady", `\blb\.example/web\b`, false},
		},
		"kubelet-rejected.json": {
			"cpu":      {"Recreated", `\b\d+\b.* OutOfcpu: Node didn't have enough resource: cpu, requested: 1000000, used: 0, capacity: 2000$`, true},
			"affinity": {"Recreated", `\b\d+\b.* NodeAffinity: Predicate NodeAffinity failed: node\(s\) didn't match Pod's node affinity/selector$`, true},
			"sandbox":  {"FailedCreatePodSandBox", `: failed to get sandbox runtime: no runtime for "none" is configured \(x7 `, false},
		},
		"kubelet-evicted.json": {
			"disk": {"Recreated", `\b\d+\b.* Evicted: Usage of EmptyDir volume "data" exceeds the limit "1Mi"$`, true},
		},
	} {
		t.Run(file, func(t *testing.T) {
			raw, err := os.ReadFile("testdata/" + file)
			if err != nil {
				t.Fatal(err)
			}
			inv, err := ststest.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range inv.Snapshots() {
				w, got := want[s.Set.Name], diagnose.Replica(s, s.Replicas()[0])
				delete(want, s.Set.Name)
				if got == nil {
					t.Errorf("%s is available", s.Set.Name)
					continue
				}
				checkReason(t, got)
				if !regexp.MustCompile("^"+w.reason+"$").MatchString(got.Reason) || !regexp.MustCompile(w.message).MatchString(got.Message) || got.Failing != w.failing {
					t.Errorf("%s: %+v", s.Set.Name, got)
				}
			}
			for name := range want {
				t.Errorf("%s was not recorded", name)
			}
		})
	}
}
