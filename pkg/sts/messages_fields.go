package sts

import (
	"fmt"
	"strings"
)

func msgFieldManagers(names []string) string {
	if len(names) == 1 {
		return "field manager " + names[0]
	}
	return "field managers " + strings.Join(names, " and ")
}

func msgFieldAdded(path, value string) string {
	return fmt.Sprintf("%s = %s (new)", path, value)
}

func msgFieldRemoved(path, value string) string {
	return fmt.Sprintf("%s removed (was %s)", path, value)
}

func msgFieldChanged(path, from, to string) string {
	return fmt.Sprintf("%s: %s → %s", path, from, to)
}

func msgFieldTooLong(path string) string {
	return path + " (too long to show)"
}

func msgMoreChanges(n int) string {
	return fmt.Sprintf("and %d more", n)
}

func msgSetTooLarge(namespace, set string, replicas int32) string {
	return fmt.Sprintf("statefulset/%s in namespace %s has spec.replicas %d, more than the supported maximum of %d", set, namespace, replicas, MostReplicas)
}
