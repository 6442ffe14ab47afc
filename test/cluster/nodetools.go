package cluster

import (
	"context"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/realnode"
)

// NoNodeError is why there cannot be a real node on this machine.
type NoNodeError struct {
	Why string
	Err error // may be nil
}

func (e *NoNodeError) Error() string {
	text := "a real node is not possible here: " + e.Why
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *NoNodeError) Unwrap() error { return e.Err }

// nodePackages are the Debian packages with the real node's programs.
var nodePackages = []string{"containerd", "runc", "containernetworking-plugins", "busybox-static"}

// nodeTools finds the programs on the machine, whose root folder is given, or else in
// the cache, which it fills first if necessary.
func nodeTools(ctx context.Context, machine string, log io.Writer) (realnode.Tools, error) {
	tools, missing := findTools(machine)
	if missing == nil {
		return tools, nil
	}
	dir, err := unpacked(ctx, packages{
		kind: "node-tools", what: "the real node's programs", names: nodePackages,
		complete: func(dir string) bool {
			_, missing := findTools(dir)
			return missing == nil
		},
	}, log)
	if err != nil {
		return tools, &NoNodeError{Why: strings.Join(missing, ", ") + " missing", Err: err}
	}
	if tools, missing = findTools(dir); missing != nil {
		return tools, &NoNodeError{Why: "the packages have no " + strings.Join(missing, ", ")}
	}
	// It is linked with a library of another package.
	if out, err := exec.CommandContext(ctx, tools.Runc, "--version").CombinedOutput(); err != nil {
		return tools, &NoNodeError{Why: fmt.Sprintf("runc does not run: %s", out), Err: err}
	}
	return tools, nil
}

// findTools looks for the programs below root.
func findTools(root string) (tools realnode.Tools, missing []string) {
	find := func(name string, good func(string) bool, folders ...string) string {
		for _, folder := range folders {
			if path := filepath.Join(root, folder, name); good(path) {
				return path
			}
		}
		missing = append(missing, name)
		return ""
	}
	exists := func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}
	bin := []string{"usr/bin", "usr/sbin", "bin", "sbin"}
	tools = realnode.Tools{
		Containerd: find("containerd", exists, bin...),
		Ctr:        find("ctr", exists, bin...),
		Shim:       find("containerd-shim-runc-v2", exists, bin...),
		Runc:       find("runc", exists, bin...),
		Busybox:    find("busybox", isStatic, bin...),
		CNI:        filepath.Dir(find("bridge", exists, "usr/lib/cni", "opt/cni/bin")),
	}
	return tools, missing
}

// isStatic reports whether a program runs without libraries, as required in an image.
func isStatic(path string) bool {
	file, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}
