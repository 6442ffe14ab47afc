package manifest

import "encoding/json"

// Home is the namespace of the objects that name none. It is the current one, or the only one that the others
// name where a StatefulSet needs it: its governing Service is not beside it, but one with that name is on the
// other side, as in the output of helm template --namespace. Two objects of one kind and name never meet in it.
func Home(objects []Object, current string) string {
	named := ""
	for i := range objects {
		switch ns := objects[i].Metadata.Namespace; {
		case ns == "" || ns == named:
		case named == "":
			named = ns
		default:
			return current
		}
	}
	if named == "" || !needed(objects) || meet(objects) {
		return current
	}
	return named
}

// needed: the governing Service of a StatefulSet is only among the objects that name a namespace and the set
// is not, or the other way round.
func needed(objects []Object) bool {
	type service struct {
		name  string
		named bool
	}
	services := map[service]bool{}
	for i := range objects {
		if o := &objects[i]; o.Kind == "Service" && o.Group() == "" {
			services[service{o.Metadata.Name, o.Metadata.Namespace != ""}] = true
		}
	}
	for i := range objects {
		o := &objects[i]
		var set struct {
			Spec struct {
				ServiceName string `json:"serviceName"`
			} `json:"spec"`
		}
		if !o.IsStatefulSet() || json.Unmarshal(o.Raw, &set) != nil || set.Spec.ServiceName == "" {
			continue
		}
		beside := service{set.Spec.ServiceName, o.Metadata.Namespace != ""}
		if !services[beside] && services[service{beside.name, !beside.named}] {
			return true
		}
	}
	return false
}

// meet: an object that names a namespace and one that names none have one kind and name.
func meet(objects []Object) bool {
	type key struct{ group, kind, name string }
	sides := map[key][2]bool{}
	for i := range objects {
		o := &objects[i]
		k := key{o.Group(), o.Kind, o.Metadata.Name}
		side := sides[k]
		if o.Metadata.Namespace == "" {
			side[0] = true
		} else {
			side[1] = true
		}
		if side[0] && side[1] {
			return true
		}
		sides[k] = side
	}
	return false
}
