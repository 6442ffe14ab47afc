package manifest

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strings"
)

// maxWorlds is more than the overlays of any project. Each world has all objects, so more would take too much time.
const maxWorlds = 2000

// World is what is applied together: of each object that is defined more than once it has one definition, as
// with overlays for two clusters.
type World []Member

// Member is an object of a world.
type Member struct {
	// Index is where it is in the list of all objects.
	Index int
	// Own: it belongs to this world. One that does not is the nearest definition of an object that this world does
	// not define, or is defined once, beside the definitions of another world.
	Own bool
	// Nearest: it is not the world's own, but stands for an object that this world does not define.
	Nearest bool
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
	return s.directories[p.directory] && (s.file == "" || p.file == "" || s.file == p.file) && (s.occurrence == 0 || p.occurrence == 0 || s.occurrence == p.occurrence)
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
// twice. Directories of the same name, such as web/prod and db/prod, are one world, unless they define the same
// object. Any other object belongs to the world in whose directory or file it is, or to every world if there is
// none; the other worlds have it, too, if its kind is read. More than 2000 worlds are an error.
func Worlds(objects []Object, current string, read func(*Object) bool) ([]World, error) {
	definitions := map[identity][]int{}
	keys := make([]identity, len(objects))
	for i := range objects {
		if o := &objects[i]; read(o) {
			keys[i] = identity{o.Group(), o.Kind, cmp.Or(o.Metadata.Namespace, current), o.Metadata.Name}
			definitions[keys[i]] = append(definitions[keys[i]], i)
		}
	}
	places := make([]place, len(objects))
	repeated := make([]bool, len(objects))
	var several []identity
	for i, k := range keys {
		places[i] = place{directory: path.Dir(slashed(objects[i].File)), file: slashed(objects[i].File)}
		if all := definitions[k]; len(all) > 1 && k.name != "" && all[0] == i {
			several = append(several, k)
		}
	}
	for _, k := range several {
		all := definitions[k]
		for j, p := range placesOf(objects, all) {
			places[all[j]], repeated[all[j]] = p, true
		}
	}
	sites := sitesOf(several, definitions, places)
	if len(sites) > maxWorlds {
		most := slices.MaxFunc(several, func(a, b identity) int { return cmp.Compare(len(definitions[a]), len(definitions[b])) })
		return nil, errors.New(msgTooManyWorlds(most.kind, most.name, len(definitions[most]), maxWorlds))
	}
	homeless := make([]bool, len(objects))
	for i := range objects {
		homeless[i] = !slices.ContainsFunc(sites, func(s site) bool { return s.has(places[i]) })
	}
	out := []World{}
	for _, at := range sites {
		chosen := map[identity]int{}
		for _, k := range several {
			chosen[k] = nearest(definitions[k], places, &at)
		}
		var w World
		for i := range objects {
			own := homeless[i] || at.has(places[i])
			switch {
			case repeated[i] && chosen[keys[i]] != i:
			case own, repeated[i], read(&objects[i]):
				w = append(w, Member{Index: i, Own: own, Nearest: repeated[i] && !own})
			}
		}
		out = append(out, w)
	}
	return out, nil
}

// slashed is a path with slashes, on Windows as well.
func slashed(file string) string { return strings.ReplaceAll(file, `\`, "/") }

// sitesOf are the sites of the worlds, in the order of their first definitions: all places but those that
// contain another.
func sitesOf(several []identity, definitions map[identity][]int, places []place) []site {
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
		file := slashed(objects[d].File)
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
func nearest(definitions []int, places []place, to *site) int {
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
