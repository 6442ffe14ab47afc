package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// cacheHome is where everything of the test cluster lives.
func cacheHome() (string, error) {
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("no place for the test cluster: set XDG_CACHE_HOME or HOME: %w", err)
		}
		base = filepath.Join(home, ".cache")
	}
	return filepath.Abs(filepath.Join(base, "kubectl-sts"))
}

// Root is the folder that holds the state folders of all clusters that were
// not given one of their own.
func Root() (string, error) {
	home, err := cacheHome()
	return filepath.Join(home, "clusters"), err
}

// lock takes the lock file at path, which it makes; contended is called once if
// somebody else has it. unlock removes the file, so that nothing is left behind.
func lock(ctx context.Context, path string, contended func()) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		for {
			err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			if err != syscall.EWOULDBLOCK {
				break
			}
			if contended != nil {
				contended()
				contended = nil
			}
			select {
			case <-ctx.Done():
				f.Close()
				return nil, context.Cause(ctx)
			case <-time.After(50 * time.Millisecond):
			}
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		// Whoever had the lock may have removed the file meanwhile; then this
		// is a lock on a file that nobody else can see.
		mine, mineErr := f.Stat()
		there, thereErr := os.Stat(path)
		if mineErr == nil && thereErr == nil && os.SameFile(mine, there) {
			return func() {
				_ = os.Remove(path) // an empty file is no harm
				f.Close()
			}, nil
		}
		f.Close()
	}
}
