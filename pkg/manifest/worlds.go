package manifest

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strings"
)

// maxWorlds is more than anybody has overlays. Each world has all objects, so more would take too much time.
const maxWorlds = 200

// World is what is applied together: of each object that is defined more than once it has one definition, as
// with overlays for two clusters.
type World struct {
	Objects []Object
	// Index is where each of them is in the list of all.
	Index []int
	// Own says of each whether it belongs to this world. A definition that does not is the nearest one of an
	// object that this world does not define.
	Own []bool
}

// place is where a definition is: a directory, there a file, there the occurrence in the file, from 1 on. What
// is empty does not matter: no other definition of the object is nearby.
type place struct {
	directory, file string
	occurrence      int
}

// site is where a world is: at a place, or in all directories with a name.
type site struct {
	place
	directories map[string]bool
}

// has says whether a definition at this place belongs to the world.
func (s *site) has(p place) bool {
	return s.directories[p.directory] && (p.file == "" || s.file == p.file) && (p.occurrence == 0 || s.occurrence == p.occurrence)
}

// common is the largest number of directories that a path shares with one of the site's.
func (s *site) common(directory string) int {
	most := 0
	for d := range s.directories {
		most = max(most, common(d, directory))
	}
	return most
}

// identity is what makes two objects definitions of the same one.
type identity struct{ group, kind, namespace, name string }

// Worlds are the worlds of these objects, of which those without a namespace are in the current one. An object
// that is defined more than once is in the world of its directory, or of its file where a directory defines it
// twice; the others are in every world. Directories of the same name, such as web/prod and db/prod, are one
// world, unless they define the same object. More than 200 worlds are an error.
func Worlds(objects []Object, current string) ([]World, error) {
	definitions := map[identity][]int{}
	keys := make([]identity, len(objects))
	for i := range objects {
		o := &objects[i]
		keys[i] = identity{o.Group(), o.Kind, cmp.Or(o.Metadata.Namespace, current), o.Metadata.Name}
		definitions[keys[i]] = append(definitions[keys[i]], i)
	}
	places := map[int]place{} // of the objects that are defined more than once
	var several []identity
	for i, k := range keys {
		if all := definitions[k]; len(all) > 1 && k.name != "" && all[0] == i {
			several = append(several, k)
			for j, p := range placesOf(objects, all) {
				places[all[j]] = p
			}
		}
	}
	sites := sitesOf(several, definitions, places)
	if len(sites) > maxWorlds {
		most := slices.MaxFunc(several, func(a, b identity) int { return cmp.Compare(len(definitions[a]), len(definitions[b])) })
		return nil, errors.New(msgTooManyWorlds(most.kind, most.name, len(definitions[most]), maxWorlds))
	}
	out := []World{}
	for _, at := range sites {
		chosen := map[identity]int{}
		for _, k := range several {
			chosen[k] = nearest(definitions[k], places, &at)
		}
		var w World
		for i, k := range keys {
			own := true
			if p, several := places[i]; several {
				if chosen[k] != i {
					continue
				}
				own = at.has(p)
			}
			w.Objects, w.Index, w.Own = append(w.Objects, objects[i]), append(w.Index, i), append(w.Own, own)
		}
		out = append(out, w)
	}
	return out, nil
}

// sitesOf are the sites of the worlds, in the order of their first definitions: all places but those that
// contain another.
func sitesOf(several []identity, definitions map[identity][]int, places map[int]place) []site {
	if len(several) == 0 {
		return []site{{}}
	}
	var distinct []place
	seen := map[place]bool{}
	apart := map[string]bool{} // the names of directories that define the same object
	for _, k := range several {
		directories := map[string]string{} // by their names
		for _, d := range definitions[k] {
			p := places[d]
			if !seen[p] {
				seen[p] = true
				distinct = append(distinct, p)
			}
			name := path.Base(p.directory)
			if other, found := directories[name]; found && other != p.directory {
				apart[name] = true
			}
			directories[name] = p.directory
		}
	}
	contains := map[place]bool{} // the places that contain another
	for _, p := range distinct {
		if p.occurrence > 0 {
			contains[place{p.directory, p.file, 0}] = true
		}
		if p.file != "" {
			contains[place{p.directory, "", 0}] = true
		}
	}
	var out []site
	named := map[string]int{}
	for _, p := range distinct {
		if contains[p] {
			continue
		}
		name := path.Base(p.directory)
		if p.file == "" && !apart[name] {
			if i, found := named[name]; found {
				out[i].directories[p.directory] = true
				continue
			}
			named[name] = len(out)
		}
		out = append(out, site{p, map[string]bool{p.directory: true}})
	}
	return out
}

// placesOf are the places of the definitions of one object, as exact as is needed to tell them apart.
func placesOf(objects []Object, definitions []int) []place {
	directories, files := map[string]int{}, map[string]int{}
	out := make([]place, len(definitions))
	for i, d := range definitions {
		file := objects[d].File
		directories[path.Dir(file)]++
		files[file]++
		out[i] = place{path.Dir(file), file, files[file]}
	}
	for i := range out {
		if len(files) == len(definitions) {
			out[i].occurrence = 0
			if len(directories) == len(definitions) {
				out[i].file = ""
			}
		}
	}
	return out
}

// nearest is the definition that is the nearest to a world: in it, or with the most similar path.
func nearest(definitions []int, places map[int]place, to *site) int {
	for _, d := range definitions {
		if to.has(places[d]) {
			return d
		}
	}
	return slices.MaxFunc(definitions, func(a, b int) int {
		p, q := places[a], places[b]
		return cmp.Or(
			cmp.Compare(to.common(p.directory), to.common(q.directory)),
			cmp.Compare(truth(to.file == p.file), truth(to.file == q.file)),
			cmp.Compare(alike(to.file, p.file), alike(to.file, q.file)),
			-cmp.Compare(a, b),
		)
	})
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// common is the number of directories that two paths share.
func common(a, b string) int {
	n := 0
	steps, others := strings.Split(a, "/"), strings.Split(b, "/")
	for n < min(len(steps), len(others)) && steps[n] == others[n] {
		n++
	}
	return n
}

// alike is the number of letters that the names of two files share at their beginnings and ends.
func alike(a, b string) int {
	a, b = path.Base(a), path.Base(b)
	start, end := 0, 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	return start + end
}
