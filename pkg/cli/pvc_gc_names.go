package cli

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// keptName is an argument of undo and purge: the name of a claim, of a volume, or of either.
type keptName struct{ name, kind string }

// keptNames reads data-web-3, pvc/data-web-3 as -o name writes it, and pv/pvc-0f0f.
func keptNames(args []string) ([]keptName, error) {
	var out []keptName
	for _, arg := range args {
		kind, name, ok := strings.Cut(arg, "/")
		if !ok {
			kind, name = "", arg
		}
		switch kind {
		case "":
		case "pvc", "persistentvolumeclaim", "persistentvolumeclaims":
			kind = "pvc"
		case "pv", "persistentvolume", "persistentvolumes":
			kind = "pv"
		default:
			return nil, usagef("%q must be the name of a claim (pvc/data-web-3) or of a volume (pv/NAME)", arg)
		}
		if name == "" || strings.HasPrefix(arg, "/") {
			return nil, usagef("%q has no name", arg)
		}
		out = append(out, keptName{name, kind})
	}
	return out, nil
}

func (k keptName) means(r retained) bool {
	return k.kind != "pv" && k.name == r.Record.Claim.Name || k.kind != "pvc" && k.name == r.Volume.Name
}

// pick selects those that were named, by claim or by volume, and returns the names that
// match none. Without aside, what was set aside for an older claim of the same name must
// be named by its volume.
func pick(all []retained, names []keptName, aside bool) (picked []retained, unknown []string) {
	if len(names) == 0 {
		return all, nil
	}
	means := func(k keptName, r retained) bool {
		return k.means(r) && (aside || r.Record.SetAsideFor == "" || k.name == r.Volume.Name)
	}
	for _, r := range all {
		if slices.ContainsFunc(names, func(k keptName) bool { return means(k, r) }) {
			picked = append(picked, r)
		}
	}
	for _, k := range names {
		if !slices.ContainsFunc(picked, func(r retained) bool { return means(k, r) }) {
			unknown = append(unknown, k.name)
		}
	}
	return picked, unknown
}

// ofSet are the names of the claims that a set of that name may have had.
func ofSet(all []retained, name string) []string {
	var out []string
	for _, r := range all {
		claim := r.Record.Claim.Name
		if n := strings.LastIndexByte(claim, '-'); n > 0 && strings.HasSuffix(claim[:n], "-"+name) {
			out = append(out, claim)
		}
	}
	return slices.Compact(out)
}

// notKept is the error for a name of which nothing is retained.
func notKept(name string) error {
	return apierrors.NewNotFound(corev1.Resource("retained persistentvolumes of claim"), name)
}

// claimNames reads data-web-1 and pvc/data-web-1.
func claimNames(args []string) ([]string, error) {
	names, err := keptNames(args)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, k := range names {
		if k.kind == "pv" {
			return nil, usagef("%q must be the name of a claim (for example pvc/data-web-1)", "pv/"+k.name)
		}
		if !slices.Contains(out, k.name) {
			out = append(out, k.name)
		}
	}
	return out, nil
}

// chosenClaims reads --claim: data-web-3, or pvc/data-web-3 as -o name writes it.
func chosenClaims(args []string) ([]string, error) {
	names, err := keptNames(args)
	if err != nil {
		return nil, usagef("--claim: %s", err)
	}
	var out []string
	for _, n := range names {
		if n.kind == "pv" {
			return nil, usagef("--claim: %s is a volume, must be the name of a claim", n.name)
		}
		out = append(out, n.name)
	}
	return out, nil
}
