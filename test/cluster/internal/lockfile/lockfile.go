// Package lockfile provides a lock between processes, by a file that exists only
// while the lock is held.
package lockfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Take waits for the lock at path; contended, if not nil, is called once if it is
// held by another process. unlock removes the file.
func Take(ctx context.Context, path string, contended func()) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	for {
		unlock, err := try(path)
		if err != nil || unlock != nil {
			return unlock, err
		}
		if contended != nil {
			contended()
			contended = nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Sweep removes the file that a killed process has left at path, unless the lock is
// held.
func Sweep(path string) {
	if _, err := os.Lstat(path); err != nil {
		return
	}
	if unlock, err := try(path); err == nil && unlock != nil {
		unlock()
	}
}

// try returns no unlock if another process has the lock.
func try(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if err == syscall.EWOULDBLOCK {
			return nil, nil
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	// The previous holder may have removed the file meanwhile; then this is a
	// lock on a file that other processes cannot see.
	mine, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if there, err := os.Stat(path); err != nil || !os.SameFile(mine, there) {
		f.Close()
		return nil, nil
	}
	return func() {
		_ = os.Remove(path) // an empty file is no harm
		f.Close()
	}, nil
}
