package ststest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Load reads the scenario testdata/NAME.yaml.
func Load(t *testing.T, name string) *sts.Inventory {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	inv, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}
