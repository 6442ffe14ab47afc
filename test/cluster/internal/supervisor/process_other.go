//go:build !linux

package supervisor

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// identity is something that two processes with the same pid don't have in
// common: the time of its start. It is "" for a process that has ended.
func identity(pid int) string {
	state, started := status(pid)
	if strings.HasPrefix(state, "Z") {
		return ""
	}
	return started
}

func stopped(pid int) bool {
	state, _ := status(pid)
	return strings.HasPrefix(state, "T")
}

// status reads the state and the start time of a process, both "" when it is
// gone.
func status(pid int) (state, started string) {
	out, err := exec.Command("ps", "-o", "state=,lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", ""
	}
	state, started, _ = strings.Cut(strings.TrimSpace(string(out)), " ")
	return state, strings.TrimSpace(started)
}

// TryNamespaces has no need to try.
func TryNamespaces(string) error { return errors.New("only Linux has namespaces") }

// attributes has nothing to offer here: the components of a supervisor that was
// killed stay until Stop, and there are no namespaces.
func attributes(Process) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{}
}
