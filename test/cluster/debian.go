package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/lockfile"
)

// packages are Debian packages that are unpacked into the cache. Nothing is installed, so that none of their
// services starts and no file of the machine is replaced.
type packages struct {
	kind  string // the folder in the cache
	what  string // what they are, in progress and errors
	names []string
	// linked says that the packages that these depend on are needed too, but for the C library.
	linked bool
	// complete says whether the folder has everything that is needed.
	complete func(dir string) bool
}

// unpacked is the folder with the unpacked packages. They are downloaded first if necessary.
func unpacked(ctx context.Context, p packages, log io.Writer) (string, error) {
	home, err := cacheHome()
	if err != nil {
		return "", err
	}
	release, _ := os.ReadFile("/etc/os-release") // without it, apt decides
	dir := filepath.Join(home, p.kind, hash(string(release)+runtime.GOARCH+strings.Join(p.names, " ")))
	if p.complete(dir) {
		now := time.Now()
		_ = os.Chtimes(dir, now, now) // marks it as used, for forgetOld
		return dir, nil
	}
	if err := p.fetch(ctx, dir, log); err != nil {
		return "", fmt.Errorf("the packages %s could not be fetched: %w", strings.Join(p.names, ", "), err)
	}
	return dir, nil
}

// fetch downloads the packages and unpacks them into dir.
func (k packages) fetch(ctx context.Context, dir string, log io.Writer) error {
	for _, command := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(command); err != nil {
			return err
		}
	}
	p := newProgress(log)
	unlock, err := lockfile.Take(ctx, dir+".lock", func() { p.say("waiting for another download of %s", k.what) })
	if err != nil {
		return err
	}
	defer unlock()
	if k.complete(dir) {
		return nil
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "fetching-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	p.start("fetching "+k.what+": "+strings.Join(k.names, ", "), "a few seconds")
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
	download := func() error {
		names := k.names
		if k.linked {
			found, err := libraries(ctx, names)
			if err != nil {
				return err
			}
			names = slices.Concat(names, found)
		}
		p.phase("apt-get download", "lines")
		return run("apt-get", append([]string{"download", "-o", "APT::Sandbox::User=root"}, names...)...)
	}
	if err := download(); err != nil {
		// The lists of packages may be outdated or missing.
		p.phase("apt-get update", "lines")
		if updateErr := run("apt-get", "update"); updateErr != nil {
			return errors.Join(err, updateErr)
		}
		if err := download(); err != nil {
			return err
		}
	}
	files, err := filepath.Glob(filepath.Join(tmp, "*.deb"))
	if err != nil {
		return err
	}
	p.phase("unpacking", "lines")
	root := filepath.Join(tmp, "root")
	for _, file := range files {
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

// foldersBelow are the folders of unpacked packages that match the pattern, in usr and beside it, separated by colons.
func foldersBelow(root, pattern string) string {
	var all []string
	for _, parent := range []string{"usr", ""} {
		found, _ := filepath.Glob(filepath.Join(root, parent, pattern)) // the pattern is valid
		all = append(all, found...)
	}
	return strings.Join(all, ":")
}

// libraries are the packages that the named ones depend on, but for the C library, which must be that of the
// machine. Their names differ between releases of Debian and Ubuntu.
func libraries(ctx context.Context, names []string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "apt-cache", append([]string{"depends", "--important"}, names...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("apt-cache depends: %w", failed(err))
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "Depends: ")
		if ok && name != "libc6" && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found, nil
}

// hash is a short hash of a text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:16]
}
