package ststest

import "testing"

// AtMost is how many of n random rounds are played: a tenth of them in a short run, which is
// the one with the race detector. It takes ten times as long, and has nothing to find in
// rounds that are played by one goroutine.
func AtMost(n int) uint64 {
	if testing.Short() {
		n = (n + 9) / 10
	}
	return uint64(n)
}
