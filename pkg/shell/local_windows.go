package shell

import (
	"context"
	"os"
	"os/exec"
)

// Argv is the command with which the shell of this machine runs a command line.
func Argv(line string) []string { return []string{"cmd", "/c", line} }

func command(ctx context.Context, argv []string) *exec.Cmd {
	return exec.CommandContext(ctx, argv[0], argv[1:]...)
}

// There are no process groups here: the children of a command keep running.
func terminate(*exec.Cmd) {}
func kill(*exec.Cmd)      {}

func exitCode(e *os.ProcessState) int { return e.ExitCode() }
