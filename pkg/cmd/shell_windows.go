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

func exitCode(e *os.ProcessState) int { return e.ExitCode() }
