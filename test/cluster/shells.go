package cluster

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Shells are zsh, fish, and bash-completion for the machine's own bash, unpacked from Debian packages.
type Shells struct {
	// Root is the folder of the packages. zsh needs its module_path and fpath there; fish finds its files by itself.
	Root string
	// Bin are the folders of their programs, and Libraries those of their libraries, separated by colons.
	Bin, Libraries string
}

// FetchShells finds the shells in the cache, or downloads them.
func FetchShells(ctx context.Context, log io.Writer) (Shells, error) {
	root, err := unpacked(ctx, packages{
		kind: "shells", what: "shells",
		names: []string{"zsh", "zsh-common", "fish", "fish-common", "bash-completion",
			"libcap2", "libgcc-s1", "libpcre2-32-0", "libstdc++6", "libtinfo6"},
		complete: func(dir string) bool {
			_, err := os.Stat(filepath.Join(dir, "usr", "bin", "fish"))
			return err == nil
		},
	}, log)
	if err != nil {
		return Shells{}, err
	}
	// fish finds its files beside itself if usr/etc exists, too.
	if err := os.Symlink("../etc", filepath.Join(root, "usr", "etc")); err != nil && !errors.Is(err, fs.ErrExist) {
		return Shells{}, err
	}
	return Shells{Root: root, Bin: foldersBelow(root, "bin"), Libraries: foldersBelow(root, "lib/*-linux-gnu*")}, nil
}
