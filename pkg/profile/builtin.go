package profile

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
)

//go:embed profiles/*.yaml
var files embed.FS

// builtin is read once; callers must not modify it.
var builtin = sync.OnceValue(func() []*Profile {
	var out []*Profile
	names, err := fs.Glob(files, "profiles/*.yaml")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		raw, err := files.ReadFile(name)
		if err != nil {
			panic(err)
		}
		p, err := Parse(raw)
		if err != nil {
			panic(fmt.Sprintf("%s: %s", name, err)) // a test parses them all
		}
		if name != fileOf(p.Metadata.Name) {
			panic(fmt.Sprintf("%s holds the profile %s", name, p.Metadata.Name))
		}
		out = append(out, p)
	}
	return out
})

func fileOf(name string) string { return "profiles/" + name + ".yaml" }

// Builtin are the built-in profiles, by name. Callers must not modify them.
func Builtin() []*Profile { return slices.Clone(builtin()) }

// Find is the built-in profile of that name.
func Find(name string) (*Profile, error) {
	var names []string
	for _, p := range builtin() {
		if p.Metadata.Name == name {
			return p, nil
		}
		names = append(names, p.Metadata.Name)
	}
	return nil, errors.New(msgNotFound(name, names))
}

// Source is the file of a built-in profile, with its comments.
func Source(name string) ([]byte, error) {
	if _, err := Find(name); err != nil {
		return nil, err
	}
	return files.ReadFile(fileOf(name))
}
