package supervisor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// After a crash or a reboot another process may have the PID of a component.
func TestStopSparesAReusedPID(t *testing.T) {
	stranger := exec.Command("sleep", "60")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = stranger.Process.Kill()
		_ = stranger.Wait()
	}()
	pid := stranger.Process.Pid
	now := Running{Name: "stranger", PID: pid, Identity: identity(pid)}
	if !now.Alive() {
		t.Fatal("a running process is not alive")
	}
	dir := filepath.Join(t.TempDir(), "cluster")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	before := Running{Name: "etcd", PID: pid, Identity: "another boot/1"}
	if err := writeJSON(filepath.Join(dir, selfFile), before); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(filepath.Join(dir, processesFile), []Running{before}); err != nil {
		t.Fatal(err)
	}
	if err := Stop(dir); err != nil {
		t.Fatal(err)
	}
	if !now.Alive() {
		t.Error("Stop killed a process that is not the cluster's")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestAnEndedProcessIsNotAlive(t *testing.T) {
	short := exec.Command("sleep", "60")
	if err := short.Start(); err != nil {
		t.Fatal(err)
	}
	running := Running{PID: short.Process.Pid, Identity: identity(short.Process.Pid)}
	if err := short.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// It has not been waited for: a zombie does not run either.
	for running.Alive() {
	}
	_ = short.Wait() // it was killed
	if running.Alive() || (Running{}).Alive() {
		t.Error("a process that ended is alive")
	}
}

func TestProvisioned(t *testing.T) {
	const line = `{"verb":"create","user":{"username":"system:serviceaccount:kube-system:persistent-volume-binder"},` +
		`"objectRef":{"resource":"persistentvolumes"},"requestObject":{"spec":{"hostPath":{"path":"PATH"}}}}`
	for path, want := range map[string]string{
		"/tmp/hostpath_pv/1":         "/tmp/hostpath_pv/1",
		"/tmp/hostpath_pv/../../etc": "",
		"/tmp/hostpath_pv":           "",
		"/tmp/hostpath_pv_2/1":       "",
	} {
		logged := []byte(strings.Replace(line, "PATH", path, 1))
		if got := provisioned(logged); got != want {
			t.Errorf("provisioned(%s) = %q, want %q", path, got, want)
		}
	}
	byAUser := `{"verb":"create","user":{"username":"admin"},"objectRef":{"resource":"persistentvolumes"},` +
		`"requestObject":{"spec":{"hostPath":{"path":"/tmp/hostpath_pv/1"}}}}`
	if got := provisioned([]byte(byAUser)); got != "" {
		t.Errorf("a volume that a user made would be deleted: %s", got)
	}
}
