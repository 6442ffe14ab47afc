package cluster

import (
	"context"
	"io"
	"os"
	"path/filepath"
)

// Tmux are tmux and less, unpacked from Debian packages.
type Tmux struct {
	// Bin are the folders of the programs, and Libraries those of their libraries, separated by colons.
	Bin, Libraries string
}

// FetchTmux finds tmux in the cache, or downloads it.
func FetchTmux(ctx context.Context, log io.Writer) (Tmux, error) {
	root, err := unpacked(ctx, packages{
		kind: "tmux", what: "a terminal", names: []string{"tmux", "less"}, linked: true,
		complete: func(dir string) bool {
			_, err := os.Stat(filepath.Join(dir, "usr", "bin", "tmux"))
			return err == nil
		},
	}, log)
	if err != nil {
		return Tmux{}, err
	}
	return Tmux{Bin: foldersBelow(root, "bin"), Libraries: foldersBelow(root, "lib/*-linux-gnu*")}, nil
}
