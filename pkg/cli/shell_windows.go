package cli

import (
	"context"
	"os"
	"os/exec"
)

// shell is what reads a command line here.
func shell(line string) []string { return []string{"cmd", "/c", line} }

func command(ctx context.Context, argv []string) *exec.Cmd {
	return exec.CommandContext(ctx, argv[0], argv[1:]...)
}

// There are no process groups here: the children of a command keep running.
func terminate(*exec.Cmd) {}
func kill(*exec.Cmd)      {}

func exitCode(e *os.ProcessState) int { return e.ExitCode() }
