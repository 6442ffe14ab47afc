package sts

import (
	"fmt"
	"strings"
	"time"
)

// What canary commands and status report about the canary's record, and changes of a pod template.

func msgNoStableRevision(set, annotation string) string {
	return fmt.Sprintf("statefulset/%s: annotation %s has no stable revision", set, annotation)
}

func msgPartitionMoved(who, set string, from, to int32, fromOrdinal, toOrdinal Ordinal) string {
	return fmt.Sprintf("%s changed the partition of statefulset/%s from %d to %d (lowest updated ordinal: %s to %s) during the canary",
		who, set, from, to, fromOrdinal, toOrdinal)
}

func msgTemplateChanged(who, set string) string {
	return fmt.Sprintf("%s changed the pod template of statefulset/%s during the canary", who, set)
}

func msgTemplateReapplied(who, set, stable string) string {
	return fmt.Sprintf("%s changed the pod template of statefulset/%s during the rollback to revision %s", who, set, stable)
}

func msgFieldManagers(names []string) string {
	if len(names) == 1 {
		return "field manager " + names[0]
	}
	return "field managers " + strings.Join(names, " and ")
}

func msgAuto(steps []string, soak time.Duration, checks int, maxRestarts int32) string {
	parts := []string{"one ordinal at a time"}
	if len(steps) > 0 {
		parts[0] = "steps " + strings.Join(steps, ", ")
	}
	if soak > 0 {
		parts = append(parts, "soak "+Duration(soak))
	}
	if checks > 0 {
		parts = append(parts, Count(checks, "check"))
	}
	if maxRestarts == 0 {
		return strings.Join(append(parts, "no restarts allowed"), ", ")
	}
	return strings.Join(append(parts, "at most "+Count(maxRestarts, "restart")), ", ")
}

// Changes of a template.

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
