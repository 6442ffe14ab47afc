package sts_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// What a real kubelet (1.36) has written of pods that do not get ready, about three minutes
// after they were made: the sets of test/e2e/testdata/node/pod-states.txtar.
func TestTroubleOfARealKubelet(t *testing.T) {
	file, err := os.ReadFile("testdata/kubelet.json")
	if err != nil {
		t.Fatal(err)
	}
	inv, err := ststest.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]struct {
		reason, message string
		failing         bool
	}{
		"crash":   {"CrashLoopBackOff", `container app, exit code 3, \d+ restarts`, true},
		"pull":    {"(ErrImagePull|ImagePullBackOff)", `network is unreachable`, true},
		"init":    {"InitContainerRunning", `init container wait-for-db has not finished`, false},
		"config":  {"CreateContainerConfigError", `secret "none" not found`, true},
		"command": {"(RunContainerError|CrashLoopBackOff)", `container app, StartError, exit code 128, \d+ restarts`, true},
		"mount":   {"FailedMount", `configmap "none" not found \(\d+ times in 2m`, true},
		"sidecar": {"CrashLoopBackOff", `container proxy, exit code 7, \d+ restarts`, true},
		"unready": {"NotReady", `container metrics$`, false},
		"gate":    {"ReadinessGatesNotReady", `readiness gate lb.example/web, whose condition does not exist`, false},
	}
	for _, s := range inv.Snapshots() {
		w, got := want[s.Set.Name], s.Trouble(s.Replicas()[0])
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
}
