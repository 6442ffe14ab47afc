package supervisor

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// identity is something that two processes with the same pid don't have in
// common: the time of its start, and the boot that time counts from. It is ""
// for a process that has ended, also when its parent has not looked yet.
func identity(pid int) string {
	state, started := status("/proc/" + strconv.Itoa(pid) + "/stat")
	if state == "" || state == "Z" || state == "X" {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + started
}

// stopped looks at each thread: a signal reaches them one after the other.
func stopped(pid int) bool {
	threads, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/stat")
	for _, thread := range threads {
		if state, _ := status(thread); state != "" && state != "T" {
			return false
		}
	}
	return len(threads) > 0
}

// status reads the state and the start time of a process or a thread, both ""
// when it is gone.
func status(file string) (state, started string) {
	stat, err := os.ReadFile(file)
	if err != nil {
		return "", ""
	}
	// The command's name stands in parentheses and may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const startTime = 19
	if len(fields) <= startTime {
		return "", ""
	}
	return fields[0], fields[startTime]
}

// TryNamespaces tries whether a program may be started in namespaces of its own.
func TryNamespaces(program string) error {
	cmd := exec.Command(program)
	cmd.SysProcAttr = attributes(Process{Namespaces: true})
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = cmd.Wait() // that it began is enough
	return nil
}

// attributes make the kernel end a component whose supervisor was killed, and
// with it all that is in its namespaces.
func attributes(p Process) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if p.Namespaces {
		a.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
	}
	return a
}
