package supervisor

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// cgroupRoot holds one tree of cgroups, or of version 1 a tree per controller.
const cgroupRoot = "/sys/fs/cgroup"

// MakeCgroup makes a cgroup at the top of every tree, with all controllers.
func MakeCgroup(name string) error {
	controllers, err := os.ReadFile(filepath.Join(cgroupRoot, "cgroup.controllers"))
	if os.IsNotExist(err) {
		trees, err := filepath.Glob(filepath.Join(cgroupRoot, "*", "cgroup.procs"))
		for _, procs := range trees {
			if err == nil {
				err = os.MkdirAll(filepath.Join(filepath.Dir(procs), name), 0o755)
			}
		}
		return err
	}
	if err != nil {
		return err
	}
	enable := "+" + strings.Join(strings.Fields(string(controllers)), " +")
	if err := os.WriteFile(filepath.Join(cgroupRoot, "cgroup.subtree_control"), []byte(enable), 0); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(cgroupRoot, name), 0o755)
}

// removeCgroup removes a cgroup from every tree, with all below it. Its
// processes have ended.
func removeCgroup(name string) error {
	if name == "" {
		return nil
	}
	trees, err := filepath.Glob(filepath.Join(cgroupRoot, "*", name))
	if err != nil {
		return err
	}
	for _, tree := range append(trees, filepath.Join(cgroupRoot, name)) {
		// The kernel takes a moment to remove a process.
		end := time.Now().Add(5 * time.Second)
		for err = removeTree(tree); err != nil; err = removeTree(tree) {
			if time.Now().After(end) {
				return fmt.Errorf("remove a cgroup: %w", err)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	return nil
}

// removeTree removes folders only: a cgroup's files go with it.
func removeTree(tree string) error {
	var folders []string
	err := filepath.WalkDir(tree, func(path string, e fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil && e.IsDir() {
			folders = append(folders, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, folder := range slices.Backward(folders) {
		if err := os.Remove(folder); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}
