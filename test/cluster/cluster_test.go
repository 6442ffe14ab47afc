package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/supervisor"
)

// makeVolumes makes claims and returns the folders of the volumes behind them.
func makeVolumes(t *testing.T, c *Cluster) []string {
	t.Helper()
	if _, err := c.Client().AppsV1().StatefulSets("default").Create(t.Context(), statefulSet("data", RetainClass, 2), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	var folders []string
	eventually(t, "wait for volumes", func(ctx context.Context) (bool, error) {
		volumes, err := c.Client().CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
		if err != nil || len(volumes.Items) < 2 {
			return false, err
		}
		folders = nil
		for _, v := range volumes.Items {
			folders = append(folders, v.Spec.HostPath.Path)
		}
		return true, nil
	})
	// A client sees a volume a moment before the audit log does, which tells which are whose
	// once the cluster is gone.
	eventually(t, "wait for the audit log to have the volumes", func(context.Context) (bool, error) {
		log, err := os.ReadFile(filepath.Join(c.Dir(), auditFile))
		return err == nil && !slices.ContainsFunc(folders, func(f string) bool { return !bytes.Contains(log, []byte(f)) }), err
	})
	for _, folder := range folders {
		if _, err := os.Stat(folder); err != nil {
			t.Fatal(err)
		}
	}
	return folders
}

// assertGone checks that nothing is left of a cluster.
func assertGone(t *testing.T, dir string, processes []supervisor.Running, volumes []string) {
	t.Helper()
	if len(processes) < 6 {
		t.Errorf("the cluster had %d processes, want 5 components and the supervisor", len(processes))
	}
	var left string
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 2*time.Minute, true, func(context.Context) (bool, error) {
		for _, p := range processes {
			if left = fmt.Sprintf("%s (process %d)", p.Name, p.PID); p.Alive() {
				return false, nil
			}
		}
		for _, path := range append(volumes, dir, supervisor.Lock(dir)) {
			if _, err := os.Lstat(path); err == nil {
				left = path
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		t.Errorf("%s is left of the cluster", left)
	}
}

func processesOf(t *testing.T, dir string) []supervisor.Running {
	t.Helper()
	components, err := supervisor.Processes(dir)
	if err != nil {
		t.Fatal(err)
	}
	return append(components, supervisor.Self(dir))
}

func TestUpAndDown(t *testing.T) {
	t.Parallel()
	// The first port that Up picks is taken by the time it needs it.
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	picked := 0
	pick := func() (int, error) {
		picked++
		if picked == 1 {
			return taken.Addr().(*net.TCPAddr).Port, nil
		}
		return freePort()
	}

	dir := filepath.Join(t.TempDir(), "cluster")
	c, err := up(t.Context(), Config{Dir: dir, Nodes: 1}, pick)
	if err != nil {
		t.Fatal(err)
	}
	if picked != 2 {
		t.Errorf("picked %d ports, want a second one after the first was taken", picked)
	}
	if _, err := Up(t.Context(), Config{Dir: dir}); !errors.Is(err, ErrExists) {
		t.Errorf("a second Up in one folder: %v, want ErrExists", err)
	}
	attached, err := Attach(dir)
	if err != nil {
		t.Fatal(err)
	}
	volumes := makeVolumes(t, attached)
	// A paused component does not hold up the end.
	if err := c.Pause("kube-scheduler"); err != nil {
		t.Error(err)
	}
	processes := processesOf(t, dir)
	began := time.Now()
	if err := c.Down(); err != nil {
		t.Fatal(err)
	}
	t.Logf("down took %s", time.Since(began).Round(time.Millisecond))
	assertGone(t, dir, processes, volumes)
	if err := c.Down(); err != nil {
		t.Errorf("a second Down: %v", err)
	}
	if _, err := Attach(dir); err == nil {
		t.Error("attached to a cluster that is gone")
	}
}

// owned makes a cluster that belongs to another process.
func owned(t *testing.T, env ...string) (owner *exec.Cmd, c *Cluster) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cluster")
	owner = exec.Command(os.Args[0])
	owner.Env = append(append(os.Environ(), env...), ownerEnv+"="+dir)
	owner.Stderr = os.Stderr
	stdout, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(stdout).ReadString('\n'); said != "up\n" {
		t.Fatalf("the owner said %q: %v", said, err)
	}
	c, err = Attach(dir)
	if err != nil {
		t.Fatal(err)
	}
	return owner, c
}

func TestClusterEndsWithItsOwner(t *testing.T) {
	t.Parallel()
	owner, c := owned(t)
	dir := c.Dir()
	volumes, processes := makeVolumes(t, c), processesOf(t, dir)
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // it was killed
	assertGone(t, dir, processes, volumes)
}

func TestInterruptedUp(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for ctx.Err() == nil {
			if running, _ := supervisor.Processes(dir); len(running) > 1 {
				cancel(interrupted)
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := Up(ctx, Config{Dir: dir}); !errors.Is(err, interrupted) {
		t.Errorf("Up: %v, want it to be interrupted", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) > 0 {
		t.Errorf("not removed: %v (%v)", entries, err)
	}
}

func TestBadFeatureGateIsReported(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	_, err := Up(t.Context(), Config{Dir: dir, FeatureGates: map[string]bool{"NoSuchGate": true}})
	if err == nil || !strings.Contains(err.Error(), "unrecognized feature gate: NoSuchGate") {
		t.Errorf("Up: %v, want the API server's own words", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a failed Up left its folder: %v", err)
	}
}

func TestForeignFolderIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Up(t.Context(), Config{Dir: dir}); err == nil {
		t.Error("Up took a folder that isn't a cluster's")
	}
	if err := Remove(dir); err == nil {
		t.Error("Remove took a folder that isn't a cluster's")
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

// Two clusters side by side, with a feature gate on and off.
func TestFeatureGate(t *testing.T) {
	t.Parallel()
	plain := Shared(t, map[string]bool{"MaxUnavailableStatefulSet": false})
	gated := Shared(t, map[string]bool{"MaxUnavailableStatefulSet": true})
	if plain == gated || plain.State().Server == gated.State().Server {
		t.Fatalf("both are %s", plain.State().Server)
	}
	if again := Shared(t, map[string]bool{"MaxUnavailableStatefulSet": true}); again != gated {
		t.Error("the shared cluster is not shared")
	}
	for c, want := range map[*Cluster]bool{plain: false, gated: true} {
		ns := c.Namespace(t)
		set := statefulSet("web", StandardClass, 3)
		two := intstr.FromInt32(2)
		set.Spec.UpdateStrategy.Type = appsv1.RollingUpdateStatefulSetStrategyType
		set.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: &two}
		set, err := c.Client().AppsV1().StatefulSets(ns).Create(t.Context(), set, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Spec.UpdateStrategy.RollingUpdate; (got != nil && got.MaxUnavailable != nil) != want {
			t.Errorf("gates %v: the server kept maxUnavailable: %v, want %v", c.State().FeatureGates, !want, want)
		}
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	c := Shared(t, map[string]bool{"MaxUnavailableStatefulSet": true})
	ns := c.Namespace(t)
	if err := c.Pause("kubelet"); err == nil {
		t.Error("paused a component that does not run")
	}
	if err := c.Pause("kube-controller-manager"); err != nil {
		t.Fatal(err)
	}
	defer c.Resume("kube-controller-manager") //nolint:errcheck // resumed below, this is for a failed test
	sets := c.Client().AppsV1().StatefulSets(ns)
	if _, err := sets.Create(t.Context(), statefulSet("web", StandardClass, 1), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	set, err := sets.Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil || set.Status.ObservedGeneration != 0 {
		t.Errorf("the paused controller has seen generation %d (%v)", set.Status.ObservedGeneration, err)
	}
	if err := c.Resume("kube-controller-manager"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "wait for the resumed controller", func(ctx context.Context) (bool, error) {
		set, err := sets.Get(ctx, "web", metav1.GetOptions{})
		return err == nil && set.Status.AvailableReplicas == 1, err
	})
}

func TestSupervisorKilled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cluster")
	config := Config{Dir: dir, Nodes: 1, Detached: true}
	c, err := Up(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = Remove(dir) }) // for a failed test
	volumes, processes := makeVolumes(t, c), processesOf(t, dir)
	if err := syscall.Kill(supervisor.Self(dir).PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	assertGone(t, dir, processes, volumes)
}
