package profile

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

//go:embed profiles/*.yaml
var files embed.FS

// builtin is read once; whoever gets it must not write to it.
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

// Builtin are the profiles that come with the program, by name. They are not to be
// written to.
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
	return nil, fmt.Errorf("there is no built-in profile %q: it is one of %s", name, strings.Join(names, ", "))
}

// Source is the file of a built-in profile, with its comments.
func Source(name string) ([]byte, error) {
	if _, err := Find(name); err != nil {
		return nil, err
	}
	return files.ReadFile(fileOf(name))
}
