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
			"crash":   {"CrashLoopBackOff", `container app, exit code 3, \d+ restarts`, true},
			"pull":    {"(ErrImagePull|ImagePullBackOff)", `network is unreachable`, true},
			"init":    {"InitContainerRunning", `init container wait-for-db is still running`, false},
			"config":  {"CreateContainerConfigError", `secret "none" not found`, true},
			"command": {"(RunContainerError|CrashLoopBackOff)", `container app, StartError, exit code 128, \d+ restarts`, true},
			"mount":   {"FailedMount", `configmap "none" not found \(x\d+ over 2m`, true},
			"sidecar": {"CrashLoopBackOff", `container proxy, exit code 7, \d+ restarts`, true},
			"unready": {"NotReady", `container metrics$`, false},
			"gate":    {"ReadinessGatesNotReady", diagnose.MsgGateWithoutCondition("lb.example/web"), false},
		},
		"kubelet-rejected.json": {
			"cpu":      {"Recreated", `keeps being recreated \(\d+ times\): the kubelet reports OutOfcpu: Node didn't have enough resource: cpu, requested: 1000000, used: 0, capacity: 2000$`, true},
			"affinity": {"Recreated", `keeps being recreated \(\d+ times\): the kubelet reports NodeAffinity: Predicate NodeAffinity failed: node\(s\) didn't match Pod's node affinity/selector$`, true},
			"sandbox":  {"FailedCreatePodSandBox", `cannot create its sandbox: failed to get sandbox runtime: no runtime for "none" is configured \(x7 over`, false},
		},
		"kubelet-evicted.json": {
			"disk": {"Recreated", `keeps being recreated \(\d+ times\): the kubelet reports Evicted: Usage of EmptyDir volume "data" exceeds the limit "1Mi"$`, true},
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
