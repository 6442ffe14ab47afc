package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/lockfile"
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
// the cache, which it fills first if necessary. Nothing is installed: packages are
// only unpacked into the cache, so that none of their services starts and no file of
// the machine is replaced.
func nodeTools(ctx context.Context, machine string, log io.Writer) (realnode.Tools, error) {
	tools, missing := findTools(machine)
	if missing == nil {
		return tools, nil
	}
	home, err := cacheHome()
	if err != nil {
		return tools, err
	}
	release, _ := os.ReadFile("/etc/os-release") // without it, apt decides
	dir := filepath.Join(home, "node-tools", hash(string(release)+runtime.GOARCH))
	if tools, missing := findTools(dir); missing == nil {
		now := time.Now()
		_ = os.Chtimes(dir, now, now) // marks it as used, for forgetOld
		return tools, nil
	}
	if err := fetchTools(ctx, dir, log); err != nil {
		return tools, &NoNodeError{
			Why: fmt.Sprintf("%s missing, and the packages %s could not be fetched",
				strings.Join(missing, ", "), strings.Join(nodePackages, ", ")),
			Err: err,
		}
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

// fetchTools unpacks the packages into dir.
func fetchTools(ctx context.Context, dir string, log io.Writer) error {
	for _, command := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(command); err != nil {
			return err
		}
	}
	p := newProgress(log)
	unlock, err := lockfile.Take(ctx, dir+".lock", func() { p.say("waiting for another download of the real node's programs") })
	if err != nil {
		return err
	}
	defer unlock()
	if _, missing := findTools(dir); missing == nil {
		return nil
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "fetching-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	p.start("fetching the real node's programs: "+strings.Join(nodePackages, ", "), "a few seconds")
	defer p.finish()

	run := func(name string, args ...string) error {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = tmp
		var out bytes.Buffer
		cmd.Stdout = io.MultiWriter(&out, p.count(""))
		cmd.Stderr = cmd.Stdout
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s %s: %w: %s", name, args[0], err, &out)
		}
		return nil
	}
	download := append([]string{"download", "-o", "APT::Sandbox::User=root"}, nodePackages...)
	p.phase("apt-get download", "lines")
	if err := run("apt-get", download...); err != nil {
		// The lists of packages may be outdated or missing.
		p.phase("apt-get update", "lines")
		if updateErr := run("apt-get", "update"); updateErr != nil {
			return errors.Join(err, updateErr)
		}
		p.phase("apt-get download", "lines")
		if err := run("apt-get", download...); err != nil {
			return err
		}
	}
	packages, err := filepath.Glob(filepath.Join(tmp, "*.deb"))
	if err != nil {
		return err
	}
	p.phase("unpacking", "lines")
	root := filepath.Join(tmp, "root")
	for _, file := range packages {
		if err := run("dpkg-deb", "--extract", file, root); err != nil {
			return err
		}
	}
	if err := os.Rename(root, dir); err != nil {
		return err
	}
	forgetOld(filepath.Dir(dir), dir)
	p.done()
	return nil
}

// hash is a short hash of a text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:16]
}
