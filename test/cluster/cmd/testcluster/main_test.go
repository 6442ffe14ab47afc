package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// program makes the test binary testcluster itself, for tests that need it as
// a process of its own.
const program = "KUBECTL_STS_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(program) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func testcluster(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), program+"=1")
	return cmd
}

func output(t *testing.T, args ...string) string {
	t.Helper()
	cmd := testcluster(args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("testcluster %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

func TestNodes(t *testing.T) {
	for text, want := range map[string]cluster.Config{
		"2":      {Nodes: 2},
		"real":   {Nodes: 3, RealNode: true},
		"1,real": {Nodes: 1, RealNode: true},
		"real,5": {Nodes: 5, RealNode: true},
	} {
		var got cluster.Config
		if err := setNodes(&got, text); err != nil || got.Nodes != want.Nodes || got.RealNode != want.RealNode {
			t.Errorf("--nodes %s: %d simulated, real %t (%v)", text, got.Nodes, got.RealNode, err)
		}
	}
	for _, text := range []string{"", "really", "2;real"} {
		if err := setNodes(&cluster.Config{}, text); err == nil {
			t.Errorf("--nodes %q is taken", text)
		}
	}
}

// The cluster outlives the program that made it, and a second up finds it.
func TestUpAndDown(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	t.Cleanup(func() { _ = cluster.Remove(dir) }) // for a failed test
	up := []string{"up", "--dir", dir, "--nodes", "2", "--feature-gates", "MaxUnavailableStatefulSet=true"}
	kubeconfig, _, _ := strings.Cut(output(t, up...), "\n")
	c, err := cluster.Attach(dir)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := exec.Command(c.Bin("kubectl"), "--kubeconfig", kubeconfig, "get", "nodes", "-o", "name").Output()
	if err != nil || string(nodes) != "node/node-0\nnode/node-1\n" {
		t.Errorf("kubectl get nodes: %s (%v)", nodes, err)
	}
	began := time.Now()
	if again, _, _ := strings.Cut(output(t, up...), "\n"); again != kubeconfig {
		t.Errorf("a second up printed %s, want %s", again, kubeconfig)
	}
	t.Logf("the second up took %s", time.Since(began).Round(time.Millisecond))
	if err := testcluster("up", "--dir", dir, "--nodes", "3").Run(); err == nil {
		t.Error("up with other options found the cluster good enough")
	}
	// In this process, which has looked before it would build one.
	other := cluster.Config{Dir: dir, Nodes: 2, Kubernetes: "1.34", FeatureGates: map[string]bool{"MaxUnavailableStatefulSet": true}}
	if _, err := reuse(other); err == nil {
		t.Error("up with another Kubernetes found the cluster good enough")
	}
	output(t, "down", "--dir", dir)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("down left %s: %v", dir, err)
	}
	output(t, "down", "--dir", dir)
}

// However an up ends before its time, nothing stays; after a SIGKILL it is the
// supervisor that notices.
func TestUpEndsEarly(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*os.Process) error{
		"Ctrl-C": func(p *os.Process) error { return p.Signal(os.Interrupt) },
		"killed": func(p *os.Process) error { return p.Kill() },
	} {
		dir := filepath.Join(t.TempDir(), "cluster")
		cmd := testcluster("up", "--dir", dir)
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool {
			_, err := os.Stat(filepath.Join(dir, "logs", "kube-apiserver.log"))
			return err == nil
		})
		if err := end(cmd.Process); err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(stderr) // of a killed process
		err = cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatalf("%s: %v", name, err)
		}
		if name == "Ctrl-C" && (exit.ExitCode() != 130 || !strings.Contains(string(said), "interrupted")) {
			t.Errorf("%s: exit code %d and %q", name, exit.ExitCode(), said)
		}
		waitFor(t, func() bool {
			left, err := os.ReadDir(filepath.Dir(dir))
			return err == nil && len(left) == 0
		})
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited three minutes in vain")
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"frobnicate"}, {"up", "surplus"}, {"up", "--nodes", "many"}, {"up", "--feature-gates", "A"},
		{"down", "--all", "--name", "a"}, {"list", "--all"},
	} {
		if err := run(context.Background(), args); !errors.Is(err, errUsage) {
			t.Errorf("testcluster %v: %v, want a word about usage", args, err)
		}
	}
}
