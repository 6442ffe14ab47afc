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

// sourceEnv names the folder of this module, for programs that were moved out of
// the checkout in which they were built.
const sourceEnv = "KUBECTL_STS_TEST_CLUSTER_SOURCE"

// A target is a program that is built once and then cached.
type target struct {
	name    string   // of the binary, and of its part of the cache
	module  string   // folder of its go.mod
	pkg     string   // package to build, relative to module
	sources []string // globs, relative to module, of all its sources
	flags   []string // for go list and go build, with names of files among the sources
	ldflags string
	links   []string // other names for the binary
	usually string   // how long a cold build takes
}

func helmTarget(source string) target {
	return target{
		name:    "helm",
		module:  filepath.Join(source, "components", "helm"),
		pkg:     "helm.sh/helm/v4/cmd/helm",
		sources: []string{"go.mod", "go.sum"},
		ldflags: "-s -w",
		usually: "a minute or two the first time",
	}
}

// corednsTarget is a module of its own: it needs other Kubernetes libraries than the
// components.
func corednsTarget(source string) target {
	return target{
		name:    "coredns",
		module:  filepath.Join(source, "components", "coredns"),
		pkg:     ".",
		sources: []string{"*.go", "go.mod", "go.sum"},
		ldflags: "-s -w",
		usually: "a minute or two the first time",
	}
}

// etcdTarget is the etcd of the real node's pods. That of the control plane is one of
// the components, five times as large.
func etcdTarget(source string) target {
	return target{
		name:    "etcd",
		module:  filepath.Join(source, "components", "etcd"),
		pkg:     ".",
		sources: []string{"*.go", "go.mod", "go.sum"},
		ldflags: "-s -w",
		usually: "a minute the first time",
	}
}

func supervisorTarget(source string) target {
	return target{
		name:    "supervisor",
		module:  source,
		pkg:     "./cmd/supervisor",
		sources: []string{"cmd/supervisor/*.go", "internal/supervisor/*.go", "internal/lockfile/*.go"},
		ldflags: "-s -w",
		usually: "a few seconds",
	}
}

// Two small programs of a real node; nodeTools has the third-party programs.
func nodeTarget(source string) target {
	return target{
		name:    "node",
		module:  source,
		pkg:     "./cmd/node",
		sources: []string{"cmd/node/*.go", "internal/realnode/*.go", "internal/supervisor/*.go", "internal/lockfile/*.go"},
		ldflags: "-s -w",
		usually: "a few seconds",
	}
}

func appTarget(source string) target {
	return target{
		name:    "app",
		module:  source,
		pkg:     "./cmd/app",
		sources: []string{"cmd/app/*.go"},
		ldflags: "-s -w",
		usually: "a few seconds",
	}
}

// Build makes sure that the components of a version of Kubernetes are built and
// returns the folder with etcd, kube-apiserver, kubectl and so on. An empty version
// is the default. Only the first call on a machine takes long; its progress is
// written to log, which may be nil.
func Build(ctx context.Context, kubernetes string, log io.Writer) (binDir string, err error) {
	r, err := releaseOf(kubernetes)
	if err != nil {
		return "", err
	}
	source, err := sourceDir()
	if err != nil {
		return "", err
	}
	return build(ctx, kubernetesTarget(source, r), log)
}

// BuildHelm makes sure that helm is built and returns its path. The cluster itself
// does not need it.
func BuildHelm(ctx context.Context, log io.Writer) (path string, err error) {
	source, err := sourceDir()
	if err != nil {
		return "", err
	}
	dir, err := build(ctx, helmTarget(source), log)
	return filepath.Join(dir, "helm"), err
}

func buildSupervisor(ctx context.Context, log io.Writer) (path string, err error) {
	source, err := sourceDir()
	if err != nil {
		return "", err
	}
	dir, err := build(ctx, supervisorTarget(source), log)
	return filepath.Join(dir, "supervisor"), err
}

// sourceDir is the folder of this module. The compiler knows where this file
// was; a program built with -trimpath does not, and searches parent folders.
func sourceDir() (string, error) {
	var candidates []string
	if dir := os.Getenv(sourceEnv); dir != "" {
		candidates = []string{dir}
	} else {
		if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
			candidates = append(candidates, filepath.Dir(file))
		}
		if wd, err := os.Getwd(); err == nil {
			for dir := wd; ; dir = filepath.Dir(dir) {
				candidates = append(candidates, dir, filepath.Join(dir, "test", "cluster"))
				if dir == filepath.Dir(dir) {
					break
				}
			}
		}
	}
	for _, dir := range candidates {
		if _, err := os.Stat(filepath.Join(dir, "components", "kubernetes", "go.mod")); err == nil {
			return filepath.Abs(dir)
		}
	}
	return "", fmt.Errorf("cannot find the sources of the test cluster's components: "+
		"run this inside a checkout of kubectl-sts, or set %s to its folder test/cluster", sourceEnv)
}

