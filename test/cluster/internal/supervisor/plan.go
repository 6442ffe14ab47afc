// Package supervisor starts the processes of one test cluster, watches them,
// and stops all of them on a signal or when the program that started the cluster
// has ended. It depends only on the standard library, because one supervisor runs
// for each cluster.
package supervisor

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The files that supervisor and cluster share in a cluster's state folder.
const (
	planFile      = "plan.json"
	selfFile      = "supervisor.json"
	processesFile = "processes.json"
	failureFile   = "failure.txt"
)

// Detach, written to the supervisor's standard input, lets the cluster outlive
// the program at the other end. Without it the end of that input is the end of
// the cluster.
const Detach = "detach\n"

// Plan is what a supervisor runs, in this order.
type Plan struct {
	Processes []Process `json:"processes"`
	// AuditLog is the API server's audit log: the one record of the volumes
	// that the cluster made outside of its state folder.
	AuditLog string `json:"auditLog"`
	// Cgroup is the parent of all cgroups that the cluster makes, "" for none.
	Cgroup string `json:"cgroup,omitempty"`
}

// Process is one component.
type Process struct {
	Name string   `json:"name"`
	Path string   `json:"path"`
	Args []string `json:"args"`
	Log  string   `json:"log"`
	// WaitFor, when set, must answer 200 before this process starts.
	WaitFor *Probe `json:"waitFor,omitempty"`
	// Namespaces makes it the first process of new namespaces for processes
	// and mounts: all that is in there ends with it.
	Namespaces bool `json:"namespaces,omitempty"`
}

// Probe is an HTTPS address and the certificate authority that vouches for it.
type Probe struct {
	URL    string `json:"url"`
	CAFile string `json:"caFile"`
}

// Running names one started process so that it can't be mistaken for another
// one that got the same pid later.
type Running struct {
	Name     string `json:"name"`
	PID      int    `json:"pid"`
	Identity string `json:"identity"`
}

// Alive tells whether exactly this process still runs.
func (r Running) Alive() bool {
	return r.PID > 0 && r.Identity != "" && identity(r.PID) == r.Identity
}

// Lock is the lock file for starting and stopping the cluster in dir. It is
// outside the folder, which is created and removed meanwhile.
func Lock(dir string) string { return dir + ".lock" }

// WritePlan lays down the plan that Run reads.
func WritePlan(dir string, p Plan) error {
	return writeJSON(filepath.Join(dir, planFile), p)
}

// Processes are those that the supervisor of dir has started.
func Processes(dir string) ([]Running, error) {
	var all []Running
	err := readJSON(filepath.Join(dir, processesFile), &all)
	if os.IsNotExist(err) {
		return nil, nil
	}
	return all, err
}

// Self is the supervisor of dir; not Alive when there is none.
func Self(dir string) Running {
	var self Running
	_ = readJSON(filepath.Join(dir, selfFile), &self) // no file, no supervisor
	return self
}

// Failure says why the cluster in dir broke, or "" when it didn't.
func Failure(dir string) string {
	text, _ := os.ReadFile(filepath.Join(dir, failureFile)) // no file, no failure
	return string(text)
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, data)
}

// Pause stops a process, and returns when none of its threads runs any more.
func (r Running) Pause() error {
	if err := syscall.Kill(r.PID, syscall.SIGSTOP); err != nil {
		return err
	}
	for end := time.Now().Add(5 * time.Second); !stopped(r.PID); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("%s (process %d) does not stop", r.Name, r.PID)
		}
	}
	return nil
}

// Resume resumes a paused process.
func (r Running) Resume() error { return syscall.Kill(r.PID, syscall.SIGCONT) }

// writeFile replaces a file in one step: even if the process is killed, readers
// see the old or the new text, never a part of it.
func writeFile(path string, data []byte) error {
	tmp := fmt.Sprintf("%s.%d", path, time.Now().UnixNano())
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
