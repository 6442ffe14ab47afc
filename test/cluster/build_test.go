package cluster

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// emptyCache gives the test a cache of its own, but not one of compiled
// packages: that would take it half a minute.
func emptyCache(t *testing.T) {
	t.Helper()
	compiled, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOCACHE", strings.TrimSpace(string(compiled)))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
}

// Builds that start at the same time share one result, and the cache holds
// nothing else. The small target stands for both: they take the same way.
func TestConcurrentBuilds(t *testing.T) {
	emptyCache(t)
	source, err := sourceDir()
	if err != nil {
		t.Fatal(err)
	}
	const builders = 4
	var (
		wg   sync.WaitGroup
		dirs [builders]string
		logs [builders]bytes.Buffer
	)
	for i := range builders {
		wg.Go(func() {
			var err error
			if dirs[i], err = build(t.Context(), supervisorTarget(source), &logs[i]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	built := 0
	for i := range builders {
		if dirs[i] != dirs[0] {
			t.Errorf("built in %s and in %s", dirs[0], dirs[i])
		}
		built += strings.Count(logs[i].String(), ": done in ")
	}
	if built != 1 {
		t.Errorf("built %d times, want once", built)
	}
	entries, err := os.ReadDir(filepath.Dir(dirs[0]))
	if err != nil || len(entries) != 1 {
		t.Errorf("the cache holds %v (%v), want the build alone", entries, err)
	}
}

// The real components, too, are found by all who look at the same time.
func TestConcurrentBuildsWhenWarm(t *testing.T) {
	t.Parallel()
	want, err := Build(t.Context(), "", os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, err := Build(t.Context(), "", nil); err != nil || got != want {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		})
	}
	wg.Wait()
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kubectl"} {
		if _, err := os.Stat(filepath.Join(want, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestBuildNeedsGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Build(t.Context(), "", nil); err == nil || !strings.Contains(err.Error(), "install Go") {
		t.Errorf("without a go command: %v", err)
	}
}

func TestBuildWithoutNetwork(t *testing.T) {
	emptyCache(t)
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOPROXY", "off")
	if _, err := Build(t.Context(), "", nil); err == nil || !strings.Contains(err.Error(), "could not be downloaded") {
		t.Errorf("without modules: %v", err)
	}
}

func TestInterruptedBuild(t *testing.T) {
	emptyCache(t)
	source, err := sourceDir()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancelOnStart := writerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	})
	target := supervisorTarget(source)
	if _, err := build(ctx, target, cancelOnStart); err == nil {
		t.Fatal("an interrupted build succeeded")
	}
	if _, err := build(t.Context(), target, nil); err != nil {
		t.Errorf("the build after it: %v", err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
