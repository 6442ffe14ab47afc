package claims

import (
	"slices"
	"strings"
)

// setNaming is how the labels of a claim name the set of one reading of the claim's name. It
// distinguishes deleted sets and names them; what can be deleted depends on more.
//
// A label's value is in the set's name where it is the name, or a part of it that is delimited
// by dashes or the ends of the name: mariadb is in wordpress-mariadb. The labels that the naming
// uses are those whose values are in the name.
type setNaming int

// The ways, from none to the most certain.
const (
	// NotNamed: none of the others.
	notNamed setNaming = iota
	// NamedWeakly: the name is the value of a label.
	NamedWeakly
	// NamedStrongly: the name is the value of a label that names an instance
	// (app.kubernetes.io/instance, release), or begins with that value and a dash; or it
	// consists of the values of two or more labels, joined by dashes in any order:
	// instance-name, name-instance, instance-name-component, release-app, release-chart. The
	// value of a label chart or helm.sh/chart also counts without its version.
	namedStrongly
	// NamedByTemplate: the template has the set's name, with a dash in it, or begins with it, a
	// dash and a word that is not in it; and the value of a label is in the name:
	// prometheus-NAME-db of set prometheus-NAME. Among the readings of gone sets only this one
	// fits, of several only the one with the longest name. It does not count where the naming of
	// another reading that fits uses its labels and more.
	NamedByTemplate
	// NamedByLabel: it is the value of a label whose key ends in "statefulset-name". Among the
	// readings of gone sets only this one fits.
	NamedByLabel
)

// instanceLabels name an instance of an application: the names of its sets begin with its name.
var instanceLabels = []string{"app.kubernetes.io/instance", "release"}

// chartLabels have the name of a chart and its version.
var chartLabels = []string{"chart", "helm.sh/chart"}

// storageWords are parts of the names of volumeClaimTemplates with which the names of sets
// hardly ever begin.
var storageWords = []string{"data", "storage", "volume", "vol", "disk", "claim", "pvc", "pv"}

// foreignMarks are labels of claims that a program creates itself, without a StatefulSet: by a
// prefix of the key, or by key=value.
var foreignMarks = []struct{ label, by string }{
	{"workloads.kubeblocks.io/", "KubeBlocks"},
	{"apps.kubeblocks.io/", "KubeBlocks"},
	{"app.kubernetes.io/managed-by=kubeblocks", "KubeBlocks"},
	{"apps.kruise.io/", "OpenKruise"},
	{"hub.jupyter.org/", "JupyterHub"},
	{"heritage=jupyterhub", "JupyterHub"},
	{"cnpg.io/", "CloudNativePG"},
	{"app.kubernetes.io/managed-by=cloudnative-pg", "CloudNativePG"},
	{"strimzi.io/", "Strimzi"},
	{"app.kubernetes.io/managed-by=strimzi-cluster-operator", "Strimzi"},
	{"postgres-operator.crunchydata.com/", "the Crunchy Postgres operator"},
}

// restoredMarks begin the keys of labels of claims that Velero has restored.
const restoredMarks = "velero.io/"

// notRestored is a label of Velero that users set on what it should not back up.
const notRestored = "velero.io/exclude-from-backup"

// nameSet returns how the labels name the set of a reading, and which labels that uses.
func nameSet(labels map[string]string, s split) (setNaming, []string) {
	var used []string
	best := notNamed
	for key, value := range labels {
		if !inName(value, s.set) {
			continue
		}
		used = append(used, key)
		switch {
		case value == s.set && strings.HasSuffix(key, "statefulset-name"):
			best = NamedByLabel
		case templateNames(s):
			best = max(best, NamedByTemplate)
		case slices.Contains(instanceLabels, key) && strings.HasPrefix(s.set+"-", value+"-"):
			best = max(best, namedStrongly)
		case value == s.set:
			best = max(best, NamedWeakly)
		}
	}
	if best < namedStrongly && composed(s.set, nameParts(labels, s.set)) {
		best = namedStrongly
	}
	slices.Sort(used)
	return best, used
}

// templateNames reports whether the template begins with the set's name, other than by a repeated word.
func templateNames(s split) bool {
	rest, ok := strings.CutPrefix(s.template, s.set)
	switch {
	case !ok:
		return false
	case rest == "":
		return strings.Contains(s.set, "-")
	}
	word, _, _ := strings.Cut(rest[1:], "-")
	return rest[0] == '-' && !inName(word, s.set)
}

// inName reports whether the value is a part of the name that dashes or its ends delimit.
func inName(value, name string) bool {
	return value != "" && strings.Contains("-"+name+"-", "-"+value+"-")
}

// nameParts are the different values of labels that are in the name.
func nameParts(labels map[string]string, name string) []string {
	var out []string
	add := func(value string) {
		if inName(value, name) && !slices.Contains(out, value) {
			out = append(out, value)
		}
	}
	for key, value := range labels {
		add(value)
		if i := strings.LastIndexByte(value, '-'); i > 0 && slices.Contains(chartLabels, key) {
			add(value[:i])
		}
	}
	return out
}

// composed reports whether the name consists of two or more of the parts, each used once.
func composed(name string, parts []string) bool {
	var rest func(left string, unused []string) bool
	rest = func(left string, unused []string) bool {
		for i, part := range unused {
			after, ok := strings.CutPrefix(left, part)
			switch {
			case !ok:
			case after == "":
				return left != name
			case after[0] == '-' && rest(after[1:], slices.Delete(slices.Clone(unused), i, i+1)):
				return true
			}
		}
		return false
	}
	return rest(name, parts)
}

// storagePart reports whether a part of a claim's name begins with a word for storage.
func storagePart(part string) bool {
	first, _, _ := strings.Cut(part, "-")
	return slices.Contains(storageWords, first)
}
