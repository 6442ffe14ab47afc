package cli

import (
	"fmt"
	"strings"
)

func msgNoneFound(objects string) string { return "No " + objects + " found." }

func msgNoneInNamespace(objects, namespace string) string {
	return fmt.Sprintf("No %s found in %s namespace.", objects, namespace)
}

func msgNoneInMissingNamespace(objects, namespace string) string {
	return fmt.Sprintf("No %s found: namespace %s not found.", objects, namespace)
}

func msgNoSuchOrdinals(set string) string {
	return fmt.Sprintf("statefulset/%s has none of the ordinals in --ordinal", set)
}

// msgWaitFor follows "waiting".
func msgWaitFor(goal, message string) string {
	return strings.TrimSuffix(fmt.Sprintf("for condition %s: %s", goal, message), ": ")
}

func msgStuckSet(set, message string) string { return fmt.Sprintf("statefulset/%s: %s", set, message) }

func msgNeverReached(set, state, goal string) string {
	return fmt.Sprintf("statefulset/%s is %s and will not become %s", set, state, goal)
}

func msgNotComplete(sets []string) string { return "not complete: " + strings.Join(sets, ", ") }
