package cluster

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/test/cluster/internal/supervisor"
)

// Listed is a cluster as List finds it.
type Listed struct {
	State
	Dir     string
	Running bool
	// Status is "up", "in use by a program", "starting", "broken" or "dead".
	Status string
}

// List finds all clusters below Root, also those that no longer run.
func List() ([]Listed, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(root)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Listed
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			all = append(all, inspect(filepath.Join(root, e.Name())))
		}
	}
	return all, nil
}

func inspect(dir string) Listed {
	state, err := readState(dir)
	l := Listed{State: state, Dir: dir, Running: supervisor.Self(dir).Alive()}
	l.Name = filepath.Base(dir)
	switch {
	case !l.Running:
		l.Status = "dead"
	case supervisor.Failure(dir) != "":
		l.Status = "broken"
	case err != nil:
		l.Status = "starting"
	case l.Detached:
		l.Status = "up"
	default:
		l.Status = "in use by a program"
	}
	return l
}
