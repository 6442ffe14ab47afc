//go:build !linux

package realnode

import "errors"

// Run needs Linux.
func Run(string) error { return errors.New("a real node requires Linux") }
