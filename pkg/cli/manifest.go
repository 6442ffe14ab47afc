package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/cli-runtime/pkg/resource"

	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
)

// fileLimit is larger than any object that a cluster stores.
const fileLimit = 16 << 20

// readFile reads a file, or standard input ("-"). Reading from a terminal or a pipe may block,
// so a signal interrupts it.
func readFile(ctx context.Context, env *Env, name string) ([]byte, error) {
	type content struct {
		data []byte
		err  error
	}
	read := make(chan content, 1)
	go func() {
		data, err := readAll(env, name)
		read <- content{data, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case c := <-read:
		return c.data, c.err
	}
}

func readAll(env *Env, name string) ([]byte, error) {
	in := env.In
	if name != stdin {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, fileLimit+1))
	if err == nil && len(data) > fileLimit {
		err = errors.New(msgFileTooLarge(fileLimit >> 20))
	}
	return data, err
}

// manifestFiles are the files that a name of --filename stands for: itself, or the manifests in a folder, with
// recursive also those in the folders below it. What cannot be read in the folder is a problem.
func manifestFiles(name string, recursive bool) (files []string, problems []manifest.FileProblem, err error) {
	if scheme, _, found := strings.Cut(name, "://"); found && (scheme == "http" || scheme == "https") {
		return nil, nil, errors.New(msgNoURLs())
	}
	info, err := os.Stat(name)
	if name == stdin || err != nil || !info.IsDir() {
		return []string{name}, nil, nil // reading it reports why it cannot be read
	}
	root := name
	if info, err := os.Lstat(name); err == nil && info.Mode().Type() == fs.ModeSymlink {
		root += string(filepath.Separator) // the folder, not the link
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && path == root:
			return err
		case err != nil:
			problems = append(problems, manifest.FileProblem{File: path, Message: problemOf(path, err)})
			if e != nil && e.IsDir() {
				return filepath.SkipDir
			}
		case e.IsDir() && path != root && !recursive:
			return filepath.SkipDir
		case e.IsDir() || !slices.Contains(resource.FileExtensions, filepath.Ext(path)):
		case e.Type()&(fs.ModeNamedPipe|fs.ModeDevice|fs.ModeSocket) != 0: // reading it may never end
			problems = append(problems, manifest.FileProblem{File: path, Message: msgNoRegularFile()})
		default:
			files = append(files, path)
		}
		return nil
	})
	return files, problems, err
}

// readManifest reads the objects of one file.
func readManifest(ctx context.Context, env *Env, file string) ([]manifest.Object, error) {
	data, err := readFile(ctx, env, file)
	if err != nil {
		return nil, err
	}
	objects, err := manifest.Parse(data)
	for i := range objects {
		objects[i].File = file
	}
	return objects, err
}

// onlyThese ends the error that an object is not in a manifest.
func onlyThese(objects []manifest.Object) string {
	const most = 5
	var names []string
	for _, o := range objects {
		names = append(names, o.Kind+"/"+o.Metadata.Name)
	}
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", more))
	}
	return msgFoundOnly(names)
}

// filenameError is an error of a manifest that names the file once.
func filenameError(flag, name string, err error) error {
	if signal := (*SignalError)(nil); errors.As(err, &signal) {
		return err
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) && path.Path == name {
		err = path.Err
	}
	return usagef("%s %s: %s", flag, name, err)
}
