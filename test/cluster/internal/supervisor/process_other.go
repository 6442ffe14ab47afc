//go:build !linux

package supervisor

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// identity is something that two processes with the same pid don't have in
// common: the time of its start. It is "" for a process that has ended.
func identity(pid int) string {
	out, err := exec.Command("ps", "-o", "state=,lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	state, started, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if strings.HasPrefix(state, "Z") {
		return ""
	}
	return strings.TrimSpace(started)
}

// dieWithParent has no counterpart here: the components of a supervisor that
// was killed stay until Stop.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{}
}
