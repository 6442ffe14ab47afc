//go:build unix

package shell

import (
	"context"
	"os"
	"os/exec"
	"syscall"
)

// Argv is the command with which the shell of this machine runs a command line.
func Argv(line string) []string { return []string{"sh", "-c", line} }

// command leads a process group of its own, so that Ctrl-C reaches it through us
// alone, and everything that it has started ends with it.
func command(ctx context.Context, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return signalGroup(cmd, syscall.SIGTERM) }
	return cmd
}

// terminate sends SIGTERM to the processes of the command, kill SIGKILL.
func terminate(cmd *exec.Cmd) { _ = signalGroup(cmd, syscall.SIGTERM) }
func kill(cmd *exec.Cmd)      { _ = signalGroup(cmd, syscall.SIGKILL) }

func signalGroup(cmd *exec.Cmd, s syscall.Signal) error { return syscall.Kill(-cmd.Process.Pid, s) }

// exitCode is the command's own; for one that a signal ended, what a shell would say.
func exitCode(e *os.ProcessState) int {
	if status, ok := e.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return e.ExitCode()
}
