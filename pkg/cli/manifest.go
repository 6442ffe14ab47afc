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

	"go.yaml.in/yaml/v3"
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
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, fileLimit+1))
	if err == nil && len(data) > fileLimit {
		err = errors.New(msgFileTooLarge(name, fileLimit>>20))
	}
	return data, err
}

// manifestObject is one object of a manifest.
type manifestObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`

	raw      []byte // JSON
	file     string
	document int        // in the file, from 1 on; 0 where the file has only one
	node     *yaml.Node // where the file is YAML, for lines
}

// where names the file of the object, with the line or the document.
func (o *manifestObject) where(path string) string {
	switch line := lineOf(o.node, path); {
	case line > 0:
		return fmt.Sprintf("%s:%d", o.file, line)
	case o.document > 0:
		return fmt.Sprintf("%s, document %d", o.file, o.document)
	}
	return o.file
}

// String names the object in a message.
func (o *manifestObject) String() string { return strings.TrimSpace(o.Kind + " " + o.Metadata.Name) }

// readObjects reads the objects of a file, of standard input ("-"), or of the manifests in
// a folder, not those in folders below it.
func readObjects(ctx context.Context, env *Env, name string) ([]manifestObject, error) {
	files := []string{name}
	if info, err := os.Stat(name); name != "-" && err == nil && info.IsDir() {
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		files = nil
		for _, e := range entries {
			if !e.IsDir() && slices.Contains([]string{".json", ".yaml", ".yml"}, filepath.Ext(e.Name())) {
				files = append(files, filepath.Join(name, e.Name()))
			}
		}
	}
	var out []manifestObject
	for _, file := range files {
		data, err := readFile(ctx, env, file)
		if err != nil {
			return nil, err
		}
		objects, err := parseObjects(data)
		if err != nil {
			if file != name {
				err = fmt.Errorf("%s: %w", filepath.Base(file), err)
			}
			return nil, err
		}
		for i := range objects {
			objects[i].file = file
		}
		out = append(out, objects...)
	}
	return out, nil
}

// onlyThese ends the error that an object is not in a manifest.
func onlyThese(objects []manifestObject) string {
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
