package sts

import "strings"

// Kubectl writes a command for a hint, so that it can be pasted: it names the
// namespace, because the one that a person's context points at may have another
// set of the same name.
func Kubectl(namespace string, args ...string) string {
	return "kubectl " + strings.Join(args, " ") + NamespaceFlag(namespace)
}

// NamespaceFlag is how [Kubectl] names the namespace.
func NamespaceFlag(namespace string) string { return " -n " + namespace }
