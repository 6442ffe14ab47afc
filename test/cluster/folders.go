package cluster

import (
	"fmt"
	"os"
	"path/filepath"
)

// cacheHome is the folder of all files of test clusters.
func cacheHome() (string, error) {
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("cannot determine the folder of the test cluster, set XDG_CACHE_HOME or HOME: %w", err)
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