// build returns the cache folder of t, and builds it first if necessary.
func build(ctx context.Context, t target, log io.Writer) (string, error) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return "", errors.New("cannot build the test cluster, the go command was not found: " +
			"install Go and add it to PATH")
	}
	home, err := cacheHome()
	if err != nil {
		return "", err
	}
	key, err := t.key(ctx, goTool)
	if err != nil {
		return "", err
	}
	kept := filepath.Join(home, t.name)
	dir := filepath.Join(kept, key)
	if t.isBuilt(dir) {
		return dir, nil
	}

	p := newProgress(log)
	unlock, err := lockfile.Take(ctx, dir+".lock", func() {
		p.say("waiting for another build of the %s to finish", t.name)
	})
	if err != nil {
		return "", err
	}
	defer unlock()
	if t.isBuilt(dir) {
		return dir, nil
	}
	tmp, err := os.MkdirTemp(kept, "building-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	if err := t.compile(ctx, goTool, tmp, p); err != nil {
		return "", err
	}
	for _, name := range t.links {
		if err := os.Symlink(t.name, filepath.Join(tmp, name)); err != nil {
			return "", err
		}
	}
	if err := os.Rename(tmp, dir); err != nil {
		return "", err
	}
	forgetOld(kept, dir)
	return dir, nil
}

// isBuilt also marks the build as used, for forgetOld.
func (t target) isBuilt(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, t.name)); err != nil {
		return false
	}
	now := time.Now()
	_ = os.Chtimes(dir, now, now) // the cache may be read-only
	return true
}

// forgetOld removes builds that have not been used for long: each has 140 MB.
func forgetOld(kept, except string) {
	const long = 14 * 24 * time.Hour
	entries, _ := os.ReadDir(kept)
	for _, e := range entries {
		path := filepath.Join(kept, e.Name())
		if info, err := e.Info(); err == nil && path != except && time.Since(info.ModTime()) > long {
			_ = os.RemoveAll(path) // the next build tries again
		}
	}
}

// key is a hash of everything that determines the result of the build.
func (t target) key(ctx context.Context, goTool string) (string, error) {
	h := sha256.New()
	version, err := t.command(ctx, goTool, "env", "GOVERSION").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", goTool, failed(err))
	}
	fmt.Fprintln(h, runtime.GOOS, runtime.GOARCH, string(version), t.pkg, noDWARF, t.ldflags, t.links)
	for _, pattern := range t.sources {
		files, err := filepath.Glob(filepath.Join(t.module, pattern))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			data, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "%s %d\n%s", filepath.Base(file), len(data), data)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// command is a go command that depends only on this module's files: a go.work
// around the checkout or GOFLAGS of the user would use other versions than
// those pinned in go.sum.
func (t target) command(ctx context.Context, goTool string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, goTool, args...)
	cmd.Dir = t.module
	cmd.WaitDelay = 5 * time.Second // for compilers of a killed go command
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	return cmd
}

// noDWARF omits the debugging information, which -s removes anyway: compiling takes an eighth less.
const noDWARF = "-gcflags=all=-dwarf=false"

// compile builds t into dir.
func (t target) compile(ctx context.Context, goTool, dir string, p *progress) error {
	p.start("building the test cluster's "+t.name, t.usually)
	defer p.finish()

	p.phase("fetching modules", "modules")
	var stdout, stderr bytes.Buffer
	list := t.command(ctx, goTool, slices.Concat([]string{"list", "-deps"}, t.flags, []string{t.pkg})...)
	list.Stdout, list.Stderr = &stdout, io.MultiWriter(&stderr, p.count("go: downloading "))
	if err := list.Run(); err != nil {
		return t.explain(ctx, err, stderr.String())
	}

	// go prints the name of each package that it compiles; those that its own
	// cache has already are not among them, so the total is an upper bound.
	p.phase("compiling and linking", fmt.Sprintf("of at most %d packages", bytes.Count(stdout.Bytes(), []byte("\n"))))
	stderr.Reset()
	compile := t.command(ctx, goTool, slices.Concat([]string{"build", "-v", "-trimpath", "-buildvcs=false", noDWARF, "-ldflags", t.ldflags,
		"-o", filepath.Join(dir, t.name)}, t.flags, []string{t.pkg})...)
	compile.Stderr = io.MultiWriter(&stderr, p.count(""))
	if err := compile.Run(); err != nil {
		return t.explain(ctx, err, stderr.String())
	}
	p.done()
	return nil
}

// downloadFailed are parts of error messages of the go command that indicate a network
// problem.
var downloadFailed = []string{
	"dial tcp", "no such host", "i/o timeout", "TLS handshake", "unexpected EOF",
	"connection refused", "connection reset", "proxyconnect",
	"403 Forbidden", "502 ", "503 ", "module lookup disabled",
}

// explain turns the failure of a go command into a helpful error.
func (t target) explain(ctx context.Context, err error, stderr string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("build of the test cluster's %s: %w", t.name, context.Cause(ctx))
	}
	var said []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimRight(line, "\n")
		// Package names and downloads are progress; they have no spaces or a
		// prefix of their own. The remaining lines are the error.
		if strings.Contains(line, " ") && !strings.HasPrefix(line, "go: downloading ") {
			said = append(said, line)
		}
	}
	detail := strings.Join(said[max(0, len(said)-10):], "\n")
	for _, sign := range downloadFailed {
		if strings.Contains(detail, sign) {
			return fmt.Errorf("build of the test cluster's %s: a Go module could not be downloaded; "+
				"check the network and GOPROXY and rerun the command, completed downloads are kept:\n%s", t.name, detail)
		}
	}
	return fmt.Errorf("build of the test cluster's %s failed: %w\n%s", t.name, err, detail)
}

// failed adds the standard error of a command to its error.
func failed(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}
