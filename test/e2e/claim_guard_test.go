package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// guarded is a verb that makes the pod of an ordinal go, and how a set gets to where it would.
type guarded struct {
	verb    string
	prepare []string
	command string
	goes    int
}

// guardedVerbs are those that may take a pod. WEB stands for the set, which has two replicas.
var guardedVerbs = []guarded{
	{"canary-start", nil, "canary start WEB --image app:v2", 1},
	{"canary-promote", []string{"sts canary start WEB --image app:v2 --yes"}, "canary promote WEB", 0},
	{"canary-promote-auto", []string{"sts canary start WEB --image app:v2 --yes"}, "canary promote WEB --auto", 0},
	{"canary-abort", []string{"sts canary start WEB --image app:v2 --yes"}, "canary abort WEB", 1},
	{"resume", []string{"sts canary start WEB --image app:v2 --yes"}, "resume WEB", 0},
	{"undo", []string{"kubectl set image sts/WEB app=app:v2", "until field sts/WEB .status.updatedReplicas 2", "until field sts/WEB .status.availableReplicas 2",
		"until field sts/WEB .status.currentReplicas 2"}, "undo WEB --to-revision 1", 1},
	{"unstick", []string{"kubectl set image sts/WEB app=app:v2-crash", "until field pod/WEB-1 '{.status.containerStatuses[0].state.waiting.reason}' CrashLoopBackOff"}, "unstick WEB", 1},
	{"restart", nil, "restart WEB --ordinal 1", 1},
	{"drain-scale", nil, "drain-scale WEB --replicas 1", 1},
	{"drain-scale-pdb-ignore", nil, "drain-scale WEB --replicas 1 --pdb=ignore", 1},
	{"drain-scale-park", nil, "drain-scale WEB --replicas 0 --park", 0},
}

// spoiled are the bad states of a claim, how it gets there, and what is said of it. CLAIM is
// its name, @pv that of its volume.
var spoiled = []struct {
	state  string
	spoil  []string
	reason string
	data   bool // the volume is still there
}{
	{"claim-terminating", []string{"kubectl delete pvc CLAIM --wait=false"}, "persistentvolumeclaim/CLAIM is being deleted", true},
	{"volume-terminating", []string{"kubectl delete pv/@pv --wait=false"}, "persistentvolume/.* of persistentvolumeclaim/CLAIM is being deleted", true},
	{"claim-lost", []string{"kubectl delete pv/@pv --wait=false", `kubectl patch pv/@pv -p '{"metadata":{"finalizers":null}}'`, "until field pvc/CLAIM .status.phase Lost"},
		"persistentvolumeclaim/CLAIM has lost its persistentvolume", false},
	{"claim-missing", []string{"kubectl delete pvc CLAIM --wait=false", `kubectl patch pvc CLAIM -p '{"metadata":{"finalizers":null}}'`, "until gone pvc/CLAIM"},
		"persistentvolumeclaim/CLAIM no longer exists", false},
}

// script is a verb in every bad state of one claim: it is refused with 5, names the claim,
// writes nothing, and the pods are those that they were.
func (g guarded) script() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for k, bad := range spoiled {
		web := fmt.Sprintf("web%d", k)
		claim := fmt.Sprintf("data-%s-%d", web, g.goes)
		fill := strings.NewReplacer("WEB", web, "CLAIM", claim).Replace
		line("# %s: %s", g.verb, bad.state)
		line("deploy %s spec.replicas=2 claims=data", web)
		for _, p := range g.prepare {
			line("%s", fill(p))
		}
		line("save pv pvc/%s .spec.volumeName", claim)
		line("write pvc/%s precious", claim)
		for _, s := range bad.spoil {
			line("%s", fill(s))
		}
		line("uids save pods")
		for _, flag := range []string{"--dry-run", "--yes"} {
			line("audit mark")
			line("rc 5 sts %s %s", fill(g.command), flag)
			line("stderr '%s'", fill(bad.reason))
			line("stderr 'accept-data-loss'")
			line("audit 0 effective write")
		}
		line("rc 4 sts status %s --exit-code", web)
		line("stdout 'DataAtRisk'")
		line("stdout '%s'", fill(bad.reason))
		line("uids same pods %s-0 %s-1", web, web)
		if bad.data {
			line("holds pv/@pv precious")
		}
	}
	return b.String()
}

// TestClaimGuard puts one claim of one pod into each bad state and runs every verb.
func TestClaimGuard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, g := range guardedVerbs {
		if err := os.WriteFile(filepath.Join(dir, g.verb+".txtar"), []byte(g.script()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := params("default", cluster.Shared(t, nil))
	p.Dir = dir
	testscript.Run(t, p)
}
