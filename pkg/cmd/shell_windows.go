package cmd

import (
	"context"
	"os"
	"os/exec"
)

// shell is a command for cmd.
func shell(ctx context.Context, command string) *exec.Cmd {
	return exec.CommandContext(ctx, "cmd", "/c", command)
}

// There are no process groups here: what a command leaves behind goes on.
func terminate(*exec.Cmd) {}
func kill(*exec.Cmd)      {}

func exitCode(e *os.ProcessState) int { return e.ExitCode() }
