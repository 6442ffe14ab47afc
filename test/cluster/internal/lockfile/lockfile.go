// Package lockfile lets one process at a time do something, by a file that is
// there only as long as somebody does.
package lockfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Take waits for the lock at path; contended, if not nil, is called once when
// somebody else has it. unlock removes the file, so that nothing is left behind.
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

// Sweep removes the file that a process which was killed has left at path, but
// no lock that somebody holds.
func Sweep(path string) {
	if _, err := os.Lstat(path); err != nil {
		return
	}
	if unlock, err := try(path); err == nil && unlock != nil {
		unlock()
	}
}

// try returns no unlock when somebody else has the lock.
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
	// Whoever had the lock may have removed the file meanwhile; then this is a
	// lock on a file that nobody else can see.
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
