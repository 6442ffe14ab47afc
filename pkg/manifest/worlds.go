package manifest

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

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

// within says whether the place is the other one, or below it.
func (p place) within(other place) bool {
	return p.directory == other.directory && (other.file == "" || p.file == other.file) && (other.occurrence == 0 || p.occurrence == other.occurrence)
}

// Worlds are the worlds of these objects, of which those without a namespace are in the current one. An object that is defined more than once is in the world of its
// directory, or of its file where a directory defines it twice; the others are in every world.
func Worlds(objects []Object, current string) []World {
	type key struct{ group, kind, namespace, name string }
	definitions := map[key][]int{}
	keys := make([]key, len(objects))
	for i := range objects {
		o := &objects[i]
		keys[i] = key{o.Group(), o.Kind, cmp.Or(o.Metadata.Namespace, current), o.Metadata.Name}
		definitions[keys[i]] = append(definitions[keys[i]], i)
	}
	places := map[int]place{} // of the objects that are defined more than once
	var worlds []place
	for i, k := range keys {
		if all := definitions[k]; len(all) > 1 && k.name != "" && all[0] == i {
			for j, p := range placesOf(objects, all) {
				places[all[j]] = p
				if !slices.Contains(worlds, p) {
					worlds = append(worlds, p)
				}
			}
		}
	}
	all := slices.Clone(worlds)
	worlds = slices.DeleteFunc(worlds, func(p place) bool {
		return slices.ContainsFunc(all, func(q place) bool { return q != p && q.within(p) })
	})
	if len(worlds) == 0 {
		worlds = []place{{}}
	}
	var out []World
	for _, at := range worlds {
		var w World
		for i, k := range keys {
			own := true
			if p, several := places[i]; several {
				if nearest(definitions[k], places, at) != i {
					continue
				}
				own = at.within(p)
			}
			w.Objects, w.Index, w.Own = append(w.Objects, objects[i]), append(w.Index, i), append(w.Own, own)
		}
		out = append(out, w)
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

// nearest is the definition that is the nearest to a place: in it, or with the most similar path.
func nearest(definitions []int, places map[int]place, to place) int {
	return slices.MaxFunc(definitions, func(a, b int) int {
		p, q := places[a], places[b]
		return cmp.Or(
			cmp.Compare(truth(to.within(p)), truth(to.within(q))),
			cmp.Compare(common(to.directory, p.directory), common(to.directory, q.directory)),
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
