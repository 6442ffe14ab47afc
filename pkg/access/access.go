// Package access knows which permissions each command requires and why, compares them with those of a user, and
// makes the roles that grant them.
package access

import (
	"slices"
	"strings"
)

// Scope is where a permission is required.
type Scope int

// The scopes.
const (
	// InNamespace is the namespace of the StatefulSets, or the one that the need names.
	InNamespace Scope = iota
	// ClusterWide is for cluster-scoped resources, and for all namespaces.
	ClusterWide
)

// Need is what a command requests of the API server, and why.
type Need struct {
	// Group and Resource are as in RBAC rules: "apps", "statefulsets/scale".
	Group, Resource string
	Verbs           []string
	// Names are the only objects that are requested; any one of them is enough.
	Names []string
	Scope Scope
	// Namespace is a namespace other than that of the StatefulSets.
	Namespace string
	// Option is the flag with which it is required, without its dashes; "" if it is always required.
	Option string
	// For is what it is for. Without is what is lost without it; "" if the command fails.
	For, Without string
	// Custom: the resource is not built in, and nothing is requested where it is not served.
	Custom bool
	// Role is the role of examples/rbac that grants it; "" for none.
	Role string
}

// Command is a command with everything that it requests.
type Command struct {
	// Name is what follows "kubectl sts".
	Name  string
	Needs []Need
}

// Values of --with that are no flags of a command.
const (
	// ClusterOption adds the optional permissions outside the namespace to a role.
	ClusterOption = "cluster"
	// PodCheckOption is the dry run of new pods, which --skip-pod-check turns off.
	PodCheckOption = "pod-check"
	// kubeletOption is the configuration of a kubelet, for the cluster's domain.
	kubeletOption = "kubelet"
)

// Find returns the commands with these words: one command, or all of a group. No words are all commands.
func Find(words []string) []Command {
	name := strings.Join(words, " ")
	var group []Command
	for _, c := range Commands() {
		if c.Name == name {
			return []Command{c}
		}
		if name == "" || strings.HasPrefix(c.Name, name+" ") {
			group = append(group, c)
		}
	}
	return group
}

// Options are the values of --with for these commands, sorted.
func Options(commands []Command) []string {
	options := []string{ClusterOption}
	for _, c := range commands {
		for _, n := range c.Needs {
			if n.Option != "" {
				options = append(options, n.Option)
			}
		}
	}
	slices.Sort(options)
	return slices.Compact(options)
}

// Permission is one request that the API server allows or denies.
type Permission struct {
	Verb, Group, Resource string
	// Namespace is empty for the whole cluster.
	Namespace string
	// Name is empty for all objects.
	Name string
	// Custom: see [Need].
	Custom bool
}

// Permissions are those of the need, one for each verb, for StatefulSets in this namespace, or in all if it is "".
func (n *Need) Permissions(namespace string) []Permission {
	out := make([]Permission, len(n.Verbs))
	for i, verb := range n.Verbs {
		out[i] = Permission{Verb: verb, Group: n.Group, Resource: n.Resource, Namespace: n.in(namespace), Custom: n.Custom}
		if len(n.Names) > 0 {
			out[i].Name = n.Names[0]
		}
	}
	return out
}

func (n *Need) in(namespace string) string {
	switch {
	case n.Scope == ClusterWide:
		return ""
	case n.Namespace != "":
		return n.Namespace
	}
	return namespace
}

// beyond reports whether the need goes beyond the namespace of the StatefulSets.
func (n *Need) beyond() bool { return n.Scope == ClusterWide || n.Namespace != "" }

// All are the permissions that the commands require, each once.
func All(commands []Command, namespace string) []Permission {
	var out []Permission
	seen := map[Permission]bool{}
	for _, c := range commands {
		for i := range c.Needs {
			for _, p := range c.Needs[i].Permissions(namespace) {
				if !seen[p] {
					seen[p] = true
					out = append(out, p)
				}
			}
		}
	}
	return out
}
