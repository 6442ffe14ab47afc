package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/lockfile"
)

// Stop ends the cluster in dir and removes all that it left: its processes,
// its volumes and the folder. It also works on the remains of a cluster whose
// supervisor was killed, and on a folder that never got that far.
func Stop(dir string) error {
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return nil
	}
	if self := Self(dir); self.Alive() {
		_ = syscall.Kill(self.PID, syscall.SIGCONT) // it may have been stopped
		_ = syscall.Kill(self.PID, syscall.SIGTERM)
		if !gone(self, 10*time.Second) {
			_ = syscall.Kill(self.PID, syscall.SIGKILL)
			gone(self, 5*time.Second)
		}
	}
	left, err := Processes(dir)
	if err != nil {
		return err
	}
	for _, p := range left {
		if p.Alive() {
			_ = syscall.Kill(p.PID, syscall.SIGKILL)
		}
	}
	for _, p := range left {
		if !gone(p, 5*time.Second) {
			return fmt.Errorf("%s (process %d) does not end: kill it and retry", p.Name, p.PID)
		}
	}
	var plan Plan
	_ = readJSON(filepath.Join(dir, planFile), &plan) // none: nothing was started
	return clean(dir, plan)
}

// gone waits until p has ended.
func gone(p Running, within time.Duration) bool {
	for end := time.Now().Add(within); p.Alive(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// clean removes what the ended cluster has left.
func clean(dir string, plan Plan) error {
	if err := removeCgroup(plan.Cgroup); err != nil {
		return err
	}
	if err := removeVolumes(plan.AuditLog); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove the cluster's folder: %w", err)
	}
	lockfile.Sweep(Lock(dir))
	return nil
}
