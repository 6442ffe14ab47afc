package cli

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
)

// manifestSource is where manifests are read from, as kubectl apply names it.
type manifestSource struct {
	files     []string
	kustomize string
	recursive bool
	flag      string // that names the files, empty for --filename
}

func (s *manifestSource) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVarP(&s.files, "filename", "f", nil, "`FILE` or directory with manifests (- for stdin); no cluster is contacted")
	f.StringVarP(&s.kustomize, "kustomize", "k", "", "`DIRECTORY` with a kustomization; no cluster is contacted")
	f.BoolVarP(&s.recursive, "recursive", "R", false, "Also read the directories below those in --filename")
	notEmpty(cmd, "filename", "kustomize")
	cmd.MarkFlagsMutuallyExclusive("filename", "kustomize")
	requires(cmd, "recursive", "filename")
}

// flagName is the flag that is given.
func (s *manifestSource) flagName() string {
	if s.kustomize != "" {
		return "--kustomize"
	}
	return cmp.Or(s.flag, "--filename")
}

// String is the flag with its value, for an error.
func (s *manifestSource) String() string {
	return s.flagName() + " " + cmp.Or(s.kustomize, strings.Join(s.files, ","))
}

// name is what is read, for a message.
func (s *manifestSource) name() string {
	if s.kustomize != "" {
		return s.kustomize
	}
	names := make([]string, len(s.files))
	for i, file := range s.files {
		names[i] = fileName(file)
	}
	return strings.Join(names, ", ")
}

// stdin is the name of standard input in --filename.
const stdin = "-"

// fileName is a file for people.
func fileName(file string) string {
	if file == stdin {
		return "standard input"
	}
	return file
}

// expand are the files and directories that the names stand for: they may be patterns, as for kubectl.
func (s *manifestSource) expand() ([]string, error) {
	var out []string
	for _, name := range s.files {
		if _, err := os.Lstat(name); name == stdin || err == nil || !strings.ContainsAny(name, "*?[") {
			out = append(out, name)
			continue
		}
		matches, err := filepath.Glob(name)
		if err == nil && len(matches) == 0 {
			err = fs.ErrNotExist
		}
		if err != nil {
			return nil, filenameError(s.flagName(), name, err)
		}
		out = append(out, matches...)
	}
	return out, nil
}

// args are the flags again, for a hint.
func (s *manifestSource) args() []string {
	switch {
	case s.kustomize != "":
		return []string{"-k", s.kustomize}
	case s.recursive:
		return []string{"-R", "-f", strings.Join(s.files, ",")}
	}
	return []string{"-f", strings.Join(s.files, ",")}
}

// given: manifests are read instead of a cluster.
func (s *manifestSource) given() bool { return len(s.files) > 0 || s.kustomize != "" }

// read reads all manifests. A file that cannot be read does not keep the others from being read. An error is
// one of the command line, or an interruption.
func (s *manifestSource) read(ctx context.Context, env *Env) ([]manifest.Object, []manifest.FileProblem, error) {
	if s.kustomize != "" {
		objects, err := build(s.kustomize)
		if err != nil {
			return nil, nil, filenameError(s.flagName(), s.kustomize, err)
		}
		return objects, nil, nil
	}
	var (
		out      []manifest.Object
		problems []manifest.FileProblem
	)
	names, err := s.expand()
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{} // kubectl applies a file that is named twice once more, which changes nothing
	for _, name := range names {
		files, unread, err := s.readFolder(env, name)
		if err != nil {
			return nil, nil, filenameError(s.flagName(), name, err)
		}
		problems = append(problems, unread...)
		for _, file := range files {
			if path, err := filepath.Abs(file); err == nil {
				if seen[path] {
					continue
				}
				seen[path] = true
			}
			objects, err := readManifest(ctx, env, file)
			switch {
			case ctx.Err() != nil:
				return nil, nil, context.Cause(ctx)
			case err != nil && file == name && errors.Is(err, fs.ErrNotExist):
				return nil, nil, filenameError(s.flagName(), name, err)
			case err != nil:
				problems = append(problems, manifest.FileProblem{File: fileName(file), Message: problemOf(file, err)})
			default:
				out = append(out, objects...)
			}
		}
	}
	return out, problems, nil
}

// readAll reads all manifests; an error is the first that cannot be read.
func (s *manifestSource) readAll(ctx context.Context, env *Env) ([]manifest.Object, error) {
	objects, problems, err := s.read(ctx, env)
	if err == nil && len(problems) > 0 {
		err = usagef("%s %s: %s", s.flagName(), problems[0].File, problems[0].Message)
	}
	return objects, err
}

// problemOf is an error that does not name the file again.
func problemOf(file string, err error) string {
	if path := (*fs.PathError)(nil); errors.As(err, &path) && path.Path == file {
		err = path.Err
	}
	return err.Error()
}

// build renders a kustomization. Its objects have no lines.
func build(directory string) ([]manifest.Object, error) {
	if _, err := os.Stat(directory); err != nil {
		return nil, err
	}
	infos, err := resource.NewLocalBuilder().Unstructured().
		FilenameParam(false, &resource.FilenameOptions{Kustomize: directory}).Flatten().Do().Infos()
	if err != nil {
		return nil, err
	}
	var out []manifest.Object
	for _, info := range infos {
		raw, err := runtime.Encode(unstructured.UnstructuredJSONScheme, info.Object)
		if err != nil {
			return nil, err
		}
		objects, err := manifest.Parse(raw)
		if err != nil {
			return nil, err
		}
		for i := range objects {
			objects[i].From(directory)
		}
		out = append(out, objects...)
	}
	return out, nil
}
