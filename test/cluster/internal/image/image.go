// Package image makes container images without a container engine: an archive
// in the format of docker save.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"runtime"
	"time"
)

// File is a file of an image. It is a link when To is set.
type File struct {
	Path    string
	Mode    int64
	Content []byte
	To      string
}

// Image is one image: a name, how it is run, and the files that it alone holds.
type Image struct {
	Name       string
	Entrypoint []string
	Env        []string
	Files      []File
}

// Write writes images that all hold the same files, besides their own.
func Write(w io.Writer, files []File, images []Image) error {
	var archive []File
	addLayer := func(files []File) (id string, err error) {
		var layer bytes.Buffer
		if err := pack(&layer, files); err != nil {
			return "", err
		}
		sum := sha256.Sum256(layer.Bytes())
		id = hex.EncodeToString(sum[:])
		archive = append(archive, File{Path: id + "/layer.tar", Mode: 0o644, Content: layer.Bytes()})
		return id, nil
	}
	common, err := addLayer(files)
	if err != nil {
		return err
	}
	type entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	var manifest []entry
	for _, i := range images {
		layers := []string{common}
		if len(i.Files) > 0 {
			own, err := addLayer(i.Files)
			if err != nil {
				return err
			}
			layers = append(layers, own)
		}
		var ids, paths []string
		for _, layer := range layers {
			ids = append(ids, "sha256:"+layer)
			paths = append(paths, layer+"/layer.tar")
		}
		config, err := json.Marshal(map[string]any{
			"architecture": runtime.GOARCH,
			"os":           "linux",
			"config":       map[string]any{"Entrypoint": i.Entrypoint, "Env": i.Env},
			"rootfs":       map[string]any{"type": "layers", "diff_ids": ids},
		})
		if err != nil {
			return err
		}
		sum := sha256.Sum256(config)
		name := hex.EncodeToString(sum[:]) + ".json"
		archive = append(archive, File{Path: name, Mode: 0o644, Content: config})
		manifest = append(manifest, entry{name, []string{i.Name}, paths})
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	return pack(w, append(archive, File{Path: "manifest.json", Mode: 0o644, Content: text}))
}

// pack makes a tar archive that depends on nothing but the files.
func pack(w io.Writer, files []File) error {
	t := tar.NewWriter(w)
	made := map[string]bool{".": true}
	for _, f := range files {
		for _, dir := range parents(f.Path) {
			if !made[dir] {
				made[dir] = true
				header := &tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: time.Unix(0, 0)}
				if err := t.WriteHeader(header); err != nil {
					return err
				}
			}
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.Path, Mode: f.Mode, Size: int64(len(f.Content)), ModTime: time.Unix(0, 0)}
		if f.To != "" {
			header.Typeflag, header.Linkname = tar.TypeSymlink, f.To
		}
		if err := t.WriteHeader(header); err != nil {
			return fmt.Errorf("pack %s: %w", f.Path, err)
		}
		if _, err := t.Write(f.Content); err != nil {
			return fmt.Errorf("pack %s: %w", f.Path, err)
		}
	}
	return t.Close()
}

// parents are the folders above a path, the outermost first.
func parents(file string) []string {
	dir := path.Dir(file)
	if dir == "." {
		return nil
	}
	return append(parents(dir), dir)
}
